package agl.autograd.op;

import agl.autograd.Operation;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Matrix;
import agl.autograd.storage.Storage;
import java.util.Arrays;

/**
 * Y = X·Wᵀ + b, X (tokens, in), W (out, in), b (out) or null, Y (tokens, out): one row per token, PyTorch's layout of W.
 *
 * <p>dL/dX = dL/dY · W, dL/dW = (dL/dY)ᵀ · X, dL/db = Σ_t dL/dY_t. A frozen W costs neither time nor memory for its gradient.
 */
public final class Linear implements Operation {

    /**
     * A hook called in backward with the two factors of a layer's weight gradient: dL/dW = Σ_t δ_t x_tᵀ. This is how the Fisher information
     * of a frozen weight is estimated without ever forming dL/dW.
     */
    @FunctionalInterface
    public interface GradientListener {
        /**
         * @param x     the layer's input, (tokens, in)
         * @param delta dL/dY, (tokens, out), valid during the call only
         */
        void accept(Tensor x, Storage delta);
    }

    private final Tensor x;
    private final Tensor w;
    private final Tensor b;
    private final GradientListener hook;

    private Linear(Tensor x, Tensor w, Tensor b, GradientListener hook) {
        this.x = x;
        this.w = w;
        this.b = b;
        this.hook = hook;
    }

    /** Without bias or hook. */
    public static Tensor of(Tape tape, Tensor x, Tensor w) {
        return of(tape, x, w, null, null);
    }

    /** With a bias (or null) and a gradient hook (or null). */
    // explain: Linear forward
    public static Tensor of(Tape tape, Tensor x, Tensor w, Tensor b, GradientListener hook) {
        int tokens = x.rows();
        int in = x.cols();
        int out = w.dim(0);
        if (w.rank() != 2 || w.dim(1) != in) {
            throw new IllegalArgumentException(
                    "a weight " + Arrays.toString(w.shape()) + " does not fit an input with " + in + " features");
        }
        Tensor y = tape.alloc(tokens, out);
        if (b != null) {
            tape.kernels().repeatRow(tokens, out, b.data(), y.data());
        }
        tape.kernels().product(1, x.matrix(), w.matrix().T(), b == null ? 0 : 1, y.matrix());
        boolean needed = x.requiresGrad() || w.requiresGrad() || b != null && b.requiresGrad() || hook != null;
        return tape.record(y, new Linear(x, w, b, hook), needed, x, w);
    }

    /** X is read only for dL/dW: a frozen layer need not keep its input. */
    @Override public boolean reads(Tensor t) {
        return t == x && (w.requiresGrad() || hook != null) || t == w;
    }
    // explain: end

    // explain: Linear backward
    @Override public void backward(Tape tape, Tensor y) {
        if (hook != null) {
            hook.accept(x, y.grad());
        }
        Matrix dY = y.gradMatrix();
        tape.addGrad(x, 1, dY, w);
        tape.addGrad(w, 1, dY.T(), x);
        if (b != null && b.requiresGrad()) {
            tape.kernels().addRows(y.rows(), y.cols(), y.grad(), tape.grad(b));
        }
    }
    // explain: end
}
