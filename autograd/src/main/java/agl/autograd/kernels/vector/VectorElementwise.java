package agl.autograd.kernels.vector;

import agl.autograd.kernels.PlainKernels;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Loops that read and write each element once: the gate, rotary positions, the optimizer step. Formulas:
 * {@link agl.autograd.kernels.Kernels}.
 */
final class VectorElementwise {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int V = S.length();
    /** Elements whose exponentials are buffered; fits the L1 cache. */
    private static final int BLOCK = 1024;

    private VectorElementwise() { }

    static void swiGlu(int n, float[] gate, float[] up, float[] y) {
        Ranges.share(n, Ranges.ELEMENTS, (from, to) -> {
            float[] e = Scratch.get().floats(Scratch.EXPONENTIALS, BLOCK);
            for (int i = from; i < to; i += BLOCK) {
                int count = Math.min(BLOCK, to - i);
                VectorMath.exp(count, gate, i, -1, 0, e, 0);
                gated(count, gate, up, e, y, i);
            }
        });
    }

    /** y = z·σ·up with σ = 1/(1 + e), e = exp(−z). */
    private static void gated(int n, float[] gate, float[] up, float[] e, float[] y, int off) {
        int i = 0;
        for (; i <= n - V; i += V) {
            FloatVector z = FloatVector.fromArray(S, gate, off + i);
            FloatVector u = FloatVector.fromArray(S, up, off + i);
            z.div(FloatVector.fromArray(S, e, i).add(1f)).mul(u).intoArray(y, off + i);
        }
        for (; i < n; i++) {
            y[off + i] = gate[off + i] / (e[i] + 1f) * up[off + i];
        }
    }

    static void swiGluBackward(int n, float[] gate, float[] up, float[] dy, float[] dGate, float[] dUp, boolean accumulate) {
        Ranges.share(n, Ranges.ELEMENTS, (from, to) -> {
            float[] e = Scratch.get().floats(Scratch.EXPONENTIALS, BLOCK);
            for (int i = from; i < to; i += BLOCK) {
                int count = Math.min(BLOCK, to - i);
                VectorMath.exp(count, gate, i, -1, 0, e, 0);
                if (!accumulate) {
                    // Cleared block by block, so that a block is still in the L1 cache when the gradient is added.
                    clear(dGate, i, count);
                    clear(dUp, i, count);
                }
                if (dGate != null) {
                    addGateGradient(count, gate, up, dy, e, dGate, i);
                }
                if (dUp != null) {
                    addUpGradient(count, gate, dy, e, dUp, i);
                }
            }
        });
    }

    private static void clear(float[] x, int off, int n) {
        if (x != null) {
            Arrays.fill(x, off, off + n, 0f);
        }
    }

    /** dgate += dy·up·σ·(1 + z·(1 − σ)). */
    private static void addGateGradient(int n, float[] gate, float[] up, float[] dy, float[] e, float[] dGate, int off) {
        int i = 0;
        FloatVector one = FloatVector.broadcast(S, 1f);
        for (; i <= n - V; i += V) {
            FloatVector z = FloatVector.fromArray(S, gate, off + i);
            FloatVector sigma = one.div(FloatVector.fromArray(S, e, i).add(1f));
            FloatVector slope = sigma.mul(z.fma(one.sub(sigma), one));
            FloatVector d = FloatVector.fromArray(S, dy, off + i).mul(FloatVector.fromArray(S, up, off + i));
            d.fma(slope, FloatVector.fromArray(S, dGate, off + i)).intoArray(dGate, off + i);
        }
        for (; i < n; i++) {
            float sigma = 1f / (e[i] + 1f);
            float slope = sigma * Math.fma(gate[off + i], 1f - sigma, 1f);
            dGate[off + i] = Math.fma(dy[off + i] * up[off + i], slope, dGate[off + i]);
        }
    }

    /** dup += dy·z·σ. */
    private static void addUpGradient(int n, float[] gate, float[] dy, float[] e, float[] dUp, int off) {
        int i = 0;
        for (; i <= n - V; i += V) {
            FloatVector silu = FloatVector.fromArray(S, gate, off + i).div(FloatVector.fromArray(S, e, i).add(1f));
            FloatVector.fromArray(S, dy, off + i).fma(silu, FloatVector.fromArray(S, dUp, off + i)).intoArray(dUp, off + i);
        }
        for (; i < n; i++) {
            dUp[off + i] = Math.fma(dy[off + i], gate[off + i] / (e[i] + 1f), dUp[off + i]);
        }
    }

