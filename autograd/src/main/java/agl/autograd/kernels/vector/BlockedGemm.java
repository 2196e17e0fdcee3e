package agl.autograd.kernels.vector;

import agl.autograd.kernels.Workers;
import agl.autograd.storage.Storage;
import java.util.function.IntConsumer;

/**
 * The product of two matrices with many rows and columns. A task is a block of C over all of k: its thread packs the block's columns of B
 * into panels, KC steps of k at a time, and multiplies them by A's rows, read in place. Threads share nothing and do not wait for each
 * other before the end. They take one task after another, so that a temporarily slow processor (another program, the other hyperthread)
 * gets fewer tasks. How k is split depends on its length alone, so no bit of C depends on the thread or on the size of the block.
 *
 * <p>One object per thread, reused by all its products: a step computes hundreds of them, and none should leave garbage.
 */
final class BlockedGemm implements IntConsumer {
    /**
     * Steps of k at a time. A panel of B (KC · WIDTH floats) is then larger than the L1 cache, but it is read in order; fewer steps would
     * mean more passes over C.
     */
    private static final int KC = 800;
    /** Rows of A multiplied by all panels of a task before the next rows: they stay in the L2 cache, as do the panels. */
    private static final int MC = 48;
    /** Maximum columns of a task. */
    private static final int NC = 128;
    /** Maximum rows of A that are converted to floats, or transposed, before the tasks begin. */
    private static final int CONVERTED = 1536;

    private static final int W = GemmTile.WIDTH;
    private static final int H = GemmTile.HEIGHT;

    private boolean transA;
    private boolean transB;
    private Storage a;
    private Storage b;
    private float[] c;
    private int m, n, k, aOff, lda, bOff, ldb, cOff, ldc;
    private float alpha;
    private float beta;

    /** Rows [i0, i0 + mb) of op(A) as floats: in A itself, or in a buffer if A is stored differently. */
    private float[] rows;
    private int i0, mb, rowsOff, ldRows;
    private boolean converting;
    private int taskRows, rowTasks, taskColumns;

    /** See {@link VectorGemm#gemm}. */
    void multiply(boolean transA, boolean transB, int m, int n, int k, float alpha, Storage a, int aOff, int lda,
                  Storage b, int bOff, int ldb, float beta, float[] c, int cOff, int ldc) {
        this.transA = transA;
        this.transB = transB;
        this.a = a;
        this.b = b;
        this.c = c;
        this.m = m;
        this.n = n;
        this.k = k;
        this.aOff = aOff;
        this.lda = lda;
        this.bOff = bOff;
        this.ldb = ldb;
        this.cOff = cOff;
        this.ldc = ldc;
        this.alpha = alpha;
        this.beta = beta;
        int threads = (long) m * n * k < VectorGemm.SHARE_FROM ? 1 : Workers.threads();
        float[] array = transA || (long) aOff + (long) m * lda >= GemmTile.REACH ? null : FloatRows.arrayOf(a);
        taskColumns = columnsOfTask(n, threads);
        int columnTasks = Math.ceilDiv(n, taskColumns);
        int step = array != null ? m : Math.min(m, CONVERTED);
        for (i0 = 0; i0 < m; i0 += step) {
            mb = Math.min(step, m - i0);
            if (array != null) {
                rows = array;
                rowsOff = aOff;
                ldRows = lda;
            } else {
                rows = Scratch.get().floats(Scratch.ROWS, mb * k);
                rowsOff = 0;
                ldRows = k;
                converting = true;
                run(threads, Math.ceilDiv(mb, MC));
                converting = false;
            }
            taskRows = columnTasks >= threads ? mb : VectorGemm.roundUp(Math.ceilDiv(mb, 2 * threads), H);
            rowTasks = Math.ceilDiv(mb, taskRows);
            run(threads, rowTasks * columnTasks);
        }
        this.a = null;
        this.b = null;
        this.c = null;
        rows = null;
    }

    /** The widest tasks that minimize the columns of the busiest thread: 6 tasks of 96 for 576 columns and two threads. */
    private static int columnsOfTask(int n, int threads) {
        int columns = W;
        int least = Integer.MAX_VALUE;
        for (int c = NC; c >= W; c -= W) {
            int most = Math.ceilDiv(Math.ceilDiv(n, c), threads) * c;
            if (most < least) {
                least = most;
                columns = c;
            }
        }
        return columns;
    }

    private void run(int threads, int tasks) {
        if (threads > 1) {
            Workers.parallelFor(tasks, this);
        } else {
            for (int t = 0; t < tasks; t++) {
                accept(t);
            }
        }
    }

