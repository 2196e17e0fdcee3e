package agl.autograd.op;

import agl.autograd.Tape;
import agl.autograd.Tensor;

/** y = ln x, y' = 1/x; x > 0. */
public final class Log extends Elementwise {
    private Log() { }

    public static Tensor of(Tape tape, Tensor x) {
        return new Log().apply(tape, x);
    }

    // explain: Log
    @Override protected double f(double x) {
        return Math.log(x);
    }

    @Override protected double derivative(double x, double y) {
        return 1 / x;
    }
    // explain: end
}
