package agl.autograd.op;

import agl.autograd.Operation;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.storage.Storage;

/**
 * y = w ⊙ n, n = x / sqrt(mean(x²) + ε), per row (Zhang and Sennrich 2019); x (rows, cols), w (cols).
 *
 * <p>With ι = 1/sqrt(mean(x²) + ε) and g = dL/dy ⊙ w: dL/dx = ι (g − n · mean(g ⊙ n)), dL/dw = Σ_rows dL/dy ⊙ n.
 */
public final class RmsNorm implements Operation {
    private final Tensor x;
    private final Tensor w;
    private final Storage inverseRms;

    private RmsNorm(Tensor x, Tensor w, Storage inverseRms) {
        this.x = x;
        this.w = w;
        this.inverseRms = inverseRms;
    }

    /** Normalizes runs of w.size() elements: a (tokens, heads·headDim) input with w of length headDim is normalized per head. */
    public static Tensor of(Tape tape, Tensor x, Tensor w, double eps) {
        int cols = w.size();
        if (x.cols() % cols != 0) {
            throw new IllegalArgumentException("a norm over " + cols + " elements does not fit rows of " + x.cols());
        }
        int rows = x.size() / cols;
        Tensor y = tape.alloc(x.shape());
        Storage inverseRms = tape.scratch(rows);
        tape.kernels().rmsNorm(rows, cols, x.data(), w.data(), eps, y.data(), inverseRms);
        return tape.record(y, new RmsNorm(x, w, inverseRms), x, w);
    }

    @Override public boolean reads(Tensor t) {
        return t == x || t == w;
    }

    @Override public void backward(Tape tape, Tensor y) {
        int cols = w.size();
        tape.kernels().rmsNormBackward(x.size() / cols, cols, x.data(), w.data(), inverseRms, y.grad(),
                x.requiresGrad() ? tape.grad(x) : null, w.requiresGrad() ? tape.grad(w) : null);
    }
}
