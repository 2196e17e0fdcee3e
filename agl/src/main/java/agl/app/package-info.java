/**
 * Entry and exit of the program: the list of commands, failure messages, the watch on the launcher. Start reading at {@link agl.app.Main};
 * the commands are in {@link agl.app.cli}.
 */
package agl.app;
