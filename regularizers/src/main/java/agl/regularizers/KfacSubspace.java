package agl.regularizers;

import agl.autograd.DType;
import agl.autograd.Storage;
import agl.autograd.Tape;
import agl.autograd.kernels.Kernels;

/**
 * Kronecker-factored subspace: F ≈ C_out ⊗ C_in / tr F, whose eigenvectors are the products u_k = p_a q_bᵀ of an eigenvector p_a of C_out and one
 * q_b of C_in. Their eigenvalues are re-fitted from the gradients themselves, λ_ab = (1/N) Σ_i (p_aᵀ g_i q_b)² (EKFAC, George et al. 2018),
 * and the m largest are kept.
 *
 * <p>C_out = (1/N) Σ g_i g_iᵀ and C_in = (1/N) Σ g_iᵀ g_i, with g_i as an (out, in) matrix: when F truly is a Kronecker product these are its
 * factors up to that divisor, so the subspace is then exact. (Factors from single tokens, as in Martens and Grosse 2015, would take the tokens of
 * one example for independent; the Fisher here is per example.)
 */
public final class KfacSubspace implements Subspace {
    private final int out;
    private final int in;
    private final double[] eigenvalues;
    /** The p_a in use, as rows (na, out), and the q_b in use, as rows (nb, in). */
    private final Storage p;
    private final Storage q;
    private final int na;
    private final int nb;
    /** u_k = p[a[k]] q[b[k]]ᵀ. */
    private final int[] a;
    private final int[] b;

    private KfacSubspace(int out, int in, double[] eigenvalues, Storage p, Storage q, int[] a, int[] b) {
        this.out = out;
        this.in = in;
        this.eigenvalues = eigenvalues;
        this.p = p;
        this.q = q;
        this.na = p.length() / out;
        this.nb = q.length() / in;
        this.a = a;
        this.b = b;
    }

    /**
     * @param m      pairs to keep
     * @param energy if above 0: as many pairs as reach this share of the trace
     */
    // explain: Kfac subspace
    static KfacSubspace of(Kernels kernels, TokenFactors g, double trace, int m, double energy) {
        // A pair (a, b) is beaten by every (a' ≤ a, b' ≤ b) as long as eigenvalues are products: m pairs never reach beyond the first m
        // of either side. Re-fitting disturbs that order, hence more candidates.
        int limit = energy > 0 ? Integer.MAX_VALUE : Math.max(2 * m, 128);
        Storage p = leading(factor(kernels, g, true), g.out(), Math.min(limit, g.out()), g.dtype());
        Storage q = leading(factor(kernels, g, false), g.in(), Math.min(limit, g.in()), g.dtype());
        int np = p.length() / g.out();
        int nq = q.length() / g.in();
        double[] refitted = refit(kernels, g, p, np, q, nq);
        Storage asStorage = new Storage.F64(refitted, refitted.length);
        int[] order = DiagonalSubspace.largest(asStorage, energy > 0 ? refitted.length : Math.min(m, refitted.length));
        double[] falling = new double[order.length];
        for (int k = 0; k < order.length; k++) {
            falling[k] = refitted[order[k]];
        }
        int kept = SymmetricEigen.keep(falling, trace, m, energy, Fisher.floor(g.dtype()));
        int[] a = new int[kept];
        int[] b = new int[kept];
        for (int k = 0; k < kept; k++) {
            a[k] = order[k] / nq;
            b[k] = order[k] % nq;
        }
        return new KfacSubspace(g.out(), g.in(), java.util.Arrays.copyOf(falling, kept), select(p, g.out(), a), select(q, g.in(), b), a, b);
    }
    // explain: end

