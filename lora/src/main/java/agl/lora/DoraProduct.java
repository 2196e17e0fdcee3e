package agl.lora;

import agl.autograd.Operation;
import agl.autograd.Storage;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.op.Linear;

/**
 * DoRA (Liu et al. 2024): the adapted weight's rows keep a length of their own, m, and LoRA changes their direction.
 * y = x·W0ᵀ + b + (g − 1) ⊙ x̃·W0ᵀ + g ⊙ s·(x̃·Aᵀ)·Bᵀ, g_o = m_o / n_o, n_o = ‖(W0 + s·B·A)_o‖, x̃ = x after dropout or x itself;
 * without dropout this is y = x·(g ⊙ (W0 + s·B·A))ᵀ + b. Shapes as in {@link LoraProduct}, m and n (out).
 *
 * <p>n is a constant in the derivative (the paper's section 4.3, and PEFT). With V = x̃·W0ᵀ + s·U·Bᵀ, U = x̃·Aᵀ and G = g ⊙ dY:
 * dL/dm = Σ_t dY_t ⊙ V_t / n, dL/dB = s·Gᵀ·U, dL/dA = (s·G·B)ᵀ·x̃, dL/dx = dY·W0, dL/dx̃ = (G − dY)·W0 + s·G·B·A, dL/db = Σ_t dY_t.
 */
public final class DoraProduct implements Operation {
    private final Tensor x;
    private final Tensor dropped;
    private final Tensor w0;
    private final Tensor bias;
    private final Tensor a;
    private final Tensor b;
    private final Tensor m;
    private final double[] norms;
    private final double s;
    private final Storage u;
    private final Storage v;
    private final Linear.GradientListener listener;

    private DoraProduct(Tensor x, Tensor dropped, Tensor w0, Tensor bias, Tensor a, Tensor b, Tensor m, double[] norms, double s, Storage u, Storage v,
                        Linear.GradientListener listener) {
        this.x = x;
        this.dropped = dropped;
        this.w0 = w0;
        this.bias = bias;
        this.a = a;
        this.b = b;
        this.m = m;
        this.norms = norms;
        this.s = s;
        this.u = u;
        this.v = v;
        this.listener = listener;
    }

    /**
     * @param dropped  x after dropout, or x itself
     * @param bias     (out) or null
     * @param norms    n of {@link #norms}
     * @param listener sees X and dL/dY, the factors of the gradient that the whole adapted matrix would have; or null
     */
    public static Tensor of(Tape tape, Tensor x, Tensor dropped, Tensor w0, Tensor bias, Tensor a, Tensor b, Tensor m, double[] norms, double s,
                            Linear.GradientListener listener) {
        Kernels kernels = tape.kernels();
        int tokens = x.rows();
        int in = x.cols();
        int out = w0.dim(0);
        int r = a.dim(0);
        Tensor y = tape.alloc(tokens, out);
        Storage u = tape.scratch(tokens * r);
        // explain: DoraProduct forward
        Storage v = tape.scratch(tokens * out);
        kernels.gemm(false, true, tokens, r, in, 1, dropped.data(), 0, in, a.data(), 0, in, 0, u, 0, r);
        kernels.gemm(false, true, tokens, out, in, 1, dropped.data(), 0, in, w0.data(), 0, in, 0, v, 0, out);
        if (dropped == x) {
            kernels.clear(tokens * out, y.data());
        } else {
            kernels.scale(tokens * out, -1, v, 0, y.data(), 0);
            kernels.gemm(false, true, tokens, out, in, 1, x.data(), 0, in, w0.data(), 0, in, 1, y.data(), 0, out);
        }
        kernels.gemm(false, true, tokens, out, r, s, u, 0, r, b.data(), 0, r, 1, v, 0, out);
        for (int o = 0; o < out; o++) {
            double g = m.get(o) / norms[o];
            double shift = bias == null ? 0 : bias.get(o);
            for (int i = o; i < tokens * out; i += out) {
                y.data().set(i, y.data().get(i) + g * v.get(i) + shift);
            }
        }
        return tape.record(y, new DoraProduct(x, dropped, w0, bias, a, b, m, norms, s, u, v, listener), x, dropped, bias, a, b, m);
        // explain: end
    }

