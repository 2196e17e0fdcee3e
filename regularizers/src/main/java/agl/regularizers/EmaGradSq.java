package agl.regularizers;

import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.Matrix;
import agl.autograd.op.Linear.GradientListener;
import agl.autograd.storage.Storage;
import agl.nn.checkpoint.RunState;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * H for {@link TaskStability}: the running mean v ← d·v + (1 − d)·g∘g of the squared task gradient g = ∂L_task/∂W of the full frozen
 * weight, divided by 1 − dᵗ as in Adam, so that early means are not too small. [1; the averaging is ours]
 *
 * <p>g is the gradient of a whole step: if a batch is processed in parts, their gradients are summed first and squared once ({@link
 * #endStep}).
 *
 * <p>Costs, per matrix, twice out·in values, and per backward pass one product of the size of a weight gradient.
 */
public final class EmaGradSq {
    private final Kernels kernels;
    private final double decay;
    private final Map<String, State> states = new LinkedHashMap<>();

    private static final class State {
        /** g of the step so far, (out, in). */
        private Storage gradient;
        private Storage mean;
        private boolean pending;
        private int steps;
    }

    /** @param decay d, in [0, 1) */
    public EmaGradSq(Kernels kernels, double decay) {
        this.kernels = kernels;
        this.decay = decay;
    }

    /** The hook to set on the layer for training: every backward pass adds to the gradient of the step. */
    public GradientListener listener(String name) {
        State state = states.computeIfAbsent(name, n -> new State());
        return (x, delta) -> accept(state, x, delta);
    }

    private void accept(State state, Tensor x, Storage delta) {
        int in = x.cols();
        int tokens = x.rows();
        int out = delta.length() / tokens;
        if (state.gradient == null) {
            state.gradient = kernels.allocate(delta.dtype(), Storage.elements(out, in));
            state.mean = Storage.allocate(delta.dtype(), Storage.elements(out, in));
        }
        kernels.product(1, Matrix.of(delta, tokens, out).T(), x.matrix(), state.pending ? 1 : 0, Matrix.of(state.gradient, out, in));
        state.pending = true;
    }

    /**
     * Adds the complete gradient of the step to the running mean. A matrix without a gradient since the last call is left unchanged. The
     * mean is updated on the host, in double; from a device, each matrix's gradient is transferred once per step for it.
     */
    void endStep() {
        for (State s : states.values()) {
            if (s.pending) {
                for (int e = 0; e < s.mean.length(); e++) {
                    double g = s.gradient.get(e);
                    s.mean.set(e, decay * s.mean.get(e) + (1 - decay) * g * g);
                }
                s.steps++;
                s.pending = false;
            }
        }
    }

    /** To save the means or put them back, between two steps. */
    void state(RunState state) {
        states.forEach((name, s) -> {
            String own = "method.H." + name;
            s.steps = state.count(own + ".steps", s.steps);
            s.mean = state.optional(own, s.mean, (type, length) -> {
                s.gradient = kernels.allocate(type, length);
                return Storage.allocate(type, length);
            });
        });
    }

    /** H's diagonal (out, in), or null before the first step, when H and L_T count as 0. */
    Storage diagonal(String name) {
        State state = states.get(name);
        if (state == null || state.steps == 0) {
            return null;
        }
        Storage h = kernels.allocate(state.mean.dtype(), state.mean.length());
        kernels.scale(h.length(), 1 / (1 - Math.pow(decay, state.steps)), state.mean, 0, h, 0);
        return h;
    }
}
