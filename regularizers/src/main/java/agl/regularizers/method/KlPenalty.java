package agl.regularizers.method;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.op.Affine;
import agl.autograd.storage.Storage;
import agl.error.AglException;
import agl.lora.LoraModel;
import agl.nn.Batch;
import agl.nn.Transformer;
import agl.regularizers.LoraFactors;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SplittableRandom;

/**
 * λ KL(p_base ‖ p_tuned) on alignment examples ({@link KlToBase}), at the answer's positions: there the tuned model must keep the base's
 * predictions. One batch of alignment examples per step, round-robin. The base's hidden states are computed once, with the adapter off.
 */
public final class KlPenalty implements Method {
    private final double lambda;
    private final LoraModel model;
    private final List<Batch> batches;
    private final Map<Integer, Storage> base = new HashMap<>();
    /** Of this pass's dropout masks: those of the task stay as they are without it. */
    private final SplittableRandom masks;

    /**
     * @param batches alignment examples with targets on their answers
     * @param seed    of the dropout masks of the adapter on these examples
     */
    public KlPenalty(double lambda, LoraModel model, List<Batch> batches, long seed) {
        if (batches.isEmpty() || batches.stream().anyMatch(b -> b.targetCount() == 0)) {
            throw new AglException("KL to the base needs alignment examples with answers");
        }
        if (model.copies().containsKey(Transformer.HEAD)) {
            throw new AglException(
                    "KL to the base applies one head to both models' hidden states, but the adapter trains its own head "
                    + "(modules_to_save)");
        }
        this.lambda = lambda;
        this.model = model;
        this.batches = List.copyOf(batches);
        this.masks = new SplittableRandom(seed);
    }

    @Override public String name() {
        return "kl";
    }

    @Override public SequencedMap<String, Double> addGradients(Tape tape, List<LoraFactors> factors, int step) {
        int at = step % batches.size();
        Batch batch = batches.get(at);
        int[] rows = java.util.stream.IntStream.range(0, batch.size()).filter(t -> batch.targets()[t] >= 0).toArray();
        Storage reference = base.computeIfAbsent(at, i -> baseHidden(tape, batch, rows));
        try (Tape own = Tape.training(tape.kernels(), tape.pool(), masks::nextLong)) {
            Tensor kl = KlToBase.of(own, model.model().hidden(own, batch), reference, model.model().head(), rows);
            double value = kl.item();
            own.backward(Affine.scale(own, lambda, kl));
            return Method.logged("KL", value, lambda * value);
        }
    }

    private Storage baseHidden(Tape tape, Batch batch, int[] rows) {
        model.enable(false);
        try (Tape own = Tape.inference(tape.kernels(), tape.pool())) {
            Tensor h = model.model().hidden(own, batch);
            Storage kept = Storage.allocate(own.dtype(), rows.length * h.cols());
            for (int i = 0; i < rows.length; i++) {
                own.kernels().scale(h.cols(), 1, h.data(), rows[i] * h.cols(), kept, i * h.cols());
            }
            return kept;
        } finally {
            model.enable(true);
        }
    }
}
