package agl.regularizers.method;

import agl.autograd.Operation;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.Matrix;
import agl.autograd.storage.Storage;

/**
 * Mean squared difference of the logits, 1/(N V) Σ_t ‖z_tuned − z_base‖² over N token positions and V tokens of the vocabulary: the term of
 * dark experience replay (Buzzega et al. 2020, arXiv:2004.07211), with the mean as PyTorch's mse_loss takes it. Unlike {@link KlToBase} it
 * weighs all tokens alike, however improbable, and sees a shift of all logits by a constant.
 *
 * <p>z = h·Wᵀ with one frozen head W (vocabulary, hidden), so z_tuned − z_base = (h_tuned − h_base)·Wᵀ = D, and ∂/∂h = 2/(N V) D·W.
 */
public final class LogitsToBase implements Operation {
    private static final int CHUNK = 64;

    private final Tensor h;
    private final Storage dh;

    private LogitsToBase(Tensor h, Storage dh) {
        this.h = h;
        this.dh = dh;
    }

    /** The arguments are those of {@link KlToBase#of}. */
    public static Tensor of(Tape tape, Tensor h, Storage base, Tensor w, int[] rows) {
        Kernels k = tape.kernels();
        int hidden = h.cols();
        int vocabulary = w.dim(0);
        Storage dh = tape.scratch(h.size());
        dh.fill(0, h.size(), 0);
        int chunk = Math.min(CHUNK, Math.max(1, rows.length));
        Storage moved = tape.scratch(chunk * hidden);
        Storage logits = tape.scratch(chunk * vocabulary);
        double weight = 1.0 / ((double) Math.max(1, rows.length) * vocabulary);
        double total = 0;
        // explain: LogitsToBase
        for (int from = 0; from < rows.length; from += chunk) {
            int n = Math.min(chunk, rows.length - from);
            for (int i = 0; i < n; i++) {
                k.scale(hidden, 1, h.data(), rows[from + i] * hidden, moved, i * hidden);
                k.axpy(hidden, -1, base, (from + i) * hidden, moved, i * hidden);
            }
            Matrix d = Matrix.of(logits, n, vocabulary);
            k.product(1, Matrix.of(moved, n, hidden), w.matrix().T(), 0, d);
            total += weight * k.dot(n * vocabulary, logits, 0, logits, 0);
            k.product(2 * weight, d, w.matrix(), 0, Matrix.of(moved, n, hidden));
            for (int i = 0; i < n; i++) {
                k.scale(hidden, 1, moved, i * hidden, dh, rows[from + i] * hidden);
            }
        }
        // explain: end
        Tensor out = tape.alloc();
        out.data().set(0, total);
        return tape.record(out, new LogitsToBase(h, dh), h);
    }

    @Override public void backward(Tape tape, Tensor out) {
        tape.kernels().axpy(h.size(), out.grad().get(0), dh, 0, tape.grad(h), 0);
    }
}
