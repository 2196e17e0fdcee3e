package agl.autograd.op;

import agl.autograd.Tape;
import agl.autograd.Tensor;

/** z = x/y, ∂z/∂x = 1/y, ∂z/∂y = −x/y². */
public final class Div extends Broadcast {
    private Div() { }

    public static Tensor of(Tape tape, Tensor x, Tensor y) {
        return new Div().apply(tape, x, y);
    }

    // explain: Div
    @Override protected double f(double x, double y) {
        return x / y;
    }

    @Override protected double dx(double x, double y) {
        return 1 / y;
    }

    @Override protected double dy(double x, double y) {
        return -x / (y * y);
    }
    // explain: end
}
