package agl.app.train;

import agl.app.data.Batches;
import agl.app.data.EncodedExample;
import agl.app.data.Example;
import agl.app.model.ModelBundle;
import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.nn.Batch;
import agl.nn.Generator;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiPredicate;

/** How well a model does a task: the loss of each example, and whether the generated answer is correct. */
public final class TaskMeasure {
    private static final int GROUP = 32;

    private TaskMeasure() { }

    /**
     * One example's result.
     *
     * @param loss   summed over the answer's tokens, in nats
     * @param tokens the answer's tokens
     * @param answer the generated answer; null if none was generated
     */
    public record Result(double loss, int tokens, String answer, boolean correct) { }

    /**
     * @param maxNewTokens longest answer; 0: measure the loss alone
     * @param correct      decides from the model's answer and the reference
     */
    public static List<Result> run(ModelBundle bundle, List<Example> examples, int maxLength, int maxNewTokens,
            BiPredicate<String, String> correct) {
        Kernels kernels = Kernels.best();
        Pool pool = new Pool(DType.F32);
        Generator generator = new Generator(bundle.model(), kernels, pool);
        List<Result> results = new ArrayList<>();
        List<int[]> prompts = maxNewTokens == 0 ? List.of()
                : bundle.prompts(examples.stream().map(Example::request).toList(), 1, maxNewTokens);
        for (int from = 0; from < examples.size(); from += GROUP) {
            List<Example> group = examples.subList(from, Math.min(examples.size(), from + GROUP));
            List<EncodedExample> encoded = bundle.encode(group, maxLength);
            Batch batch = Batches.collate(encoded);
            double[] losses;
            try (Tape tape = Tape.inference(kernels, pool)) {
                losses = bundle.model().tokenLosses(tape, batch);
            }
            List<int[]> answers = maxNewTokens == 0 ? null : generator.generate(prompts.subList(from, from + group.size()),
                    Generator.Settings.greedy(maxNewTokens), bundle::isStop);
            for (int i = 0; i < group.size(); i++) {
                double sum = 0;
                for (int t = batch.starts()[i]; t < batch.starts()[i + 1]; t++) {
                    sum += losses[t];
                }
                String text = answers == null ? null : bundle.tokenizer().decode(answers.get(i), true).strip();
                results.add(
                        new Result(sum, encoded.get(i).lossTokens(), text, text != null && correct.test(text, group.get(i).response())));
            }
        }
        return results;
    }

    /** Mean loss per answer token over the chosen results. */
    public static double loss(List<Result> results, int[] sample) {
        double sum = 0;
        int tokens = 0;
        for (int i : sample) {
            sum += results.get(i).loss();
            tokens += results.get(i).tokens();
        }
        return sum / Math.max(1, tokens);
    }

    /** 1 for a correct answer, else 0, in order, for the bootstrap. */
    public static double[] correct(List<Result> results) {
        return results.stream().mapToDouble(r -> r.correct() ? 1 : 0).toArray();
    }
}
