package agl.autograd.kernels;

import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;

/**
 * The performance-critical loops. Operations are written against this interface; {@link PlainKernels} is the reference implementation,
 * which runs everywhere; other providers are faster. All matrices are row-major. "+=" means: adds to the existing values.
 *
 * <p>Every provider passes one contract test against the plain loops in double.
 */
public interface Kernels {

    /** The provider's name, for logs. */
    String name();

    /** The plain loops. */
    static Kernels plain() {
        return PlainKernels.INSTANCE;
    }

    /** The fastest provider on this machine's processor; see {@link Providers}. */
    static Kernels best() {
        return Providers.best();
    }

    /** Transfers to and from a device so far; zero without a device. */
    default DeviceKernels.Traffic traffic() {
        return new DeviceKernels.Traffic(0, 0, 0);
    }

    /** A zero-filled storage in the memory where these kernels are fastest: the heap, unless they run on a device. */
    default Storage allocate(DType dtype, int length) {
        return Storage.allocate(dtype, length);
    }

    /**
     * The same values in that memory, to be used instead of {@code s} from now on; {@code s} itself if it is already there. Frozen weights
     * in mapped memory are not moved: a device keeps its own copy of them.
     */
    default Storage resident(Storage s) {
        return s;
    }

    /**
     * Implemented by each provider; callers use {@link #product(double, Matrix, Matrix, double, Matrix)}.
     * C = alpha · op(A) · op(B) + beta · C, with op(X) = X or Xᵀ.
     *
     * @param m   rows of C and op(A)
     * @param n   columns of C and op(B)
     * @param k   columns of op(A), rows of op(B)
     * @param lda row stride of A as stored; likewise ldb, ldc. With beta = 0, C is overwritten whatever it held.
     */
    void gemm(boolean transA, boolean transB, int m, int n, int k, double alpha, Storage a, int aOff, int lda,
              Storage b, int bOff, int ldb, double beta, Storage c, int cOff, int ldc);

    /**
     * C = alpha·A·B + beta·C; with beta = 0, C is overwritten whatever it held. Every matrix product outside the kernels uses this method.
     *
     * @param c not transposed
     * @throws IllegalArgumentException when the shapes do not fit
     */
    default void product(double alpha, Matrix a, Matrix b, double beta, Matrix c) {
        if (a.cols() != b.rows() || a.rows() != c.rows() || b.cols() != c.cols() || c.transposed()) {
            throw new IllegalArgumentException(a + " times " + b + " does not give " + c + (c.transposed() ? " transposed" : ""));
        }
        gemm(a.transposed(), b.transposed(), a.rows(), b.cols(), a.cols(), alpha, a.data(), a.offset(), a.stride(), b.data(), b.offset(),
                b.stride(),
                beta, c.data(), c.offset(), c.stride());
    }

    /**
     * C = first + second + beta·C. A LoRA layer is such a sum, X·W0ᵀ + s·U·Bᵀ, and a device can compute it in one pass over C.
     *
     * @param c not transposed, and not overlapping an operand
     */
    default void product(Product first, Product second, double beta, Matrix c) {
        product(first.alpha(), first.a(), first.b(), beta, c);
        product(second.alpha(), second.a(), second.b(), 1, c);
    }

    /**
     * y_i = alpha · Σ_k x_ki² for the {@code rows} rows of x, n elements each, accumulated in double: the diagonal Fisher from gradients.
     */
    default void sumOfSquares(int rows, int n, double alpha, Storage x, Storage y, int yOff) {
        for (int i = 0; i < n; i++) {
            double sum = 0;
            for (int k = 0; k < rows; k++) {
                double g = x.get(k * n + i);
                sum += g * g;
            }
            y.set(yOff + i, alpha * sum);
        }
    }

    /** y += alpha · x, n elements. */
    void axpy(int n, double alpha, Storage x, int xOff, Storage y, int yOff);

    /** x = 0, n elements; does nothing if x is null. */
    default void clear(int n, Storage x) {
        if (x != null) {
            x.fill(0, n, 0);
        }
    }

    /** z = x + y, n elements. */
    default void sum(int n, Storage x, Storage y, Storage z) {
        scale(n, 1, x, 0, z, 0);
        axpy(n, 1, y, 0, z, 0);
    }

    /** y = alpha · x, n elements; x and y may be the same. */
    void scale(int n, double alpha, Storage x, int xOff, Storage y, int yOff);

    /** y[i] = x[from[i]] for rows of {@code cols} elements: an embedding. */
    default void gather(int n, int cols, Storage x, int[] from, Storage y) {
        rows(n, cols, x, from, null, y, null, false);
    }

    /** y[to[i]] += x[i] for rows of {@code cols} elements, in order: an embedding's gradient. */
    default void scatterAdd(int n, int cols, Storage x, int[] to, Storage y) {
        rows(n, cols, x, null, null, y, to, true);
    }

    /** y[to[i]] = factor[i] · x[i] for rows of {@code cols} elements; no row of y twice. */
    default void scatter(int n, int cols, double[] factor, Storage x, int[] to, Storage y) {
        rows(n, cols, x, null, factor, y, to, false);
    }

    /** x[i] = factor[i] · x[i] for rows of {@code cols} elements. */
    default void scaleRows(int n, int cols, double[] factor, Storage x) {
        rows(n, cols, x, null, factor, x, null, false);
    }

    /** y[i] = x for all n rows of y, each of {@code cols} elements: a bias. */
    default void repeatRow(int n, int cols, Storage x, Storage y) {
        rows(n, cols, x, new int[n], null, y, null, false);
    }

    /** y += Σ_i x[i] over the n rows of x, each of {@code cols} elements: a bias's gradient. */
    default void addRows(int n, int cols, Storage x, Storage y) {
        rows(n, cols, x, null, null, y, new int[n], true);
    }

