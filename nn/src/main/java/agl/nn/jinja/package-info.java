/**
 * Chat templates: the subset of Jinja2 that they use, within a budget of steps. Start reading at {@link agl.nn.jinja.Template}.
 */
package agl.nn.jinja;
