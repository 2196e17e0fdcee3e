/**
 * The command line: one class per command, and what commands share (options, the model with its tokenizer and template, provenance of what
 * is read). Start reading at {@link agl.app.Main}, then {@link agl.app.TrainCommand}.
 */
package agl.app;
