package agl.autograd.op;

import agl.autograd.Operation;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.storage.Storage;

/**
 * y_j = e^(x_j) / Σ_k e^(x_k) over the last dimension.
 *
 * <p>∂y_j/∂x_k = y_j(δ_jk − y_k), so dL/dx_j = y_j (dL/dy_j − Σ_k dL/dy_k y_k).
 */
public final class Softmax implements Operation {
    private final Tensor x;

    private Softmax(Tensor x) {
        this.x = x;
    }

    // explain: Softmax forward
    public static Tensor of(Tape tape, Tensor x) {
        Tensor y = tape.alloc(x.shape());
        Storage from = x.data();
        Storage to = y.data();
        int cols = x.cols();
        for (int o = 0; o < x.size(); o += cols) {
            // Subtracting the maximum leaves the quotient unchanged and keeps e^x finite.
            double max = Double.NEGATIVE_INFINITY;
            for (int j = 0; j < cols; j++) {
                max = Math.max(max, from.get(o + j));
            }
            double sum = 0;
            for (int j = 0; j < cols; j++) {
                double e = Math.exp(from.get(o + j) - max);
                to.set(o + j, e);
                sum += e;
            }
            tape.kernels().scale(cols, 1 / sum, to, o, to, o);
        }
        return tape.record(y, new Softmax(x), x);
    }
    // explain: end

    // explain: Softmax backward
    @Override public void backward(Tape tape, Tensor y) {
        Storage dx = tape.grad(x);
        Storage p = y.data();
        int cols = x.cols();
        for (int o = 0; o < x.size(); o += cols) {
            double mean = tape.kernels().dot(cols, y.grad(), o, p, o);
            for (int j = 0; j < cols; j++) {
                dx.add(o + j, p.get(o + j) * (y.grad().get(o + j) - mean));
            }
        }
    }
    // explain: end
}
