package agl.regularizers.method;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.Workspace;
import agl.regularizers.Fisher;
import agl.regularizers.LoraFactors;
import agl.regularizers.SymmetricEigen;
import agl.regularizers.Tile;
import agl.regularizers.Tiles;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Projection after training, the hard form of AGL: ΔW ← (I − P_A)ΔW, factored into an adapter again by a truncated singular value
 * decomposition.
 *
 * <p>P_A does not preserve rank: the residual of a rank-r update generally has full rank. The leading {@code rank} singular directions are
 * kept; {@link #lost} is the fraction of ‖(I − P_A)ΔW‖² lost with the others. Truncation also moves a little back into the subspace.
 */
public final class HardProjection implements Method {
    private final Map<String, Fisher> fisher;
    private final int rank;
    private final Map<String, Double> lost = new LinkedHashMap<>();

    /** @param rank rank of the new adapter; 0 for twice the trained rank */
    public HardProjection(Map<String, Fisher> fisher, int rank) {
        this.fisher = fisher;
        this.rank = rank;
    }

    @Override public String name() {
        return "projection";
    }

    @Override public List<LoraFactors> afterTraining(Tape tape, List<LoraFactors> factors) {
        lost.clear();
        List<LoraFactors> kept = new ArrayList<>();
        for (LoraFactors f : factors) {
            double[][] rest = outside(tape, f, fisher.get(f.name()));
            kept.add(refactor(f, rest, rank > 0 ? rank : 2 * f.rank()));
        }
        return kept;
    }

    /** (I − P_A)ΔW, (out, in), in double. */
    static double[][] outside(Tape tape, LoraFactors f, Fisher fisher) {
        double[] c = fisher.subspace().coefficients(tape, f);
        int in = f.in();
        double[][] rest = new double[f.out()][in];
        Tile.forEach(tape, f.out(), in, update -> {
            try (Workspace w = tape.workspace()) {
                Tile part = new Tile(update.row(), w.matrix(update.rows(), in));
                Tiles.update(tape.kernels(), f, update);
                fisher.subspace().combine(tape, c, part);
                tape.kernels().axpy(update.size(), -1, part.data(), 0, update.data(), 0);
            }
            for (int i = 0; i < update.rows(); i++) {
                Tiles.load(update.data(), i * in, in, rest[update.row() + i]);
            }
        });
        return rest;
    }

    /** M ≈ s·B·A of the given rank: the leading eigenvectors of the smaller of M Mᵀ and MᵀM are M's singular vectors on that side. */
    private LoraFactors refactor(LoraFactors f, double[][] m, int wanted) {
        int out = f.out();
        int in = f.in();
        boolean left = out <= in;
        SymmetricEigen eigen = SymmetricEigen.of(left ? gram(m) : gram(transposed(m)));
        int r = Math.min(wanted, Math.min(out, in));
        double total = 0;
        double cut = 0;
        for (int k = 0; k < eigen.values().length; k++) {
            total += eigen.values()[k];
            cut += k < r ? 0 : eigen.values()[k];
        }
        lost.put(f.name(), total > 0 ? cut / total : 0);
        // M = U·(UᵀM) with U the left singular vectors, or (M·V)·Vᵀ with V the right ones; the singular value is split between both
        // factors.
        Tensor a = Tensor.zeros(f.a().dtype(), r, in);
        Tensor b = Tensor.zeros(f.b().dtype(), out, r);
        double[][] oriented = left ? transposed(m) : m;
        for (int k = 0; k < r; k++) {
            double[] vector = eigen.vectors()[k];
            double share = Math.pow(Math.max(eigen.values()[k], Double.MIN_NORMAL), 0.25);
            double[] other = new double[oriented.length];
            for (int i = 0; i < other.length; i++) {
                for (int j = 0; j < vector.length; j++) {
                    other[i] += oriented[i][j] * vector[j];
                }
            }
            for (int i = 0; i < out; i++) {
                b.data().set(i * r + k, (left ? vector[i] * share : other[i] / share) / Math.sqrt(f.scale()));
            }
            for (int j = 0; j < in; j++) {
                a.data().set(k * in + j, (left ? other[j] / share : vector[j] * share) / Math.sqrt(f.scale()));
            }
        }
        return new LoraFactors(f.name(), a, b, f.scale());
    }

    private static double[][] gram(double[][] rows) {
        double[][] g = new double[rows.length][rows.length];
        for (int i = 0; i < rows.length; i++) {
            for (int j = 0; j <= i; j++) {
                double sum = 0;
                for (int e = 0; e < rows[i].length; e++) {
                    sum += rows[i][e] * rows[j][e];
                }
                g[i][j] = sum;
                g[j][i] = sum;
            }
        }
        return g;
    }

    private static double[][] transposed(double[][] m) {
        double[][] t = new double[m[0].length][m.length];
        for (int i = 0; i < m.length; i++) {
            for (int j = 0; j < m[0].length; j++) {
                t[j][i] = m[i][j];
            }
        }
        return t;
    }

    /** Per matrix, the fraction of ‖(I − P_A)ΔW‖² that the truncation dropped. */
    public Map<String, Double> lost() {
        return lost;
    }
}
