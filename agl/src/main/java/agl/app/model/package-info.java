/**
 * A model folder as a user has it: weights, tokenizer and prompt template together, and what its provenance.json says of its training.
 * Start reading at {@link agl.app.model.ModelBundle}.
 */
package agl.app.model;
