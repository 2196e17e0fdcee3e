/**
 * Training examples and prompts: files to rows, rows to text in the prompt template, text to token ids with a loss mask. Start reading at
 * {@link agl.app.data.DataFiles} and {@link agl.app.data.ExampleEncoder}.
 */
package agl.app.data;
