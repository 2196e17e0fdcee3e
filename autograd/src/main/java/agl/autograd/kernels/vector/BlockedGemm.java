package agl.autograd.kernels.vector;

import agl.autograd.Storage;
import agl.autograd.kernels.Workers;
import java.util.function.IntConsumer;

/**
 * A product with many rows and columns: both factors are packed once, by all threads, and the threads then take one block of C after the
 * other, so that a processor that is slower for a while (another program, the other half of its core) gets fewer of them.
 *
 * <p>k is cut so that a panel of B (KC · WIDTH floats) stays in the first-level cache, C into blocks whose strips of A and panels of B stay in
 * the second. Which thread computes a block changes no bit of it.
 *
 * <p>One object per thread, used again by each of its products: a step makes hundreds of them, and none should leave garbage.
 */
final class BlockedGemm implements IntConsumer {
    static final int KC = 320;
    private static final int NC = 2048;
    private static final int MC = 1536;
    /** Rows and columns of a block of C, at most: small enough for an even share, large enough to be worth taking. */
    private static final int BLOCK_ROWS = 96;
    private static final int BLOCK_COLUMNS = 128;

    private static final int W = GemmTile.WIDTH;
    private static final int H = GemmTile.HEIGHT;

    private boolean transA;
    private boolean transB;
    private Storage a;
    private Storage b;
    private float[] c;
    private int aOff, lda, bOff, ldb, cOff, ldc;
    private float alpha;

    /** The part of the factors that is packed: rows [i0, i0 + mb), columns [j0, j0 + nb), k from p0 to p0 + kb. */
    private int i0, mb, j0, nb, p0, kb;
    private float beta;
    private float[] strips;
    private float[] panels;
    private int blockRows;
    private int rowBlocks;
    private int panelTasks;
    private boolean packing;

    /** See {@link VectorGemm#gemm}. */
    void multiply(boolean transA, boolean transB, int m, int n, int k, float alpha, Storage a, int aOff, int lda,
                  Storage b, int bOff, int ldb, float beta, float[] c, int cOff, int ldc) {
        this.transA = transA;
        this.transB = transB;
        this.a = a;
        this.b = b;
        this.c = c;
        this.aOff = aOff;
        this.lda = lda;
        this.bOff = bOff;
        this.ldb = ldb;
        this.cOff = cOff;
        this.ldc = ldc;
        this.alpha = alpha;
        int kc = Math.ceilDiv(k, Math.ceilDiv(k, KC));
        Scratch scratch = Scratch.get();
        panels = scratch.floats(Scratch.PANELS, VectorGemm.roundUp(Math.min(n, NC), W) * kc);
        strips = scratch.floats(Scratch.ROWS, Math.ceilDiv(Math.min(m, MC), H) * kc * GemmTile.STRIP);
        for (j0 = 0; j0 < n; j0 += NC) {
            nb = Math.min(NC, n - j0);
            for (p0 = 0; p0 < k; p0 += kc) {
                kb = Math.min(kc, k - p0);
                this.beta = p0 == 0 ? beta : 1;
                for (i0 = 0; i0 < m; i0 += MC) {
                    mb = Math.min(MC, m - i0);
                    int most = Math.ceilDiv(mb, Math.ceilDiv(mb, BLOCK_ROWS));
                    blockRows = VectorGemm.roundUp(most, H);
                    rowBlocks = Math.ceilDiv(mb, blockRows);
                    panelTasks = i0 == 0 ? Math.ceilDiv(nb, BLOCK_COLUMNS) : 0;
                    packing = true;
                    Workers.parallelFor(panelTasks + rowBlocks, this);
                    packing = false;
                    Workers.parallelFor(rowBlocks * Math.ceilDiv(nb, BLOCK_COLUMNS), this);
                }
            }
        }
        this.a = null;
        this.b = null;
        this.c = null;
    }

    @Override public void accept(int task) {
        Scratch scratch = Scratch.get();
        if (!packing) {
            int i = task % rowBlocks * blockRows;
            int j = task / rowBlocks * BLOCK_COLUMNS;
            block(i, Math.min(mb, i + blockRows), j, Math.min(nb, j + BLOCK_COLUMNS), scratch);
        } else if (task < panelTasks) {
            int j = task * BLOCK_COLUMNS;
            int columns = Math.min(BLOCK_COLUMNS, nb - j);
            if (transB) {
                GemmPacking.panelsOfRows(b, bOff + (j0 + j) * ldb + p0, ldb, columns, kb, panels, j * kb, scratch);
            } else {
                GemmPacking.panels(b, bOff + p0 * ldb + j0 + j, ldb, columns, kb, panels, j * kb, scratch);
            }
        } else {
            int i = (task - panelTasks) * blockRows;
            int at = transA ? aOff + p0 * lda + i0 + i : aOff + (i0 + i) * lda + p0;
            GemmPacking.strips(transA, a, at, lda, Math.min(blockRows, mb - i), mb - i, kb, strips, i / H * kb * GemmTile.STRIP, scratch);
        }
    }

    /** Rows [from, to) and columns [j, end) of the packed part: a panel of B stays in the first-level cache while all strips pass it. */
    private void block(int from, int to, int j, int end, Scratch scratch) {
        for (; j < end; j += W) {
            for (int i = from; i < to; i += H) {
                int at = cOff + (i0 + i) * ldc + j0 + j;
                int strip = i / H * kb * GemmTile.STRIP;
                if (i + H <= to && j + W <= end) {
                    GemmTile.strip(kb, strips, strip, panels, j * kb, alpha, beta, c, at, ldc);
                } else {
                    edge(Math.min(H, to - i), Math.min(W, end - j), strip, j * kb, at, scratch);
                }
            }
        }
    }

    /** A tile that sticks out of C is computed whole in a buffer; the rows and columns outside hold anything. */
    private void edge(int rows, int columns, int strip, int panel, int at, Scratch scratch) {
        float[] tile = scratch.floats(Scratch.TILE, H * W);
        if (beta != 0) {
            for (int i = 0; i < rows; i++) {
                System.arraycopy(c, at + i * ldc, tile, i * W, columns);
            }
        }
        GemmTile.strip(kb, strips, strip, panels, panel, alpha, beta, tile, 0, W);
        for (int i = 0; i < rows; i++) {
            System.arraycopy(tile, i * W, c, at + i * ldc, columns);
        }
    }
}
