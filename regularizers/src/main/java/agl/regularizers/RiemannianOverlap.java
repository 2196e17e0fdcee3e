package agl.regularizers;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.PlainKernels;
import agl.autograd.op.Var;

/**
 * E_RM, the Riemannian overlap: how much the two parts of the update use the same entries; entries that changed more count more.
 *
 * <p>η_ij = 1 + β σ(κ(|ΔW_ij| − τ)) [A; κ is ours, 1 gives the secondary sources' formula]
 * <br>E_RM = mean_ij η_ij |ΔW_A,ij| |ΔW_T,ij| by default [D7]. Secondary sources have this, the sum, or the signed product;
 * {@code reduction} and {@code overlap} select one.
 *
 * <p>Limits: with the {@code diagonal} backend the parts never share an entry, and E_RM = 0. Signed, it has no lower bound. At the size of
 * LoRA's entries, η is nearly constant unless κ makes it steeper.
 */
public final class RiemannianOverlap {
    private RiemannianOverlap() { }

    /** @param eta η (out, in) */
    // explain: E_RM
    public static Tensor of(Tape tape, Decomposition d, Tensor eta, AglSettings s) {
        Var product = Var.of(tape, d.deltaA()).times(d.deltaT());
        Var overlap = switch (s.overlap()) {
            case ABSOLUTE -> product.abs();
            case SIGNED -> product;
            case SQUARED -> product.squared();
        };
        Var weighted = Var.of(tape, eta).times(overlap);
        return (s.reduction() == AglSettings.Reduction.MEAN ? weighted.mean() : weighted.sum()).tensor();
    }
    // explain: end

    /** η (out, in) of ΔW (out, in). */
    // explain: eta
    public static Tensor weight(Tape tape, Tensor deltaW, double beta, double kappa, double tau) {
        return Var.of(tape, deltaW).abs().minus(tau).times(kappa).sigmoid().times(beta).plus(1).tensor();
    }
    // explain: end

    /**
     * Σ η o over the entries of a tile, o the overlap; adds {@code scale} times its derivatives to ∂a and ∂t. With η = 1 + βσ(z),
     * z = κ(|w| − τ), w = a + t, and η' = ∂η/∂w = βκσ(1 − σ) sign(w): ∂a = η ∂o/∂a + η' o, ∂t = η ∂o/∂t + η' o.
     */
    // explain: E_RM in training
    static double sum(AglSettings s, Tile a, Tile t, double scale, Tile da, Tile dt) {
        double sum = 0;
        for (int i = 0; i < t.size(); i++) {
            double w = a.get(i) + t.get(i);
            double sigma = PlainKernels.sigmoid(s.kappa() * (Math.abs(w) - s.tau()));
            double eta = 1 + s.beta() * sigma;
            double slope = s.beta() * s.kappa() * sigma * (1 - sigma) * Math.signum(w);
            double product = a.get(i) * t.get(i);
            double o = switch (s.overlap()) {
                case ABSOLUTE -> Math.abs(product);
                case SIGNED -> product;
                case SQUARED -> product * product;
            };
            // ∂o/∂(a·t)
            double d = switch (s.overlap()) {
                case ABSOLUTE -> Math.signum(product);
                case SIGNED -> 1;
                case SQUARED -> 2 * product;
            };
            sum += eta * o;
            da.add(i, scale * (eta * (d * t.get(i)) + slope * o));
            dt.add(i, scale * (eta * (d * a.get(i)) + slope * o));
        }
        return sum;
    }
    // explain: end
}
