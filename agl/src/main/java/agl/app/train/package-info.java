/**
 * Fine-tuning: settings, the choice of a method, the loop over steps, what is measured and written. Start reading at
 * {@link agl.app.train.FineTune}, then {@link agl.app.train.Trainer}.
 */
package agl.app.train;
