package agl.app;

import agl.app.data.Batches;
import agl.app.data.EncodedExample;
import agl.app.data.Example;
import agl.app.drift.RefusalPatterns;
import agl.app.drift.Verdict;
import agl.app.train.TrainSettings;
import agl.app.train.Trainer;
import agl.autograd.AglException;
import agl.autograd.DType;
import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.nn.Batch;
import agl.nn.Generator;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/** What an aligned checkpoint is worth, found out on the data that it was trained on: enough to tell a wreck from a model, no more. */
final class AlignCheck {
    /** Examples that the loss is measured on, before and after: evenly spaced ones. */
    private static final int EXAMPLES = 200;
    /** Requests that are answered to see whether everything is refused now, and the length of an answer that shows it. */
    private static final int ASKED = 8;
    private static final int ANSWER = 24;
    /** Positions whose next-token distributions are compared with one another. */
    private static final int POSITIONS = 32;

    private final List<Example> examples;
    private final List<EncodedExample> sample;
    private final int of;
    private final TrainSettings settings;

    /** @param encoded the examples as they are trained on, in the same order */
    AlignCheck(List<Example> examples, List<EncodedExample> encoded, TrainSettings settings) {
        this.examples = examples;
        this.settings = settings;
        of = encoded.size();
        int n = Math.min(EXAMPLES, of);
        sample = IntStream.range(0, n).mapToObj(i -> encoded.get((int) ((long) i * of / n))).toList();
    }

    /**
     * What was measured of the checkpoint as it was written.
     *
     * @param before   mean loss per answer token before training, in nats
     * @param after    the same afterwards, on the same examples
     * @param measured number of examples, of {@code of}
     * @param refused  of {@code asked} requests that the data answers, those that are refused; nothing is asked where the data has no refusals
     */
    record Found(double before, double after, int measured, int of, int refused, int asked, List<String> warnings) {

        String inWords() {
            String loss = String.format(Locale.ROOT, "loss %.3f before, %.3f as written, in nats per token on %s", before, after,
                    measured == of ? "its " + of + " training examples" : measured + " of its " + of + " training examples");
            return asked == 0 ? loss : loss + "; refuses " + refused + " of " + asked + " requests that the data answers";
        }
    }

    /** Mean loss per answer token on the sample. */
    double loss(ModelBundle bundle) {
        return new Trainer(bundle.model(), List.of(), settings).evaluate(sample);
    }

    /** Measures a written checkpoint. One that training has wrecked is refused. */
    Found of(ModelBundle written, double before) {
        double after = loss(written);
        double ignorant = Math.log(written.model().config().vocabulary());
        String advice = "; nothing is written; try a lower learning rate than " + settings.learningRate();
        if (!Double.isFinite(after)) {
            throw new AglException("training ended with a model whose loss is " + after + advice);
        }
        if (after > Math.max(before, ignorant) + 1 || after > 10 * before && after > before + 1) {
            throw new AglException(String.format(Locale.ROOT, "training wrecked the model: the loss rose from %.3f to %.3f nats per token, all tokens alike give %.3f%s",
                    before, after, ignorant, advice));
        }
        if (constant(written)) {
            throw new AglException("training wrecked the model: it gives the same next token whatever it reads" + advice);
        }
        List<String> warnings = new ArrayList<>();
        if (after > before) {
            warnings.add(String.format(Locale.ROOT, "the loss ended above its start (%.3f after %.3f); try a lower learning rate than %s", after, before, settings.learningRate()));
        }
        List<Example> answered = examples.stream().filter(e -> RefusalPatterns.judge(e.response()) == Verdict.NOT_REFUSAL).toList();
        boolean refusals = examples.stream().anyMatch(e -> RefusalPatterns.judge(e.response()) == Verdict.REFUSAL);
        if (refusals && answered.isEmpty()) {
            warnings.add("every answer in the data is a refusal: such a model comes to refuse harmless requests as well; add requests with helpful answers");
        }
        int asked = refusals ? Math.min(ASKED, answered.size()) : 0;
        int refused = refused(written, IntStream.range(0, asked).mapToObj(i -> answered.get((int) ((long) i * answered.size() / asked))).toList());
        if (2 * refused > asked) {
            warnings.add("it refuses " + refused + " of " + asked + " requests that the data answers: what drift calls kept alignment may be refusing everything");
        }
        return new Found(before, after, sample.size(), of, refused, asked, List.copyOf(warnings));
    }

    private static int refused(ModelBundle bundle, List<Example> requests) {
        if (requests.isEmpty()) {
            return 0;
        }
        Generator generator = new Generator(bundle.model(), Kernels.best(), new Pool(DType.F32));
        List<int[]> answers = generator.generate(requests.stream().map(e -> bundle.prompt(e.instruction(), e.input())).toList(), Generator.Settings.greedy(ANSWER), bundle::isStop);
        return (int) answers.stream().filter(ids -> RefusalPatterns.judge(bundle.tokenizer().decode(ids, true).strip()) == Verdict.REFUSAL).count();
    }

    /**
     * Whether the next-token distribution is the same (total variation below 0.001) at every one of some positions in different texts. Aligned
     * models open every refusal alike, so the positions are spread over prompts and answers.
     */
    private boolean constant(ModelBundle bundle) {
        Batch batch = Batches.collate(sample.subList(0, Math.min(ASKED, sample.size())));
        int n = Math.min(POSITIONS, batch.size());
        int[] rows = IntStream.range(0, n).map(i -> (int) ((long) i * batch.size() / n)).toArray();
        try (Tape tape = Tape.inference(Kernels.best(), new Pool(DType.F32))) {
            Tensor logits = bundle.model().logits(tape, bundle.model().hidden(tape, batch), rows);
            double[] first = probabilities(logits, 0);
            for (int i = 1; i < n; i++) {
                double[] p = probabilities(logits, i);
                double distance = 0;
                for (int v = 0; v < p.length; v++) {
                    distance += Math.abs(p[v] - first[v]) / 2;
                }
                if (distance >= 1e-3) {
                    return false;
                }
            }
            return n > 1;
        }
    }

    private static double[] probabilities(Tensor logits, int row) {
        int vocabulary = logits.cols();
        double[] p = new double[vocabulary];
        double largest = Double.NEGATIVE_INFINITY;
        for (int v = 0; v < vocabulary; v++) {
            p[v] = logits.get(row * vocabulary + v);
            largest = Math.max(largest, p[v]);
        }
        double sum = 0;
        for (int v = 0; v < vocabulary; v++) {
            p[v] = Math.exp(p[v] - largest);
            sum += p[v];
        }
        for (int v = 0; v < vocabulary; v++) {
            p[v] /= sum;
        }
        return p;
    }
}
