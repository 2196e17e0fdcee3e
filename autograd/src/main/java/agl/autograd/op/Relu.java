package agl.autograd.op;

import agl.autograd.Tape;
import agl.autograd.Tensor;

/** y = max(0, x), y' = 1 for x > 0, else 0. */
public final class Relu extends Elementwise {
    private Relu() { }

    public static Tensor of(Tape tape, Tensor x) {
        return new Relu().apply(tape, x);
    }

    // explain: Relu
    @Override protected double f(double x) {
        return Math.max(0, x);
    }

    @Override protected double derivative(double x, double y) {
        return x > 0 ? 1 : 0;
    }
    // explain: end
}
