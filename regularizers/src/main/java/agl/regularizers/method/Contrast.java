package agl.regularizers.method;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.op.HeadCrossEntropy;
import agl.autograd.storage.Storage;
import agl.error.AglException;
import agl.lora.LoraModel;
import agl.nn.Batch;
import agl.nn.checkpoint.CountedDraws;
import agl.nn.checkpoint.RunState;
import agl.regularizers.LoraFactors;
import java.util.List;
import java.util.SequencedMap;

/**
 * The two-sided contrast taken directly: {@link MarginLoss} of the true margins on a mini-batch of pairs each step, the fair rival of
 * {@link LinearContrast}. m_i = mean loss of the other answer − mean loss of the refusal, each over its own target tokens.
 */
public final class Contrast implements Method {

    /**
     * A mini-batch of pairs.
     *
     * @param passes the sequences, refusal and other answer of each pair in turn, in passes through the model of whole pairs
     * @param refuse of each pair, whether its prompt should be refused; both kinds occur
     */
    public record Pairs(List<Batch> passes, boolean[] refuse) {
        public Pairs {
            int sequences = passes.stream().mapToInt(Batch::sequences).sum();
            if (sequences != 2 * refuse.length || passes.stream().anyMatch(pass -> pass.sequences() % 2 != 0)) {
                throw new AglException(sequences + " sequences in " + passes.size() + " passes are not " + refuse.length + " pairs");
            }
        }
    }

    private final double weight;
    private final LoraModel model;
    private final List<Pairs> batches;
    /** Of this pass's dropout masks: those of the task stay as they are without it. */
    private final CountedDraws masks;

    /**
     * @param weight  λ
     * @param batches used in turn
     * @param seed    of the adapter's dropout masks on the pairs
     */
    public Contrast(double weight, LoraModel model, List<Pairs> batches, long seed) {
        this.weight = weight;
        this.model = model;
        this.batches = List.copyOf(batches);
        this.masks = new CountedDraws(seed);
    }

    @Override public String name() {
        return "contrast";
    }

    @Override public void state(RunState state, List<LoraFactors> factors) {
        masks.state("method.masks", state);
    }

    @Override public SequencedMap<String, Double> addGradients(Tape tape, List<LoraFactors> factors, int step) {
        Pairs pairs = batches.get(step % batches.size());
        MarginLoss loss = new MarginLoss(weight, pairs.refuse);
        double value = 0;
        int first = 0;
        for (Batch batch : pairs.passes) {
            value += addGradients(tape, loss, batch, first);
            first += batch.sequences() / 2;
        }
        return Method.logged("contrast", value, weight * value);
    }

    /** The part of the loss, without λ, of a pass whose first pair is pair {@code first} of the mini-batch. */
    private double addGradients(Tape tape, MarginLoss loss, Batch batch, int first) {
        int[] targets = batch.targets();
        double[] inMargin = inMargin(batch);
        try (Tape own = Tape.training(tape.kernels(), tape.pool(), masks)) {
            Tensor hidden = model.model().hidden(own, batch);
            Storage losses = own.scratch(batch.size());
            try (Tape measuring = Tape.inference(tape.kernels(), tape.pool())) {
                HeadCrossEntropy.of(measuring, hidden, model.model().head(), targets, losses, 1);
            }
            // explain: Contrast
            double[] m = new double[batch.sequences() / 2];
            for (int j = 0; j < batch.sequences(); j++) {
                for (int t = batch.starts()[j]; t < batch.starts()[j + 1]; t++) {
                    m[j / 2] += targets[t] < 0 ? 0 : inMargin[t] * losses.get(t);
                }
            }
            double[] slope = new double[m.length];
            double value = loss.of(first, m, slope);
            // ∂L/∂(loss of token t) = ∂L/∂m_i · ∂m_i/∂(loss of token t): a weight on each token's cross-entropy.
            double[] weights = new double[batch.size()];
            for (int j = 0; j < batch.sequences(); j++) {
                for (int t = batch.starts()[j]; t < batch.starts()[j + 1]; t++) {
                    weights[t] = inMargin[t] * slope[j / 2];
                }
            }
            own.backward(HeadCrossEntropy.weighted(own, hidden, model.model().head(), targets, weights));
            // explain: end
            return value;
        }
    }

    /** ∂m_i/∂(loss of a token), by token: −1/(number of target tokens) in a refusal, + in the other answer. */
    private static double[] inMargin(Batch batch) {
        double[] weights = new double[batch.size()];
        for (int j = 0; j < batch.sequences(); j++) {
            int count = 0;
            for (int t = batch.starts()[j]; t < batch.starts()[j + 1]; t++) {
                count += batch.targets()[t] >= 0 ? 1 : 0;
            }
            for (int t = batch.starts()[j]; t < batch.starts()[j + 1]; t++) {
                weights[t] = (j % 2 == 0 ? -1.0 : 1.0) / Math.max(1, count);
            }
        }
        return weights;
    }
}
