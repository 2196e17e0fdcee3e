package agl.autograd.kernels.vector;

import agl.autograd.Storage;
import agl.autograd.kernels.Workers;

/**
 * Single-precision matrix product on the Vector API: C = alpha · op(A) · op(B) + beta · C, row-major, C[m, n], op(A)[m, k], op(B)[k, n].
 * A and B may be float arrays or frozen weights stored as F32, BF16 or F16, which are widened while they are packed.
 *
 * <p>Large products follow Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008): {@link BlockedGemm} packs both
 * factors. With few rows or few columns packing A does not pay: its rows are read as they lie, B alone is packed. Products with one short
 * side (LoRA's rank, a few tokens, one token) take a path that reads the large matrix once, as it lies.
 *
 * <p>Threads share the output; k is cut by its length alone. An element is the same sequence of operations, so the same bits, with
 * any number of threads.
 */
public final class VectorGemm {
    /** k, rows and columns of the blocks: a panel of B (KC · WIDTH floats) for the L1 cache, MC · KC for L2, KC · NC for L3. */
    private static final int KC = BlockedGemm.KC;
    private static final int MC = 192;
    private static final int NC = 2048;
    /** Up to this many rows or columns a product counts as skinny. */
    private static final int SKINNY = 8;
    /** Fewer rows fill too little of the strips; packing A costs as much as the multiply-adds of 30 columns. */
    private static final int MANY_ROWS = 24;
    private static final int MANY_COLUMNS = 64;
    /** Multiply-adds below which one thread is faster than two. */
    static final long SHARE_FROM = 1 << 18;

    private static final int W = GemmTile.WIDTH;

    private VectorGemm() { }

    /** See the class. With beta = 0, C is overwritten whatever it held. Offsets and row strides (lda, ldb, ldc) count elements. */
    public static void gemm(boolean transA, boolean transB, int m, int n, int k, float alpha, Storage a, int aOff, int lda,
                            Storage b, int bOff, int ldb, float beta, float[] c, int cOff, int ldc) {
        if (m <= 0 || n <= 0) {
            return;
        }
        if (k <= 0 || alpha == 0) {
            scaleRows(m, n, beta, c, cOff, ldc);
        } else if (m <= SKINNY && transB) {
            GemmDots.multiply(n, b, bOff, ldb, m, transA, a, aOff, lda, k, alpha, beta, c, cOff, 1, ldc);
        } else if (n <= SKINNY && !transA) {
            GemmDots.multiply(m, a, aOff, lda, n, !transB, b, bOff, ldb, k, alpha, beta, c, cOff, ldc, 1);
        } else if (m == 1) {
            GemvRows.multiply(n, k, alpha, a, aOff, transA ? lda : 1, b, bOff, ldb, beta, c, cOff);
        } else if (n <= SKINNY && n < m) {
            transposed(transA, transB, m, n, k, alpha, a, aOff, lda, b, bOff, ldb, beta, c, cOff, ldc);
        } else if (m >= MANY_ROWS && n >= MANY_COLUMNS && (long) m * n * k > SHARE_FROM) {
            Scratch.get().product.multiply(transA, transB, m, n, k, alpha, a, aOff, lda, b, bOff, ldb, beta, c, cOff, ldc);
        } else {
            rowsAsTheyLie(transA, transB, m, n, k, alpha, a, aOff, lda, b, bOff, ldb, beta, c, cOff, ldc);
        }
    }

    private static void scaleRows(int m, int n, float beta, float[] c, int cOff, int ldc) {
        for (int i = 0; i < m; i++) {
            for (int j = cOff + i * ldc; j < cOff + i * ldc + n; j++) {
                c[j] = beta == 0 ? 0 : beta * c[j];
            }
        }
    }

