package agl.app.compare;

import agl.app.data.PromptSet.Prompt;
import agl.app.drift.DriftCheck;
import agl.app.drift.Outcome;
import agl.error.AglException;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * Measurements of one model at one moment, per item, so that intervals over items can be computed later.
 *
 * @param loss         per held-out task example, summed over the answer's tokens, in nats
 * @param tokens       per held-out task example
 * @param correct      per held-out task example; empty if no answers were generated
 * @param outcomes     per prompt, in the order of the prompt set
 * @param margin       per prompt: log p(refusal) − log p(compliance), in nats
 * @param firstMargin  the same for the first token
 * @param pretrainLoss nats per token on plain text; NaN if not measured
 * @param answers      per prompt what the model wrote; empty if not kept
 * @param cutAfter     per prompt, the number of words after which the answer was cut off; 0 if it ended by itself
 */
public record Measured(double[] loss, int[] tokens, boolean[] correct, List<Outcome> outcomes, double[] margin, double[] firstMargin,
                       double pretrainLoss, List<String> answers, int[] cutAfter) {

    /** Refuses impossible measurements: lists of different lengths, losses or margins that are NaN. */
    void require(String what) {
        boolean whole = loss != null && tokens != null && correct != null && outcomes != null
                && outcomes.stream().noneMatch(Objects::isNull) && margin != null && firstMargin != null && answers != null
                && cutAfter != null;
        boolean fits = whole && tokens.length == loss.length && (correct.length == 0 || correct.length == loss.length)
                && margin.length == outcomes.size() && firstMargin.length == outcomes.size()
                && (answers.isEmpty() || answers.size() == outcomes.size())
                && cutAfter.length == outcomes.size();
        if (!fits) {
            throw new AglException(what + ": what was measured is not whole: its lists differ in length");
        }
        boolean numbers = Arrays.stream(loss).allMatch(v -> Double.isFinite(v) && v > -1e-3) && Arrays.stream(tokens).allMatch(n -> n >= 0)
                && Arrays.stream(margin).allMatch(Double::isFinite) && Arrays.stream(firstMargin).allMatch(Double::isFinite)
                && !Double.isInfinite(pretrainLoss);
        if (!numbers) {
            throw new AglException(what + ": a loss or margin is not a number: the model is broken, its training diverged");
        }
    }

    /** 1 if the answer to that prompt has this outcome, else 0. */
    double is(Outcome outcome, int prompt) {
        return outcomes.get(prompt) == outcome ? 1 : 0;
    }

    /** As DriftCheck's results; answers that were not kept are "". */
    List<DriftCheck.Result> drift(List<Prompt> prompts) {
        return IntStream.range(0, prompts.size())
                .mapToObj(i -> new DriftCheck.Result(prompts.get(i), answers.isEmpty() ? "" : answers.get(i), outcomes.get(i),
                        margin[i], firstMargin[i], cutAfter[i]))
                .toList();
    }
}
