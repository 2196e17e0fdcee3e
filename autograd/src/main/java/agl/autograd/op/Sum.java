package agl.autograd.op;

import agl.autograd.Operation;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.storage.Storage;

/** y = Σ_i x_i, a scalar; ∂y/∂x_i = 1: the gradient is the same for every element. */
public final class Sum implements Operation {
    private final Tensor x;

    private Sum(Tensor x) {
        this.x = x;
    }

    // explain: Sum forward
    public static Tensor of(Tape tape, Tensor x) {
        double sum = 0;
        for (int i = 0; i < x.size(); i++) {
            sum += x.data().get(i);
        }
        Tensor y = tape.alloc();
        y.data().set(0, sum);
        return tape.record(y, new Sum(x), x);
    }
    // explain: end

    /** The mean, as a scaled sum. */
    public static Tensor mean(Tape tape, Tensor x) {
        return Affine.scale(tape, 1.0 / x.size(), of(tape, x));
    }

    @Override public boolean reads(Tensor t) {
        return false;
    }

    // explain: Sum backward
    @Override public void backward(Tape tape, Tensor y) {
        Storage dx = tape.grad(x);
        double dy = y.grad().get(0);
        for (int i = 0; i < x.size(); i++) {
            dx.add(i, dy);
        }
    }
    // explain: end
}
