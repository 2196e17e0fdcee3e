/**
 * safetensors and config files, fully validated when read and written atomically. Start reading at
 * {@link agl.nn.checkpoint.Checkpoint}.
 */
package agl.nn.checkpoint;
