package agl.autograd.op;

import agl.autograd.Operation;
import agl.autograd.Storage;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import java.util.Arrays;

/**
 * Y = X·Wᵀ + b, X (tokens, in), W (out, in), b (out) or null, Y (tokens, out): one row per token, PyTorch's layout of W.
 *
 * <p>dL/dX = dL/dY · W, dL/dW = (dL/dY)ᵀ · X, dL/db = Σ_t dL/dY_t. A frozen W costs neither time nor memory for its gradient.
 */
public final class Linear implements Operation {

    /**
     * Sees, during backward, the two factors of a layer's weight gradient: dL/dW = Σ_t δ_t x_tᵀ. This is how the Fisher information of
     * a frozen weight is gathered without ever forming dL/dW.
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
    private final GradientListener listener;

    private Linear(Tensor x, Tensor w, Tensor b, GradientListener listener) {
        this.x = x;
        this.w = w;
        this.b = b;
        this.listener = listener;
    }

    /** Without bias and listener. */
    public static Tensor of(Tape tape, Tensor x, Tensor w) {
        return of(tape, x, w, null, null);
    }

    /** With a bias (or null) and a listener (or null). */
    // explain: Linear forward
    public static Tensor of(Tape tape, Tensor x, Tensor w, Tensor b, GradientListener listener) {
        int tokens = x.rows();
        int in = x.cols();
        int out = w.dim(0);
        if (w.rank() != 2 || w.dim(1) != in) {
            throw new IllegalArgumentException("a weight " + Arrays.toString(w.shape()) + " does not fit an input with " + in + " features");
        }
        Tensor y = tape.alloc(tokens, out);
        if (b != null) {
            tape.kernels().rows(tokens, out, b.data(), new int[tokens], null, y.data(), null, false);
        }
        tape.kernels().gemm(false, true, tokens, out, in, 1, x.data(), 0, in, w.data(), 0, in, b == null ? 0 : 1, y.data(), 0, out);
        boolean needed = x.requiresGrad() || w.requiresGrad() || b != null && b.requiresGrad() || listener != null;
        return tape.record(y, new Linear(x, w, b, listener), needed, x, w);
    }

    /** X is only read for dL/dW: a frozen layer needs to remember nothing. */
    @Override public boolean reads(Tensor t) {
        return t == x && (w.requiresGrad() || listener != null) || t == w;
    }
    // explain: end

    // explain: Linear backward
    @Override public void backward(Tape tape, Tensor y) {
        Kernels kernels = tape.kernels();
        int tokens = x.rows();
        int in = x.cols();
        int out = w.dim(0);
        if (listener != null) {
            listener.accept(x, y.grad());
        }
        if (x.requiresGrad()) {
            double beta = tape.beta(x);
            kernels.gemm(false, false, tokens, in, out, 1, y.grad(), 0, out, w.data(), 0, in, beta, tape.gradToWrite(x), 0, in);
        }
        if (w.requiresGrad()) {
            double beta = tape.beta(w);
            kernels.gemm(true, false, out, in, tokens, 1, y.grad(), 0, out, x.data(), 0, in, beta, tape.gradToWrite(w), 0, in);
        }
        if (b != null && b.requiresGrad()) {
            kernels.rows(tokens, out, y.grad(), null, null, tape.grad(b), new int[tokens], true);
        }
    }
    // explain: end
}
