/**
 * A model folder as users have it: weights, tokenizer and prompt template together, and how it was trained by its provenance.json. Start
 * reading at {@link agl.app.model.ModelBundle}.
 */
package agl.app.model;
