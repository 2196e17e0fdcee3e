package agl.regularizers.method;

import agl.autograd.Tensor;
import agl.autograd.Workspace;
import agl.autograd.kernels.Matrix;
import agl.error.AglException;
import agl.regularizers.LoraFactors;

/**
 * C = V·Vᵀ/‖V‖_F with V = W_aligned − W_unaligned (out, in), the change that alignment made to one matrix (Hsu et al. 2024, Safe LoRA). C
 * is never formed: C·B is two thin products.
 *
 * <p>C is a projector only up to scale: C² = C would need all singular values of V to equal ‖V‖_F^{1/2}. The exact projector onto V's
 * column space is no substitute: if alignment moved every direction, V has full rank and that projector is the identity.
 */
public final class AlignmentMatrix {
    private final Tensor v;
    private final double norm;

    /** @param v V (out, in) */
    public AlignmentMatrix(Tensor v) {
        this.v = v;
        double sum = 0;
        for (int i = 0; i < v.size(); i++) {
            sum += v.get(i) * v.get(i);
        }
        this.norm = Math.sqrt(sum);
        if (!Double.isFinite(norm)) {
            throw new AglException(
                    "the difference of the aligned and the unaligned checkpoint is not finite here, so one of them is broken");
        }
        if (norm == 0) {
            throw new AglException(
                    "the aligned and the unaligned checkpoint have the same weights here, so there is no alignment direction");
        }
    }

    /** From the two checkpoints' weights, (out, in) each, in the type to compute in. */
    public static AlignmentMatrix of(String name, Tensor aligned, Tensor unaligned, agl.autograd.storage.DType dtype) {
        if (!aligned.sameShape(unaligned)) {
            throw new AglException(name + ": the unaligned checkpoint's matrix has shape " + java.util.Arrays.toString(unaligned.shape())
                    + ", the aligned one's " + java.util.Arrays.toString(aligned.shape()));
        }
        try {
            return new AlignmentMatrix(Tensor.fill(dtype, i -> aligned.get(i) - unaligned.get(i), aligned.shape()));
        } catch (AglException e) {
            throw new AglException(name + ": " + e.getMessage(), e);
        }
    }

    /** C·X = V(VᵀX)/‖V‖ for X (out, r). */
    Matrix times(Workspace w, Matrix x) {
        Matrix vx = w.product(1, v.matrix().T(), x);
        return w.product(1 / norm, v.matrix(), vx);
    }

    /** C·B, (out, r). */
    Matrix timesB(Workspace w, LoraFactors f) {
        if (f.out() != v.dim(0) || f.in() != v.dim(1)) {
            throw new AglException(f.name() + ": the alignment matrix is (" + v.dim(0) + ", " + v.dim(1) + "), the update ("
                    + f.out() + ", " + f.in() + ")");
        }
        return times(w, f.matrixB());
    }
}
