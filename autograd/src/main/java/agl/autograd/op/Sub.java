package agl.autograd.op;

import agl.autograd.Tape;
import agl.autograd.Tensor;

/** z = x − y, ∂z/∂x = 1, ∂z/∂y = −1. */
public final class Sub extends Broadcast {
    private Sub() { }

    public static Tensor of(Tape tape, Tensor x, Tensor y) {
        return new Sub().apply(tape, x, y);
    }

    // explain: Sub
    @Override protected double f(double x, double y) {
        return x - y;
    }

    @Override protected double dx(double x, double y) {
        return 1;
    }

    @Override protected double dy(double x, double y) {
        return -1;
    }
    // explain: end
}
