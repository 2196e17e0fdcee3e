package agl.regularizers;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.Workspace;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;

/**
 * The alignment-critical subspace of one weight matrix: the m leading eigenvectors u_k and eigenvalues λ_k of its Fisher information F, and
 * the orthogonal projector P_A = Σ_k u_k u_kᵀ. A vector u_k has out·in entries and is treated as an (out, in) matrix.
 *
 * <p>The u_k need not exist in memory: the method needs only the four operations below. Backends:
 * {@link FactoredSubspace} and {@link DenseSubspace} (exact), {@link KfacSubspace}, {@link DiagonalSubspace}.
 */
public sealed interface Subspace permits FactoredSubspace, DenseSubspace, KfacSubspace, DiagonalSubspace {

    /** Rows of the weight. */
    int out();

    /** Columns of the weight. */
    int in();

    /** λ_1 ≥ … ≥ λ_m &gt; 0, not normalized. */
    double[] eigenvalues();

    /** m. */
    default int size() {
        return eigenvalues().length;
    }

    /** Element type of the vectors. */
    DType dtype();

    /** The same subspace with its values in the memory where the kernels work, see {@link Kernels#resident}. */
    Subspace resident(Kernels kernels);

    /** One step's A and B as the subspace sees them: both methods share what they compute, kept in {@code space} until it closes. */
    Seen seen(Tape tape, Workspace space, LoraFactors f);

    /** See {@link Subspace#seen}. */
    interface Seen {
        /** c_k = ⟨u_k, s·B·A⟩, from the factors. */
        double[] coefficients();

        /**
         * With D = Σ_k w_k u_k: ∂L/∂B += s·D·Aᵀ and ∂L/∂A += s·Bᵀ·D, the chain rule for a loss whose ∂L/∂ΔW is D. To be called once, as the
         * last.
         */
        void addGradient(double[] w);
    }

    /** c_k = ⟨u_k, s·B·A⟩, where no gradient is needed. */
    default double[] coefficients(Tape tape, LoraFactors f) {
        try (Workspace space = tape.workspace()) {
            return seen(tape, space, f).coefficients();
        }
    }

    /** As {@link Seen#addGradient}, where no coefficients are needed. */
    default void addGradient(Tape tape, LoraFactors f, double[] w) {
        try (Workspace space = tape.workspace()) {
            seen(tape, space, f).addGradient(w);
        }
    }

    /** Rows of the tiles for which {@link #combine} and {@link #project} are fastest. */
    default int tileHeight() {
        return Tile.height(out(), in());
    }

    /** Writes the tile's rows of Σ_k c_k u_k. */
    void combine(Tape tape, double[] c, Tile tile);

    /** c_k += ⟨the tile's rows of u_k, tile⟩. */
    void project(Tape tape, Tile tile, double[] c);

    /** The span of u_1 … u_count alone, which shares their memory; {@code count} is at most {@link #size}. */
    Subspace leading(int count);

    /** u_1 … u_m as the rows of an (m, out·in) matrix. For small matrices. */
    default Tensor basis() {
        int d = Storage.elements(out(), in());
        Tensor u = Tensor.zeros(dtype(), size(), d);
        try (Tape tape = Tape.inference(Kernels.plain(), new agl.autograd.Pool(dtype()))) {
            Storage row = Storage.allocate(dtype(), d);
            for (int k = 0; k < size(); k++) {
                double[] unit = new double[size()];
                unit[k] = 1;
                combine(tape, unit, Tile.of(row, 0, out(), in()));
                for (int e = 0; e < d; e++) {
                    u.data().set(k * d + e, row.get(e));
                }
            }
        }
        return u;
    }

    /** P_A·R for a whole matrix R (out, in). For small matrices. */
    default double[] project(double[] r) {
        try (Tape tape = Tape.inference(Kernels.plain(), new agl.autograd.Pool(dtype()))) {
            Storage tile = Storage.allocate(dtype(), r.length);
            for (int e = 0; e < r.length; e++) {
                tile.set(e, r[e]);
            }
            double[] c = new double[size()];
            Tile all = Tile.of(tile, 0, out(), in());
            project(tape, all, c);
            combine(tape, c, all);
            return Tensor.of(tile, r.length).toArray();
        }
    }
}
