package agl.regularizers.method;

import agl.autograd.Tape;
import agl.regularizers.FisherEstimator;
import agl.regularizers.LinearMargins;
import agl.regularizers.LoraFactors;
import java.util.List;
import java.util.SequencedMap;
import java.util.function.Supplier;

/**
 * The two-sided contrast on margins that are linearised at the current weights every few steps: {@link MarginLoss} of
 * {@link LinearMargins}. A step costs two thin products per prompt and matrix, and no pass through the model; a refresh costs a forward and
 * a backward pass over all pairs. Not from the paper. [D]
 */
public final class LinearContrast implements Method {
    private final MarginLoss loss;
    private final int every;
    private final Supplier<FisherEstimator.Gradients> estimate;
    private LinearMargins margins;

    /**
     * @param refuse   of each pair, whether its prompt should be refused
     * @param every    steps from one linearisation to the next
     * @param estimate the losses of the pairs and their gradients at the current weights
     */
    public LinearContrast(double weight, boolean[] refuse, int every, Supplier<FisherEstimator.Gradients> estimate) {
        this.loss = new MarginLoss(weight, refuse.clone());
        this.every = every;
        this.estimate = estimate;
    }

    @Override public String name() {
        return "contrast_linear";
    }

    @Override public int refreshEvery() {
        return every;
    }

    @Override public void start(Tape tape, List<LoraFactors> factors) {
        refresh(tape, factors);
    }

    @Override public void refresh(Tape tape, List<LoraFactors> factors) {
        margins = new LinearMargins(tape, estimate.get(), factors);
    }

    @Override public SequencedMap<String, Double> addGradients(Tape tape, List<LoraFactors> factors, int step) {
        if (margins == null) {
            start(tape, factors);
        }
        double[] m = margins.predict(tape, factors);
        double[] slope = new double[m.length];
        double value = loss.of(0, m, slope);
        margins.addGradient(tape, factors, slope);
        return Method.logged("contrast", value, loss.weight() * value);
    }
}
