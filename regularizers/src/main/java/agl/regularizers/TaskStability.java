package agl.regularizers;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.op.Var;
import agl.autograd.storage.Storage;

/**
 * L_T = ‖H^{1/2} ΔW_T‖_F² = Σ_ij H_ij ΔW_T,ij² for a diagonal positive semi-definite H: a trust region for the task part. [1; "trust region
 * or Hessian"]
 *
 * <p>H = I is plain shrinkage of the part of the update outside the alignment subspace. Gradient: ∂L_T/∂ΔW_T = 2 H ΔW_T.
 */
public final class TaskStability {
    private TaskStability() { }

    /**
     * @param deltaT (out, in)
     * @param h      H's diagonal (out, in), or null for the identity
     */
    // explain: L_T
    public static Tensor of(Tape tape, Tensor deltaT, Storage h) {
        Var squared = Var.of(tape, deltaT).squared();
        return (h == null ? squared : Var.of(tape, Tensor.of(h, deltaT.shape())).times(squared)).sum().tensor();
    }
    // explain: end

    /** Σ h t² over the entries of a tile of ΔW_T; adds {@code scale} times its derivative, 2 h t, to ∂t. H's diagonal is (out, in). */
    // explain: L_T in training
    static double sum(Storage h, Tile t, double scale, Tile dt) {
        double sum = 0;
        for (int i = 0; i < t.size(); i++) {
            double ht = h.get(t.offset() + i) * t.get(i);
            sum += ht * t.get(i);
            dt.add(i, scale * 2 * ht);
        }
        return sum;
    }

    /** H = I needs no tile. By projection: L_T = ‖R‖² − Σ c_k², for c_k = ⟨u_k, R⟩. For a branch (c null): L_T = ‖t‖². */
    static double identity(Tape tape, LoraFactors t, double[] c) {
        double sum = Tiles.squaredNorm(tape, t);
        for (int k = 0; c != null && k < c.length; k++) {
            sum -= c[k] * c[k];
        }
        // Rounding may make a difference of equal values negative.
        return Math.max(0, sum);
    }

    /** Adds {@code scale} times ∂L_T/∂R = 2(R − Σ c_k u_k): that of R to A and B, that of the u_k to their weights in Σ w_k u_k. */
    static void addIdentity(Tape tape, LoraFactors t, double[] c, double scale, double[] w) {
        Tiles.addSquaredNormGradient(tape, t, scale);
        for (int k = 0; c != null && k < c.length; k++) {
            w[k] -= scale * 2 * c[k];
        }
    }
    // explain: end
}
