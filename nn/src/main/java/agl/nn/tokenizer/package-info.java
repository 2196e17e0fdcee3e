/**
 * tokenizer.json: text to token ids and back, as the tokenizers library does it. Start reading at {@link agl.nn.tokenizer.HfTokenizer}.
 */
package agl.nn.tokenizer;
