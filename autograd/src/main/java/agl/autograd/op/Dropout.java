package agl.autograd.op;

import agl.autograd.Operation;
import agl.autograd.Tape;
import agl.autograd.Tensor;

/**
 * y = x ⊙ mask / (1 − p), each mask element 0 with probability p, else 1 (Srivastava et al. 2014); dL/dx = dL/dy ⊙ mask / (1 − p).
 *
 * <p>The mask is a function of (seed, element): backward recomputes it instead of storing it, and it does not depend on the number of
 * threads.
 */
public final class Dropout implements Operation {
    private final Tensor x;
    private final double p;
    private final long seed;

    private Dropout(Tensor x, double p, long seed) {
        this.x = x;
        this.p = p;
        this.seed = seed;
    }

    /** Returns x itself on an inference tape or if p = 0. */
    // explain: Dropout
    public static Tensor of(Tape tape, Tensor x, double p, long seed) {
        if (p <= 0 || !tape.recording()) {
            return x;
        }
        Tensor y = tape.alloc(x.shape());
        tape.kernels().dropout(x.size(), x.data(), p, seed, y.data(), false);
        return tape.record(y, new Dropout(x, p, seed), x);
    }

    @Override public boolean reads(Tensor t) {
        return false;
    }

    @Override public void backward(Tape tape, Tensor y) {
        tape.kernels().dropout(x.size(), y.grad(), p, seed, tape.grad(x), true);
    }
    // explain: end
}
