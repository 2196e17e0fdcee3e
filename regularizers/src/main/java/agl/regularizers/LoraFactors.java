package agl.regularizers;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Matrix;
import agl.autograd.storage.Storage;
import agl.error.AglException;
import java.util.Arrays;

/**
 * The trainable factors of one adapted matrix: ΔW = s·B·A, A (r, in), B (out, r), s = lora_alpha/r (PEFT's convention; the paper writes
 * the product "AB"). ΔW includes s everywhere in this package.
 *
 * <p>A view of some of the r rank-one components ({@link #ranks}) shares the tensors. In two-branch mode the two branches are thus the
 * first and the last rows of one A, and the trained adapter is already the merged one.
 *
 * @param name  the adapted matrix, such as {@code model.layers.0.self_attn.q_proj}
 * @param a     A, (r, in)
 * @param b     B, (out, r)
 * @param scale s
 * @param from  first rank-one component of this view
 * @param to    one past the last
 */
public record LoraFactors(String name, Tensor a, Tensor b, double scale, int from, int to) {

    public LoraFactors {
        if (a.rank() != 2 || b.rank() != 2 || a.dim(0) != b.dim(1) || from < 0 || to > a.dim(0) || from > to) {
            throw new AglException(name + ": factors A " + Arrays.toString(a.shape()) + " and B " + Arrays.toString(b.shape())
                    + " do not form a product B·A over the rank range " + from + " to " + to);
        }
    }

    /** All of ΔW. */
    public LoraFactors(String name, Tensor a, Tensor b, double scale) {
        this(name, a, b, scale, 0, a.dim(0));
    }

    /** The part s·B[:, first:end]·A[first:end, :]. */
    public LoraFactors ranks(int first, int end) {
        return new LoraFactors(name, a, b, scale, first, end);
    }

    /** Rows of ΔW. */
    public int out() {
        return b.dim(0);
    }

    /** Columns of ΔW. */
    public int in() {
        return a.dim(1);
    }

    /** Number of rank-one components in this view. */
    public int rank() {
        return to - from;
    }

    /** This view's rows of A, (rank, in). */
    public Matrix matrixA() {
        return likeA(a.data());
    }

    /** This view's columns of B, (out, rank). */
    public Matrix matrixB() {
        return likeB(b.data());
    }

    /** This view's rows of A's gradient, zeros if there was none. */
    public Matrix gradA(Tape tape) {
        return likeA(tape.grad(a));
    }

    /** This view's columns of B's gradient, zeros if there was none. */
    public Matrix gradB(Tape tape) {
        return likeB(tape.grad(b));
    }

    /** This view's rows of a storage with the layout of A. */
    Matrix likeA(Storage x) {
        return Matrix.of(x, a.dim(0), in()).rows(from, rank());
    }

    /** This view's columns of a storage with the layout of B. */
    Matrix likeB(Storage x) {
        return Matrix.of(x, out(), b.dim(1)).cols(from, rank());
    }
}
