/**
 * {@code agl inspect}: what a model's, an adapter's or a safetensors file holds.
 */
package agl.app.inspect;
