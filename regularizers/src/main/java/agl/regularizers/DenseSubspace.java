package agl.regularizers;

import agl.autograd.Tape;
import agl.autograd.Workspace;
import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.Matrix;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import java.util.Arrays;
import java.util.List;

/**
 * The exact subspace with its m eigenvectors stored in full, m·out·in values: for a small matrix less work per step, and often less memory,
 * than the token factors they come from.
 *
 * <p>A coefficient is the sum over tiles of ⟨u_k, s·B·A⟩; the update is formed a few rows at a time.
 */
public final class DenseSubspace implements Subspace {
    private final int out;
    private final int in;
    private final double[] eigenvalues;
    private final List<Storage> u;

    /** @param u one (out, in) matrix per eigenvalue, orthonormal */
    DenseSubspace(int out, int in, double[] eigenvalues, List<Storage> u) {
        this.out = out;
        this.in = in;
        this.eigenvalues = eigenvalues;
        this.u = List.copyOf(u);
    }

    /** u_k = Σ_i S_ki g_i, computed for all k one block of rows at a time. */
    static DenseSubspace of(Kernels kernels, TokenFactors g, double[] eigenvalues, double[][] weights) {
        int m = weights.length;
        int n = g.examples();
        Storage s = Storage.allocate(g.dtype(), Storage.elements(m, n));
        for (int k = 0; k < m; k++) {
            for (int i = 0; i < n; i++) {
                s.set(k * n + i, weights[k][i]);
            }
        }
        List<Storage> u = new java.util.ArrayList<>();
        for (int k = 0; k < m; k++) {
            u.add(Storage.allocate(g.dtype(), Storage.elements(g.out(), g.in())));
        }
        g.forEachTile(kernels, (tile, row, rows) -> {
            int width = rows * g.in();
            Storage part = Storage.allocate(g.dtype(), Storage.elements(m, width));
            kernels.product(1, Matrix.of(s, m, n), Matrix.of(tile, n, width), 0, Matrix.of(part, m, width));
            for (int k = 0; k < m; k++) {
                kernels.scale(width, 1, part, k * width, u.get(k), row * g.in());
            }
        });
        return new DenseSubspace(g.out(), g.in(), eigenvalues, u);
    }

    /** The u_k, (out, in) each. */
    List<Storage> vectors() {
        return u;
    }

    @Override public Subspace leading(int count) {
        return new DenseSubspace(out, in, Arrays.copyOf(eigenvalues, count), u.subList(0, count));
    }

    @Override public int out() { return out; }

    @Override public int in() { return in; }

    @Override public double[] eigenvalues() { return eigenvalues.clone(); }

    @Override public DType dtype() { return u.isEmpty() ? DType.F32 : u.getFirst().dtype(); }

    @Override public Subspace resident(Kernels kernels) {
        return new DenseSubspace(out, in, eigenvalues, u.stream().map(kernels::resident).toList());
    }

    @Override public Seen seen(Tape tape, Workspace space, LoraFactors f) {
        return new Seen() {
            @Override public double[] coefficients() {
                double[] c = new double[size()];
                Tile.forEach(tape, out, in, tile -> {
                    Tiles.update(tape.kernels(), f, tile);
                    project(tape, tile, c);
                });
                return c;
            }

            @Override public void addGradient(double[] w) {
                Tile.forEach(tape, out, in, tile -> {
                    combine(tape, w, tile);
                    Tiles.addChain(tape, f, 1, tile);
                });
            }
        };
    }

    @Override public void combine(Tape tape, double[] c, Tile tile) {
        tile.data().fill(0, tile.size(), 0);
        for (int k = 0; k < u.size(); k++) {
            if (c[k] != 0) {
                tape.kernels().axpy(tile.size(), c[k], u.get(k), tile.offset(), tile.data(), 0);
            }
        }
    }

    @Override public void project(Tape tape, Tile tile, double[] c) {
        for (int k = 0; k < u.size(); k++) {
            c[k] += tape.kernels().dot(tile.size(), u.get(k), tile.offset(), tile.data(), 0);
        }
    }
}
