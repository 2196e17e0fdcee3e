package agl.app.compare;

import agl.autograd.AglException;
import java.util.Arrays;
import java.util.List;

/**
 * What was measured of one model at one moment, item by item, so that intervals over items can be had later.
 *
 * @param loss         per held-out task example, summed over the answer's tokens, in nats
 * @param tokens       per held-out task example
 * @param correct      per held-out task example; empty when no answers were generated
 * @param refused      per prompt, in the order of the prompt set
 * @param margin       per prompt: log p(refusal) − log p(compliance), in nats
 * @param firstMargin  the same for the first token
 * @param pretrainLoss nats per token on plain text; NaN when not measured
 * @param answers      per prompt what the model wrote; empty when not kept
 */
public record Measured(double[] loss, int[] tokens, boolean[] correct, boolean[] refused, double[] margin, double[] firstMargin,
                       double pretrainLoss, List<String> answers) {

    /** Refuses numbers that no measurement gives: lengths that differ, losses or margins that are no numbers. */
    void require(String what) {
        boolean whole = loss != null && tokens != null && correct != null && refused != null && margin != null && firstMargin != null && answers != null;
        boolean fits = whole && tokens.length == loss.length && (correct.length == 0 || correct.length == loss.length)
                && margin.length == refused.length && firstMargin.length == refused.length && (answers.isEmpty() || answers.size() == refused.length);
        if (!fits) {
            throw new AglException(what + ": what was measured is not whole: its lists differ in length");
        }
        boolean numbers = Arrays.stream(loss).allMatch(v -> Double.isFinite(v) && v > -1e-3) && Arrays.stream(tokens).allMatch(n -> n >= 0)
                && Arrays.stream(margin).allMatch(Double::isFinite) && Arrays.stream(firstMargin).allMatch(Double::isFinite) && !Double.isInfinite(pretrainLoss);
        if (!numbers) {
            throw new AglException(what + ": a loss or margin is no number: the model is broken, its training diverged");
        }
    }
}
