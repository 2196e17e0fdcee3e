package agl.regularizers;

import agl.autograd.Tape;
import agl.autograd.Workspace;
import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.Matrix;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import java.util.Arrays;

/**
 * The subspace of the m largest entries of diag F: u_k is the unit matrix e_i e_jᵀ of one weight, so P_A is a mask.
 *
 * <p>ΔW_A and ΔW_T then have disjoint supports, and every overlap between them is zero (see {@link RiemannianOverlap}).
 */
public final class DiagonalSubspace implements Subspace {
    private final int out;
    private final int in;
    private final DType dtype;
    private final double[] eigenvalues;
    /** i·in + j of each u_k. */
    private final int[] at;

    DiagonalSubspace(int out, int in, DType dtype, double[] eigenvalues, int[] at) {
        this.out = out;
        this.in = in;
        this.dtype = dtype;
        this.eigenvalues = eigenvalues;
        this.at = at;
    }

    /** The {@code limit} largest entries, descending; equal ones in order of position. */
    static int[] largest(Storage diagonal, int limit) {
        int d = diagonal.length();
        java.util.PriorityQueue<Integer> heap = new java.util.PriorityQueue<>(
                java.util.Comparator.<Integer>comparingDouble(diagonal::get).thenComparing(java.util.Comparator.reverseOrder()));
        for (int e = 0; e < d; e++) {
            heap.add(e);
            if (heap.size() > limit) {
                heap.poll();
            }
        }
        int[] at = new int[heap.size()];
        for (int k = at.length - 1; k >= 0; k--) {
            at[k] = heap.poll();
        }
        return at;
    }

    @Override public Subspace leading(int count) {
        return new DiagonalSubspace(out, in, dtype, Arrays.copyOf(eigenvalues, count), Arrays.copyOf(at, count));
    }

    @Override public int out() { return out; }

    @Override public int in() { return in; }

    @Override public double[] eigenvalues() { return eigenvalues.clone(); }

    @Override public DType dtype() { return dtype; }

    /** A mask has only positions; it reads and writes single entries, for which a device's tile goes to the host and back. */
    @Override public Subspace resident(Kernels kernels) { return this; }

    @Override public Seen seen(Tape tape, Workspace space, LoraFactors f) {
        Matrix a = f.matrixA();
        Matrix b = f.matrixB();
        return new Seen() {
            @Override public double[] coefficients() {
                double[] c = new double[at.length];
                for (int k = 0; k < at.length; k++) {
                    int i = at[k] / in;
                    int j = at[k] % in;
                    for (int r = 0; r < f.rank(); r++) {
                        c[k] += f.scale() * b.get(i, r) * a.get(r, j);
                    }
                }
                return c;
            }

            @Override public void addGradient(double[] w) {
                Matrix dA = f.gradA(tape);
                Matrix dB = f.gradB(tape);
                for (int k = 0; k < at.length; k++) {
                    int i = at[k] / in;
                    int j = at[k] % in;
                    for (int r = 0; r < f.rank(); r++) {
                        dB.add(i, r, f.scale() * w[k] * a.get(r, j));
                        dA.add(r, j, f.scale() * w[k] * b.get(i, r));
                    }
                }
            }
        };
    }

    // explain: Diagonal subspace
    @Override public void combine(Tape tape, double[] c, Tile tile) {
        tile.data().fill(0, tile.size(), 0);
        for (int k = 0; k < at.length; k++) {
            int e = at[k] - tile.offset();
            if (e >= 0 && e < tile.size()) {
                tile.data().set(e, c[k]);
            }
        }
    }

    @Override public void project(Tape tape, Tile tile, double[] c) {
        for (int k = 0; k < at.length; k++) {
            int e = at[k] - tile.offset();
            if (e >= 0 && e < tile.size()) {
                c[k] += tile.data().get(e);
            }
        }
    }
    // explain: end

    /** The positions i·in + j that the mask keeps. */
    public int[] positions() {
        return Arrays.copyOf(at, at.length);
    }
}
