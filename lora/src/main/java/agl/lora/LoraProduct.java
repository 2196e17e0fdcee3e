package agl.lora;

import agl.autograd.Operation;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Matrix;
import agl.autograd.kernels.Product;
import agl.autograd.op.Linear;

/**
 * Y = X·W0ᵀ + b + s·(X̃·Aᵀ)·Bᵀ (Hu et al. 2021, equation 3): the frozen map and its low-rank update, W0 (out, in), A (r, in), B (out, r).
 * X̃ is X after dropout, or X itself. The update ΔW = s·B·A is never formed.
 *
 * <p>With U = X̃·Aᵀ (tokens, r) and dU = s·dY·B: dL/dB = s·dYᵀ·U, dL/dA = dUᵀ·X̃, dL/dX = dY·W0, dL/dX̃ = dU·A, dL/db = Σ_t dY_t.
 * W0 is frozen: nothing is computed for it, nor for b when that is frozen too.
 */
public final class LoraProduct implements Operation {
    private final Tensor x;
    private final Tensor dropped;
    private final Tensor w0;
    private final Tensor bias;
    private final Tensor a;
    private final Tensor b;
    private final double s;
    private final Matrix u;
    private final Linear.GradientListener listener;

    private LoraProduct(Tensor x, Tensor dropped, Tensor w0, Tensor bias, Tensor a, Tensor b, double s, Matrix u, Linear.GradientListener listener) {
        this.x = x;
        this.dropped = dropped;
        this.w0 = w0;
        this.bias = bias;
        this.a = a;
        this.b = b;
        this.s = s;
        this.u = u;
        this.listener = listener;
    }

    /** Y (tokens, out) of X and X̃ (tokens, in), W0 (out, in), b (out) or null, A (r, in), B (out, r). */
    public static Tensor of(Tape tape, Tensor x, Tensor dropped, Tensor w0, Tensor bias, Tensor a, Tensor b, double s) {
        return of(tape, x, dropped, w0, bias, a, b, s, null);
    }

    /** With a listener (or null) that sees X and dL/dY, the factors of the gradient that the full W would have. */
    public static Tensor of(Tape tape, Tensor x, Tensor dropped, Tensor w0, Tensor bias, Tensor a, Tensor b, double s,
                            Linear.GradientListener listener) {
        Tensor y = tape.alloc(x.rows(), w0.dim(0));
        if (bias != null) {
            tape.kernels().rows(y.rows(), y.cols(), bias.data(), new int[y.rows()], null, y.data(), null, false);
        }
        // explain: LoraProduct forward
        Matrix u = tape.product(1, dropped.matrix(), a.matrix().T());
        tape.kernels().product(new Product(1, x.matrix(), w0.matrix().T()), new Product(s, u, b.matrix().T()), bias == null ? 0 : 1, y.matrix());
        return tape.record(y, new LoraProduct(x, dropped, w0, bias, a, b, s, u, listener), x, dropped, bias, a, b);
        // explain: end
    }

    /** X is only read where its dropped-out copy is X itself, or by a listener: the frozen W0 needs no input. */
    @Override public boolean reads(Tensor t) {
        return t == dropped && a.requiresGrad() || t == x && listener != null || t == a || t == b || t == w0;
    }

    @Override public void backward(Tape tape, Tensor y) {
        if (listener != null) {
            listener.accept(x, y.grad());
        }
        if (bias != null && bias.requiresGrad()) {
            tape.kernels().rows(y.rows(), y.cols(), y.grad(), null, null, tape.grad(bias), new int[y.rows()], true);
        }
        // explain: LoraProduct backward
        Matrix dY = y.gradMatrix();
        Matrix dU = tape.product(s, dY, b.matrix());
        tape.addGrad(b, s, dY.T(), u);
        tape.addGrad(a, 1, dU.T(), dropped);
        if (dropped == x) {
            tape.addGrad(x, new Product(1, dY, w0.matrix()), new Product(1, dU, a.matrix()));
        } else {
            tape.addGrad(x, 1, dY, w0);
            tape.addGrad(dropped, 1, dU, a);
        }
        // explain: end
    }
}
