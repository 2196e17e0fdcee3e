package agl.autograd.op;

import agl.autograd.Operation;
import agl.autograd.Tape;
import agl.autograd.Tensor;

/**
 * y = x[:, from … to − 1], some columns of every row; x (rows, cols), y (rows, to − from).
 *
 * <p>dL/dx[:, from … to − 1] += dL/dy, the other columns receive no gradient.
 */
public final class Columns implements Operation {
    private final Tensor x;
    private final int from;

    private Columns(Tensor x, int from) {
        this.x = x;
        this.from = from;
    }

    /** @throws IllegalArgumentException if the range is empty or goes beyond the columns of x */
    // explain: Columns
    public static Tensor of(Tape tape, Tensor x, int from, int to) {
        if (from < 0 || from >= to || to > x.cols()) {
            throw new IllegalArgumentException("columns " + from + " to " + to + " of a matrix with " + x.cols() + " columns");
        }
        int n = to - from;
        Tensor y = tape.alloc(x.rows(), n);
        for (int r = 0; r < x.rows(); r++) {
            tape.kernels().scale(n, 1, x.data(), r * x.cols() + from, y.data(), r * n);
        }
        return tape.record(y, new Columns(x, from), x);
    }

    @Override public boolean reads(Tensor t) {
        return false;
    }

    @Override public void backward(Tape tape, Tensor y) {
        int n = y.cols();
        for (int r = 0; r < x.rows(); r++) {
            tape.kernels().axpy(n, 1, y.grad(), r * n, tape.grad(x), r * x.cols() + from);
        }
    }
    // explain: end
}
