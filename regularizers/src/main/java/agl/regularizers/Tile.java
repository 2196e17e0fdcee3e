package agl.regularizers;

import agl.autograd.Tape;
import agl.autograd.Workspace;
import agl.autograd.kernels.Matrix;
import agl.autograd.storage.Storage;
import java.util.function.Consumer;

/**
 * Some rows of an (out, in) matrix such as ΔW: passes over ΔW go tile by tile and never form the whole matrix.
 *
 * @param row    index of the first one in the whole matrix
 * @param values (rows, in), contiguous
 */
public record Tile(int row, Matrix values) {
    /** About 64 KiB of floats, which stay in a core's cache while several operations use them. */
    private static final int ELEMENTS = 16384;

    /** Rows of a tile of an (out, in) matrix; the last one of a matrix may have fewer. */
    static int height(int out, int in) {
        return Math.clamp(ELEMENTS / in, 1, out);
    }

    /** Visits an (out, in) matrix tile by tile; the content of each tile is undefined. */
    public static void forEach(Tape tape, int out, int in, Consumer<Tile> visitor) {
        forEach(tape, RowSample.all(out), in, height(out, in), visitor);
    }

    /** The same for some rows, with tiles of that many. */
    static void forEach(Tape tape, RowSample sample, int in, int height, Consumer<Tile> visitor) {
        try (Workspace w = tape.workspace()) {
            Storage data = w.scratch(height * in);
            for (int row = sample.from(); row < sample.to(); row += height) {
                visitor.accept(of(data, row, Math.min(height, sample.to() - row), in));
            }
        }
    }

    /** The rows {@code row} to {@code row + rows} in the first elements of {@code data}. */
    static Tile of(Storage data, int row, int rows, int in) {
        return new Tile(row, Matrix.of(data, rows, in));
    }

    /** The same rows of another matrix, content undefined. */
    Tile like(Workspace space) {
        return new Tile(row, space.matrix(rows(), in()));
    }

    /** The same rows of a matrix of zeros. */
    Tile zeros(Workspace space) {
        return new Tile(row, space.zeros(rows(), in()));
    }

    public int rows() {
        return values.rows();
    }

    public int in() {
        return values.cols();
    }

    /** The values, row by row, from element {@code 0}. */
    public Storage data() {
        return values.data();
    }

    double get(int i) {
        return values.data().get(i);
    }

    void set(int i, double value) {
        values.data().set(i, value);
    }

    void add(int i, double value) {
        values.data().add(i, value);
    }

    public int size() {
        return values.size();
    }

    /** Index of the first element in the whole matrix, row-major. */
    public int offset() {
        return row * in();
    }

    /** These rows of a whole matrix (out, any number of columns). */
    Matrix of(Matrix whole) {
        return whole.rows(row, rows());
    }
}
