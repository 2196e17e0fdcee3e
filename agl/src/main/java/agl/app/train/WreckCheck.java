package agl.app.train;

import agl.app.data.Batches;
import agl.app.data.EncodedExample;
import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.nn.Batch;
import agl.nn.Transformer;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;

/** Detects, on some encoded examples, a model that training has wrecked, so that it is not written as if it were a result. */
public final class WreckCheck {
    /** Number of evenly spaced examples on which the loss is measured, before and after training. */
    private static final int EXAMPLES = 200;
    /** Number of texts, and of positions in them, whose next-token distributions are compared. */
    private static final int TEXTS = 8;
    private static final int POSITIONS = 32;
    /** Scales s = lora_alpha / r up to this are common; a larger scale may be the cause of the wreck. */
    private static final double USUAL_SCALE = 64;

    private final List<EncodedExample> sample;
    private final TrainSettings settings;
    private boolean constantBefore;

    public WreckCheck(List<EncodedExample> encoded, TrainSettings settings) {
        this.settings = settings;
        sample = spread(encoded.size(), EXAMPLES).mapToObj(encoded::get).toList();
    }

    /**
     * Looks at the base before training, so that its faults are not blamed on the training.
     *
     * @param loss its {@link #loss}, in nats
     * @return what is wrong with it already; empty if nothing is
     */
    public Optional<String> before(Transformer base, double loss) {
        constantBefore = constant(base);
        double ignorant = Math.log(base.config().vocabulary());
        return constantBefore
                ? Optional.of("the base gives the same next token whatever it reads, before any training: it is broken or untrained")
                : loss > ignorant + 1
                        ? Optional.of(String.format(Locale.ROOT, "before any training the base's loss, %.3f nats per token, is above that "
                                + "of uniform guessing, %.3f: are base and prompt template the right ones?", loss, ignorant))
                        : Optional.empty();
    }

    /** Number of examples used. */
    public int measured() {
        return sample.size();
    }

    /** Mean loss per answer token on these examples, in nats. */
    public double loss(Transformer model) {
        return new Trainer(model, List.of(), settings).evaluate(sample);
    }

    /**
     * The loss of a trained model; fails if training has wrecked it: a loss that is not finite, a nat above both the loss before and that
     * of uniform guessing, or a nat and tenfold above the loss before; or the same next token everywhere.
     *
     * @param before {@link #loss} before training
     */
    public double require(Transformer trained, double before) {
        return require(trained, before, loss(trained));
    }

    /** The same, where {@link #loss} after training is known. */
    public double require(Transformer trained, double before, double after) {
        reason(trained, before, after).ifPresent(reason -> {
            throw new WreckedException(reason + "; it is not written; " + advice());
        });
        return after;
    }

    /**
     * Why the trained model counts as wrecked by the criteria of {@link #require(Transformer, double)}, naming both losses; empty if it is
     * sound.
     */
    public Optional<String> reason(Transformer trained, double before, double after) {
        double ignorant = Math.log(trained.config().vocabulary());
        if (!Double.isFinite(after)) {
            return Optional.of("training ended with a model whose loss is " + after);
        }
        if (after > Math.max(before, ignorant) + 1 || after > 10 * before && after > before + 1) {
            return Optional.of(String.format(Locale.ROOT,
                    "training wrecked the model: the loss rose from %.3f to %.3f nats per token, uniform guessing gives %.3f",
                    before, after, ignorant));
        }
        return !constant(trained) ? Optional.empty() : Optional.of(String.format(Locale.ROOT,
                // A base that was like this before was not wrecked by training.
                "the trained model gives the same next token whatever it reads (loss %.3f nats per token, before %.3f)", after, before));
    }

    /** At most {@code most} evenly spaced indices below {@code size}. */
    public static IntStream spread(int size, int most) {
        int n = Math.min(most, size);
        return IntStream.range(0, n).map(i -> (int) ((long) i * size / n));
    }

    /** Advice on what to change: the base if it was broken {@link #before}, else the settings. */
    String advice() {
        return constantBefore ? "the base did so before any training: take another base" : advice(settings);
    }

    /** Advice on what to change in the settings. */
    public static String advice(TrainSettings s) {
        return "try a lower learning rate than " + s.learningRate() + (s.loraAlpha() / s.r() > USUAL_SCALE
                ? ", or a lower lora_alpha than " + s.loraAlpha() : "");
    }

    /**
     * Whether the next-token distribution is the same (total variation below 0.001) at several positions in different texts. Aligned models
     * open all refusals alike, so the positions are spread over prompts and answers.
     */
    private boolean constant(Transformer model) {
        Batch batch = Batches.collate(sample.subList(0, Math.min(TEXTS, sample.size())));
        int[] rows = spread(batch.size(), POSITIONS).toArray();
        try (Tape tape = Tape.inference(Kernels.best(), new Pool(DType.F32))) {
            Tensor logits = model.logits(tape, model.hidden(tape, batch), rows);
            double[] first = probabilities(logits, 0);
            for (int i = 1; i < rows.length; i++) {
                double[] p = probabilities(logits, i);
                double distance = 0;
                for (int v = 0; v < p.length; v++) {
                    distance += Math.abs(p[v] - first[v]) / 2;
                }
                if (distance >= 1e-3) {
                    return false;
                }
            }
            return rows.length > 1;
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
