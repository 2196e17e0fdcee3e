package agl.autograd.op;

import agl.autograd.Tape;
import agl.autograd.Tensor;

/**
 * y = ½x(1 + tanh u), u = √(2/π)(x + 0.044715x³): the tanh form of GELU (Hendrycks and Gimpel 2016), GPT-2's "gelu_new".
 *
 * <p>y' = ½(1 + tanh u) + ½x(1 − tanh² u)·√(2/π)(1 + 3·0.044715x²).
 */
public final class Gelu extends Elementwise {
    private static final double C = Math.sqrt(2 / Math.PI);

    private Gelu() { }

    public static Tensor of(Tape tape, Tensor x) {
        return new Gelu().apply(tape, x);
    }

    // explain: Gelu
    @Override protected double f(double x) {
        return 0.5 * x * (1 + Math.tanh(C * (x + 0.044715 * x * x * x)));
    }

    @Override protected double derivative(double x, double y) {
        double t = Math.tanh(C * (x + 0.044715 * x * x * x));
        return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * C * (1 + 3 * 0.044715 * x * x);
    }
    // explain: end
}
