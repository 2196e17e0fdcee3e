/**
 * tokenizer.json: text to token ids and back, as in the tokenizers library. Start reading at {@link agl.nn.tokenizer.HfTokenizer}.
 */
package agl.nn.tokenizer;
