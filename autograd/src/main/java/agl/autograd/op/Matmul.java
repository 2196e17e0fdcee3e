package agl.autograd.op;

import agl.autograd.Operation;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import java.util.Arrays;

/**
 * C = A·B, A (m, k), B (k, n), C (m, n).
 *
 * <p>dL/dA = dL/dC · Bᵀ, dL/dB = Aᵀ · dL/dC.
 */
public final class Matmul implements Operation {
    private final Tensor a;
    private final Tensor b;

    private Matmul(Tensor a, Tensor b) {
        this.a = a;
        this.b = b;
    }

    /** @throws IllegalArgumentException when the inner dimensions differ */
    // explain: Matmul forward
    public static Tensor of(Tape tape, Tensor a, Tensor b) {
        if (a.rank() != 2 || b.rank() != 2 || a.dim(1) != b.dim(0)) {
            throw new IllegalArgumentException("cannot multiply " + Arrays.toString(a.shape()) + " by " + Arrays.toString(b.shape()));
        }
        Tensor c = tape.alloc(a.dim(0), b.dim(1));
        tape.kernels().product(1, a.matrix(), b.matrix(), 0, c.matrix());
        return tape.record(c, new Matmul(a, b), a, b);
    }
    // explain: end

    // explain: Matmul backward
    @Override public void backward(Tape tape, Tensor c) {
        tape.addGrad(a, 1, c.gradMatrix(), b.matrix().T());
        tape.addGrad(b, 1, a.matrix().T(), c.gradMatrix());
    }
    // explain: end
}
