package agl.autograd.kernels.vector;

import agl.autograd.storage.Storage;

/**
 * Single-precision matrix product on the Vector API: C = alpha · op(A) · op(B) + beta · C, row-major, C[m, n], op(A)[m, k], op(B)[k, n].
 * A and B may be float arrays or frozen weights stored as F32, BF16 or F16, which are widened while they are packed.
 *
 * <p>{@link BlockedGemm} follows Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008), except that A is read
 * in place and only B is packed. Products with one short side (LoRA's rank, a few tokens, one token) take a path that reads the large
 * matrix once, in place.
 *
 * <p>Threads split the output; how k is split depends on its length alone. Each element is therefore the same sequence of operations, hence
 * the same bits, with any number of threads.
 */
public final class VectorGemm {
    /** A product with at most this many rows or columns counts as skinny. */
    private static final int SKINNY = 8;
    /** Multiply-adds below which one thread is faster than two. */
    static final long SHARE_FROM = 1 << 18;

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
        } else {
            Scratch.get().product.multiply(transA, transB, m, n, k, alpha, a, aOff, lda, b, bOff, ldb, beta, c, cOff, ldc);
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

    static int ceilDiv(int x, int y) {
        return Math.ceilDiv(x, y);
    }

    static int roundUp(int x, int multiple) {
        return Math.ceilDiv(x, multiple) * multiple;
    }
}
