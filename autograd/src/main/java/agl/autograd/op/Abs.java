package agl.autograd.op;

import agl.autograd.Tape;
import agl.autograd.Tensor;

/** y = |x|, y' = sign(x), taken as 0 at 0. */
public final class Abs extends Elementwise {
    private Abs() { }

    public static Tensor of(Tape tape, Tensor x) {
        return new Abs().apply(tape, x);
    }

    // explain: Abs
    @Override protected double f(double x) {
        return Math.abs(x);
    }

    @Override protected double derivative(double x, double y) {
        return Math.signum(x);
    }
    // explain: end
}
