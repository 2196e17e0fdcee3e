package agl.app.train;

import agl.app.data.BuiltinAlignment;
import agl.app.data.Example;
import agl.app.drift.RefusalPatterns;
import agl.app.drift.Verdict;
import agl.error.AglException;
import agl.nn.Batch;
import agl.regularizers.FisherEstimator;
import agl.regularizers.method.Contrast;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Pairs of a refusal and another answer to the same prompt: for a prompt that the alignment data refuse, its refusal and an answer of the
 * task, which is what training draws the model to; for one that they answer, a refusal borrowed from another prompt and its answer. As
 * many of one kind as of the other, in turn.
 *
 * @param pairs  the refusal as the answer, the other answer as its contrast, each from where the two diverge
 * @param refuse of each pair, whether its prompt should be refused
 */
record ContrastPairs(List<FisherEstimator.Example> pairs, boolean[] refuse) {

    /** Tokens of each answer that are compared: where refusing or answering is decided. Not a setting: these methods have no Fisher. */
    private static final int TOKENS = 2;

    /** The pairs of the contrast methods. */
    static ContrastPairs of(FisherSource source, RunConfig config, List<Example> alignment, List<Example> task) {
        return of(source, config, alignment, task, TOKENS);
    }

    /**
     * From at most {@code fisher_examples} of the alignment examples, half of them refused ones.
     *
     * @param task   the task's examples; refusals among them are left out
     * @param tokens of each answer, from where they diverge; 0: all
     */
    static ContrastPairs of(FisherSource source, RunConfig config, List<Example> alignment, List<Example> task, int tokens) {
        List<String> answers = task.stream().map(Example::response).filter(r -> RefusalPatterns.judge(r) != Verdict.REFUSAL).toList();
        List<Example> refused = FisherSource.chosen(config, with(alignment, Verdict.REFUSAL));
        List<Example> answered = FisherSource.chosen(config, with(alignment, Verdict.NOT_REFUSAL));
        int each = Math.min(wanted(config), Math.min(refused.size(), answered.size()));
        if (answers.isEmpty()) {
            throw new AglException("method " + config.choice().kind().title() + " contrasts refusals with the task's answers, and all of "
                    + task.size() + " task examples are refusals");
        }
        if (each == 0) {
            throw new AglException("method " + config.choice().kind().title() + " contrasts refusals with answers and needs both in "
                    + "--alignment: of its " + alignment.size() + " examples " + with(alignment, Verdict.REFUSAL).size()
                    + " are refusals and " + with(alignment, Verdict.NOT_REFUSAL).size() + " are answers");
        }
        List<FisherEstimator.Example> pairs = new ArrayList<>();
        boolean[] refuse = new boolean[2 * each];
        for (int i = 0; i < each; i++) {
            Example harmless = answered.get(i);
            Example denied = new Example(harmless.request(), refused.get(i).response());
            pairs.add(source.contrast(config, tokens, refused.get(i), answers, i));
            pairs.add(source.contrast(config, tokens, denied, List.of(harmless.response()), i));
            refuse[2 * i] = true;
        }
        return new ContrastPairs(pairs, refuse);
    }

    /** Of each kind. */
    private static int wanted(RunConfig config) {
        return (config.fisherExamples() + 1) / 2;
    }

    /** A line if the alignment examples have fewer of one kind than of the other, so that some of the others are left out. */
    static Optional<String> note(RunConfig config, List<Example> alignment) {
        List<Example> all = BuiltinAlignment.withHarmless(alignment);
        int refused = with(all, Verdict.REFUSAL).size();
        int answered = with(all, Verdict.NOT_REFUSAL).size();
        int each = Math.min(refused, answered);
        return each == 0 || Math.max(refused, answered) == each || each >= wanted(config) ? Optional.empty()
                : Optional.of(config.choice().kind().title() + ": as many refusals as answers make pairs: " + each + " of each, of "
                        + refused + " refusals and " + answered + " answers in the alignment data");
    }

    private static List<Example> with(List<Example> examples, Verdict verdict) {
        return examples.stream().filter(e -> RefusalPatterns.judge(e.response()) == verdict).toList();
    }

    /**
     * Mini-batches of {@code size} sequences, but at least one pair of each kind.
     *
     * @param pass sequences in a pass through the model, but at least one pair
     */
    List<Contrast.Pairs> batches(int size, int pass) {
        int step = Math.max(1, size / 4) * 2;
        List<Contrast.Pairs> batches = new ArrayList<>();
        for (int from = 0; from < pairs.size(); from += step) {
            int to = Math.min(pairs.size(), from + step);
            List<Batch> passes = new ArrayList<>();
            int together = Math.max(1, pass / 2);
            for (int i = from; i < to; i += together) {
                passes.add(sequences(i, Math.min(to, i + together)));
            }
            batches.add(new Contrast.Pairs(passes, Arrays.copyOfRange(refuse, from, to)));
        }
        return batches;
    }

    private Batch sequences(int from, int to) {
        return Batch.concat(pairs.subList(from, to).stream().flatMap(p -> Stream.of(p.answer(), p.contrast())).toList());
    }
}
