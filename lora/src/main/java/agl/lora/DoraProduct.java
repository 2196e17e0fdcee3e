package agl.lora;

import agl.autograd.Operation;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.Matrix;
import agl.autograd.kernels.Product;
import agl.autograd.op.Linear;
import agl.autograd.storage.Storage;

/**
 * DoRA (Liu et al. 2024): each row of the adapted weight has a trained magnitude m, and LoRA changes its direction.
 * y = x·W0ᵀ + b + (g − 1) ⊙ x̃·W0ᵀ + g ⊙ s·(x̃·Aᵀ)·Bᵀ, g_o = m_o / n_o, n_o = ‖(W0 + s·B·A)_o‖, x̃ = x after dropout or x itself;
 * without dropout this is y = x·(g ⊙ (W0 + s·B·A))ᵀ + b. Shapes as in {@link LoraProduct}, m and n (out).
 *
 * <p>n counts as a constant in backward (section 4.3 of the paper, and PEFT). With V = x̃·W0ᵀ + s·U·Bᵀ, U = x̃·Aᵀ and G = g ⊙ dY:
 * dL/dm = Σ_t dY_t ⊙ V_t / n, dL/dB = s·Gᵀ·U, dL/dA = (s·G·B)ᵀ·x̃, dL/dx = dY·W0, dL/dx̃ = (G − dY)·W0 + s·G·B·A, dL/db = Σ_t dY_t.
 */
public final class DoraProduct implements Operation {
    /**
     * @param m     the magnitudes of the rows, (out)
     * @param norms the row norms n of {@link #norms}
     */
    public record Magnitudes(Tensor m, double[] norms) { }

    private final Tensor x;
    private final Tensor dropped;
    private final LoraWeights w;
    private final Magnitudes magnitudes;
    private final Products of;
    private final Linear.GradientListener hook;

    /** U = x̃·Aᵀ (tokens, r) and V = x̃·(W0 + s·B·A)ᵀ (tokens, out), kept for backward. */
    private record Products(Matrix u, Matrix v) { }

    private DoraProduct(Tensor x, Tensor dropped, LoraWeights w, Magnitudes magnitudes, Products of, Linear.GradientListener hook) {
        this.x = x;
        this.dropped = dropped;
        this.w = w;
        this.magnitudes = magnitudes;
        this.of = of;
        this.hook = hook;
    }

    /**
     * Y (tokens, out).
     *
     * @param x        X, (tokens, in)
     * @param dropped  X after dropout, or X itself
     * @param hook     gets X and dL/dY, the factors of the gradient with respect to the whole adapted weight; or null
     */
    public static Tensor of(Tape tape, Tensor x, Tensor dropped, LoraWeights w, Magnitudes magnitudes, Linear.GradientListener hook) {
        Kernels kernels = tape.kernels();
        int out = w.w0().dim(0);
        Tensor y = tape.alloc(x.rows(), out);
        // explain: DoraProduct forward
        Matrix w0 = w.w0().matrix();
        Matrix u = tape.product(1, dropped.matrix(), w.a().matrix().T());
        Matrix v = tape.product(1, dropped.matrix(), w0.T());
        if (dropped == x) {
            kernels.clear(y.size(), y.data());
        } else {
            kernels.scale(y.size(), -1, v.data(), 0, y.data(), 0);
            kernels.product(1, x.matrix(), w0.T(), 1, y.matrix());
        }
        kernels.product(w.s(), u, w.b().matrix().T(), 1, v);
        for (int o = 0; o < out; o++) {
            double g = magnitudes.m.get(o) / magnitudes.norms[o];
            double shift = w.bias() == null ? 0 : w.bias().get(o);
            for (int i = o; i < y.size(); i += out) {
                y.data().set(i, y.data().get(i) + g * v.data().get(i) + shift);
            }
        }
        return tape.record(y, new DoraProduct(x, dropped, w, magnitudes, new Products(u, v), hook), x, dropped, w.bias(), w.a(), w.b(),
                magnitudes.m);
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
        Storage wa = Storage.allocate(a.dtype(), Storage.elements(out, r));
        Storage aa = Storage.allocate(a.dtype(), Storage.elements(r, r));
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
            // A row of zeros has no direction: any norm above 0 keeps m / n finite.
            norms[o] = Math.sqrt(Math.max(Float.MIN_NORMAL, squares[o] + 2 * s * cross + s * s * square));
        }
        return norms;
    }
    // explain: end

    @Override public void backward(Tape tape, Tensor y) {
        Storage dy = y.grad();
        int out = y.cols();
        if (hook != null) {
            hook.accept(x, dy);
        }
        // explain: DoraProduct backward
        Matrix g = Matrix.of(tape.scratch(y.size()), y.rows(), out);
        for (int o = 0; o < out; o++) {
            double gain = magnitudes.m.get(o) / magnitudes.norms[o];
            double dm = 0;
            double dBias = 0;
            for (int i = o; i < y.size(); i += out) {
                g.data().set(i, gain * dy.get(i));
                dm += dy.get(i) * of.v.data().get(i) / magnitudes.norms[o];
                dBias += dy.get(i);
            }
            if (magnitudes.m.requiresGrad()) {
                tape.grad(magnitudes.m).add(o, dm);
            }
            if (w.bias() != null && w.bias().requiresGrad()) {
                tape.grad(w.bias()).add(o, dBias);
            }
        }
        Matrix dU = tape.product(w.s(), g, w.b().matrix());
        tape.addGrad(w.b(), w.s(), g.T(), of.u);
        tape.addGrad(w.a(), 1, dU.T(), dropped);
        tape.addGrad(dropped, new Product(1, dU, w.a().matrix()), new Product(1, g, w.w0().matrix()));
        if (dropped != x) {
            tape.addGrad(x, 1, y.gradMatrix(), w.w0());
            tape.addGrad(dropped, -1, y.gradMatrix(), w.w0());
        }
        // explain: end
    }
}
