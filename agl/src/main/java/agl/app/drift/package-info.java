/**
 * DriftCheck (MATH.md section 7): how a model responds to safe and unsafe prompts, by its words and by likelihood, and how a tuned model
 * differs from its base. Start reading at {@link agl.app.drift.DriftCheck}; {@link agl.app.drift.RefusalPatterns} detects refusals by their
 * words.
 */
package agl.app.drift;
