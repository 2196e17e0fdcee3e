/**
 * {@code agl inspect}: what a model's, an adapter's or a safetensors file holds. Start reading at {@link agl.app.inspect.Inspection}.
 */
package agl.app.inspect;

