package agl.regularizers;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.op.Var;
import agl.autograd.storage.Storage;

/**
 * E_geo = ⟨ΔW_A, ΔW_T⟩_M² / (‖ΔW_A‖_M² ‖ΔW_T‖_M² + ε), the squared cosine of the angle between the two parts. [A for M = I; ε is ours]
 *
 * <p>Limits: the parts of an orthogonal projection are orthogonal, so with M = I it is zero for any weights; the same holds for M = F,
 * which commutes with P_A. It can be nonzero with M = diag F, and in two-branch mode.
 */
public final class GeodesicOverlap {
    private GeodesicOverlap() { }

    /**
     * @param q ⟨ΔW_A, ΔW_T⟩_M
     * @param p ‖ΔW_A‖_M²
     * @param u ‖ΔW_T‖_M²
     */
    // explain: E_geo
    public static Tensor of(Tape tape, Tensor q, Tensor p, Tensor u, double epsilon) {
        return Var.of(tape, q).squared().over(Var.of(tape, p).times(u).plus(epsilon)).tensor();
    }

    /** ⟨x, y⟩_M = Σ_ij M_ij x_ij y_ij; M's diagonal (out, in), or null for the identity. */
    public static Tensor inner(Tape tape, Tensor x, Tensor y, Storage metric) {
        Var product = Var.of(tape, x).times(y);
        return (metric == null ? product : Var.of(tape, Tensor.of(metric, x.shape())).times(product)).sum().tensor();
    }
    // explain: end

    /**
     * q = ⟨a, t⟩_M, p = ‖a‖_M² and u = ‖t‖_M², summed tile by tile, and from them E_geo = q²/(pu + ε) and its derivatives:
     * ∂a = x·Mt − y_a·Ma and ∂t = x·Ma − y_t·Mt with x = 2q/d, y_a = 2q²u/d², y_t = 2q²p/d², d = pu + ε. Ma and Mt go through the chain
     * rule tile by tile and get these weights once the sums are complete: one pass over ΔW is enough.
     */
    // explain: E_geo in training
    record Weights(double x, double ya, double yt) { }

    /** q, p and u so far, and the value and the derivatives that follow from them. */
    public static final class Sums {
        private double q;
        private double p;
        private double u;

        /** Adds a tile; {@code ma} and {@code mt} receive M∘a and M∘t. M's diagonal is (out, in), or null for the identity. */
        void add(Storage metric, Tile a, Tile t, Tile ma, Tile mt) {
            for (int i = 0; i < t.size(); i++) {
                double m = metric == null ? 1 : metric.get(t.offset() + i);
                ma.set(i, m * a.get(i));
                mt.set(i, m * t.get(i));
                add(m * a.get(i) * t.get(i), m * a.get(i) * a.get(i), m * t.get(i) * t.get(i));
            }
        }

        /** Adds to q, p and u. */
        public void add(double at, double aa, double tt) {
            q += at;
            p += aa;
            u += tt;
        }

        double value(double epsilon) {
            return q * q / (p * u + epsilon);
        }

        /** The derivatives' weights, times {@code scale}. */
        Weights derivative(double epsilon, double scale) {
            double d = p * u + epsilon;
            return new Weights(scale * 2 * q / d, scale * 2 * q * q * u / (d * d), scale * 2 * q * q * p / (d * d));
        }
    }
    // explain: end
}
