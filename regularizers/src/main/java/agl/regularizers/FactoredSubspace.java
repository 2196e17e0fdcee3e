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
 * <p>A coefficient needs only ⟨g_i, s·B·A⟩ = s Σ_t (δ_tᵀB)·(A x_t): {@link TokenProducts}, two thin products over all tokens.
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

    @Override public Seen seen(Tape tape, Workspace space, LoraFactors f) {
        TokenProducts products = TokenProducts.of(space, g, f);
        return new Seen() {
            /** c = S·h, h_i = ⟨g_i, s·B·A⟩ = s Σ_t (δ_tᵀB)·(A x_t). */
            @Override public double[] coefficients() {
                double[] h = new double[g.examples()];
                products.addInner(tape, 1, h);
                double[] c = new double[size()];
                fromExamples(h, c);
                return c;
            }

            /** With e = Sᵀw, D = Σ_i e_i δ_iᵀx_i: ∂B += s Σ_i e_i δ_iᵀ(x_i Aᵀ), ∂A += s Σ_i e_i (δ_i B)ᵀx_i. */
            @Override public void addGradient(double[] w) {
                products.addGradient(tape, toExamples(w));
            }
        };
    }

    /** High tiles: each product reads x once. */
    @Override public int tileHeight() {
        return Math.clamp(4L * Tile.height(out(), in()), 1, out());
    }

    /** Σ_i e_i g_i = Σ_t e_t δ_t x_tᵀ with e = Sᵀc, over the rows of the tile. */
    @Override public void combine(Tape tape, double[] c, Tile tile) {
        double[] weights = g.perToken(toExamples(c));
        Matrix delta = g.deltas().cols(tile.row(), tile.rows());
        try (Workspace space = tape.workspace()) {
            Matrix weighted = space.matrix(delta.rows(), delta.cols());
            for (int t = 0; t < weights.length; t++) {
                tape.kernels().scale(delta.cols(), weights[t], delta.data(), delta.offset() + t * delta.stride(),
                        weighted.data(), t * weighted.stride());
            }
            tape.kernels().product(1, weighted.T(), g.xs(), 0, tile.values());
        }
    }

    /** ⟨g_i, D⟩ = Σ_t δ_t·(D x_t), over the rows of the tile. */
    @Override public void project(Tape tape, Tile tile, double[] c) {
        double[] h = new double[g.examples()];
        try (Workspace space = tape.workspace()) {
            Matrix dx = space.product(1, g.xs(), tile.values().T());
            for (int i = 0; i < h.length; i++) {
                h[i] = tape.kernels().dot(g.deltaOf(i).cols(tile.row(), tile.rows()), dx.rows(g.starts()[i], g.tokens(i)));
            }
        }
        fromExamples(h, c);
    }
}
