package agl.autograd.kernels.vector;

import agl.autograd.kernels.Workers;
import agl.autograd.storage.Storage;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Products of a long matrix with a short one, both stored with k running along their rows: each result is a dot product of two rows.
 * Nothing is packed, and the long matrix (all tokens for LoRA's A, all weights for one token) is read once.
 */
final class GemmDots {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int V = S.length();
    /** Rows of the long matrix that are processed together. */
    private static final int GROUP = 4;

    private GemmDots() { }

    /**
     * C(l, s) = alpha · long[l] · short[s] + beta · C(l, s), with C(l, s) at c[cOff + l·cLong + s·cShort].
     *
     * @param shortTransposed whether the short matrix is stored (k, shorts) instead of (shorts, k)
     */
    static void multiply(int longs, Storage x, int xOff, int ldx, int shorts, boolean shortTransposed, Storage y, int yOff, int ldy, int k,
                         float alpha, float beta, float[] c, int cOff, int cLong, int cShort) {
        Scratch scratch = Scratch.get();
        float[] array = shortTransposed ? null : FloatRows.arrayOf(y);
        float[] shortRows = array != null ? array : scratch.floats(Scratch.SHORT_ROWS, shorts * k);
        if (array == null) {
            GemmPacking.rows(shortTransposed, y, yOff, ldy, shorts, k, shortRows, 0, scratch);
        }
        int off = array != null ? yOff : 0;
        int ld = array != null ? ldy : k;
        int threads = (long) longs * shorts * k < VectorGemm.SHARE_FROM ? 1 : Workers.threads();
        if (threads == 1) {
            part(0, longs, x, xOff, ldx, shorts, shortRows, off, ld, k, alpha, beta, c, cOff, cLong, cShort);
        } else {
            // More parts than threads, so that a thread that the system delays does not delay the others.
            int rows = VectorGemm.roundUp(VectorGemm.ceilDiv(longs, 4 * threads), GROUP);
            Workers.parallelFor(VectorGemm.ceilDiv(longs, rows), t -> part(t * rows, Math.min(longs, (t + 1) * rows), x, xOff, ldx,
                    shorts, shortRows, off, ld, k, alpha, beta, c, cOff, cLong, cShort));
        }
    }

    private static void part(int from, int to, Storage x, int xOff, int ldx, int shorts, float[] y, int yOff, int ldy, int k,
                             float alpha, float beta, float[] c, int cOff, int cLong, int cShort) {
        Scratch scratch = Scratch.get();
        float[] sums = scratch.floats(Scratch.SUMS, 2 * GROUP * V);
        float[] array = FloatRows.arrayOf(x);
        if (shorts == 1) {
            // Row by row: hardware prefetching works best when memory is read in order.
            for (int l = from; l < to; l++) {
                int at = xOff + l * ldx;
                float sum = array != null ? dot(k, array, at, y, yOff, sums) : FloatRows.dot(k, x, at, y, yOff, sums, scratch);
                store(sum, alpha, beta, c, cOff + l * cLong);
            }
            return;
        }
        float[] rows = array != null ? array : scratch.floats(Scratch.WIDENED, GROUP * k);
        for (int l = from; l < to; l += GROUP) {
            int group = Math.min(GROUP, to - l);
            int at = xOff + l * ldx;
            int ld = ldx;
            if (array == null) {
                FloatRows.read(x, at, ldx, group, k, rows, 0, scratch);
                at = 0;
                ld = k;
            }
            for (int s = 0; s < shorts; s += 2) {
                int pair = Math.min(2, shorts - s);
                group(group, pair, k, rows, at, ld, y, yOff + s * ldy, ldy, sums, alpha, beta, c, cOff + l * cLong + s * cShort, cLong,
                        cShort);
            }
        }
    }

    private static void group(int group, int pair, int k, float[] x, int xOff, int ldx, float[] y, int yOff, int ldy, float[] sums,
                              float alpha, float beta, float[] c, int cOff, int cLong, int cShort) {
        int whole = k - k % V;
        boolean together = group == GROUP && pair == 2;
        if (together) {
            dots4x2(whole, x, xOff, ldx, y, yOff, ldy, sums);
        }
        for (int i = 0; i < group; i++) {
            for (int j = 0; j < pair; j++) {
                int xRow = xOff + i * ldx;
                int yRow = yOff + j * ldy;
                float sum;
                if (together) {
                    sum = sum(sums, (2 * i + j) * V);
                    for (int p = whole; p < k; p++) {
                        sum = Math.fma(x[xRow + p], y[yRow + p], sum);
                    }
                } else {
                    sum = dot(k, x, xRow, y, yRow, sums);
                }
                store(sum, alpha, beta, c, cOff + i * cLong + j * cShort);
            }
        }
    }

    /** Sums in a fixed order: reduceLanes may add in another order once compiled, and the bits would depend on when that happens. */
    static float sum(float[] sums, int at) {
        float sum = sums[at];
        for (int i = 1; i < V; i++) {
            sum += sums[at + i];
        }
        return sum;
    }

    /** Σ x·y. The vectors are passed on in memory: as arguments of a method that is not always inlined they would be heap objects. */
    static float dot(int k, float[] x, int xOff, float[] y, int yOff, float[] sums) {
        FloatVector s0 = FloatVector.zero(S), s1 = FloatVector.zero(S), s2 = FloatVector.zero(S), s3 = FloatVector.zero(S);
        int p = 0;
        for (; p <= k - 4 * V; p += 4 * V) {
            s0 = FloatVector.fromArray(S, x, xOff + p).fma(FloatVector.fromArray(S, y, yOff + p), s0);
            s1 = FloatVector.fromArray(S, x, xOff + V + p).fma(FloatVector.fromArray(S, y, yOff + V + p), s1);
            s2 = FloatVector.fromArray(S, x, xOff + 2 * V + p).fma(FloatVector.fromArray(S, y, yOff + 2 * V + p), s2);
            s3 = FloatVector.fromArray(S, x, xOff + 3 * V + p).fma(FloatVector.fromArray(S, y, yOff + 3 * V + p), s3);
        }
        for (; p <= k - V; p += V) {
            s0 = FloatVector.fromArray(S, x, xOff + p).fma(FloatVector.fromArray(S, y, yOff + p), s0);
        }
        s0.add(s1).add(s2.add(s3)).intoArray(sums, 0);
        float sum = sum(sums, 0);
        for (; p < k; p++) {
            sum = Math.fma(x[xOff + p], y[yOff + p], sum);
        }
        return sum;
    }

    private static void store(float sum, float alpha, float beta, float[] c, int at) {
        c[at] = beta == 0 ? alpha * sum : beta * c[at] + alpha * sum;
    }

    /** Dot products of 4 long rows with 2 short rows. */
    private static void dots4x2(int k, float[] x, int xOff, int ldx, float[] y, int yOff, int ldy, float[] sums) {
        FloatVector s00 = FloatVector.zero(S), s01 = FloatVector.zero(S), s10 = FloatVector.zero(S), s11 = FloatVector.zero(S);
        FloatVector s20 = FloatVector.zero(S), s21 = FloatVector.zero(S), s30 = FloatVector.zero(S), s31 = FloatVector.zero(S);
        for (int p = 0; p < k; p += V) {
            FloatVector y0 = FloatVector.fromArray(S, y, yOff + p);
            FloatVector y1 = FloatVector.fromArray(S, y, yOff + p + ldy);
            FloatVector x0 = FloatVector.fromArray(S, x, xOff + p);
            s00 = x0.fma(y0, s00);
            s01 = x0.fma(y1, s01);
            FloatVector x1 = FloatVector.fromArray(S, x, xOff + ldx + p);
            s10 = x1.fma(y0, s10);
            s11 = x1.fma(y1, s11);
            FloatVector x2 = FloatVector.fromArray(S, x, xOff + 2 * ldx + p);
            s20 = x2.fma(y0, s20);
            s21 = x2.fma(y1, s21);
            FloatVector x3 = FloatVector.fromArray(S, x, xOff + 3 * ldx + p);
            s30 = x3.fma(y0, s30);
            s31 = x3.fma(y1, s31);
        }
        s00.intoArray(sums, 0);
        s01.intoArray(sums, V);
        s10.intoArray(sums, 2 * V);
        s11.intoArray(sums, 3 * V);
        s20.intoArray(sums, 4 * V);
        s21.intoArray(sums, 5 * V);
        s30.intoArray(sums, 6 * V);
        s31.intoArray(sums, 7 * V);
    }
}
