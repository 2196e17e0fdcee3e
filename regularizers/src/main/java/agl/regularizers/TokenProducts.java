package agl.regularizers;

import agl.autograd.Tape;
import agl.autograd.Workspace;
import agl.autograd.kernels.Matrix;

/**
 * What ⟨g_i, s·B·A⟩ = s Σ_t (δ_tᵀB)·(A x_t) and its gradient both need of {@link TokenFactors}: two thin products over the tokens of all
 * examples.
 *
 * @param deltaB δ·B, (T, r)
 * @param xA     x·Aᵀ, (T, r)
 */
record TokenProducts(TokenFactors g, LoraFactors f, Matrix deltaB, Matrix xA) {

    static TokenProducts of(Workspace w, TokenFactors g, LoraFactors f) {
        return new TokenProducts(g, f, w.product(1, g.deltas(), f.matrixB()), w.product(1, g.xs(), f.matrixA().T()));
    }

    /** h_i += sign·⟨g_i, s·B·A⟩ = sign·s Σ_t (δ_tᵀB)·(A x_t) over the tokens t of example i. */
    // explain: First-order change of the losses
    void addInner(Tape tape, double sign, double[] h) {
        int r = f.rank();
        for (int i = 0; i < h.length; i++) {
            h[i] += sign * f.scale() * tape.kernels().dot(g.tokens(i) * r, deltaB.data(), g.starts()[i] * r, xA.data(), g.starts()[i] * r);
        }
    }

    /** Adds the gradients of Σ_i e_i h_i: with D = Σ_t e_t δ_t x_tᵀ, ∂B += s D Aᵀ and ∂A += s Bᵀ D. Uses up the two products. */
    void addGradient(Tape tape, double[] e) {
        double[] weights = g.perToken(e);
        tape.kernels().scaleRows(weights.length, f.rank(), weights, deltaB.data());
        tape.kernels().scaleRows(weights.length, f.rank(), weights, xA.data());
        tape.kernels().product(f.scale(), g.deltas().T(), xA, 1, f.gradB(tape));
        tape.kernels().product(f.scale(), deltaB.T(), g.xs(), 1, f.gradA(tape));
    }
    // explain: end
}
