package agl.autograd.kernels.vector;

import agl.autograd.storage.Storage;
import java.util.Arrays;

/** Copies blocks of a matrix into the order in which {@link GemmTile} reads them; see there for the layout. */
final class GemmPacking {
    private static final int W = GemmTile.WIDTH;
    /** Rows of B copied to all panels before the next rows: panels lie a power of two apart and would evict each other from the cache. */
    private static final int ROWS = 16;

    private GemmPacking() { }

    /**
     * Panels of B[k, n] stored untransposed: panel j holds columns j·W …, with its row p at panels[(j·k + p)·W]. Missing columns are zero.
     */
    static void panels(Storage b, int bOff, int ldb, int n, int k, float[] panels, Scratch scratch) {
        float[] array = FloatRows.arrayOf(b);
        float[] rows = array != null ? array : scratch.floats(Scratch.WIDENED, ROWS * n);
        for (int p = 0; p < k; p += ROWS) {
            int count = Math.min(ROWS, k - p);
            int at = bOff + p * ldb;
            int ld = ldb;
            if (array == null) {
                FloatRows.read(b, at, ldb, count, n, rows, 0, scratch);
                at = 0;
                ld = n;
            }
            for (int j = 0; j < n; j += W) {
                int to = j * k + p * W;
                copy(count, Math.min(W, n - j), rows, at + j, ld, panels, to);
            }
        }
    }

    /** Copies rows of a panel, padded with zeros. No vectors: inlined into a large method, they sometimes became heap objects. */
    private static void copy(int rows, int columns, float[] from, int off, int ld, float[] to, int toOff) {
        for (int i = 0; i < rows; i++) {
            int at = toOff + i * W;
            System.arraycopy(from, off + i * ld, to, at, columns);
            if (columns < W) {
                Arrays.fill(to, at + columns, at + W, 0f);
            }
        }
    }

    /** Panels of B[k, n] stored transposed, (n, k). */
    static void panelsOfRows(Storage b, int bOff, int ldb, int n, int k, float[] panels, Scratch scratch) {
        float[] array = FloatRows.arrayOf(b);
        for (int j = 0; j < n; j += W) {
            int columns = Math.min(W, n - j);
            if (columns < W) {
                Arrays.fill(panels, j * k, (j + W) * k, 0f);
            }
            if (array != null) {
                Transposition.run(array, bOff + j * ldb, ldb, columns, k, panels, j * k, W);
            } else {
                float[] rows = scratch.floats(Scratch.WIDENED, W * k);
                FloatRows.read(b, bOff + j * ldb, ldb, columns, k, rows, 0, scratch);
                Transposition.run(rows, 0, k, columns, k, panels, j * k, W);
            }
        }
    }

    /** Rows of op(A)[m, k], each k long, one after the other from rows[rowsOff] on. */
    static void rows(boolean transA, Storage a, int aOff, int lda, int m, int k, float[] rows, int rowsOff, Scratch scratch) {
        if (!transA) {
            FloatRows.read(a, aOff, lda, m, k, rows, rowsOff, scratch);
            return;
        }
        float[] array = FloatRows.arrayOf(a);
        if (array != null) {
            Transposition.run(array, aOff, lda, k, m, rows, rowsOff, k);
        } else {
            float[] stored = scratch.floats(Scratch.WIDENED, m * k);
            FloatRows.read(a, aOff, lda, k, m, stored, 0, scratch);
            Transposition.run(stored, 0, m, k, m, rows, rowsOff, k);
        }
    }
}
