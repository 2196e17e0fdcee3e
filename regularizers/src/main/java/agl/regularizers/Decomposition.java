package agl.regularizers;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.op.Var;
import agl.autograd.storage.DType;
import agl.error.AglException;

/**
 * W = W0 + ΔW, ΔW = ΔW_A + ΔW_T with ΔW_A = P_A(ΔW) and ΔW_T = (I − P_A)(ΔW): the alignment-critical and the task-specific part of an
 * update ΔW = s·B·A. [P, A]
 *
 * <p>In two-branch mode the parts are not projections but have their own factors, ΔW = s(B_A A_A + B_T A_T). [D10]
 *
 * @param deltaW ΔW (out, in)
 * @param deltaA ΔW_A (out, in)
 * @param deltaT ΔW_T (out, in)
 */
public record Decomposition(Tensor deltaW, Tensor deltaA, Tensor deltaT) {

    /** By projection: with U (m, d) the eigenvectors, c = U·vec(ΔW) and ΔW_A = Uᵀc. */
    // explain: Decomposition
    public static Decomposition project(Tape tape, LoraFactors f, Subspace subspace) {
        requireFit(f, subspace);
        Tensor deltaW = update(tape, f);
        if (subspace.size() == 0) {
            Var none = Var.of(tape, deltaW).times(0);
            return new Decomposition(deltaW, none.tensor(), Var.of(tape, deltaW).minus(none).tensor());
        }
        Var r = Var.of(tape, deltaW);
        Var u = Var.of(tape, subspace.basis());
        Var c = u.matmul(r.reshaped(deltaW.size(), 1));
        Var deltaA = c.transposed().matmul(u).reshaped(f.out(), f.in());
        return new Decomposition(deltaW, deltaA.tensor(), r.minus(deltaA).tensor());
    }
    // explain: end

    /** By branches: the first {@code alignmentRank} rank-one components are ΔW_A. */
    // explain: Two branches
    public static Decomposition branches(Tape tape, LoraFactors f, int alignmentRank) {
        requireBranches(f, alignmentRank);
        return new Decomposition(update(tape, f), update(tape, f.ranks(f.from(), f.from() + alignmentRank)),
                update(tape, f.ranks(f.from() + alignmentRank, f.to())));
    }

    /** s·B·D·A, D the diagonal matrix that selects the view's rank-one components. */
    static Tensor update(Tape tape, LoraFactors f) {
        Var b = Var.of(tape, f.b());
        if (f.rank() < f.a().dim(0)) {
            b = b.times(Tensor.fill(DType.F64, r -> r >= f.from() && r < f.to() ? 1 : 0, f.a().dim(0)));
        }
        return b.matmul(f.a()).times(f.scale()).tensor();
    }
    // explain: end

    /** Refuses an alignment rank that leaves nothing for the task branch. */
    static void requireBranches(LoraFactors f, int alignmentRank) {
        if (alignmentRank >= f.rank()) {
            throw new AglException("two-branch mode on " + f.name() + ": alignment_rank " + alignmentRank + " leaves nothing of rank "
                    + f.rank() + " for the task branch");
        }
    }

    /** Refuses factors and a subspace of different shapes, with an {@link AglException} that says what to do. */
    public static void requireFit(LoraFactors f, Subspace s) {
        if (s.out() != f.out() || s.in() != f.in()) {
            throw new AglException(
                    f.name() + ": its Fisher subspace is for a (" + s.out() + ", " + s.in() + ") matrix, the factors are for a ("
                            + f.out() + ", " + f.in() + ") one; estimate the Fisher again for this base model");
        }
    }
}
