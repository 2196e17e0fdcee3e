package agl.regularizers;

import agl.autograd.Storage;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.op.Linear.GradientListener;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * H for {@link TaskStability}: the running mean v ← d·v + (1 − d)·g∘g of the squared task gradient g = ∂L_task/∂W of the full frozen weight,
 * divided by 1 − dᵗ as Adam does, so that early means are not too small. [1; the averaging is ours]
 *
 * <p>Costs out·in numbers and one product of the size of a weight gradient per step and matrix.
 */
public final class EmaGradSq {
    private final Kernels kernels;
    private final double decay;
    private final Map<String, State> states = new LinkedHashMap<>();

    private static final class State {
        private Storage mean;
        private int steps;
    }

    /** @param decay d, in [0, 1) */
    public EmaGradSq(Kernels kernels, double decay) {
        this.kernels = kernels;
        this.decay = decay;
    }

    /** To be set on the layer for the training passes: every backward pass counts as one step. */
    public GradientListener listener(String name) {
        State state = states.computeIfAbsent(name, n -> new State());
        return (x, delta) -> accept(state, x, delta);
    }

    private void accept(State state, Tensor x, Storage delta) {
        int in = x.cols();
        int tokens = x.rows();
        int out = delta.length() / tokens;
        if (state.mean == null) {
            state.mean = Storage.allocate(delta.dtype(), Math.multiplyExact(out, in));
        }
        state.steps++;
        int step = Tiles.rows(out, in);
        Storage tile = Storage.allocate(delta.dtype(), step * in);
        for (int row = 0; row < out; row += step) {
            int rows = Math.min(step, out - row);
            kernels.gemm(true, false, rows, in, tokens, 1, delta, row, out, x.data(), 0, in, 0, tile, 0, in);
            for (int e = 0; e < rows * in; e++) {
                double g = tile.get(e);
                state.mean.set(row * in + e, decay * state.mean.get(row * in + e) + (1 - decay) * g * g);
            }
        }
    }

    /** H's diagonal (out, in), or null before the first step: L_T is then measured with the identity's stand-in, zero. */
    Storage diagonal(String name) {
        State state = states.get(name);
        if (state == null || state.steps == 0) {
            return null;
        }
        Storage h = Storage.allocate(state.mean.dtype(), state.mean.length());
        kernels.scale(h.length(), 1 / (1 - Math.pow(decay, state.steps)), state.mean, 0, h, 0);
        return h;
    }
}
