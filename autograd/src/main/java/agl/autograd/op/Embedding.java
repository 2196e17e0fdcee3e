package agl.autograd.op;

import agl.autograd.Operation;
import agl.autograd.Tape;
import agl.autograd.Tensor;

/**
 * Y_t = W[ids_t], rows of a table W (vocabulary, hidden), Y (tokens, hidden). Also selects rows of any matrix.
 *
 * <p>dL/dW[id] = Σ dL/dY_t over the tokens t with that id.
 */
public final class Embedding implements Operation {
    private final Tensor w;
    private final int[] ids;

    private Embedding(Tensor w, int[] ids) {
        this.w = w;
        this.ids = ids;
    }

    /** @throws IllegalArgumentException when an id is outside the table */
    // explain: Embedding forward
    public static Tensor of(Tape tape, Tensor w, int[] ids) {
        int hidden = w.cols();
        Tensor y = tape.alloc(ids.length, hidden);
        for (int t = 0; t < ids.length; t++) {
            if (ids[t] < 0 || ids[t] >= w.dim(0)) {
                throw new IllegalArgumentException("id " + ids[t] + " at position " + t + " is outside the table of " + w.dim(0) + " rows");
            }
        }
        tape.kernels().gather(ids.length, hidden, w.data(), ids, y.data());
        return tape.record(y, new Embedding(w, ids), w);
    }
    // explain: end

    @Override public boolean reads(Tensor t) {
        return false;
    }

    // explain: Embedding backward
    @Override public void backward(Tape tape, Tensor y) {
        tape.kernels().scatterAdd(ids.length, w.cols(), y.grad(), ids, tape.grad(w));
    }
    // explain: end
}