    /**
     * Implemented by each provider for {@link #gather}, {@link #scatter} and the other row operations, which callers use. Rows of
     * {@code cols} elements: y[to[i]] = factor[i] · x[from[i]], or y[to[i]] += … if accumulate, for each i in order.
     *
     * @param from   rows of x, null for 0, 1, …, n − 1
     * @param factor null for 1
     * @param to     rows of y, null for 0, 1, …, n − 1; without accumulate no row twice
     */
    default void rows(int n, int cols, Storage x, int[] from, double[] factor, Storage y, int[] to, boolean accumulate) {
        for (int i = 0; i < n; i++) {
            int xOff = (from == null ? i : from[i]) * cols;
            int yOff = (to == null ? i : to[i]) * cols;
            if (accumulate) {
                axpy(cols, factor == null ? 1 : factor[i], x, xOff, y, yOff);
            } else {
                scale(cols, factor == null ? 1 : factor[i], x, xOff, y, yOff);
            }
        }
    }

    /** Σ x·y over n elements, accumulated in double. */
    double dot(int n, Storage x, int xOff, Storage y, int yOff);

    /**
     * ⟨X, Y⟩ = Σ_ij x_ij y_ij, row by row: the rows of a view need not follow each other. A device computes it in one pass.
     *
     * @throws IllegalArgumentException unless both have the same shape and neither is transposed
     */
    default double dot(Matrix x, Matrix y) {
        if (x.rows() != y.rows() || x.cols() != y.cols() || x.transposed() || y.transposed()) {
            throw new IllegalArgumentException("no inner product of " + x + " and " + y);
        }
        double sum = 0;
        for (int i = 0; i < x.rows(); i++) {
            sum += dot(x.cols(), x.data(), x.offset() + i * x.stride(), y.data(), y.offset() + i * y.stride());
        }
        return sum;
    }

    /** y = x[r]·w / rms(x[r]) per row, rms = sqrt(mean(x²) + eps); inverseRms (rows) is kept for backward. */
    void rmsNorm(int rows, int cols, Storage x, Storage w, double eps, Storage y, Storage inverseRms);

    /** dx += …, dw += … (dw null: the weight is frozen). */
    void rmsNormBackward(int rows, int cols, Storage x, Storage w, Storage inverseRms, Storage dy, Storage dx, Storage dw);

    /** y = silu(gate) · up, silu(z) = z·σ(z). */
    void swiGlu(int n, Storage gate, Storage up, Storage y);

    /** dgate = dy·up·silu'(gate), dup = dy·silu(gate), or += if accumulate; a null gradient is not computed. */
    void swiGluBackward(int n, Storage gate, Storage up, Storage dy, Storage dGate, Storage dUp, boolean accumulate);

    /**
     * Rotary position embedding on rows of heads·headDim elements: the pair (x_i, x_{i+headDim/2}) of each head is rotated by the angle
     * whose cosine and sine are in row positions[row] of the tables (each row headDim/2 values). sign = 1 rotates forward, −1 back. Writes
     * y = …, or y += … if accumulate.
     */
    void rope(int rows, int heads, int headDim, int[] positions, double[] cos, double[] sin, int sign,
              Storage x, Storage y, boolean accumulate);

    /**
     * y_i = x_i · mask_i / (1 − p), or y_i += … if accumulate. mask_i is 0 with probability p, else 1, and a function of (seed, i) alone:
     * backward can recompute it, and it does not depend on the number of threads.
     */
    void dropout(int n, Storage x, double p, long seed, Storage y, boolean accumulate);

    /** Causal grouped-query attention; see {@link AttentionShape}. logSumExp (query rows · heads) is kept for backward. */
    void attention(AttentionShape s, Storage q, Storage k, Storage v, Storage out, Storage logSumExp);

    /** dq, dk, dv += …; a null gradient is not computed. */
    void attentionBackward(AttentionShape s, Storage q, Storage k, Storage v, Storage out, Storage logSumExp, Storage dOut,
                           Storage dq, Storage dk, Storage dv);

    /**
     * Per row of logits (rows, vocabulary), from logitsOff on: loss[lossOff+row] = logsumexp − logit[target], and, if gradient, the row
     * is overwritten by softmax − onehot(target).
     */
    void crossEntropyRows(int rows, int vocabulary, Storage logits, int logitsOff, int[] targets, int targetsOff,
                          Storage loss, int lossOff, boolean gradient);

    /** Each row z of (rows, cols) becomes softmax(z), and logSumExp its log Σ e^z. */
    default void softmaxRows(int rows, int cols, Storage z, Storage logSumExp) {
        // Cross-entropy with target 0 leaves softmax(z) − onehot(0) and log Σ e^z − z_0.
        double[] first = new double[rows];
        for (int i = 0; i < rows; i++) {
            first[i] = z.get(i * cols);
        }
        crossEntropyRows(rows, cols, z, 0, new int[rows], 0, logSumExp, 0, true);
        for (int i = 0; i < rows; i++) {
            z.add(i * cols, 1);
            logSumExp.add(i, first[i]);
        }
    }

    /**
     * One AdamW step with decoupled weight decay (Loshchilov and Hutter 2019, as in PyTorch), {@code step} counted from 1:
     * p ← p − lr·wd·p; m ← b1·m + (1−b1)·g; v ← b2·v + (1−b2)·g²; p ← p − lr·(m/(1−b1^step)) / (sqrt(v/(1−b2^step)) + eps).
     * The gradient is multiplied by gradScale first (clipping, accumulation).
     */
    void adamW(int n, Storage p, Storage g, double gradScale, Storage m, Storage v,
               double lr, double b1, double b2, double eps, double weightDecay, int step);
}