    static void rope(int rows, int heads, int headDim, int[] positions, double[] cos, double[] sin, int sign,
                     float[] x, float[] y, boolean accumulate) {
        int half = headDim / 2;
        Ranges.shareRows(rows, heads * headDim, (from, to) -> {
            float[] angles = Scratch.get().floats(Scratch.ANGLES, headDim);
            for (int r = from; r < to; r++) {
                int table = positions[r] * half;
                for (int i = 0; i < half; i++) {
                    angles[i] = (float) cos[table + i];
                    angles[half + i] = (float) (sign * sin[table + i]);
                }
                for (int h = 0; h < heads; h++) {
                    rotate(half, angles, x, y, (r * heads + h) * headDim, accumulate);
                }
            }
        });
    }

    private static void rotate(int half, float[] angles, float[] x, float[] y, int off, boolean accumulate) {
        float keep = accumulate ? 1 : 0;
        int i = 0;
        for (; i <= half - V; i += V) {
            FloatVector c = FloatVector.fromArray(S, angles, i);
            FloatVector s = FloatVector.fromArray(S, angles, half + i);
            FloatVector x1 = FloatVector.fromArray(S, x, off + i);
            FloatVector x2 = FloatVector.fromArray(S, x, off + half + i);
            FloatVector y1 = x1.mul(c).sub(x2.mul(s));
            FloatVector y2 = x2.mul(c).add(x1.mul(s));
            if (accumulate) {
                y1 = y1.add(FloatVector.fromArray(S, y, off + i));
                y2 = y2.add(FloatVector.fromArray(S, y, off + half + i));
            }
            y1.intoArray(y, off + i);
            y2.intoArray(y, off + half + i);
        }
        for (; i < half; i++) {
            float x1 = x[off + i];
            float x2 = x[off + half + i];
            float y1 = x1 * angles[i] - x2 * angles[half + i];
            float y2 = x2 * angles[i] + x1 * angles[half + i];
            y[off + i] = keep == 0 ? y1 : y1 + y[off + i];
            y[off + half + i] = keep == 0 ? y2 : y2 + y[off + half + i];
        }
    }

    static void dropout(int n, float[] x, double p, long seed, float[] y, boolean accumulate) {
        float keep = (float) (1 / (1 - p));
        Ranges.share(n, Ranges.ELEMENTS, (from, to) -> {
            for (int i = from; i < to; i++) {
                float kept = PlainKernels.dropped(seed, i, p) ? 0 : x[i] * keep;
                y[i] = accumulate ? y[i] + kept : kept;
            }
        });
    }

    static void adamW(int n, float[] p, float[] g, double gradScale, float[] m, float[] v,
                      double lr, double b1, double b2, double eps, double weightDecay, int step) {
        double rate = lr / (1 - Math.pow(b1, step));
        double rootCorrection = 1 / Math.sqrt(1 - Math.pow(b2, step));
        Ranges.share(n, Ranges.ELEMENTS, (from, to) -> adamW(from, to, p, g, (float) gradScale, m, v, (float) b1, (float) (1 - b1),
                (float) b2, (float) (1 - b2), (float) (1 - lr * weightDecay), (float) rate, (float) rootCorrection, (float) eps));
    }

    private static void adamW(int from, int to, float[] p, float[] g, float gradScale, float[] m, float[] v, float b1, float c1,
                              float b2, float c2, float decay, float rate, float rootCorrection, float eps) {
        int i = from;
        for (; i <= to - V; i += V) {
            FloatVector gi = FloatVector.fromArray(S, g, i).mul(gradScale);
            FloatVector mi = FloatVector.fromArray(S, m, i).mul(b1).add(gi.mul(c1));
            FloatVector vi = FloatVector.fromArray(S, v, i).mul(b2).add(gi.mul(gi).mul(c2));
            mi.intoArray(m, i);
            vi.intoArray(v, i);
            FloatVector root = vi.lanewise(VectorOperators.SQRT).mul(rootCorrection).add(eps);
            FloatVector.fromArray(S, p, i).mul(decay).sub(mi.mul(rate).div(root)).intoArray(p, i);
        }
        for (; i < to; i++) {
            float gi = g[i] * gradScale;
            m[i] = m[i] * b1 + gi * c1;
            v[i] = v[i] * b2 + gi * gi * c2;
            p[i] = p[i] * decay - m[i] * rate / ((float) Math.sqrt(v[i]) * rootCorrection + eps);
        }
    }
}
