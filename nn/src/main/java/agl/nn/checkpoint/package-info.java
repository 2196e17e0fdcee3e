/**
 * safetensors and config files, read with every claim in them checked, and written whole or not at all. Start reading at
 * {@link agl.nn.checkpoint.Checkpoint}.
 */
package agl.nn.checkpoint;
