package agl.autograd.op;

import agl.autograd.Operation;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.storage.Storage;

/** y = xᵀ, x (m, n), y (n, m); dL/dx = (dL/dy)ᵀ. */
public final class Transpose implements Operation {
    private final Tensor x;

    private Transpose(Tensor x) {
        this.x = x;
    }

    // explain: Transpose forward
    public static Tensor of(Tape tape, Tensor x) {
        int m = x.dim(0);
        int n = x.dim(1);
        Tensor y = tape.alloc(n, m);
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                y.data().set(j * m + i, x.data().get(i * n + j));
            }
        }
        return tape.record(y, new Transpose(x), x);
    }
    // explain: end

    @Override public boolean reads(Tensor t) {
        return false;
    }

    // explain: Transpose backward
    @Override public void backward(Tape tape, Tensor y) {
        Storage dx = tape.grad(x);
        int m = x.dim(0);
        int n = x.dim(1);
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                dx.add(i * n + j, y.grad().get(j * m + i));
            }
        }
    }
    // explain: end
}
