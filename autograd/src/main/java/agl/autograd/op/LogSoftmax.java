package agl.autograd.op;

import agl.autograd.Operation;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.storage.Storage;

/**
 * y_j = x_j − log Σ_k e^(x_k) over the last dimension.
 *
 * <p>∂y_j/∂x_k = δ_jk − softmax(x)_k, so dL/dx_k = dL/dy_k − e^(y_k) Σ_j dL/dy_j.
 */
public final class LogSoftmax implements Operation {
    private final Tensor x;

    private LogSoftmax(Tensor x) {
        this.x = x;
    }

    // explain: LogSoftmax forward
    public static Tensor of(Tape tape, Tensor x) {
        Tensor y = tape.alloc(x.shape());
        int cols = x.cols();
        for (int o = 0; o < x.size(); o += cols) {
            double max = Double.NEGATIVE_INFINITY;
            for (int j = 0; j < cols; j++) {
                max = Math.max(max, x.get(o + j));
            }
            double sum = 0;
            for (int j = 0; j < cols; j++) {
                sum += Math.exp(x.get(o + j) - max);
            }
            double lse = max + Math.log(sum);
            for (int j = 0; j < cols; j++) {
                y.data().set(o + j, x.get(o + j) - lse);
            }
        }
        return tape.record(y, new LogSoftmax(x), x);
    }
    // explain: end

    // explain: LogSoftmax backward
    @Override public void backward(Tape tape, Tensor y) {
        Storage dx = tape.grad(x);
        int cols = x.cols();
        for (int o = 0; o < x.size(); o += cols) {
            double sum = 0;
            for (int j = 0; j < cols; j++) {
                sum += y.grad().get(o + j);
            }
            for (int j = 0; j < cols; j++) {
                dx.add(o + j, y.grad().get(o + j) - Math.exp(y.get(o + j)) * sum);
            }
        }
    }
    // explain: end
}
