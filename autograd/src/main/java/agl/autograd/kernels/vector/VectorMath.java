package agl.autograd.kernels.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Functions on arrays of floats. Each is one loop in one method (see {@link GemmTile} for why), and every sum has a fixed order, so that
 * the bits are the same before and after HotSpot compiles the loop. That rules out {@code reduceLanes} on sums and
 * {@code VectorOperators.EXP}.
 */
public final class VectorMath {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int V = S.length();
    /** Shuffles whose lane i is lane i + V/2, i + V/4 and so on. */
    private static final VectorShuffle<Float> HALF = VectorShuffle.iota(S, V / 2, 1, true), QUARTER = VectorShuffle.iota(S, V / 4, 1, true),
            EIGHTH = VectorShuffle.iota(S, V / 8, 1, true), SIXTEENTH = VectorShuffle.iota(S, V / 16, 1, true);

    private static final float LOG2_E = (float) (1 / Math.log(2));
    /** Adding this to a float below 2^22 rounds it to an integer, which is then in the lowest bits of the sum. */
    private static final float ROUND = 1.5f * (1 << 23);
    /** ln 2 in two parts; the first has so few bits that its product with an exponent is exact. */
    private static final float LN2_HIGH = 0x1.62e4p-1f;
    private static final float LN2_LOW = (float) (Math.log(2) - LN2_HIGH);
    /** e^r = 1 + r + r²·(C2 + C3·r + …) on |r| ≤ ln(2)/2 with a relative error of 3e-9 (minimax, fitted for this file). */
    private static final float C2 = 0.49999994f, C3 = 0.16666521f, C4 = 0.04166839f, C5 = 0.008368745f, C6 = 0.0013814539f;
    /** e^x is below the smallest normal float, or above the largest. */
    private static final float LOWEST = -87.33654f, HIGHEST = 88.72283f;

    private VectorMath() { }

    /**
     * y = exp(factor·x − shift) for n elements; returns their sum. Within 1.3 ulp of exp(the rounded argument); results below the smallest
     * normal float (1.2e-38) are 0. x and y may be the same.
     *
     * <p>With k = round(x / ln 2) and r = x − k·ln 2: e^x = 2^k · e^r, where 2^k is added to the exponent bits.
     */
    public static float exp(int n, float[] x, int xOff, float factor, float shift, float[] y, int yOff) {
        FloatVector sums = FloatVector.zero(S);
        int i = 0;
        for (; i <= n - V; i += V) {
            FloatVector z = FloatVector.fromArray(S, x, xOff + i).fma(FloatVector.broadcast(S, factor), FloatVector.broadcast(S, -shift));
            FloatVector rounded = z.fma(FloatVector.broadcast(S, LOG2_E), FloatVector.broadcast(S, ROUND));
            FloatVector k = rounded.sub(ROUND);
            FloatVector r = k.fma(FloatVector.broadcast(S, -LN2_LOW), k.fma(FloatVector.broadcast(S, -LN2_HIGH), z));
            FloatVector p = r.fma(FloatVector.broadcast(S, C6), FloatVector.broadcast(S, C5));
            p = p.fma(r, FloatVector.broadcast(S, C4));
            p = p.fma(r, FloatVector.broadcast(S, C3));
            p = p.fma(r, FloatVector.broadcast(S, C2));
            p = p.fma(r.mul(r), r).add(1f);
            IntVector exponent = rounded.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
            FloatVector e = p.reinterpretAsInts().add(exponent).reinterpretAsFloats();
            VectorMask<Float> low = z.compare(VectorOperators.LT, LOWEST);
            VectorMask<Float> high = z.compare(VectorOperators.GT, HIGHEST);
            e = e.blend(0f, low).blend(Float.POSITIVE_INFINITY, high);
            e.intoArray(y, yOff + i);
            sums = sums.add(e);
        }
        float sum = lanes(sums);
        for (; i < n; i++) {
            float e = exp(Math.fma(x[xOff + i], factor, -shift));
            y[yOff + i] = e;
            sum += e;
        }
        return sum;
    }

