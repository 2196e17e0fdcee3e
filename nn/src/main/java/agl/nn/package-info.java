/**
 * Decoder-only transformers from Hugging Face folders. Start reading at {@link agl.nn.Transformer}; a layer is in {@code Llama}, and what
 * a family is in {@link agl.nn.Family}.
 */
package agl.nn;
