package agl.regularizers.method;

import agl.autograd.Operation;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.Matrix;
import agl.autograd.storage.Storage;
import agl.regularizers.Tiles;

/**
 * KL(p_base ‖ p_tuned) = Σ_v p_base(v) (log p_base(v) − log p_tuned(v)), averaged over token positions: how far the tuned model's
 * next-token distribution is from the aligned base's. p = softmax(h·Wᵀ) with h (tokens, hidden) the last hidden state and W (vocabulary,
 * hidden) the head.
 *
 * <p>With logits z and l = logsumexp(z): KL = Σ p_base (z_base − z_tuned) − l_base + l_tuned, and ∂KL/∂z_tuned = p_tuned − p_base, so
 * ∂KL/∂h = (p_tuned − p_base)·W. Logits are computed for one chunk of rows at a time, as in {@link agl.autograd.op.HeadCrossEntropy}. W is
 * frozen.
 */
public final class KlToBase implements Operation {
    private static final int CHUNK = 64;

    private final Tensor h;
    private final Storage dh;

    private KlToBase(Tensor h, Storage dh) {
        this.h = h;
        this.dh = dh;
    }

    /**
     * @param h    the tuned model's hidden states, (tokens, hidden)
     * @param base the base model's hidden states at the rows to compare, (rows.length, hidden), constant
     * @param w    the head (vocabulary, hidden), frozen
     * @param rows the positions to compare
     */
    public static Tensor of(Tape tape, Tensor h, Storage base, Tensor w, int[] rows) {
        Kernels k = tape.kernels();
        int hidden = h.cols();
        int vocabulary = w.dim(0);
        boolean gradient = tape.recording() && h.requiresGrad();
        Storage dh = gradient ? tape.scratch(h.size()) : null;
        if (gradient) {
            dh.fill(0, h.size(), 0);
        }
        int chunk = Math.min(CHUNK, Math.max(1, rows.length));
        Storage input = tape.scratch(chunk * hidden);
        Storage zBase = tape.scratch(chunk * vocabulary);
        Storage zTuned = tape.scratch(chunk * vocabulary);
        Storage pBase = tape.scratch(chunk * vocabulary);
        Storage lBase = tape.scratch(chunk);
        Storage lTuned = tape.scratch(chunk);
        double[] p = new double[vocabulary];
        double[] zb = new double[vocabulary];
        double[] zt = new double[vocabulary];
        double weight = 1.0 / Math.max(1, rows.length);
        double total = 0;
        // explain: KlToBase
        for (int from = 0; from < rows.length; from += chunk) {
            int n = Math.min(chunk, rows.length - from);
            for (int i = 0; i < n; i++) {
                k.scale(hidden, 1, h.data(), rows[from + i] * hidden, input, i * hidden);
            }
            Matrix z = Matrix.of(zTuned, n, vocabulary);
            k.product(1, Matrix.of(base, rows.length, hidden).rows(from, n), w.matrix().T(), 0, Matrix.of(zBase, n, vocabulary));
            k.product(1, Matrix.of(input, n, hidden), w.matrix().T(), 0, z);
            k.scale(n * vocabulary, 1, zBase, 0, pBase, 0);
            k.softmaxRows(n, vocabulary, pBase, lBase);
            for (int i = 0; i < n; i++) {
                Tiles.load(pBase, i * vocabulary, vocabulary, p);
                Tiles.load(zBase, i * vocabulary, vocabulary, zb);
                Tiles.load(zTuned, i * vocabulary, vocabulary, zt);
                double sum = -lBase.get(i);
                for (int v = 0; v < vocabulary; v++) {
                    sum += p[v] * (zb[v] - zt[v]);
                }
                total += weight * sum;
            }
            // From here on zTuned holds p_tuned.
            k.softmaxRows(n, vocabulary, zTuned, lTuned);
            for (int i = 0; i < n; i++) {
                total += weight * lTuned.get(i);
            }
            if (gradient) {
                k.axpy(n * vocabulary, -1, pBase, 0, zTuned, 0);
                k.product(weight, z, w.matrix(), 0, Matrix.of(input, n, hidden));
                for (int i = 0; i < n; i++) {
                    k.scale(hidden, 1, input, i * hidden, dh, rows[from + i] * hidden);
                }
            }
        }
        // explain: end
        Tensor out = tape.alloc();
        out.data().set(0, Math.max(0, total)); // rounding may leave less than nothing where both agree
        return tape.record(out, new KlToBase(h, dh), h);
    }

    @Override public void backward(Tape tape, Tensor out) {
        tape.kernels().axpy(h.size(), out.grad().get(0), dh, 0, tape.grad(h), 0);
    }
}
