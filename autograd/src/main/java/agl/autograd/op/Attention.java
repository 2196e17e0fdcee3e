package agl.autograd.op;

import agl.autograd.Operation;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.AttentionShape;
import agl.autograd.storage.Storage;

/**
 * Causal grouped-query attention, softmax(scale · QKᵀ + mask)·V per head, without ever materializing the (tokens, tokens) matrix (Dao et
 * al. 2022). Shapes and masking: {@link AttentionShape}.
 *
 * <p>With P = softmax(S): dV = PᵀdO, dP = dO·Vᵀ, dS = P ⊙ (dP − rowsum(dO ⊙ O)), dQ = scale·dS·K, dK = scale·dSᵀ·Q. Backward recomputes P
 * from Q, K and the stored log-sum-exp of each row.
 */
public final class Attention implements Operation {
    private final AttentionShape shape;
    private final Tensor q;
    private final Tensor k;
    private final Tensor v;
    private final Storage logSumExp;

    private Attention(AttentionShape shape, Tensor q, Tensor k, Tensor v, Storage logSumExp) {
        this.shape = shape;
        this.q = q;
        this.k = k;
        this.v = v;
        this.logSumExp = logSumExp;
    }

    /** q (query rows, heads·headDim), k and v (key rows, kvHeads·headDim); the result has the shape of q. */
    public static Tensor of(Tape tape, AttentionShape shape, Tensor q, Tensor k, Tensor v) {
        Tensor out = tape.alloc(q.shape());
        Storage logSumExp = tape.scratch(shape.queryRows() * shape.heads());
        tape.kernels().attention(shape, q.data(), k.data(), v.data(), out.data(), logSumExp);
        return tape.record(out, new Attention(shape, q, k, v, logSumExp), q, k, v);
    }

    @Override public void backward(Tape tape, Tensor out) {
        tape.kernels().attentionBackward(shape, q.data(), k.data(), v.data(), out.data(), logSumExp, out.grad(),
                q.requiresGrad() ? tape.grad(q) : null, k.requiresGrad() ? tape.grad(k) : null, v.requiresGrad() ? tape.grad(v) : null);
    }
}