    /** C_out = (1/N) Σ δᵀ(x xᵀ)δ, or C_in = (1/N) Σ xᵀ(δ δᵀ)x, through the (T, T) products of the tokens. */
    private static double[][] factor(Kernels kernels, TokenFactors g, boolean left) {
        int size = left ? g.out() : g.in();
        int other = left ? g.in() : g.out();
        Storage c = Storage.allocate(g.dtype(), size * size);
        for (int i = 0; i < g.examples(); i++) {
            int t = g.tokens(i);
            Storage mine = left ? g.delta().get(i) : g.x().get(i);
            Storage theirs = left ? g.x().get(i) : g.delta().get(i);
            Storage pairs = Storage.allocate(g.dtype(), t * t);
            Storage weighted = Storage.allocate(g.dtype(), t * size);
            kernels.gemm(false, true, t, t, other, 1.0 / g.examples(), theirs, 0, other, theirs, 0, other, 0, pairs, 0, t);
            kernels.gemm(false, false, t, size, t, 1, pairs, 0, t, mine, 0, size, 0, weighted, 0, size);
            kernels.gemm(true, false, size, size, t, 1, mine, 0, size, weighted, 0, size, 1, c, 0, size);
        }
        double[][] symmetric = new double[size][size];
        for (int i = 0; i < size; i++) {
            for (int j = 0; j < size; j++) {
                symmetric[i][j] = (c.get(i * size + j) + c.get(j * size + i)) / 2;
            }
        }
        return symmetric;
    }

    private static Storage leading(double[][] symmetric, int size, int count, DType dtype) {
        SymmetricEigen eigen = SymmetricEigen.of(symmetric);
        Storage rows = Storage.allocate(dtype, count * size);
        for (int k = 0; k < count; k++) {
            for (int e = 0; e < size; e++) {
                rows.set(k * size + e, eigen.vectors()[k][e]);
            }
        }
        return rows;
    }

    /** λ_ab = (1/N) Σ_i ((δ p_a)ᵀ (x q_b))², tokens summed inside the square. */
    private static double[] refit(Kernels kernels, TokenFactors g, Storage p, int np, Storage q, int nq) {
        double[] lambda = new double[Math.multiplyExact(np, nq)];
        Storage rotated = Storage.allocate(g.dtype(), np * nq);
        for (int i = 0; i < g.examples(); i++) {
            int t = g.tokens(i);
            Storage dp = Storage.allocate(g.dtype(), t * np);
            Storage xq = Storage.allocate(g.dtype(), t * nq);
            kernels.gemm(false, true, t, np, g.out(), 1, g.delta().get(i), 0, g.out(), p, 0, g.out(), 0, dp, 0, np);
            kernels.gemm(false, true, t, nq, g.in(), 1, g.x().get(i), 0, g.in(), q, 0, g.in(), 0, xq, 0, nq);
            kernels.gemm(true, false, np, nq, t, 1, dp, 0, np, xq, 0, nq, 0, rotated, 0, nq);
            for (int e = 0; e < lambda.length; e++) {
                double c = rotated.get(e);
                lambda[e] += c * c / g.examples();
            }
        }
        return lambda;
    }

    /** Keeps the rows that are used, each once, and renumbers {@code index} in place. */
    private static Storage select(Storage rows, int width, int[] index) {
        int[] used = java.util.Arrays.stream(index).distinct().sorted().toArray();
        Storage kept = Storage.allocate(rows.dtype(), used.length * width);
        for (int k = 0; k < used.length; k++) {
            Kernels.plain().scale(width, 1, rows, used[k] * width, kept, k * width);
        }
        for (int k = 0; k < index.length; k++) {
            index[k] = java.util.Arrays.binarySearch(used, index[k]);
        }
        return kept;
    }

    Storage p() {
        return p;
    }

