package agl.autograd;

import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.Matrix;
import agl.autograd.storage.Storage;
import java.util.ArrayList;
import java.util.List;

/**
 * Intermediate matrices of one computation, which go back to the pool when it closes:
 * {@code try (Workspace w = tape.workspace()) { Matrix u = w.product(1, x, a.T()); … }}.
 */
public final class Workspace implements AutoCloseable {
    private final Kernels kernels;
    private final Pool pool;
    private final List<Storage> taken = new ArrayList<>();

    Workspace(Kernels kernels, Pool pool) {
        this.kernels = kernels;
        this.pool = pool;
    }

    /** {@code length} elements of undefined content. */
    public Storage scratch(int length) {
        Storage s = pool.take(length);
        taken.add(s);
        return s;
    }

    /** A (rows, cols) matrix of undefined content. */
    public Matrix matrix(int rows, int cols) {
        return Matrix.of(scratch(Storage.elements(rows, cols)), rows, cols);
    }

    /** A (rows, cols) matrix of zeros. */
    public Matrix zeros(int rows, int cols) {
        Matrix m = matrix(rows, cols);
        kernels.clear(m.size(), m.data());
        return m;
    }

    /** A new matrix alpha·A·B. */
    public Matrix product(double alpha, Matrix a, Matrix b) {
        Matrix c = matrix(a.rows(), b.cols());
        kernels.product(alpha, a, b, 0, c);
        return c;
    }

    @Override public void close() {
        taken.forEach(pool::give);
        taken.clear();
    }
}
