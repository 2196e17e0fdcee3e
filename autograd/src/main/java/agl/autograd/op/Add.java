package agl.autograd.op;

import agl.autograd.Operation;
import agl.autograd.Tape;
import agl.autograd.Tensor;

/** z = x + y, ∂z/∂x = ∂z/∂y = 1. */
public final class Add extends Broadcast {
    private Add() { }

    public static Tensor of(Tape tape, Tensor x, Tensor y) {
        return x.sameShape(y) ? Residual.of(tape, x, y) : new Add().apply(tape, x, y);
    }

    // explain: Add
    @Override protected double f(double x, double y) {
        return x + y;
    }

    @Override protected double dx(double x, double y) {
        return 1;
    }

    @Override protected double dy(double x, double y) {
        return 1;
    }
    // explain: end

    /** The same without broadcasting, through the kernels: a transformer adds to its residual stream twice per layer. */
    private record Residual(Tensor x, Tensor y) implements Operation {
        static Tensor of(Tape tape, Tensor x, Tensor y) {
            Tensor z = tape.alloc(x.shape());
            tape.kernels().sum(x.size(), x.data(), y.data(), z.data());
            return tape.record(z, new Residual(x, y), x, y);
        }

        @Override public boolean reads(Tensor t) {
            return false;
        }

        @Override public void backward(Tape tape, Tensor z) {
            if (x.requiresGrad() && y.requiresGrad()) {
                tape.addGrad(z, y);
                tape.passGrad(z, x);
            } else {
                tape.passGrad(z, x.requiresGrad() ? x : y);
            }
        }
    }
}
