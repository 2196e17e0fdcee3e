package agl.autograd.op;

import static agl.autograd.kernels.PlainKernels.sigmoid;

import agl.autograd.Tape;
import agl.autograd.Tensor;

/** y = x·σ(x), y' = σ(x)(1 + x(1 − σ(x))) (Elfwing et al. 2018; "swish"). */
public final class Silu extends Elementwise {
    private Silu() { }

    public static Tensor of(Tape tape, Tensor x) {
        return new Silu().apply(tape, x);
    }

    // explain: Silu
    @Override protected double f(double x) {
        return x * sigmoid(x);
    }

    @Override protected double derivative(double x, double y) {
        double sigma = sigmoid(x);
        return sigma * (1 + x * (1 - sigma));
    }
    // explain: end
}
