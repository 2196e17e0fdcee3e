package agl.autograd.op;

import agl.autograd.Operation;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.storage.Storage;

/**
 * y_i = f(x_i), one element at a time. A subclass states f and its derivative next to each other; the loop is here.
 *
 * <p>Backward: dL/dx_i += dL/dy_i · f'(x_i).
 */
public abstract class Elementwise implements Operation {
    private Tensor x;

    /** f(x). */
    protected abstract double f(double x);

    /** f'(x), given x and y = f(x). */
    protected abstract double derivative(double x, double y);

    /** Runs f over x and records it. */
    protected final Tensor apply(Tape tape, Tensor input) {
        this.x = input;
        Tensor y = tape.alloc(input.shape());
        Storage from = input.data();
        Storage to = y.data();
        for (int i = 0; i < input.size(); i++) {
            to.set(i, f(from.get(i)));
        }
        return tape.record(y, this, input);
    }

    // explain: Elementwise
    @Override public final void backward(Tape tape, Tensor y) {
        Storage dx = tape.grad(x);
        Storage from = x.data();
        Storage to = y.data();
        for (int i = 0; i < x.size(); i++) {
            dx.add(i, y.grad().get(i) * derivative(from.get(i), to.get(i)));
        }
    }
    // explain: end
}
