package agl.autograd.op;

import agl.autograd.Tape;
import agl.autograd.Tensor;

/** y = σ(x) = 1/(1 + e^−x), y' = y(1 − y). */
public final class Sigmoid extends Elementwise {
    private Sigmoid() { }

    public static Tensor of(Tape tape, Tensor x) {
        return new Sigmoid().apply(tape, x);
    }

    // explain: Sigmoid
    @Override protected double f(double x) {
        return agl.autograd.kernels.PlainKernels.sigmoid(x);
    }

    @Override protected double derivative(double x, double y) {
        return y * (1 - y);
    }
    // explain: end
}
