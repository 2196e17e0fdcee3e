package agl.autograd.kernels;

import agl.autograd.storage.Storage;

/**
 * The reference implementation: one loop per index of the formula, in double arithmetic, over any element type. It is also the fallback if
 * the Vector API module is absent, and every other provider is tested against it.
 */
public class PlainKernels implements Kernels {
    static final PlainKernels INSTANCE = new PlainKernels();

    protected PlainKernels() { }

    @Override public String name() {
        return "plain";
    }

    // explain: Matrix product
    @Override public void gemm(boolean transA, boolean transB, int m, int n, int k, double alpha, Storage a, int aOff, int lda,
                               Storage b, int bOff, int ldb, double beta, Storage c, int cOff, int ldc) {
        int aRow = transA ? 1 : lda;
        int aCol = transA ? lda : 1;
        int bRow = transB ? 1 : ldb;
        int bCol = transB ? ldb : 1;
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                double sum = 0;
                for (int l = 0; l < k; l++) {
                    sum += a.get(aOff + i * aRow + l * aCol) * b.get(bOff + l * bRow + j * bCol);
                }
                int at = cOff + i * ldc + j;
                c.set(at, alpha * sum + (beta == 0 ? 0 : beta * c.get(at)));
            }
        }
    }
    // explain: end

    @Override public void axpy(int n, double alpha, Storage x, int xOff, Storage y, int yOff) {
        for (int i = 0; i < n; i++) {
            y.add(yOff + i, alpha * x.get(xOff + i));
        }
    }

    @Override public void scale(int n, double alpha, Storage x, int xOff, Storage y, int yOff) {
        for (int i = 0; i < n; i++) {
            y.set(yOff + i, alpha * x.get(xOff + i));
        }
    }

    @Override public double dot(int n, Storage x, int xOff, Storage y, int yOff) {
        double sum = 0;
        for (int i = 0; i < n; i++) {
            sum += x.get(xOff + i) * y.get(yOff + i);
        }
        return sum;
    }

    // explain: RmsNorm forward
    @Override public void rmsNorm(int rows, int cols, Storage x, Storage w, double eps, Storage y, Storage inverseRms) {
        for (int r = 0, o = 0; r < rows; r++, o += cols) {
            double inverse = 1 / Math.sqrt(dot(cols, x, o, x, o) / cols + eps);
            inverseRms.set(r, inverse);
            for (int j = 0; j < cols; j++) {
                y.set(o + j, x.get(o + j) * inverse * w.get(j));
            }
        }
    }
    // explain: end

    // explain: RmsNorm backward
    @Override public void rmsNormBackward(int rows, int cols, Storage x, Storage w, Storage inverseRms, Storage dy, Storage dx,
            Storage dw) {
        for (int r = 0, o = 0; r < rows; r++, o += cols) {
            double inverse = inverseRms.get(r);
            // With n = x·inverse: dL/dn = dy·w. As n also depends on rms(x), the component of dL/dn along n drops out.
            double along = 0;
            for (int j = 0; j < cols; j++) {
                along += dy.get(o + j) * w.get(j) * x.get(o + j) * inverse;
            }
            along /= cols;
            for (int j = 0; j < cols; j++) {
                double n = x.get(o + j) * inverse;
                if (dx != null) {
                    dx.add(o + j, inverse * (dy.get(o + j) * w.get(j) - n * along));
                }
                if (dw != null) {
                    dw.add(j, dy.get(o + j) * n);
                }
            }
        }
    }
    // explain: end

    // explain: SwiGlu forward
    @Override public void swiGlu(int n, Storage gate, Storage up, Storage y) {
        for (int i = 0; i < n; i++) {
            double z = gate.get(i);
            y.set(i, z * sigmoid(z) * up.get(i));
        }
    }
    // explain: end

    // explain: SwiGlu backward
    @Override public void swiGluBackward(int n, Storage gate, Storage up, Storage dy, Storage dGate, Storage dUp, boolean accumulate) {
        if (!accumulate) {
            clear(n, dGate);
            clear(n, dUp);
        }
        for (int i = 0; i < n; i++) {
            double z = gate.get(i);
            double sigma = sigmoid(z);
            // silu'(z) = σ + z·σ·(1 − σ)
            if (dGate != null) {
                dGate.add(i, dy.get(i) * up.get(i) * sigma * (1 + z * (1 - sigma)));
            }
            if (dUp != null) {
                dUp.add(i, dy.get(i) * z * sigma);
            }
        }
    }
    // explain: end

    /** σ(z) = 1 / (1 + e^−z), without overflow on either side. */
    public static double sigmoid(double z) {
        if (z >= 0) {
            return 1 / (1 + Math.exp(-z));
        }
        double e = Math.exp(z);
        return e / (1 + e);
    }

    // explain: Rope
    @Override public void rope(int rows, int heads, int headDim, int[] positions, double[] cos, double[] sin, int sign,
                               Storage x, Storage y, boolean accumulate) {
        int half = headDim / 2;
        for (int r = 0; r < rows; r++) {
            int table = positions[r] * half;
            for (int h = 0; h < heads; h++) {
                int o = (r * heads + h) * headDim;
                for (int i = 0; i < half; i++) {
                    double c = cos[table + i];
                    double s = sign * sin[table + i];
                    double x1 = x.get(o + i);
                    double x2 = x.get(o + i + half);
                    double y1 = x1 * c - x2 * s;
                    double y2 = x2 * c + x1 * s;
                    y.set(o + i, accumulate ? y.get(o + i) + y1 : y1);
                    y.set(o + i + half, accumulate ? y.get(o + i + half) + y2 : y2);
                }
            }
        }
    }
    // explain: end

    // explain: Dropout mask
    @Override public void dropout(int n, Storage x, double p, long seed, Storage y, boolean accumulate) {
        for (int i = 0; i < n; i++) {
            double kept = dropped(seed, i, p) ? 0 : x.get(i) / (1 - p);
            y.set(i, accumulate ? y.get(i) + kept : kept);
        }
    }
    // explain: end

    /** True with probability p for each (seed, i): the finalizer of SplitMix64 hashes them to 64 bits. */
    public static boolean dropped(long seed, int i, double p) {
        long z = seed + (i + 1) * 0x9E3779B97F4A7C15L;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return ((z ^ (z >>> 31)) >>> 11) * 0x1.0p-53 < p;
    }

    @Override public void attention(AttentionShape s, Storage q, Storage k, Storage v, Storage out, Storage logSumExp) {
        PlainAttention.forward(s, q, k, v, out, logSumExp);
    }

    @Override public void attentionBackward(AttentionShape s, Storage q, Storage k, Storage v, Storage out, Storage logSumExp,
                                            Storage dOut, Storage dq, Storage dk, Storage dv) {
        PlainAttention.backward(s, q, k, v, out, logSumExp, dOut, dq, dk, dv);
    }

    // explain: Cross-entropy of a row
    @Override public void crossEntropyRows(int rows, int vocabulary, Storage logits, int logitsOff, int[] targets, int targetsOff,
                                           Storage loss, int lossOff, boolean gradient) {
        for (int r = 0; r < rows; r++) {
            int o = logitsOff + r * vocabulary;
            // Subtract the largest logit before exp, so that nothing overflows.
            double max = Double.NEGATIVE_INFINITY;
            for (int j = 0; j < vocabulary; j++) {
                max = Math.max(max, logits.get(o + j));
            }
            double sum = 0;
            for (int j = 0; j < vocabulary; j++) {
                sum += Math.exp(logits.get(o + j) - max);
            }
            double lse = max + Math.log(sum);
            int target = targets[targetsOff + r];
            loss.set(lossOff + r, lse - logits.get(o + target));
            if (gradient) {
                for (int j = 0; j < vocabulary; j++) {
                    logits.set(o + j, Math.exp(logits.get(o + j) - lse) - (j == target ? 1 : 0));
                }
            }
        }
    }
    // explain: end

    // explain: AdamW
    @Override public void adamW(int n, Storage p, Storage g, double gradScale, Storage m, Storage v,
                                double lr, double b1, double b2, double eps, double weightDecay, int step) {
        double correction1 = 1 - Math.pow(b1, step);
        double correction2 = 1 - Math.pow(b2, step);
        for (int i = 0; i < n; i++) {
            double gi = g.get(i) * gradScale;
            double mi = b1 * m.get(i) + (1 - b1) * gi;
            double vi = b2 * v.get(i) + (1 - b2) * gi * gi;
            m.set(i, mi);
            v.set(i, vi);
            double decayed = p.get(i) * (1 - lr * weightDecay);
            p.set(i, decayed - lr * (mi / correction1) / (Math.sqrt(vi / correction2) + eps));
        }
    }
    // explain: end
}
