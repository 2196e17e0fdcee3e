package agl.regularizers;

import agl.autograd.Tape;
import agl.autograd.Workspace;
import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.Matrix;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import java.util.Arrays;

/**
 * Kronecker-factored subspace: F ≈ C_out ⊗ C_in / tr F, whose eigenvectors are the products u_k = p_a q_bᵀ of an eigenvector p_a of C_out
 * and an eigenvector q_b of C_in. Their eigenvalues are re-fitted from the gradients themselves, λ_ab = (1/N) Σ_i (p_aᵀ g_i q_b)² (EKFAC,
 * George et al. 2018), and the m largest are kept.
 *
 * <p>C_out = (1/N) Σ g_i g_iᵀ and C_in = (1/N) Σ g_iᵀ g_i, with g_i as an (out, in) matrix: if F is exactly a Kronecker product, these are
 * its factors up to that divisor, and the subspace is exact. (Per-token factors, as in Martens and Grosse 2015, would treat the tokens of
 * one example as independent; the Fisher here is per example.)
 */
public final class KfacSubspace implements Subspace {
    private final int out;
    private final int in;
    private final double[] eigenvalues;
    /** The p_a in use, as rows (na, out), and the q_b in use, as rows (nb, in). */
    private final Matrix p;
    private final Matrix q;
    /** u_k = p[a[k]] q[b[k]]ᵀ. */
    private final int[] a;
    private final int[] b;

    /** @param p rows of length out; likewise q of length in */
    private KfacSubspace(double[] eigenvalues, Matrix p, Matrix q, int[] a, int[] b) {
        this.out = p.cols();
        this.in = q.cols();
        this.eigenvalues = eigenvalues;
        this.p = p;
        this.q = q;
        this.a = a;
        this.b = b;
    }

    /**
     * @param m      pairs to keep
     * @param energy if above 0: as many pairs as reach this fraction of the trace
     */
    // explain: Kfac subspace
    static KfacSubspace of(Kernels kernels, TokenFactors g, double trace, int m, double energy) {
        // While eigenvalues are products, every (a' ≤ a, b' ≤ b) is at least as large as (a, b), so the m largest pairs use only the first
        // m of either side. Re-fitting disturbs that order, hence more candidates.
        int limit = energy > 0 ? Integer.MAX_VALUE : Math.max(2 * m, 128);
        Matrix p = leading(factor(kernels, g, true), Math.min(limit, g.out()), g.dtype());
        Matrix q = leading(factor(kernels, g, false), Math.min(limit, g.in()), g.dtype());
        double[] refitted = refit(kernels, g, p, q);
        Storage asStorage = new Storage.F64(refitted, refitted.length);
        int[] order = DiagonalSubspace.largest(asStorage, energy > 0 ? refitted.length : Math.min(m, refitted.length));
        double[] descending = new double[order.length];
        for (int k = 0; k < order.length; k++) {
            descending[k] = refitted[order[k]];
        }
        int kept = SymmetricEigen.keep(descending, trace, m, energy, Fisher.floor(g.dtype()));
        int[] a = new int[kept];
        int[] b = new int[kept];
        for (int k = 0; k < kept; k++) {
            a[k] = order[k] / q.rows();
            b[k] = order[k] % q.rows();
        }
        return new KfacSubspace(Arrays.copyOf(descending, kept), rowsOf(select(p, a), g.out()), rowsOf(select(q, b), g.in()), a,
                b);
    }
    // explain: end

    private static Matrix rowsOf(Storage s, int length) {
        return Matrix.of(s, s.length() / length, length);
    }