    /**
     * x[r, i] ← exp(x[r, i] + shift[i]) for a matrix (rows, n) whose rows lie {@code ld} apart, by the steps of {@link #exp(int, float[],
     * int, float, float, float[], int)}.
     */
    static void expOfSums(int rows, int n, float[] x, int xOff, int ld, float[] shift, int shiftOff) {
        int i = 0;
        for (; i <= n - V; i += V) {
            FloatVector add = FloatVector.fromArray(S, shift, shiftOff + i);
            for (int row = 0; row < rows; row++) {
                FloatVector z = FloatVector.fromArray(S, x, xOff + row * ld + i).add(add);
                FloatVector rounded = z.fma(FloatVector.broadcast(S, LOG2_E), FloatVector.broadcast(S, ROUND));
                FloatVector k = rounded.sub(ROUND);
                FloatVector r = k.fma(FloatVector.broadcast(S, -LN2_LOW), k.fma(FloatVector.broadcast(S, -LN2_HIGH), z));
                FloatVector p = r.fma(FloatVector.broadcast(S, C6), FloatVector.broadcast(S, C5));
                p = p.fma(r, FloatVector.broadcast(S, C4));
                p = p.fma(r, FloatVector.broadcast(S, C3));
                p = p.fma(r, FloatVector.broadcast(S, C2));
                p = p.fma(r.mul(r), r).add(1f);
                IntVector exponent = rounded.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
                FloatVector e = p.reinterpretAsInts().add(exponent).reinterpretAsFloats();
                VectorMask<Float> low = z.compare(VectorOperators.LT, LOWEST);
                VectorMask<Float> high = z.compare(VectorOperators.GT, HIGHEST);
                e.blend(0f, low).blend(Float.POSITIVE_INFINITY, high).intoArray(x, xOff + row * ld + i);
            }
        }
        for (; i < n; i++) {
            for (int row = 0; row < rows; row++) {
                x[xOff + row * ld + i] = exp(x[xOff + row * ld + i] + shift[shiftOff + i]);
            }
        }
    }

    /** y[r, i] ← x[r, i] · (y[r, i] + shift[i]) for matrices (rows, n) of the same layout, their rows {@code ld} apart. */
    static void multiplySums(int rows, int n, float[] x, float[] y, int off, int ld, float[] shift, int shiftOff) {
        int i = 0;
        for (; i <= n - V; i += V) {
            FloatVector add = FloatVector.fromArray(S, shift, shiftOff + i);
            for (int r = 0; r < rows; r++) {
                int at = off + r * ld + i;
                FloatVector.fromArray(S, x, at).mul(FloatVector.fromArray(S, y, at).add(add)).intoArray(y, at);
            }
        }
        for (; i < n; i++) {
            for (int r = 0; r < rows; r++) {
                int at = off + r * ld + i;
                y[at] = x[at] * (y[at] + shift[shiftOff + i]);
            }
        }
    }

    /** The same steps for one value. */
    public static float exp(float z) {
        float rounded = Math.fma(z, LOG2_E, ROUND);
        float k = rounded - ROUND;
        float r = Math.fma(k, -LN2_LOW, Math.fma(k, -LN2_HIGH, z));
        float p = Math.fma(r, C6, C5);
        p = Math.fma(p, r, C4);
        p = Math.fma(p, r, C3);
        p = Math.fma(p, r, C2);
        p = Math.fma(p, r * r, r) + 1f;
        float e = Float.intBitsToFloat(Float.floatToRawIntBits(p) + (Float.floatToRawIntBits(rounded) << 23));
        return z < LOWEST ? 0f : z > HIGHEST ? Float.POSITIVE_INFINITY : e;
    }

