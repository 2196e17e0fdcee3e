package agl.lora;

import agl.autograd.Operation;
import agl.autograd.Storage;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
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
    private final Storage u;
    private final Linear.GradientListener listener;

    private LoraProduct(Tensor x, Tensor dropped, Tensor w0, Tensor bias, Tensor a, Tensor b, double s, Storage u, Linear.GradientListener listener) {
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
        Kernels kernels = tape.kernels();
        int tokens = x.rows();
        int in = x.cols();
        int out = w0.dim(0);
        int r = a.dim(0);
        Tensor y = tape.alloc(tokens, out);
        if (bias != null) {
            kernels.rows(tokens, out, bias.data(), new int[tokens], null, y.data(), null, false);
        }
        // explain: LoraProduct forward
        Storage u = tape.scratch(tokens * r);
        kernels.loraForward(tokens, in, out, r, s, x.data(), dropped.data(), w0.data(), a.data(), b.data(), u, bias == null ? 0 : 1, y.data());
        return tape.record(y, new LoraProduct(x, dropped, w0, bias, a, b, s, u, listener), x, dropped, bias, a, b);
        // explain: end
    }

    /** X is only read where its dropped-out copy is X itself, or by a listener: the frozen W0 needs no input. */
    @Override public boolean reads(Tensor t) {
        return t == dropped && a.requiresGrad() || t == x && listener != null || t == a || t == b || t == w0;
    }

    @Override public void backward(Tape tape, Tensor y) {
        Kernels kernels = tape.kernels();
        Storage dy = y.grad();
        int tokens = x.rows();
        int in = x.cols();
        int out = w0.dim(0);
        int r = a.dim(0);
        if (listener != null) {
            listener.accept(x, dy);
        }
        if (bias != null && bias.requiresGrad()) {
            kernels.rows(tokens, out, dy, null, null, tape.grad(bias), new int[tokens], true);
        }
        // explain: LoraProduct backward
        if (b.requiresGrad()) {
            double beta = tape.beta(b);
            kernels.gemm(true, false, out, r, tokens, s, dy, 0, out, u, 0, r, beta, tape.gradToWrite(b), 0, r);
        }
        Storage du = tape.scratch(tokens * r);
        kernels.gemm(false, false, tokens, r, out, s, dy, 0, out, b.data(), 0, r, 0, du, 0, r);
        if (a.requiresGrad()) {
            double beta = tape.beta(a);
            kernels.gemm(true, false, r, in, tokens, 1, du, 0, r, dropped.data(), 0, in, beta, tape.gradToWrite(a), 0, in);
        }
        if (x.requiresGrad() && dropped == x) {
            double beta = tape.beta(x);
            kernels.loraInputGradient(tokens, in, out, r, dy, w0.data(), du, a.data(), beta, tape.gradToWrite(x));
        } else if (x.requiresGrad()) {
            double beta = tape.beta(x);
            kernels.gemm(false, false, tokens, in, out, 1, dy, 0, out, w0.data(), 0, in, beta, tape.gradToWrite(x), 0, in);
        }
        if (dropped.requiresGrad() && dropped != x) {
            double beta = tape.beta(dropped);
            kernels.gemm(false, false, tokens, in, r, 1, du, 0, r, a.data(), 0, in, beta, tape.gradToWrite(dropped), 0, in);
        }
        // explain: end
    }
}
