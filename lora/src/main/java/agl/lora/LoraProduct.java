package agl.lora;

import agl.autograd.Operation;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Matrix;
import agl.autograd.kernels.Product;
import agl.autograd.op.Linear;

/**
 * Y = X·W0ᵀ + b + s·(X̃·Aᵀ)·Bᵀ (Hu et al. 2021, equation 3): the frozen layer and its low-rank update, W0 (out, in), A (r, in), B (out, r).
 * X̃ is X after dropout, or X itself. The update ΔW = s·B·A is never formed.
 *
 * <p>With U = X̃·Aᵀ (tokens, r) and dU = s·dY·B: dL/dB = s·dYᵀ·U, dL/dA = dUᵀ·X̃, dL/dX = dY·W0, dL/dX̃ = dU·A, dL/db = Σ_t dY_t.
 * W0 is frozen: no gradient is computed for it, nor for b if b is frozen too.
 */
public final class LoraProduct implements Operation {
    private final Tensor x;
    private final Tensor dropped;
    private final LoraWeights w;
    private final Matrix u;
    private final Linear.GradientListener hook;

    private LoraProduct(Tensor x, Tensor dropped, LoraWeights w, Matrix u, Linear.GradientListener hook) {
        this.x = x;
        this.dropped = dropped;
        this.w = w;
        this.u = u;
        this.hook = hook;
    }

    /**
     * Y (tokens, out).
     *
     * @param x        X, (tokens, in)
     * @param dropped  X after dropout, or X itself
     * @param hook     gets X and dL/dY, the factors of the gradient with respect to the full W; or null
     */
    public static Tensor of(Tape tape, Tensor x, Tensor dropped, LoraWeights w, Linear.GradientListener hook) {
        Tensor y = tape.alloc(x.rows(), w.w0().dim(0));
        if (w.bias() != null) {
            tape.kernels().repeatRow(y.rows(), y.cols(), w.bias().data(), y.data());
        }
        // explain: LoraProduct forward
        Matrix u = tape.product(1, dropped.matrix(), w.a().matrix().T());
        Product full = new Product(1, x.matrix(), w.w0().matrix().T());
        Product update = new Product(w.s(), u, w.b().matrix().T());
        tape.kernels().product(full, update, w.bias() == null ? 0 : 1, y.matrix());
        return tape.record(y, new LoraProduct(x, dropped, w, u, hook), x, dropped, w.bias(), w.a(), w.b());
        // explain: end
    }

    /** X is read only if X̃ is X itself, or by a hook: the frozen W0 needs no input. */
    @Override public boolean reads(Tensor t) {
        return t == dropped && w.a().requiresGrad() || t == x && hook != null || t == w.a() || t == w.b() || t == w.w0();
    }

    @Override public void backward(Tape tape, Tensor y) {
        if (hook != null) {
            hook.accept(x, y.grad());
        }
        if (w.bias() != null && w.bias().requiresGrad()) {
            tape.kernels().addRows(y.rows(), y.cols(), y.grad(), tape.grad(w.bias()));
        }
        // explain: LoraProduct backward
        Matrix dY = y.gradMatrix();
        Matrix dU = tape.product(w.s(), dY, w.b().matrix());
        tape.addGrad(w.b(), w.s(), dY.T(), u);
        tape.addGrad(w.a(), 1, dU.T(), dropped);
        if (dropped == x) {
            tape.addGrad(x, new Product(1, dY, w.w0().matrix()), new Product(1, dU, w.a().matrix()));
        } else {
            tape.addGrad(x, 1, dY, w.w0());
            tape.addGrad(dropped, 1, dU, w.a());
        }
        // explain: end
    }
}
