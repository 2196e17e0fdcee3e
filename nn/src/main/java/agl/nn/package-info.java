/**
 * Decoder-only transformers from Hugging Face folders. Start reading at {@link agl.nn.Transformer}; a layer is defined in
 * {@code Llama}, a model family in {@link agl.nn.Family}.
 */
package agl.nn;
