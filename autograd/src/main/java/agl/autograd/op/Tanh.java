package agl.autograd.op;

import agl.autograd.Tape;
import agl.autograd.Tensor;

/** y = tanh x, y' = 1 − y². */
public final class Tanh extends Elementwise {
    private Tanh() { }

    public static Tensor of(Tape tape, Tensor x) {
        return new Tanh().apply(tape, x);
    }

    // explain: Tanh
    @Override protected double f(double x) {
        return Math.tanh(x);
    }

    @Override protected double derivative(double x, double y) {
        return 1 - y * y;
    }
    // explain: end
}
