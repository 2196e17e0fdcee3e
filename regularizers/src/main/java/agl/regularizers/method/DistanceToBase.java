package agl.regularizers.method;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.op.Affine;
import agl.autograd.storage.Storage;
import agl.error.AglException;
import agl.lora.LoraModel;
import agl.nn.Batch;
import agl.nn.Transformer;
import agl.nn.checkpoint.CountedDraws;
import agl.nn.checkpoint.RunState;
import agl.regularizers.LoraFactors;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.WeakHashMap;
import java.util.stream.IntStream;

/**
 * λ D(base, tuned), averaged over token positions: there the tuned model must stay near the base. Methods differ in the distance and in the
 * positions:
 *
 * <ul>
 * <li>{@code kl}: {@link KlToBase} on the answers of alignment examples, one batch per step, in turn;
 * <li>{@code kl_sparse}: the same at every fourth step alone, with 4 λ: on average the same gradient, at a quarter of the cost;
 * <li>{@code kl_first}: the first two tokens of these answers, where refusing or complying is decided;
 * <li>{@code kl_own}: the answers that the base itself gives to the prompts, so that only prompts are needed;
 * <li>{@code first_tokens}: the first five answer tokens of the step's own task examples. After the constrained objective of Qi et al. 2024
 * (arXiv:2406.05946), which holds the first tokens of fine-tuning answers more tightly than the rest;
 * <li>{@code der}: {@link LogitsToBase} on the answers. Dark experience replay (Buzzega et al. 2020, arXiv:2004.07211);
 * <li>{@code sbr}: {@link HiddenToBase} at the last token of the prompts. Safety bottleneck regularization (Lu et al. 2026,
 * arXiv:2605.05995).
 * </ul>
 */
public final class DistanceToBase implements Method {
    /** Steps from one comparison of kl_sparse to the next. */
    public static final int SPARSE = 4;
    /** Answer tokens that kl_first compares. */
    public static final int FIRST_ALIGNED = 2;
    /** Answer tokens that first_tokens compares. */
    public static final int FIRST_OF_TASK = 5;

    /** What is compared: an operation on the tuned model's hidden states. */
    public enum Measure {
        KL("KL", KlToBase::of),
        LOGITS("logits", LogitsToBase::of),
        HIDDEN("hidden", (tape, h, base, w, rows) -> HiddenToBase.of(tape, h, base, rows));

        private final String term;
        private final Distance distance;

        Measure(String term, Distance distance) {
            this.term = term;
            this.distance = distance;
        }
    }

    /** A distance of the tuned model's hidden states from the base's. */
    @FunctionalInterface
    public interface Distance {
        /** The arguments of {@link KlToBase#of}. */
        Tensor of(Tape tape, Tensor h, Storage base, Tensor w, int[] rows);
    }

    /** The examples that each step compares on. */
    @FunctionalInterface
    public interface Examples {
        /**
         * The examples of a step, in passes through the model, with targets at the positions to compare; none: a step without penalty.
         *
         * @param step counted from 0
         */
        List<Batch> of(int step);

        /**
         * One batch after the other, round-robin, at the last of every {@code every} steps: at the very first the tuned model is the base.
         *
         * @param batches each in passes through the model
         */
        static Examples inTurn(List<List<Batch>> batches, int every) {
            if (batches.isEmpty() || batches.stream().anyMatch(b -> b.stream().allMatch(pass -> pass.targetCount() == 0))) {
                throw new AglException("a distance to the base needs alignment examples with answers");
            }
            List<List<Batch>> all = List.copyOf(batches);
            return step -> (step + 1) % every == 0 ? all.get(step / every % all.size()) : List.of();
        }
    }

    private final String name;
    private final double lambda;
    private final Measure measure;
    private final LoraModel model;
    private final Examples examples;
    /** The base's hidden states, computed once per batch, with the adapter off; they go when nothing else refers to the batch. */
    private final Map<Batch, Storage> base = new WeakHashMap<>();
    /** Of this pass's dropout masks: those of the task stay as they are without it. */
    private final CountedDraws masks;

    /**
     * @param name   on the command line
     * @param lambda the weight of the penalty in the loss
     * @param seed   of the dropout masks of the adapter on these examples
     */
    public DistanceToBase(String name, double lambda, Measure measure, LoraModel model, Examples examples, long seed) {
        if (measure != Measure.HIDDEN && model.copies().containsKey(Transformer.HEAD)) {
            throw new AglException(
                    name + " applies one head to both models' hidden states, but the adapter trains its own head (modules_to_save)");
        }
        this.name = name;
        this.lambda = lambda;
        this.measure = measure;
        this.model = model;
        this.examples = examples;
        this.masks = new CountedDraws(seed);
    }

    @Override public String name() {
        return name;
    }

    @Override public void state(RunState state, List<LoraFactors> factors) {
        masks.state("method.masks", state);
    }

    @Override public SequencedMap<String, Double> addGradients(Tape tape, List<LoraFactors> factors, int step) {
        List<Batch> passes = examples.of(step);
        int positions = passes.stream().mapToInt(Batch::targetCount).sum();
        if (positions == 0) {
            return new LinkedHashMap<>();
        }
        double value = 0;
        for (Batch batch : passes) {
            int[] rows = IntStream.range(0, batch.size()).filter(t -> batch.targets()[t] >= 0).toArray();
            if (rows.length == 0) {
                continue;
            }
            Storage reference = base.computeIfAbsent(batch, b -> baseHidden(tape, batch, rows));
            double share = (double) rows.length / positions;
            try (Tape own = Tape.training(tape.kernels(), tape.pool(), masks)) {
                Tensor distance = measure.distance.of(own, model.model().hidden(own, batch), reference, model.model().head(), rows);
                value += share * distance.item();
                own.backward(Affine.scale(own, lambda * share, distance));
            }
        }
        return Method.logged(measure.term, value, lambda * value);
    }

    private Storage baseHidden(Tape tape, Batch batch, int[] rows) {
        model.enable(false);
        try (Tape own = Tape.inference(tape.kernels(), tape.pool())) {
            Tensor h = model.model().hidden(own, batch);
            Storage kept = Storage.allocate(own.dtype(), Storage.elements(rows.length, h.cols()));
            for (int i = 0; i < rows.length; i++) {
                own.kernels().scale(h.cols(), 1, h.data(), rows[i] * h.cols(), kept, i * h.cols());
            }
            return kept;
        } finally {
            model.enable(true);
        }
    }
}
