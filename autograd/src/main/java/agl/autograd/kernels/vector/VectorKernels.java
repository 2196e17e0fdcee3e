package agl.autograd.kernels.vector;

import agl.autograd.kernels.AttentionShape;
import agl.autograd.kernels.PlainKernels;
import agl.autograd.storage.Storage;
import java.util.Arrays;

/**
 * The kernels in single precision on the Vector API, with threads. Whatever they do not cover (double, for gradient checks) goes to the
 * plain loops.
 */
public final class VectorKernels extends PlainKernels {
    @Override public String name() {
        return "vector (" + GemmTile.V + " floats at a time)";
    }

    /** Whether all are float arrays; null means: not needed. */
    private static boolean floats(Storage... all) {
        for (Storage x : all) {
            if (x != null && !(x instanceof Storage.F32)) {
                return false;
            }
        }
        return true;
    }

    private static float[] array(Storage x) {
        return x == null ? null : ((Storage.F32) x).array();
    }

    /** A norm's weight as floats; it may be stored in another type. */
    private static float[] weight(Storage w, int n) {
        float[] array = FloatRows.arrayOf(w);
        if (array == null) {
            Scratch scratch = Scratch.get();
            array = scratch.floats(Scratch.WEIGHT, n);
            FloatRows.read(w, 0, array, 0, n, scratch);
        }
        return array;
    }

    @Override public void gemm(boolean transA, boolean transB, int m, int n, int k, double alpha, Storage a, int aOff, int lda,
                               Storage b, int bOff, int ldb, double beta, Storage c, int cOff, int ldc) {
        if (floats(c) && FloatRows.readable(a) && FloatRows.readable(b)) {
            VectorGemm.gemm(transA, transB, m, n, k, (float) alpha, a, aOff, lda, b, bOff, ldb, (float) beta, array(c), cOff, ldc);
        } else {
            super.gemm(transA, transB, m, n, k, alpha, a, aOff, lda, b, bOff, ldb, beta, c, cOff, ldc);
        }
    }

    @Override public void axpy(int n, double alpha, Storage x, int xOff, Storage y, int yOff) {
        if (floats(x, y)) {
            linear(n, (float) alpha, array(x), xOff, 1, array(y), yOff);
        } else {
            super.axpy(n, alpha, x, xOff, y, yOff);
        }
    }

    @Override public void clear(int n, Storage x) {
        if (x instanceof Storage.F32 f) {
            Ranges.share(n, Ranges.ELEMENTS, (from, to) -> Arrays.fill(f.array(), from, to, 0f));
        } else {
            super.clear(n, x);
        }
    }

    @Override public void sum(int n, Storage x, Storage y, Storage z) {
        if (floats(x, y, z)) {
            Ranges.share(n, Ranges.ELEMENTS, (from, to) -> VectorMath.sum(to - from, array(x), array(y), array(z), from));
        } else {
            super.sum(n, x, y, z);
        }
    }

    @Override public void scale(int n, double alpha, Storage x, int xOff, Storage y, int yOff) {
        if (floats(x, y)) {
            linear(n, (float) alpha, array(x), xOff, 0, array(y), yOff);
        } else if (floats(y) && FloatRows.readable(x)) {
            FloatRows.read(x, xOff, array(y), yOff, n, Scratch.get());
            linear(n, (float) alpha, array(y), yOff, 0, array(y), yOff);
        } else {
            super.scale(n, alpha, x, xOff, y, yOff);
        }
    }

    private static void linear(int n, float factor, float[] x, int xOff, float keep, float[] y, int yOff) {
        if (n <= Ranges.ELEMENTS) {
            VectorMath.axpby(n, factor, x, xOff, keep, y, yOff);
        } else {
            Ranges.share(n, Ranges.ELEMENTS, (from, to) -> VectorMath.axpby(to - from, factor, x, xOff + from, keep, y, yOff + from));
        }
    }

    @Override public double dot(int n, Storage x, int xOff, Storage y, int yOff) {
        return floats(x, y) ? VectorReduce.dot(n, array(x), xOff, array(y), yOff) : super.dot(n, x, xOff, y, yOff);
    }