    /** Few columns, many rows: Cᵀ = op(B)ᵀ · op(A)ᵀ, whose vectors run along the long side. */
    private static void transposed(boolean transA, boolean transB, int m, int n, int k, float alpha, Storage a, int aOff, int lda,
                                   Storage b, int bOff, int ldb, float beta, float[] c, int cOff, int ldc) {
        float[] ct = Scratch.get().floats(Scratch.TRANSPOSED, n * m);
        gemm(!transB, !transA, n, m, k, alpha, b, bOff, ldb, a, aOff, lda, 0f, ct, 0, m);
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                int at = cOff + i * ldc + j;
                c[at] = beta == 0 ? ct[j * m + i] : beta * c[at] + ct[j * m + i];
            }
        }
    }

    private static void rowsAsTheyLie(boolean transA, boolean transB, int m, int n, int k, float alpha, Storage a, int aOff, int lda,
                                      Storage b, int bOff, int ldb, float beta, float[] c, int cOff, int ldc) {
        int threads = (long) m * n * k < SHARE_FROM ? 1 : Workers.threads();
        if (threads == 1) {
            block(transA, transB, 0, m, 0, n, k, alpha, a, aOff, lda, b, bOff, ldb, beta, c, cOff, ldc);
        } else if (n >= 2 * W * threads) {
            int columns = roundUp(ceilDiv(n, threads), W);
            Workers.parallelFor(ceilDiv(n, columns), t -> block(transA, transB, 0, m, t * columns, Math.min(n, (t + 1) * columns), k,
                    alpha, a, aOff, lda, b, bOff, ldb, beta, c, cOff, ldc));
        } else {
            int rows = roundUp(ceilDiv(m, threads), GemmTile.HEIGHT);
            Workers.parallelFor(ceilDiv(m, rows), t -> block(transA, transB, t * rows, Math.min(m, (t + 1) * rows), 0, n, k,
                    alpha, a, aOff, lda, b, bOff, ldb, beta, c, cOff, ldc));
        }
    }

    /** One thread's part: rows [i0, i1) and columns [j0, j1) of C, over all of k. */
    private static void block(boolean transA, boolean transB, int i0, int i1, int j0, int j1, int k, float alpha, Storage a, int aOff,
                              int lda, Storage b, int bOff, int ldb, float beta, float[] c, int cOff, int ldc) {
        Scratch scratch = Scratch.get();
        int kc = ceilDiv(k, ceilDiv(k, KC));
        int mc = roundUp(ceilDiv(i1 - i0, ceilDiv(i1 - i0, MC)), GemmTile.HEIGHT);
        float[] rows = transA ? null : FloatRows.arrayOf(a);
        for (int j = j0; j < j1; j += NC) {
            int nb = Math.min(NC, j1 - j);
            float[] panels = scratch.floats(Scratch.PANELS, roundUp(nb, W) * kc);
            for (int p = 0; p < k; p += kc) {
                int kb = Math.min(kc, k - p);
                if (transB) {
                    GemmPacking.panelsOfRows(b, bOff + j * ldb + p, ldb, nb, kb, panels, 0, scratch);
                } else {
                    GemmPacking.panels(b, bOff + p * ldb + j, ldb, nb, kb, panels, 0, scratch);
                }
                float betaNow = p == 0 ? beta : 1;
                for (int i = i0; i < i1; i += mc) {
                    int mb = Math.min(mc, i1 - i);
                    int at = cOff + i * ldc + j;
                    if (rows != null) {
                        tiles(mb, nb, kb, alpha, rows, aOff + i * lda + p, lda, panels, betaNow, c, at, ldc, scratch);
                    } else {
                        float[] packed = scratch.floats(Scratch.ROWS, mb * kb);
                        GemmPacking.rows(transA, a, transA ? aOff + p * lda + i : aOff + i * lda + p, lda, mb, kb, packed, scratch);
                        tiles(mb, nb, kb, alpha, packed, 0, kb, panels, betaNow, c, at, ldc, scratch);
                    }
                }
            }
        }
    }

    /** C[m, n] from rows of A and packed panels of B, one tile after the other; a panel stays in the cache while all rows pass it. */
    static void tiles(int m, int n, int k, float alpha, float[] a, int aOff, int lda, float[] panels, float beta,
                              float[] c, int cOff, int ldc, Scratch scratch) {
        for (int j = 0; j < n; j += W) {
            int columns = Math.min(W, n - j);
            int rows;
            for (int i = 0; i < m; i += rows) {
                int left = m - i;
                // 7 and 8 rows go better as 4 + 4 than as 6 + 2.
                int height = left > 8 || left == 5 || left == 6 ? 6 : 4;
                rows = Math.min(height, left);
                if (rows == height && columns == W) {
                    tile(height, k, a, aOff + i * lda, lda, panels, j * k, alpha, beta, c, cOff + i * ldc + j, ldc);
                } else {
                    edge(height, rows, columns, k, alpha, a, aOff + i * lda, lda, panels, j * k, beta, c, cOff + i * ldc + j, ldc, scratch);
                }
            }
        }
    }

    private static void tile(int height, int k, float[] a, int aOff, int lda, float[] b, int bOff, float alpha, float beta,
                             float[] c, int cOff, int ldc) {
        if (height == 6) {
            GemmTile.rows6(k, a, aOff, lda, b, bOff, alpha, beta, c, cOff, ldc);
        } else {
            GemmTile.rows4(k, a, aOff, lda, b, bOff, alpha, beta, c, cOff, ldc);
        }
    }

    /** A tile that sticks out of C is computed whole in a buffer. Missing rows of A repeat the last one: their results are dropped. */
    private static void edge(int height, int rows, int columns, int k, float alpha, float[] a, int aOff, int lda, float[] b, int bOff,
                             float beta, float[] c, int cOff, int ldc, Scratch scratch) {
        float[] ct = scratch.floats(Scratch.TILE, GemmTile.HEIGHT * W);
        if (beta != 0) {
            for (int i = 0; i < rows; i++) {
                System.arraycopy(c, cOff + i * ldc, ct, i * W, columns);
            }
        }
        if (rows == height) {
            tile(height, k, a, aOff, lda, b, bOff, alpha, beta, ct, 0, W);
        } else {
            float[] at = scratch.floats(Scratch.TILE_ROWS, GemmTile.HEIGHT * k);
            for (int i = 0; i < height; i++) {
                System.arraycopy(a, aOff + Math.min(i, rows - 1) * lda, at, i * k, k);
            }
            tile(height, k, at, 0, k, b, bOff, alpha, beta, ct, 0, W);
        }
        for (int i = 0; i < rows; i++) {
            System.arraycopy(ct, i * W, c, cOff + i * ldc, columns);
        }
    }

    static int ceilDiv(int x, int y) {
        return Math.ceilDiv(x, y);
    }

    static int roundUp(int x, int multiple) {
        return Math.ceilDiv(x, multiple) * multiple;
    }
}
