package agl.lora;

import agl.autograd.Operation;
import agl.autograd.Storage;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.Matrix;
import agl.autograd.kernels.Product;
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
    private final Matrix u;
    private final Matrix v;
    private final Linear.GradientListener listener;

    private DoraProduct(Tensor x, Tensor dropped, Tensor w0, Tensor bias, Tensor a, Tensor b, Tensor m, double[] norms, double s, Matrix u, Matrix v,
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
        int out = w0.dim(0);
        Tensor y = tape.alloc(x.rows(), out);
        // explain: DoraProduct forward
        Matrix w = w0.matrix();
        Matrix u = tape.product(1, dropped.matrix(), a.matrix().T());
        Matrix v = tape.product(1, dropped.matrix(), w.T());
        if (dropped == x) {
            kernels.clear(y.size(), y.data());
        } else {
            kernels.scale(y.size(), -1, v.data(), 0, y.data(), 0);
            kernels.product(1, x.matrix(), w.T(), 1, y.matrix());
        }
        kernels.product(s, u, b.matrix().T(), 1, v);
        for (int o = 0; o < out; o++) {
            double g = m.get(o) / norms[o];
            double shift = bias == null ? 0 : bias.get(o);
            for (int i = o; i < y.size(); i += out) {
                y.data().set(i, y.data().get(i) + g * v.data().get(i) + shift);
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
        int r = a.dim(0);
        Storage wa = Storage.allocate(a.dtype(), out * r);
        Storage aa = Storage.allocate(a.dtype(), r * r);
        kernels.product(1, w0.matrix(), a.matrix().T(), 0, Matrix.of(wa, out, r));
        kernels.product(1, a.matrix(), a.matrix().T(), 0, Matrix.of(aa, r, r));
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
        Storage dy = y.grad();
        int out = y.cols();
        if (listener != null) {
            listener.accept(x, dy);
        }
        // explain: DoraProduct backward
        Matrix g = Matrix.of(tape.scratch(y.size()), y.rows(), out);
        for (int o = 0; o < out; o++) {
            double gain = m.get(o) / norms[o];
            double dm = 0;
            double dBias = 0;
            for (int i = o; i < y.size(); i += out) {
                g.data().set(i, gain * dy.get(i));
                dm += dy.get(i) * v.data().get(i) / norms[o];
                dBias += dy.get(i);
            }
            if (m.requiresGrad()) {
                tape.grad(m).add(o, dm);
            }
            if (bias != null && bias.requiresGrad()) {
                tape.grad(bias).add(o, dBias);
            }
        }
        Matrix dU = tape.product(s, g, b.matrix());
        tape.addGrad(b, s, g.T(), u);
        tape.addGrad(a, 1, dU.T(), dropped);
        tape.addGrad(dropped, new Product(1, dU, a.matrix()), new Product(1, g, w0.matrix()));
        if (dropped != x) {
            tape.addGrad(x, 1, y.gradMatrix(), w0);
            tape.addGrad(dropped, -1, y.gradMatrix(), w0);
        }
        // explain: end
    }
}
