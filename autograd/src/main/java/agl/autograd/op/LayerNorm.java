package agl.autograd.op;

import agl.autograd.Operation;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.storage.Storage;

/**
 * y = w ⊙ n + b, n = (x − mean(x)) / sqrt(var(x) + ε), per row (Ba et al. 2016); x (rows, cols), w and b (cols).
 *
 * <p>With ι = 1/sqrt(var(x) + ε) and g = dL/dy ⊙ w: dL/dx = ι (g − mean(g) − n · mean(g ⊙ n)), dL/dw = Σ dL/dy ⊙ n, dL/db = Σ dL/dy.
 */
public final class LayerNorm implements Operation {
    private final Tensor x;
    private final Tensor w;
    private final Tensor b;
    private final double eps;

    private LayerNorm(Tensor x, Tensor w, Tensor b, double eps) {
        this.x = x;
        this.w = w;
        this.b = b;
        this.eps = eps;
    }

    /** @param eps ε, added to the variance */
    // explain: LayerNorm forward
    public static Tensor of(Tape tape, Tensor x, Tensor w, Tensor b, double eps) {
        LayerNorm op = new LayerNorm(x, w, b, eps);
        Tensor y = tape.alloc(x.shape());
        int cols = x.cols();
        for (int o = 0; o < x.size(); o += cols) {
            double mean = op.mean(o);
            double inverse = op.inverseDeviation(o, mean);
            for (int j = 0; j < cols; j++) {
                y.data().set(o + j, (x.get(o + j) - mean) * inverse * w.get(j) + b.get(j));
            }
        }
        return tape.record(y, op, x, w, b);
    }
    // explain: end

    private double mean(int o) {
        double sum = 0;
        for (int j = 0; j < x.cols(); j++) {
            sum += x.get(o + j);
        }
        return sum / x.cols();
    }

    private double inverseDeviation(int o, double mean) {
        double sum = 0;
        for (int j = 0; j < x.cols(); j++) {
            double d = x.get(o + j) - mean;
            sum += d * d;
        }
        return 1 / Math.sqrt(sum / x.cols() + eps);
    }

    // explain: LayerNorm backward
    @Override public void backward(Tape tape, Tensor y) {
        int cols = x.cols();
        Storage dy = y.grad();
        for (int o = 0; o < x.size(); o += cols) {
            double mean = mean(o);
            double inverse = inverseDeviation(o, mean);
            double meanG = 0;
            double along = 0;
            for (int j = 0; j < cols; j++) {
                double g = dy.get(o + j) * w.get(j);
                meanG += g / cols;
                along += g * (x.get(o + j) - mean) * inverse / cols;
            }
            for (int j = 0; j < cols; j++) {
                double n = (x.get(o + j) - mean) * inverse;
                if (x.requiresGrad()) {
                    tape.grad(x).add(o + j, inverse * (dy.get(o + j) * w.get(j) - meanG - n * along));
                }
                if (w.requiresGrad()) {
                    tape.grad(w).add(j, dy.get(o + j) * n);
                }
                if (b.requiresGrad()) {
                    tape.grad(b).add(j, dy.get(o + j));
                }
            }
        }
    }
    // explain: end
}
