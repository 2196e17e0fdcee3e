/**
 * {@code agl inspect}: what a model folder, an adapter folder or a safetensors file contains. Start reading at
 * {@link agl.app.inspect.Inspection}.
 */
package agl.app.inspect;

