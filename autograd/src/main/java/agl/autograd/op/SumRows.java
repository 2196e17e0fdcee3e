package agl.autograd.op;

import agl.autograd.Operation;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.storage.Storage;

/** y_r = Σ_j x_rj over the last dimension, x (rows, cols), y (rows); ∂y_r/∂x_rj = 1. */
public final class SumRows implements Operation {
    private final Tensor x;

    private SumRows(Tensor x) {
        this.x = x;
    }

    // explain: SumRows forward
    public static Tensor of(Tape tape, Tensor x) {
        Tensor y = tape.alloc(x.rows());
        int cols = x.cols();
        for (int r = 0; r < x.rows(); r++) {
            double sum = 0;
            for (int j = 0; j < cols; j++) {
                sum += x.data().get(r * cols + j);
            }
            y.data().set(r, sum);
        }
        return tape.record(y, new SumRows(x), x);
    }
    // explain: end

    @Override public boolean reads(Tensor t) {
        return false;
    }

    // explain: SumRows backward
    @Override public void backward(Tape tape, Tensor y) {
        Storage dx = tape.grad(x);
        int cols = x.cols();
        for (int i = 0; i < x.size(); i++) {
            dx.add(i, y.grad().get(i / cols));
        }
    }
    // explain: end
}
