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

    /** The same without broadcasting, through the kernels: the residual stream of a transformer is added to twice per layer. */
    private record Residual(Tensor x, Tensor y) implements Operation {
        static Tensor of(Tape tape, Tensor x, Tensor y) {
            Tensor z = tape.alloc(x.shape());
            tape.kernels().scale(x.size(), 1, x.data(), 0, z.data(), 0);
            tape.kernels().axpy(x.size(), 1, y.data(), 0, z.data(), 0);
            return tape.record(z, new Residual(x, y), x, y);
        }

        @Override public boolean reads(Tensor t) {
            return false;
        }

        @Override public void backward(Tape tape, Tensor z) {
            for (Tensor input : new Tensor[] {x, y}) {
                if (input.requiresGrad() && tape.beta(input) == 0) {
                    tape.kernels().scale(z.size(), 1, z.grad(), 0, tape.gradToWrite(input), 0);
                } else if (input.requiresGrad()) {
                    tape.kernels().axpy(z.size(), 1, z.grad(), 0, tape.grad(input), 0);
                }
            }
        }
    }
}
