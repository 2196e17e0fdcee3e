package agl.autograd.kernels.vector;

import agl.autograd.kernels.Workers;
import agl.autograd.storage.Storage;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** One row times an untransposed matrix: c = alpha · a · B + beta · c, B[k, n]. B is read once, four rows at a time. */
final class GemvRows {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    /** Columns whose running sums stay in the L1 cache. */
    private static final int BLOCK = 1024;
    /** Rows whose sum is taken before it is added to c: one float over a whole vocabulary would lose small elements after a large one. */
    private static final int DEPTH = 256;

    private GemvRows() { }

    static void multiply(int n, int k, float alpha, Storage a, int aOff, int aStep, Storage b, int bOff, int ldb,
                         float beta, float[] c, int cOff) {
        Scratch scratch = Scratch.get();
        float[] x = scratch.floats(Scratch.SHORT_ROWS, k);
        GemmPacking.rows(aStep != 1, a, aOff, aStep, 1, k, x, 0, scratch);
        int blocks = VectorGemm.ceilDiv(n, BLOCK);
        if ((long) n * k < VectorGemm.SHARE_FROM) {
            for (int t = 0; t < blocks; t++) {
                block(t * BLOCK, Math.min(n, (t + 1) * BLOCK), k, alpha, x, b, bOff, ldb, beta, c, cOff);
            }
        } else {
            Workers.parallelFor(blocks, t -> block(t * BLOCK, Math.min(n, (t + 1) * BLOCK), k, alpha, x, b, bOff, ldb, beta, c, cOff));
        }
    }

    private static void block(int from, int to, int k, float alpha, float[] x, Storage b, int bOff, int ldb, float beta,
                              float[] c, int cOff) {
        Scratch scratch = Scratch.get();
        int n = to - from;
        float[] sums = scratch.floats(Scratch.SUMS, BLOCK);
        float[] array = FloatRows.arrayOf(b);
        float[] rows = array != null ? array : scratch.floats(Scratch.WIDENED, 4 * n);
        for (int first = 0; first < k; first += DEPTH) {
            java.util.Arrays.fill(sums, 0, n, 0f);
            int last = Math.min(k, first + DEPTH);
            for (int p = first; p < last; p += 4) {
                int count = Math.min(4, last - p);
                int at = bOff + p * ldb + from;
                int ld = ldb;
                if (array == null) {
                    FloatRows.read(b, at, ldb, count, n, rows, 0, scratch);
                    at = 0;
                    ld = n;
                }
                if (count == 4) {
                    add4(n, x[p], x[p + 1], x[p + 2], x[p + 3], rows, at, ld, sums);
                } else {
                    for (int i = 0; i < count; i++) {
                        add1(n, x[p + i], rows, at + i * ld, sums);
                    }
                }
            }
            float kept = first == 0 ? beta : 1;
            for (int j = 0; j < n; j++) {
                int at = cOff + from + j;
                c[at] = kept == 0 ? alpha * sums[j] : kept * c[at] + alpha * sums[j];
            }
        }
    }

    private static void add4(int n, float x0, float x1, float x2, float x3, float[] b, int off, int ld, float[] sums) {
        int j = 0;
        for (; j <= n - S.length(); j += S.length()) {
            FloatVector s = FloatVector.fromArray(S, sums, j);
            s = FloatVector.fromArray(S, b, off + j).fma(FloatVector.broadcast(S, x0), s);
            s = FloatVector.fromArray(S, b, off + ld + j).fma(FloatVector.broadcast(S, x1), s);
            s = FloatVector.fromArray(S, b, off + 2 * ld + j).fma(FloatVector.broadcast(S, x2), s);
            s = FloatVector.fromArray(S, b, off + 3 * ld + j).fma(FloatVector.broadcast(S, x3), s);
            s.intoArray(sums, j);
        }
        for (; j < n; j++) {
            float s = Math.fma(b[off + j], x0, sums[j]);
            s = Math.fma(b[off + ld + j], x1, s);
            s = Math.fma(b[off + 2 * ld + j], x2, s);
            sums[j] = Math.fma(b[off + 3 * ld + j], x3, s);
        }
    }

    private static void add1(int n, float x, float[] b, int off, float[] sums) {
        for (int j = 0; j < n; j++) {
            sums[j] = Math.fma(b[off + j], x, sums[j]);
        }
    }
}
