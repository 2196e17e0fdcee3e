package agl.autograd.op;

import agl.autograd.Tape;
import agl.autograd.Tensor;

/** z = x·y, ∂z/∂x = y, ∂z/∂y = x. */
public final class Mul extends Broadcast {
    private Mul() { }

    public static Tensor of(Tape tape, Tensor x, Tensor y) {
        return new Mul().apply(tape, x, y);
    }

    // explain: Mul
    @Override protected double f(double x, double y) {
        return x * y;
    }

    @Override protected double dx(double x, double y) {
        return y;
    }

    @Override protected double dy(double x, double y) {
        return x;
    }
    // explain: end
}
