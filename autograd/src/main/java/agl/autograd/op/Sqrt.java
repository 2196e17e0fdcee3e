package agl.autograd.op;

import agl.autograd.Tape;
import agl.autograd.Tensor;

/** y = √x, y' = 1/(2y); infinite at 0. */
public final class Sqrt extends Elementwise {
    private Sqrt() { }

    public static Tensor of(Tape tape, Tensor x) {
        return new Sqrt().apply(tape, x);
    }

    // explain: Sqrt
    @Override protected double f(double x) {
        return Math.sqrt(x);
    }

    @Override protected double derivative(double x, double y) {
        return 0.5 / y;
    }
    // explain: end
}
