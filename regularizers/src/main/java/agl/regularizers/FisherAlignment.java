package agl.regularizers;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.op.Var;

/**
 * L_A = ‖F^{1/2} ΔW_A‖_F² = Σ_{k≤m} λ_k ⟨u_k, vec ΔW⟩², the cost of moving in the directions that alignment is sensitive to. [A]
 *
 * <p>The sum form follows because P_A keeps exactly the u_k: F^{1/2} P_A R = Σ_k λ_k^{1/2} ⟨u_k, R⟩ u_k, and the u_k are orthonormal.
 * Gradient: ∂L_A/∂R = 2 Σ_k λ_k c_k u_k.
 */
public final class FisherAlignment {
    private FisherAlignment() { }

    /**
     * @param r           (out, in): ΔW, or ΔW_A, which has the same coefficients
     * @param subspace    the u_k
     * @param eigenvalues the λ_k, normalized
     */
    // explain: L_A
    public static Tensor of(Tape tape, Tensor r, Subspace subspace, double[] eigenvalues) {
        if (eigenvalues.length == 0) {
            return Var.of(tape, r).sum().times(0).tensor();
        }
        Var c = Var.of(tape, subspace.basis()).matmul(Var.of(tape, r).reshaped(r.size(), 1));
        Var lambda = Var.of(tape, Tensor.of(eigenvalues.clone(), eigenvalues.length, 1));
        return lambda.times(c.squared()).sum().tensor();
    }
    // explain: end

    /** From the coefficients: Σ λ_k c_k²; adds {@code scale} times ∂L_A/∂R = 2 Σ λ_k c_k u_k to the weights of Σ w_k u_k. */
    // explain: L_A in training
    static double of(double[] c, double[] eigenvalues, double scale, double[] w) {
        double sum = 0;
        for (int k = 0; k < c.length; k++) {
            sum += eigenvalues[k] * c[k] * c[k];
            w[k] += scale * 2 * eigenvalues[k] * c[k];
        }
        return sum;
    }
    // explain: end
}
