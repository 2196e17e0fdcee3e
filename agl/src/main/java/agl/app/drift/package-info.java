/**
 * DriftCheck (MATH.md section 7): what a model does with safe and unsafe prompts, by its words and by likelihood, and what a tuned model
 * does otherwise than its base. Start reading at {@link agl.app.drift.DriftCheck}; {@link agl.app.drift.RefusalPatterns} tells a refusal by
 * its words.
 */
package agl.app.drift;
