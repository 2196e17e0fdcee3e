package agl.regularizers;

import agl.autograd.Storage;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.op.Mul;
import agl.autograd.op.Square;
import agl.autograd.op.Sum;

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
        Tensor squared = Square.of(tape, deltaT);
        return Sum.of(tape, h == null ? squared : Mul.of(tape, Tensor.of(h, deltaT.shape()), squared));
    }
    // explain: end
}