    /** C_out = (1/N) Σ δᵀ(x xᵀ)δ, or C_in = (1/N) Σ xᵀ(δ δᵀ)x, through the (T, T) products of the tokens. */
    private static double[][] factor(Kernels kernels, TokenFactors g, boolean left) {
        int size = left ? g.out() : g.in();
        Storage c = Storage.allocate(g.dtype(), Storage.elements(size, size));
        for (int i = 0; i < g.examples(); i++) {
            int t = g.tokens(i);
            Matrix mine = left ? g.deltaOf(i) : g.xOf(i);
            Matrix theirs = left ? g.xOf(i) : g.deltaOf(i);
            Matrix pairs = Matrix.of(Storage.allocate(g.dtype(), Storage.elements(t, t)), t, t);
            Matrix weighted = Matrix.of(Storage.allocate(g.dtype(), Storage.elements(t, size)), t, size);
            kernels.product(1.0 / g.examples(), theirs, theirs.T(), 0, pairs);
            kernels.product(1, pairs, mine, 0, weighted);
            kernels.product(1, mine.T(), weighted, 1, Matrix.of(c, size, size));
        }
        double[][] symmetric = new double[size][size];
        for (int i = 0; i < size; i++) {
            for (int j = 0; j < size; j++) {
                symmetric[i][j] = (c.get(i * size + j) + c.get(j * size + i)) / 2;
            }
        }
        return symmetric;
    }

    /** The leading eigenvectors as rows, (count, size). */
    private static Matrix leading(double[][] symmetric, int count, DType dtype) {
        SymmetricEigen eigen = SymmetricEigen.of(symmetric);
        int size = symmetric.length;
        Storage rows = Storage.allocate(dtype, Storage.elements(count, size));
        for (int k = 0; k < count; k++) {
            for (int e = 0; e < size; e++) {
                rows.set(k * size + e, eigen.vectors()[k][e]);
            }
        }
        return Matrix.of(rows, count, size);
    }

    /** λ_ab = (1/N) Σ_i ((δ p_a)ᵀ (x q_b))², tokens summed inside the square. */
    private static double[] refit(Kernels kernels, TokenFactors g, Matrix p, Matrix q) {
        int np = p.rows();
        int nq = q.rows();
        double[] lambda = new double[Storage.elements(np, nq)];
        Storage rotated = Storage.allocate(g.dtype(), lambda.length);
        for (int i = 0; i < g.examples(); i++) {
            int t = g.tokens(i);
            Matrix dp = Matrix.of(Storage.allocate(g.dtype(), Storage.elements(t, np)), t, np);
            Matrix xq = Matrix.of(Storage.allocate(g.dtype(), Storage.elements(t, nq)), t, nq);
            kernels.product(1, g.deltaOf(i), p.T(), 0, dp);
            kernels.product(1, g.xOf(i), q.T(), 0, xq);
            kernels.product(1, dp.T(), xq, 0, Matrix.of(rotated, np, nq));
            for (int e = 0; e < lambda.length; e++) {
                double c = rotated.get(e);
                lambda[e] += c * c / g.examples();
            }
        }
        return lambda;
    }

    /** Keeps the rows that are used, each once, and renumbers {@code index} in place. */
    private static Storage select(Matrix rows, int[] index) {
        int[] used = Arrays.stream(index).distinct().sorted().toArray();
        int width = rows.cols();
        Storage kept = Storage.allocate(rows.data().dtype(), Storage.elements(used.length, width));
        for (int k = 0; k < used.length; k++) {
            Kernels.plain().scale(width, 1, rows.data(), used[k] * width, kept, k * width);
        }
        for (int k = 0; k < index.length; k++) {
            index[k] = Arrays.binarySearch(used, index[k]);
        }
        return kept;
    }

    Storage p() {
        return p.data();
    }

    Storage q() {
        return q.data();
    }

    /** a_1, b_1, a_2, b_2, …: rows of p and q. */
    double[] pairs() {
        double[] pairs = new double[2 * a.length];
        for (int k = 0; k < a.length; k++) {
            pairs[2 * k] = a[k];
            pairs[2 * k + 1] = b[k];
        }
        return pairs;
    }

