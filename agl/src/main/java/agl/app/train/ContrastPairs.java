package agl.app.train;

import agl.app.data.Example;
import agl.app.drift.RefusalPatterns;
import agl.app.drift.Verdict;
import agl.error.AglException;
import agl.nn.Batch;
import agl.regularizers.FisherEstimator;
import agl.regularizers.method.Contrast;
import java.util.ArrayList;
import java.util.List;

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
        int each = Math.min((config.fisherExamples() + 1) / 2, Math.min(refused.size(), answered.size()));
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
            Example denied = new Example(harmless.instruction(), harmless.input(), refused.get(i).response());
            pairs.add(source.contrast(config, tokens, refused.get(i), answers, i));
            pairs.add(source.contrast(config, tokens, denied, List.of(harmless.response()), i));
            refuse[2 * i] = true;
        }
        return new ContrastPairs(pairs, refuse);
    }

    private static List<Example> with(List<Example> examples, Verdict verdict) {
        return examples.stream().filter(e -> RefusalPatterns.judge(e.response()) == verdict).toList();
    }

    /** Mini-batches of {@code size} sequences, but at least one pair of each kind. */
    List<Contrast.Pairs> batches(int size) {
        int step = Math.max(1, size / 4) * 2;
        List<Contrast.Pairs> batches = new ArrayList<>();
        for (int from = 0; from < pairs.size(); from += step) {
            int to = Math.min(pairs.size(), from + step);
            List<Batch> sequences = pairs.subList(from, to).stream().flatMap(p -> List.of(p.answer(), p.contrast()).stream()).toList();
            boolean[] kinds = java.util.Arrays.copyOfRange(refuse, from, to);
            batches.add(new Contrast.Pairs(Batch.concat(sequences), kinds));
        }
        return batches;
    }
}
