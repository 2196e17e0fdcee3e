package agl.autograd.op;

import agl.autograd.Operation;
import agl.autograd.Tape;
import agl.autograd.Tensor;

/** The same elements in another shape; the gradient passes through unchanged. */
public final class Reshape implements Operation {
    private final Tensor x;

    private Reshape(Tensor x) {
        this.x = x;
    }

    /** @throws IllegalArgumentException when the number of elements would change */
    // explain: Reshape forward
    public static Tensor of(Tape tape, Tensor x, int... shape) {
        Tensor y = tape.view(x, shape);
        if (y.size() != x.size()) {
            throw new IllegalArgumentException("cannot reshape " + x.size() + " elements into " + y.size());
        }
        return tape.record(y, new Reshape(x), x);
    }
    // explain: end

    @Override public boolean reads(Tensor t) {
        return false;
    }

    // explain: Reshape backward
    @Override public void backward(Tape tape, Tensor y) {
        tape.passGrad(y, x);
    }
    // explain: end
}