    /** From the values of {@link #p}, {@link #q} and {@link #pairs}. */
    static KfacSubspace of(int out, int in, double[] eigenvalues, Storage p, Storage q, double[] pairs) {
        int[] a = new int[pairs.length / 2];
        int[] b = new int[pairs.length / 2];
        for (int k = 0; k < a.length; k++) {
            a[k] = (int) pairs[2 * k];
            b[k] = (int) pairs[2 * k + 1];
        }
        return new KfacSubspace(eigenvalues, rowsOf(p, out), rowsOf(q, in), a, b);
    }

    @Override public Subspace leading(int count) {
        return new KfacSubspace(Arrays.copyOf(eigenvalues, count), p, q, Arrays.copyOf(a, count), Arrays.copyOf(b, count));
    }

    @Override public int out() { return out; }

    @Override public int in() { return in; }

    @Override public double[] eigenvalues() { return eigenvalues.clone(); }

    @Override public DType dtype() { return p.data().dtype(); }

    @Override public Subspace resident(Kernels kernels) {
        return new KfacSubspace(eigenvalues, rowsOf(kernels.resident(p.data()), out), rowsOf(kernels.resident(q.data()), in), a, b);
    }

    @Override public Seen seen(Tape tape, Workspace space, LoraFactors f) {
        int r = f.rank();
        Matrix pB = space.product(1, p, f.matrixB());
        Matrix qA = space.product(1, q, f.matrixA().T());
        return new Seen() {
            /** ⟨p_a q_bᵀ, s·B·A⟩ = s (p_aᵀB)·(A q_b). */
            @Override public double[] coefficients() {
                double[] c = new double[size()];
                for (int k = 0; k < c.length; k++) {
                    for (int j = 0; j < r; j++) {
                        c[k] += f.scale() * pB.get(a[k], j) * qA.get(b[k], j);
                    }
                }
                return c;
            }

            /** With W the (na, nb) matrix of the w_k: ∂B += s pᵀ(W·qAᵀ), ∂A += s (Wᵀ·pB)ᵀ q. */
            @Override public void addGradient(double[] w) {
                Matrix wqA = space.zeros(p.rows(), r);
                Matrix wpB = space.zeros(q.rows(), r);
                for (int k = 0; k < w.length; k++) {
                    for (int j = 0; j < r; j++) {
                        wqA.add(a[k], j, w[k] * qA.get(b[k], j));
                        wpB.add(b[k], j, w[k] * pB.get(a[k], j));
                    }
                }
                tape.kernels().product(f.scale(), p.T(), wqA, 1, f.gradB(tape));
                tape.kernels().product(f.scale(), wpB.T(), q, 1, f.gradA(tape));
            }
        };
    }

    /** pᵀ·(C·q) with C the (na, nb) matrix of the c_k. */
    @Override public void combine(Tape tape, double[] c, Tile tile) {
        try (Workspace space = tape.workspace()) {
            Matrix cq = space.zeros(p.rows(), in);
            for (int k = 0; k < c.length; k++) {
                tape.kernels().axpy(in, c[k], q.data(), b[k] * in, cq.data(), a[k] * in);
            }
            tape.kernels().product(1, rowsOf(tile).T(), cq, 0, tile.values());
        }
    }

    /** ⟨p_a q_bᵀ, D⟩ = (p_aᵀD)·q_b, over the rows of the tile. */
    @Override public void project(Tape tape, Tile tile, double[] c) {
        try (Workspace space = tape.workspace()) {
            Matrix pD = space.product(1, rowsOf(tile), tile.values());
            for (int k = 0; k < c.length; k++) {
                c[k] += tape.kernels().dot(in, pD.data(), a[k] * in, q.data(), b[k] * in);
            }
        }
    }

    /** The p_a at the rows of the tile, (na, rows). */
    private Matrix rowsOf(Tile tile) {
        return p.cols(tile.row(), tile.rows());
    }
}
