/**
 * Fine-tuning: settings, choice of method, training loop, measurements and output. Start reading at {@link agl.app.train.FineTune}, then
 * {@link agl.app.train.Trainer}.
 */
package agl.app.train;