    /**
     * n_o = ‖(W0 + s·B·A)_o‖ without forming the sum: n² = ‖w_o‖² + 2s·⟨B_o, A·w_o⟩ + s²·B_o·A·Aᵀ·B_oᵀ.
     *
     * @param squares ‖w_o‖² of each row of W0
     */
    // explain: DoraProduct row lengths
    static double[] norms(Kernels kernels, Tensor w0, double[] squares, Tensor a, Tensor b, double s) {
        int out = w0.dim(0);
        int in = w0.dim(1);
        int r = a.dim(0);
        Storage wa = Storage.allocate(a.dtype(), out * r);
        Storage aa = Storage.allocate(a.dtype(), r * r);
        kernels.gemm(false, true, out, r, in, 1, w0.data(), 0, in, a.data(), 0, in, 0, wa, 0, r);
        kernels.gemm(false, true, r, r, in, 1, a.data(), 0, in, a.data(), 0, in, 0, aa, 0, r);
        double[] norms = new double[out];
        for (int o = 0; o < out; o++) {
            double cross = 0;
            double square = 0;
            for (int k = 0; k < r; k++) {
                cross += b.get(o * r + k) * wa.get(o * r + k);
                for (int l = 0; l < r; l++) {
                    square += b.get(o * r + k) * aa.get(k * r + l) * b.get(o * r + l);
                }
            }
            // A row of zeros has no direction: any length above 0 keeps m / n finite.
            norms[o] = Math.sqrt(Math.max(Float.MIN_NORMAL, squares[o] + 2 * s * cross + s * s * square));
        }
        return norms;
    }
    // explain: end

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
        // explain: DoraProduct backward
        Storage g = tape.scratch(tokens * out);
        for (int o = 0; o < out; o++) {
            double gain = m.get(o) / norms[o];
            double dm = 0;
            double dBias = 0;
            for (int i = o; i < tokens * out; i += out) {
                g.set(i, gain * dy.get(i));
                dm += dy.get(i) * v.get(i) / norms[o];
                dBias += dy.get(i);
            }
            if (m.requiresGrad()) {
                tape.grad(m).add(o, dm);
            }
            if (bias != null && bias.requiresGrad()) {
                tape.grad(bias).add(o, dBias);
            }
        }
        if (b.requiresGrad()) {
            double beta = tape.beta(b);
            kernels.gemm(true, false, out, r, tokens, s, g, 0, out, u, 0, r, beta, tape.gradToWrite(b), 0, r);
        }
        Storage du = tape.scratch(tokens * r);
        kernels.gemm(false, false, tokens, r, out, s, g, 0, out, b.data(), 0, r, 0, du, 0, r);
        if (a.requiresGrad()) {
            double beta = tape.beta(a);
            kernels.gemm(true, false, r, in, tokens, 1, du, 0, r, dropped.data(), 0, in, beta, tape.gradToWrite(a), 0, in);
        }
        // explain: end
        if (dropped.requiresGrad()) {
            double beta = tape.beta(dropped);
            kernels.gemm(false, false, tokens, in, r, 1, du, 0, r, a.data(), 0, in, beta, tape.gradToWrite(dropped), 0, in);
            kernels.gemm(false, false, tokens, in, out, 1, g, 0, out, w0.data(), 0, in, 1, tape.gradToWrite(dropped), 0, in);
        }
        if (dropped != x && x.requiresGrad()) {
            double beta = tape.beta(x);
            kernels.gemm(false, false, tokens, in, out, 1, dy, 0, out, w0.data(), 0, in, beta, tape.gradToWrite(x), 0, in);
        }
        if (dropped != x && dropped.requiresGrad()) {
            kernels.gemm(false, false, tokens, in, out, -1, dy, 0, out, w0.data(), 0, in, 1, tape.gradToWrite(dropped), 0, in);
        }
    }
}