    Storage q() {
        return q;
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

    /** From what {@link #p}, {@link #q} and {@link #pairs} gave. */
    static KfacSubspace of(int out, int in, double[] eigenvalues, Storage p, Storage q, double[] pairs) {
        int[] a = new int[pairs.length / 2];
        int[] b = new int[pairs.length / 2];
        for (int k = 0; k < a.length; k++) {
            a[k] = (int) pairs[2 * k];
            b[k] = (int) pairs[2 * k + 1];
        }
        return new KfacSubspace(out, in, eigenvalues, p, q, a, b);
    }

    @Override public int out() { return out; }

    @Override public int in() { return in; }

    @Override public double[] eigenvalues() { return eigenvalues.clone(); }

    @Override public DType dtype() { return p.dtype(); }

    @Override public long bytes() { return ((long) p.length() + q.length()) * dtype().bytes(); }

    /** p·B, (na, r). */
    private Storage pB(Tape tape, LoraFactors f) {
        Storage y = tape.pool().take(na * f.rank());
        tape.kernels().gemm(false, false, na, f.rank(), out, 1, p, 0, out, f.b().data(), f.bOffset(), f.bStride(), 0, y, 0, f.rank());
        return y;
    }

    /** q·Aᵀ, (nb, r). */
    private Storage qA(Tape tape, LoraFactors f) {
        Storage y = tape.pool().take(nb * f.rank());
        tape.kernels().gemm(false, true, nb, f.rank(), in, 1, q, 0, in, f.a().data(), f.aOffset(), in, 0, y, 0, f.rank());
        return y;
    }

    /** ⟨p_a q_bᵀ, s·B·A⟩ = s (p_aᵀB)·(A q_b). */
    @Override public double[] coefficients(Tape tape, LoraFactors f) {
        int r = f.rank();
        Storage pb = pB(tape, f);
        Storage qa = qA(tape, f);
        double[] c = new double[size()];
        for (int k = 0; k < c.length; k++) {
            for (int j = 0; j < r; j++) {
                c[k] += f.scale() * pb.get(a[k] * r + j) * qa.get(b[k] * r + j);
            }
        }
        tape.pool().give(pb);
        tape.pool().give(qa);
        return c;
    }

    /** With W the (na, nb) matrix of the w_k: ∂B += s pᵀ(W·qAᵀ), ∂A += s (Wᵀ·pB)ᵀ q. */
    @Override public void addGradient(Tape tape, LoraFactors f, double[] w) {
        int r = f.rank();
        Storage pb = pB(tape, f);
        Storage qa = qA(tape, f);
        Storage wqa = tape.pool().take(na * r);
        Storage wpb = tape.pool().take(nb * r);
        wqa.fill(0, na * r, 0);
        wpb.fill(0, nb * r, 0);
        for (int k = 0; k < w.length; k++) {
            for (int j = 0; j < r; j++) {
                wqa.add(a[k] * r + j, w[k] * qa.get(b[k] * r + j));
                wpb.add(b[k] * r + j, w[k] * pb.get(a[k] * r + j));
            }
        }
        tape.kernels().gemm(true, false, out, r, na, f.scale(), p, 0, out, wqa, 0, r, 1, tape.grad(f.b()), f.bOffset(), f.bStride());
        tape.kernels().gemm(true, false, r, in, nb, f.scale(), wpb, 0, r, q, 0, in, 1, tape.grad(f.a()), f.aOffset(), in);
        tape.pool().give(pb);
        tape.pool().give(qa);
        tape.pool().give(wqa);
        tape.pool().give(wpb);
    }

    /** pᵀ·(C·q) with C the (na, nb) matrix of the c_k. */
    @Override public void combine(Tape tape, double[] c, int row, int rows, Storage tile) {
        Storage cq = tape.pool().take(na * in);
        cq.fill(0, na * in, 0);
        for (int k = 0; k < c.length; k++) {
            tape.kernels().axpy(in, c[k], q, b[k] * in, cq, a[k] * in);
        }
        tape.kernels().gemm(true, false, rows, in, na, 1, p, row, out, cq, 0, in, 0, tile, 0, in);
        tape.pool().give(cq);
    }

    @Override public void project(Tape tape, int row, int rows, Storage tile, double[] c) {
        Storage pd = tape.pool().take(na * in);
        tape.kernels().gemm(false, false, na, in, rows, 1, p, row, out, tile, 0, in, 0, pd, 0, in);
        for (int k = 0; k < c.length; k++) {
            c[k] += tape.kernels().dot(in, pd, a[k] * in, q, b[k] * in);
        }
        tape.pool().give(pd);
    }
}
