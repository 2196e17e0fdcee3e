package agl.autograd.op;

import agl.autograd.Operation;
import agl.autograd.Tape;
import agl.autograd.Tensor;

/**
 * Activation checkpointing: y = f(x) for a whole layer f, keeping only x. Backward runs f again to recompute what its derivatives read
 * (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost"). Costs one more forward pass; needs the memory of one layer instead
 * of all.
 *
 * <p>The second run repeats the first exactly, including its random draws ({@link Tape#draw}), so the gradient is bit-identical.
 */
public final class Recompute implements Operation {

    /** A layer: everything it computes is recorded on the given tape. */
    @FunctionalInterface
    public interface Layer {
        Tensor forward(Tape tape, Tensor x);
    }

    private final Tensor x;
    private final Layer layer;
    private final long[] draws;

    private Recompute(Tensor x, Layer layer, long[] draws) {
        this.x = x;
        this.layer = layer;
        this.draws = draws;
    }

    /** On an inference tape this just runs f: there is nothing to keep. */
    // explain: Recompute forward
    public static Tensor of(Tape tape, Tensor x, Layer layer) {
        if (!tape.recording()) {
            return layer.forward(tape, x);
        }
        try (Tape first = tape.inner(null)) {
            Tensor result = layer.forward(first, first.input(x, tape));
            Tensor y = tape.alloc(result.shape());
            tape.kernels().scale(y.size(), 1, result.data(), 0, y.data(), 0);
            return tape.record(y, new Recompute(x, layer, first.draws()), result.requiresGrad(), x);
        }
    }
    // explain: end

    @Override public boolean reads(Tensor t) {
        return t == x;
    }

    // explain: Recompute backward
    @Override public void backward(Tape tape, Tensor y) {
        try (Tape second = tape.inner(draws)) {
            Tensor result = layer.forward(second, second.input(x, tape));
            second.backward(result, y.grad());
        }
    }
    // explain: end
}