    @Override public void rmsNorm(int rows, int cols, Storage x, Storage w, double eps, Storage y, Storage inverseRms) {
        if (floats(x, y, inverseRms) && FloatRows.readable(w)) {
            VectorNorms.forward(rows, cols, array(x), weight(w, cols), eps, array(y), array(inverseRms));
        } else {
            super.rmsNorm(rows, cols, x, w, eps, y, inverseRms);
        }
    }

    @Override public void rmsNormBackward(int rows, int cols, Storage x, Storage w, Storage inverseRms, Storage dy, Storage dx,
            Storage dw) {
        if (floats(x, inverseRms, dy, dx, dw) && FloatRows.readable(w)) {
            VectorNorms.backward(rows, cols, array(x), weight(w, cols), array(inverseRms), array(dy), array(dx), array(dw));
        } else {
            super.rmsNormBackward(rows, cols, x, w, inverseRms, dy, dx, dw);
        }
    }

    @Override public void swiGlu(int n, Storage gate, Storage up, Storage y) {
        if (floats(gate, up, y)) {
            VectorElementwise.swiGlu(n, array(gate), array(up), array(y));
        } else {
            super.swiGlu(n, gate, up, y);
        }
    }

    @Override public void swiGluBackward(int n, Storage gate, Storage up, Storage dy, Storage dGate, Storage dUp, boolean accumulate) {
        if (floats(gate, up, dy, dGate, dUp)) {
            VectorElementwise.swiGluBackward(n, array(gate), array(up), array(dy), array(dGate), array(dUp), accumulate);
        } else {
            super.swiGluBackward(n, gate, up, dy, dGate, dUp, accumulate);
        }
    }

    @Override public void rope(int rows, int heads, int headDim, int[] positions, double[] cos, double[] sin, int sign,
                               Storage x, Storage y, boolean accumulate) {
        if (floats(x, y)) {
            VectorElementwise.rope(rows, heads, headDim, positions, cos, sin, sign, array(x), array(y), accumulate);
        } else {
            super.rope(rows, heads, headDim, positions, cos, sin, sign, x, y, accumulate);
        }
    }

    @Override public void dropout(int n, Storage x, double p, long seed, Storage y, boolean accumulate) {
        if (floats(x, y)) {
            VectorElementwise.dropout(n, array(x), p, seed, array(y), accumulate);
        } else {
            super.dropout(n, x, p, seed, y, accumulate);
        }
    }

    @Override public void attention(AttentionShape s, Storage q, Storage k, Storage v, Storage out, Storage logSumExp) {
        if (floats(q, k, v, out, logSumExp)) {
            VectorAttention.forward(s, (Storage.F32) q, (Storage.F32) k, (Storage.F32) v, array(out), array(logSumExp));
        } else {
            super.attention(s, q, k, v, out, logSumExp);
        }
    }

    @Override public void attentionBackward(AttentionShape s, Storage q, Storage k, Storage v, Storage out, Storage logSumExp,
                                            Storage dOut, Storage dq, Storage dk, Storage dv) {
        if (floats(q, k, v, out, logSumExp, dOut, dq, dk, dv)) {
            VectorAttentionBackward.run(s, (Storage.F32) q, (Storage.F32) k, (Storage.F32) v, array(out), array(logSumExp),
                    (Storage.F32) dOut, array(dq), array(dk), array(dv));
        } else {
            super.attentionBackward(s, q, k, v, out, logSumExp, dOut, dq, dk, dv);
        }
    }

    @Override public void crossEntropyRows(int rows, int vocabulary, Storage logits, int logitsOff, int[] targets, int targetsOff,
                                           Storage loss, int lossOff, boolean gradient) {
        if (floats(logits, loss)) {
            VectorCrossEntropy.rows(rows, vocabulary, array(logits), logitsOff, targets, targetsOff, array(loss), lossOff, gradient);
        } else {
            super.crossEntropyRows(rows, vocabulary, logits, logitsOff, targets, targetsOff, loss, lossOff, gradient);
        }
    }

    @Override public void adamW(int n, Storage p, Storage g, double gradScale, Storage m, Storage v,
                                double lr, double b1, double b2, double eps, double weightDecay, int step) {
        if (floats(p, g, m, v)) {
            VectorElementwise.adamW(n, array(p), array(g), gradScale, array(m), array(v), lr, b1, b2, eps, weightDecay, step);
        } else {
            super.adamW(n, p, g, gradScale, m, v, lr, b1, b2, eps, weightDecay, step);
        }
    }
}
