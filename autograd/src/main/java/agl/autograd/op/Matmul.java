package agl.autograd.op;

import agl.autograd.Operation;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
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
        int m = a.dim(0);
        int k = a.dim(1);
        int n = b.dim(1);
        Tensor c = tape.alloc(m, n);
        tape.kernels().gemm(false, false, m, n, k, 1, a.data(), 0, k, b.data(), 0, n, 0, c.data(), 0, n);
        return tape.record(c, new Matmul(a, b), a, b);
    }
    // explain: end

    // explain: Matmul backward
    @Override public void backward(Tape tape, Tensor c) {
        Kernels kernels = tape.kernels();
        int m = a.dim(0);
        int k = a.dim(1);
        int n = b.dim(1);
        if (a.requiresGrad()) {
            double beta = tape.beta(a);
            kernels.gemm(false, true, m, k, n, 1, c.grad(), 0, n, b.data(), 0, n, beta, tape.gradToWrite(a), 0, k);
        }
        if (b.requiresGrad()) {
            double beta = tape.beta(b);
            kernels.gemm(true, false, k, n, m, 1, a.data(), 0, k, c.grad(), 0, n, beta, tape.gradToWrite(b), 0, n);
        }
    }
    // explain: end
}
