package agl.autograd.op;

import agl.autograd.Operation;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.storage.Storage;

/**
 * y = silu(gate) ⊙ up, silu(z) = z·σ(z) (Shazeer 2020): the gate of a Llama feed-forward block.
 *
 * <p>dL/dgate = dL/dy ⊙ up ⊙ silu'(gate) with silu'(z) = σ(z)(1 + z(1 − σ(z))), dL/dup = dL/dy ⊙ silu(gate).
 */
public final class SwiGlu implements Operation {
    private final Tensor gate;
    private final Tensor up;

    private SwiGlu(Tensor gate, Tensor up) {
        this.gate = gate;
        this.up = up;
    }

    /** gate, up and the result have the same shape. */
    public static Tensor of(Tape tape, Tensor gate, Tensor up) {
        Tensor y = tape.alloc(gate.shape());
        tape.kernels().swiGlu(gate.size(), gate.data(), up.data(), y.data());
        return tape.record(y, new SwiGlu(gate, up), gate, up);
    }

    @Override public boolean reads(Tensor t) {
        return t == gate || t == up;
    }

    @Override public void backward(Tape tape, Tensor y) {
        boolean accumulate = tape.beta(gate) != 0 || tape.beta(up) != 0;
        tape.kernels().swiGluBackward(gate.size(), gate.data(), up.data(), y.grad(),
                gradient(tape, gate, accumulate), gradient(tape, up, accumulate), accumulate);
    }

    private static Storage gradient(Tape tape, Tensor x, boolean accumulate) {
        if (!x.requiresGrad()) {
            return null;
        }
        return accumulate ? tape.grad(x) : tape.gradToWrite(x);
    }
}
