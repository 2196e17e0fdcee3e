package agl.autograd.op;

import agl.autograd.Operation;
import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.Matrix;
import agl.autograd.storage.Storage;
import java.util.Arrays;
import java.util.function.IntToDoubleFunction;

/**
 * The language-model head fused with its loss: logits = H·Wᵀ, loss = Σ_t weight_t (logsumexp(logits_t) − logits_t[target_t]).
 * H (tokens, hidden), W (vocabulary, hidden); tokens with target −1 are not part of the loss. With weight = 1/count this is the mean
 * next-token cross-entropy over the unmasked tokens, L_task of the paper.
 *
 * <p>dL/dlogits_t = weight_t (softmax(logits_t) − onehot(target_t)), dL/dH = dL/dlogits · W, dL/dW = (dL/dlogits)ᵀ · H.
 *
 * <p>The full (tokens, vocabulary) logits never exist: each chunk of rows is computed, reduced to its loss and overwritten by its gradient,
 * which is multiplied by W and H while the chunk is in memory. The derivative is thus computed during forward, for an upstream gradient of
 * 1, and backward only scales it.
 */
public final class HeadCrossEntropy implements Operation {
    /** Logits per chunk (128 MB of floats): large enough to amortize packing W once per chunk, small enough to bound memory. */
    static final int LOGITS = 1 << 25;

    private final Tensor h;
    private final Tensor w;
    private final Storage dh;
    private final Storage dw;

    private HeadCrossEntropy(Tensor h, Tensor w, Storage dh, Storage dw) {
        this.h = h;
        this.w = w;
        this.dh = dh;
        this.dw = dw;
    }

    /** The mean over all tokens with a target. A batch without targets has loss 0. */
    public static Tensor mean(Tape tape, Tensor h, Tensor w, int[] targets) {
        int count = 0;
        for (int t : targets) {
            count += t >= 0 ? 1 : 0;
        }
        return of(tape, h, w, targets, null, 1.0 / Math.max(1, count));
    }

    /** With a weight for each token. */
    public static Tensor weighted(Tape tape, Tensor h, Tensor w, int[] targets, double[] weights) {
        return of(tape, h, w, targets, null, t -> weights[t]);
    }

    /** As {@link #of(Tape, Tensor, Tensor, int[], Storage, IntToDoubleFunction)} with the same weight for every token. */
    public static Tensor of(Tape tape, Tensor h, Tensor w, int[] targets, Storage tokenLoss, double weight) {
        return of(tape, h, w, targets, tokenLoss, t -> weight);
    }

    /**
     * @param targets   the target token id of each row, −1 for none
     * @param tokenLoss receives each token's unweighted loss (unchanged where there is no target), or null
     * @param weight    weight of each token's loss, by row
     */
    public static Tensor of(Tape tape, Tensor h, Tensor w, int[] targets, Storage tokenLoss, IntToDoubleFunction weight) {
        return of(tape, h, w, new Targets(targets, weight), tokenLoss, LOGITS);
    }

    /** The target token id of each row, −1 for none, and the weight of its loss, by row. */
    record Targets(int[] ids, IntToDoubleFunction weight) { }

    /** @param most logits per chunk, but at least one row */
    static Tensor of(Tape tape, Tensor h, Tensor w, Targets of, Storage tokenLoss, int most) {
        Kernels kernels = tape.kernels();
        int vocabulary = w.dim(0);
        int[] rows = rowsWithTarget(of.ids, vocabulary);
        boolean gradH = tape.recording() && h.requiresGrad();
        boolean gradW = tape.recording() && w.requiresGrad();
        Storage dh = gradH ? tape.scratch(h.size()) : null;
        Storage dw = gradW ? tape.scratch(w.size()) : null;
        kernels.clear(h.size(), dh);
        kernels.clear(w.size(), dw);
        int chunk = rowsAtOnce(rows.length, vocabulary, most);
        Pool pool = tape.pool();
        Storage logits = pool.take(chunk * vocabulary);
        Storage input = pool.take(chunk * h.cols());
        Storage dInput = gradH ? pool.take(chunk * h.cols()) : null;
        Storage loss = pool.take(chunk);
        int[] ids = new int[chunk];
        // Apply the token weights to dH (tokens, hidden), not to dlogits (tokens, vocabulary): fewer multiplications.
        double[] factors = new double[chunk];
        double total = 0;
        // explain: Task loss, chunk by chunk
        for (int from = 0; from < rows.length; from += chunk) {
            int n = Math.min(chunk, rows.length - from);
            int[] at = Arrays.copyOfRange(rows, from, from + n);
            kernels.gather(n, h.cols(), h.data(), at, input);
            for (int i = 0; i < n; i++) {
                ids[i] = of.ids[at[i]];
            }
            Matrix hidden = Matrix.of(input, n, h.cols());
            Matrix z = Matrix.of(logits, n, vocabulary);
            kernels.product(1, hidden, w.matrix().T(), 0, z);
            kernels.crossEntropyRows(n, vocabulary, logits, 0, ids, 0, loss, 0, gradH || gradW);
            for (int i = 0; i < n; i++) {
                double factor = of.weight.applyAsDouble(at[i]);
                total += factor * loss.get(i);
                factors[i] = factor;
                if (tokenLoss != null) {
                    tokenLoss.set(at[i], loss.get(i));
                }
            }
            if (gradH) {
                kernels.product(1, z, w.matrix(), 0, Matrix.of(dInput, n, h.cols()));
                kernels.scatter(n, h.cols(), factors, dInput, at, dh);
            }
            if (gradW) {
                kernels.scaleRows(n, h.cols(), factors, input);
                kernels.product(1, z.T(), hidden, 1, Matrix.of(dw, vocabulary, h.cols()));
            }
        }
        // explain: end
        pool.give(logits);
        pool.give(input);
        if (gradH) {
            pool.give(dInput);
        }
        pool.give(loss);
        Tensor out = tape.alloc();
        out.data().set(0, total);
        return tape.record(out, new HeadCrossEntropy(h, w, dh, dw), h, w);
    }

    /** Rows per chunk: as few chunks of equal height as the limit allows. */
    private static int rowsAtOnce(int rows, int vocabulary, int logits) {
        int most = Math.max(1, logits / vocabulary);
        return Math.max(1, Math.ceilDiv(rows, Math.max(1, Math.ceilDiv(rows, most))));
    }

    private static int[] rowsWithTarget(int[] targets, int vocabulary) {
        int[] rows = new int[targets.length];
        int n = 0;
        for (int t = 0; t < targets.length; t++) {
            if (targets[t] >= vocabulary) {
                throw new IllegalArgumentException(
                        "target " + targets[t] + " at position " + t + " is outside the vocabulary of " + vocabulary);
            }
            if (targets[t] >= 0) {
                rows[n++] = t;
            }
        }
        return Arrays.copyOf(rows, n);
    }

    @Override public boolean reads(Tensor t) {
        return false;
    }

    @Override public void backward(Tape tape, Tensor out) {
        double upstream = out.grad().get(0);
        if (dh != null) {
            tape.kernels().axpy(h.size(), upstream, dh, 0, tape.grad(h), 0);
        }
        if (dw != null) {
            tape.kernels().axpy(w.size(), upstream, dw, 0, tape.grad(w), 0);
        }
    }
}