    @Override public void accept(int task) {
        Scratch scratch = Scratch.get();
        if (converting) {
            int i = task * MC;
            int at = transA ? aOff + i0 + i : aOff + (i0 + i) * lda;
            GemmPacking.rows(transA, a, at, lda, Math.min(MC, mb - i), k, rows, i * k, scratch);
        } else {
            int i = task % rowTasks * taskRows;
            int j = task / rowTasks * taskColumns;
            part(i, Math.min(mb, i + taskRows), j, Math.min(taskColumns, n - j), scratch);
        }
    }

    private void part(int from, int to, int j, int columns, Scratch scratch) {
        int kc = Math.ceilDiv(k, Math.ceilDiv(k, KC));
        int mc = VectorGemm.roundUp(Math.ceilDiv(to - from, Math.ceilDiv(to - from, MC)), H);
        float[] panels = scratch.floats(Scratch.PANELS, VectorGemm.roundUp(columns, W) * kc);
        for (int p = 0; p < k; p += kc) {
            int kb = Math.min(kc, k - p);
            if (transB) {
                GemmPacking.panelsOfRows(b, bOff + j * ldb + p, ldb, columns, kb, panels, scratch);
            } else {
                GemmPacking.panels(b, bOff + p * ldb + j, ldb, columns, kb, panels, scratch);
            }
            for (int i = from; i < to; i += mc) {
                tiles(Math.min(mc, to - i), columns, kb, alpha, rows, rowsOff + i * ldRows + p, ldRows, panels, 0, kb * W,
                        p == 0 ? beta : 1,
                        c, cOff + (i0 + i) * ldc + j, ldc, scratch);
            }
        }
    }

    /**
     * C[m, n] from rows of A and packed panels of B, one tile after the other. All rows are multiplied by one panel before the next. Panels
     * start {@code panelStep} floats apart and may be parts of longer ones.
     */
    static void tiles(int m, int n, int k, float alpha, float[] a, int aOff, int lda, float[] panels, int panelsOff, int panelStep,
            float beta,
            float[] c, int cOff, int ldc, Scratch scratch) {
        for (int j = 0; j < n; j += W) {
            int columns = Math.min(W, n - j);
            int panel = panelsOff + j / W * panelStep;
            int rows;
            for (int i = 0; i < m; i += rows) {
                int left = m - i;
                int height = height(left);
                rows = Math.min(height, left);
                if (rows == height && columns == W) {
                    GemmTile.rows(height, k, a, aOff + i * lda, lda, panels, panel, alpha, beta, c, cOff + i * ldc + j, ldc, scratch);
                } else {
                    edge(height, rows, columns, k, alpha, a, aOff + i * lda, lda, panels, panel, beta, c, cOff + i * ldc + j, ldc, scratch);
                }
            }
        }
    }

    /** Height of the next tile when {@code left} rows remain. */
    private static int height(int left) {
        if (H == 8) {
            // Most row counts are multiples of 8: a second tile would be called too rarely for HotSpot to optimize it, and vectors in
            // unoptimized code are heap objects.
            return 8;
        }
        // 7 and 8 rows are faster as 4 + 4 than as 6 + 2.
        return left > 8 || left == 5 || left == 6 ? 6 : 4;
    }

    /** A tile that extends beyond C is computed in full in a buffer. Missing rows of A repeat the last one; their results are discarded. */
    private static void edge(int height, int rows, int columns, int k, float alpha, float[] a, int aOff, int lda, float[] b, int bOff,
                             float beta, float[] c, int cOff, int ldc, Scratch scratch) {
        float[] ct = scratch.floats(Scratch.TILE, H * W);
        if (beta != 0) {
            for (int i = 0; i < rows; i++) {
                System.arraycopy(c, cOff + i * ldc, ct, i * W, columns);
            }
        }
        if (rows == height) {
            GemmTile.rows(height, k, a, aOff, lda, b, bOff, alpha, beta, ct, 0, W, scratch);
        } else {
            float[] at = scratch.floats(Scratch.TILE_ROWS, H * k);
            for (int i = 0; i < height; i++) {
                System.arraycopy(a, aOff + Math.min(i, rows - 1) * lda, at, i * k, k);
            }
            GemmTile.rows(height, k, at, 0, k, b, bOff, alpha, beta, ct, 0, W, scratch);
        }
        for (int i = 0; i < rows; i++) {
            System.arraycopy(ct, i * W, c, cOff + i * ldc, columns);
        }
    }
}