    /** The largest of n elements; −∞ for none. A NaN among them may be ignored. */
    static float max(int n, float[] x, int off) {
        FloatVector m = FloatVector.broadcast(S, Float.NEGATIVE_INFINITY);
        int i = 0;
        for (; i <= n - V; i += V) {
            FloatVector v = FloatVector.fromArray(S, x, off + i);
            m = m.blend(v, v.compare(VectorOperators.GT, m));
        }
        float max = m.reduceLanes(VectorOperators.MAX);
        for (; i < n; i++) {
            max = Math.max(max, x[off + i]);
        }
        return max;
    }

    /** Σ x·y. */
    static float dot(int n, float[] x, int xOff, float[] y, int yOff) {
        FloatVector a = FloatVector.zero(S);
        FloatVector b = FloatVector.zero(S);
        FloatVector c = FloatVector.zero(S);
        FloatVector d = FloatVector.zero(S);
        int i = 0;
        for (; i <= n - 4 * V; i += 4 * V) {
            a = FloatVector.fromArray(S, x, xOff + i).fma(FloatVector.fromArray(S, y, yOff + i), a);
            b = FloatVector.fromArray(S, x, xOff + V + i).fma(FloatVector.fromArray(S, y, yOff + V + i), b);
            c = FloatVector.fromArray(S, x, xOff + 2 * V + i).fma(FloatVector.fromArray(S, y, yOff + 2 * V + i), c);
            d = FloatVector.fromArray(S, x, xOff + 3 * V + i).fma(FloatVector.fromArray(S, y, yOff + 3 * V + i), d);
        }
        for (; i <= n - V; i += V) {
            a = FloatVector.fromArray(S, x, xOff + i).fma(FloatVector.fromArray(S, y, yOff + i), a);
        }
        float sum = lanes(a.add(b).add(c.add(d)));
        for (; i < n; i++) {
            sum = Math.fma(x[xOff + i], y[yOff + i], sum);
        }
        return sum;
    }

    /** y = factor·x + keep·y; with keep = 0, y is overwritten whatever it held. */
    static void axpby(int n, float factor, float[] x, int xOff, float keep, float[] y, int yOff) {
        int i = 0;
        if (keep == 0) {
            for (; i <= n - V; i += V) {
                FloatVector.fromArray(S, x, xOff + i).mul(factor).intoArray(y, yOff + i);
            }
            for (; i < n; i++) {
                y[yOff + i] = x[xOff + i] * factor;
            }
            return;
        }
        for (; i <= n - V; i += V) {
            FloatVector.fromArray(S, x, xOff + i).fma(FloatVector.broadcast(S, factor), FloatVector.fromArray(S, y, yOff + i).mul(keep))
                    .intoArray(y, yOff + i);
        }
        for (; i < n; i++) {
            y[yOff + i] = Math.fma(x[xOff + i], factor, y[yOff + i] * keep);
        }
    }

    /** z = x + y, n elements from {@code off} on in each. */
    static void sum(int n, float[] x, float[] y, float[] z, int off) {
        int i = off;
        for (; i <= off + n - V; i += V) {
            FloatVector.fromArray(S, x, i).add(FloatVector.fromArray(S, y, i)).intoArray(z, i);
        }
        for (; i < off + n; i++) {
            z[i] = x[i] + y[i];
        }
    }

    /**
     * y ← y + the sum of {@code runs} runs of n elements, which follow each other from x[xOff] on. Run by run: a vector that is carried
     * through a loop over the runs may become an object at every addition, when the JVM has compiled the loop for other numbers of them.
     */
    static void addRuns(int n, int runs, float[] x, int xOff, float[] y, int yOff) {
        for (int r = 0; r < runs; r++) {
            axpby(n, 1, x, xOff + r * n, 1, y, yOff);
        }
    }

    /** The sum of a vector's lanes: one half is added to the other until one lane is left. */
    public static float lanes(FloatVector v) {
        FloatVector sum = v.add(v.rearrange(HALF));
        if (V > 2) {
            sum = sum.add(sum.rearrange(QUARTER));
        }
        if (V > 4) {
            sum = sum.add(sum.rearrange(EIGHTH));
        }
        if (V > 8) {
            sum = sum.add(sum.rearrange(SIXTEENTH));
        }
        return sum.lane(0);
    }
}
