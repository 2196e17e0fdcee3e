package agl.autograd.op;

import agl.autograd.Tape;
import agl.autograd.Tensor;

/** y = a·x + b with constants a and b, y' = a. */
public final class Affine extends Elementwise {
    private final double a;
    private final double b;

    private Affine(double a, double b) {
        this.a = a;
        this.b = b;
    }

    /** a·x + b. */
    public static Tensor of(Tape tape, double a, Tensor x, double b) {
        return new Affine(a, b).apply(tape, x);
    }

    /** a·x. */
    public static Tensor scale(Tape tape, double a, Tensor x) {
        return of(tape, a, x, 0);
    }

    // explain: Affine
    @Override protected double f(double x) {
        return a * x + b;
    }

    @Override protected double derivative(double x, double y) {
        return a;
    }
    // explain: end
}
