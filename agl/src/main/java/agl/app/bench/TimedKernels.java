package agl.app.bench;

import agl.autograd.kernels.AttentionShape;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import java.util.LinkedHashMap;
import java.util.Map;

/** Wraps kernels and records the time spent in each, and the operations of matrix products and attention. */
final class TimedKernels implements Kernels {
    private final Kernels kernels;
    private final Map<String, Long> nanos = new LinkedHashMap<>();
    private final Map<String, Double> flops = new LinkedHashMap<>();

    TimedKernels(Kernels kernels) {
        this.kernels = kernels;
    }

    /** Seconds by kernel since the last {@link #clear}. */
    Map<String, Double> seconds() {
        Map<String, Double> seconds = new LinkedHashMap<>();
        nanos.forEach((name, t) -> seconds.put(name, t * 1e-9));
        return seconds;
    }

    /** Floating-point operations, a multiply-add counted as two, of matrix products and attention since the last {@link #clear}. */
    Map<String, Double> flops() {
        return new LinkedHashMap<>(flops);
    }

    void clear() {
        nanos.clear();
        flops.clear();
    }

    private void time(String name, Runnable kernel) {
        long start = System.nanoTime();
        kernel.run();
        nanos.merge(name, System.nanoTime() - start, Long::sum);
    }

    /** Scores and their product with the values, for unmasked query-key pairs. */
    private static double attentionFlops(AttentionShape s) {
        double pairs = 0;
        for (int i = 0; i < s.sequences(); i++) {
            for (int position = s.firstPosition(i); position < s.keys(i); position++) {
                pairs += position + 1 - s.firstKey(position);
            }
        }
        return 4 * pairs * s.heads() * s.headDim();
    }

    @Override public String name() {
        return kernels.name();
    }

    @Override public Storage allocate(DType dtype, int length) {
        return kernels.allocate(dtype, length);
    }

    @Override public Storage resident(Storage s) {
        return kernels.resident(s);
    }

    @Override public void gemm(boolean transA, boolean transB, int m, int n, int k, double alpha, Storage a, int aOff, int lda,
                               Storage b, int bOff, int ldb, double beta, Storage c, int cOff, int ldc) {
        String kind = Math.max(n, k) >= 30_000 ? "gemm, head" : Math.min(m, Math.min(n, k)) <= 64 ? "gemm, skinny (LoRA)" : "gemm, layers";
        flops.merge(kind, 2.0 * m * n * k, Double::sum);
        time(kind, () -> kernels.gemm(transA, transB, m, n, k, alpha, a, aOff, lda, b, bOff, ldb, beta, c, cOff, ldc));
    }

    @Override public void axpy(int n, double alpha, Storage x, int xOff, Storage y, int yOff) {
        time("axpy", () -> kernels.axpy(n, alpha, x, xOff, y, yOff));
    }

    @Override public void clear(int n, Storage x) {
        time("clear", () -> kernels.clear(n, x));
    }

    @Override public void sum(int n, Storage x, Storage y, Storage z) {
        time("sum", () -> kernels.sum(n, x, y, z));
    }

    @Override public void scale(int n, double alpha, Storage x, int xOff, Storage y, int yOff) {
        time("scale", () -> kernels.scale(n, alpha, x, xOff, y, yOff));
    }

    @Override public double dot(int n, Storage x, int xOff, Storage y, int yOff) {
        return kernels.dot(n, x, xOff, y, yOff);
    }

    @Override public void rmsNorm(int rows, int cols, Storage x, Storage w, double eps, Storage y, Storage inverseRms) {
        time("rmsNorm", () -> kernels.rmsNorm(rows, cols, x, w, eps, y, inverseRms));
    }

    @Override public void rmsNormBackward(int rows, int cols, Storage x, Storage w, Storage inverseRms, Storage dy, Storage dx,
            Storage dw) {
        time("rmsNormBackward", () -> kernels.rmsNormBackward(rows, cols, x, w, inverseRms, dy, dx, dw));
    }

    @Override public void swiGlu(int n, Storage gate, Storage up, Storage y) {
        time("swiGlu", () -> kernels.swiGlu(n, gate, up, y));
    }

    @Override public void swiGluBackward(int n, Storage gate, Storage up, Storage dy, Storage dGate, Storage dUp, boolean accumulate) {
        time("swiGluBackward", () -> kernels.swiGluBackward(n, gate, up, dy, dGate, dUp, accumulate));
    }

    @Override public void rope(int rows, int heads, int headDim, int[] positions, double[] cos, double[] sin, int sign,
                               Storage x, Storage y, boolean accumulate) {
        time("rope", () -> kernels.rope(rows, heads, headDim, positions, cos, sin, sign, x, y, accumulate));
    }

    @Override public void dropout(int n, Storage x, double p, long seed, Storage y, boolean accumulate) {
        time("dropout", () -> kernels.dropout(n, x, p, seed, y, accumulate));
    }

    @Override public void attention(AttentionShape s, Storage q, Storage k, Storage v, Storage out, Storage logSumExp) {
        flops.merge("attention", attentionFlops(s), Double::sum);
        time("attention", () -> kernels.attention(s, q, k, v, out, logSumExp));
    }

    @Override public void attentionBackward(AttentionShape s, Storage q, Storage k, Storage v, Storage out, Storage logSumExp,
                                            Storage dOut, Storage dq, Storage dk, Storage dv) {
        flops.merge("attentionBackward", 2.5 * attentionFlops(s), Double::sum);
        time("attentionBackward", () -> kernels.attentionBackward(s, q, k, v, out, logSumExp, dOut, dq, dk, dv));
    }

    @Override public void crossEntropyRows(int rows, int vocabulary, Storage logits, int logitsOff, int[] targets, int targetsOff,
            Storage loss, int lossOff, boolean gradient) {
        time("crossEntropyRows",
                () -> kernels.crossEntropyRows(rows, vocabulary, logits, logitsOff, targets, targetsOff, loss, lossOff, gradient));
    }

    @Override public void adamW(int n, Storage p, Storage g, double gradScale, Storage m, Storage v,
                                double lr, double b1, double b2, double eps, double weightDecay, int step) {
        time("adamW", () -> kernels.adamW(n, p, g, gradScale, m, v, lr, b1, b2, eps, weightDecay, step));
    }
}
