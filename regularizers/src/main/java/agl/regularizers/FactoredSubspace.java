package agl.regularizers;

import agl.autograd.Tape;
import agl.autograd.Workspace;
import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.Matrix;
import agl.autograd.storage.DType;
import java.util.Arrays;

/**
 * The exact subspace without any full gradient in memory: u_k = Gᵀ v_k / sqrt(N λ_k) = Σ_i S_ki g_i, with g_i kept as {@link TokenFactors}.
 *
 * <p>A coefficient needs only ⟨g_i, s·B·A⟩ = s Σ_t (δ_tᵀB)·(A x_t): two thin products per example.
 */
public final class FactoredSubspace implements Subspace {
    private final TokenFactors g;
    private final double[] eigenvalues;
    /** S (m, N). */
    private final double[][] weights;

    FactoredSubspace(TokenFactors g, double[] eigenvalues, double[][] weights) {
        this.g = g;
        this.eigenvalues = eigenvalues;
        this.weights = weights;
    }

    TokenFactors gradients() {
        return g;
    }

    /** S (m, N). */
    double[][] weights() {
        return weights;
    }

    @Override public Subspace leading(int count) {
        return new FactoredSubspace(g, Arrays.copyOf(eigenvalues, count), Arrays.copyOf(weights, count));
    }

    @Override public int out() { return g.out(); }

    @Override public int in() { return g.in(); }

    @Override public double[] eigenvalues() { return eigenvalues.clone(); }

    @Override public DType dtype() { return g.dtype(); }

    @Override public Subspace resident(Kernels kernels) {
        return new FactoredSubspace(g.resident(kernels), eigenvalues, weights);
    }

    /** c = S·h for h_i = ⟨g_i, ·⟩. */
    private void fromExamples(double[] h, double[] c) {
        for (int k = 0; k < weights.length; k++) {
            for (int i = 0; i < h.length; i++) {
                c[k] += weights[k][i] * h[i];
            }
        }
    }

    /** Σ_k w_k u_k = Σ_i (Sᵀw)_i g_i. */
    private double[] toExamples(double[] w) {
        double[] e = new double[g.examples()];
        for (int k = 0; k < weights.length; k++) {
            for (int i = 0; i < e.length; i++) {
                e[i] += weights[k][i] * w[k];
            }
        }
        return e;
    }

    /** c = S·h, h_i = ⟨g_i, s·B·A⟩ = s Σ_t (δ_tᵀB)·(A x_t). */
    @Override public double[] coefficients(Tape tape, LoraFactors f) {
        double[] h = new double[g.examples()];
        for (int i = 0; i < h.length; i++) {
            try (Workspace w = tape.workspace()) {
                Matrix deltaB = w.product(1, g.deltaOf(i), f.matrixB());
                Matrix xA = w.product(1, g.xOf(i), f.matrixA().T());
                h[i] = f.scale() * tape.kernels().dot(xA.size(), deltaB.data(), 0, xA.data(), 0);
            }
        }
        double[] c = new double[size()];
        fromExamples(h, c);
        return c;
    }

    /** With e = Sᵀw, D = Σ_i e_i δ_iᵀx_i: ∂B += s Σ_i e_i δ_iᵀ(x_i Aᵀ), ∂A += s Σ_i e_i (δ_i B)ᵀx_i. */
    @Override public void addGradient(Tape tape, LoraFactors f, double[] w) {
        double[] e = toExamples(w);
        Matrix dA = f.gradA(tape);
        Matrix dB = f.gradB(tape);
        for (int i = 0; i < e.length; i++) {
            try (Workspace space = tape.workspace()) {
                Matrix deltaB = space.product(1, g.deltaOf(i), f.matrixB());
                Matrix xA = space.product(1, g.xOf(i), f.matrixA().T());
                tape.kernels().product(f.scale() * e[i], g.deltaOf(i).T(), xA, 1, dB);
                tape.kernels().product(f.scale() * e[i], deltaB.T(), g.xOf(i), 1, dA);
            }
        }
    }

    @Override public void combine(Tape tape, double[] c, Tile tile) {
        double[] e = toExamples(c);
        tile.data().fill(0, tile.size(), 0);
        for (int i = 0; i < e.length; i++) {
            g.tile(tape.kernels(), i, e[i], 1, tile);
        }
    }

    /** ⟨g_i, D⟩ = Σ_t δ_t·(D x_t), over the rows of the tile. */
    @Override public void project(Tape tape, Tile tile, double[] c) {
        double[] h = new double[g.examples()];
        for (int i = 0; i < h.length; i++) {
            try (Workspace w = tape.workspace()) {
                Matrix dx = w.product(1, g.xOf(i), tile.values().T());
                h[i] = tape.kernels().dot(g.deltaOf(i).cols(tile.row(), tile.rows()), dx);
            }
        }
        fromExamples(h, c);
    }
}
