package agl.autograd.kernels;

import agl.autograd.storage.Storage;

/**
 * A (rows, cols) matrix inside a storage, as a view: nothing is copied. Matrix products then read as on paper:
 * {@code tape.addGrad(b, s, dY.T(), u)} for dB += s·dYᵀ·U.
 *
 * @param offset     index of the first element in {@code data}
 * @param stride     distance in {@code data} between two stored rows, or, when {@code transposed}, between two columns of this matrix
 * @param transposed whether the stored rows are this matrix's columns
 */
public record Matrix(Storage data, int offset, int rows, int cols, int stride, boolean transposed) {

    /** The first rows·cols elements of {@code data}, row-major. */
    public static Matrix of(Storage data, int rows, int cols) {
        return new Matrix(data, 0, rows, cols, cols, false);
    }

    /** The transpose, (cols, rows). */
    public Matrix T() {
        return new Matrix(data, offset, cols, rows, stride, !transposed);
    }

    /** The rows {@code from} to {@code from + count}, (count, cols). */
    public Matrix rows(int from, int count) {
        if (from < 0 || count < 0 || from + count > rows) {
            throw new IndexOutOfBoundsException("rows " + from + " to " + (from + count) + " of a matrix with " + rows + " rows");
        }
        return new Matrix(data, offset + from * (transposed ? 1 : stride), count, cols, stride, transposed);
    }

    /** The columns {@code from} to {@code from + count}, (rows, count). */
    public Matrix cols(int from, int count) {
        return T().rows(from, count).T();
    }

    /** Element (i, j). For loops over a few elements. */
    public double get(int i, int j) {
        return data.get(offset + i * rowStride() + j * colStride());
    }

    /** Adds to element (i, j). */
    public void add(int i, int j, double value) {
        data.add(offset + i * rowStride() + j * colStride(), value);
    }

    /** Number of elements. */
    public int size() {
        return rows * cols;
    }

    /** Distance in {@code data} between (i, j) and (i + 1, j). */
    public int rowStride() {
        return transposed ? 1 : stride;
    }

    /** Distance in {@code data} between (i, j) and (i, j + 1). */
    public int colStride() {
        return transposed ? stride : 1;
    }

    /** Whether these are the elements {@code offset} to {@code offset + size()} of {@code data}, row-major. */
    public boolean contiguous() {
        return !transposed && (stride == cols || rows <= 1);
    }

    @Override public String toString() {
        return "(" + rows + ", " + cols + ")";
    }
}
