package agl.regularizers;

import agl.autograd.Tape;
import agl.autograd.Workspace;
import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.Matrix;
import agl.autograd.storage.Storage;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.IntUnaryOperator;

/**
 * The four terms of one adapted matrix and their gradients with respect to A and B, in one pass over rows of ΔW: only one tile of ΔW, ΔW_A
 * and ∂L/∂ΔW exists at a time, never the whole matrix. The formulas are in the terms' classes; this class has only the tiles and the order.
 * Computes the same values as {@link AglLoss}.
 *
 * <p>With R = ΔW, c_k = ⟨u_k, R⟩, a = ΔW_A = Σ c_k u_k, t = R − a:
 * <ul>
 * <li>L_A = Σ λ_k c_k² and, for H = I, L_T = ‖R‖² − Σ c_k² need the factors only: no pass at all.
 * <li>Otherwise a tile yields ∂L/∂a and ∂L/∂t, and ∂L/∂R = P_A ∂a + (I − P_A)∂t = ∂t + Σ_k ⟨u_k, ∂a − ∂t⟩ u_k: the first summand goes
 *     through the chain rule at once; of the second only the m inner products are kept and added to those of L_A.
 * <li>E_geo's gradient is a combination of M∘a and M∘t whose weights depend on the finished sums: both go through the chain rule during the
 *     pass and are weighted afterwards, so one pass is enough.
 * </ul>
 * In two-branch mode a and t come from their own factors, and each gradient goes to its own factors.
 */
final class FusedAgl {
    private final Tape tape;
    private final Kernels kernels;
    private final TermKernels terms;
    private final AglSettings s;
    private final Fisher fisher;
    private final LoraFactors f;
    /** The factors of ΔW_A and of ΔW_T; both are {@link #f} if the parts are projections. */
    private final LoraFactors fa;
    private final LoraFactors ft;
    private final Subspace subspace;
    /** The diagonals of E_geo's M and of L_T's H; null for the identity. */
    private final Storage metric;
    private final Storage h;
    private final Wanted wanted;
    /** Weights of Σ w_k u_k in ∂L/∂R. */
    private final double[] w;
    private final Map<Term, Double> values = new EnumMap<>(Term.class);
    private boolean sampled;

    private FusedAgl(Tape tape, LoraFactors f, Fisher fisher, AglSettings s, Storage h, Wanted wanted) {
        this.tape = tape;
        this.kernels = tape.kernels();
        this.terms = TermKernels.of(kernels);
        this.s = s;
        this.fisher = fisher;
        this.f = f;
        this.fa = s.twoBranch() ? f.ranks(f.from(), f.from() + s.alignmentRank()) : f;
        this.ft = s.twoBranch() ? f.ranks(f.from() + s.alignmentRank(), f.to()) : f;
        this.subspace = fisher.subspace();
        this.metric = s.metric() == AglSettings.Metric.DIAG_FISHER ? fisher.diagonal() : null;
        this.h = h;
        this.wanted = wanted;
        this.w = new double[subspace.size()];
    }

    /**
     * What a pass has to compute.
     *
     * @param gradients whether to add the weighted gradient to those of A and B
     * @param all       whether to measure also terms of weight zero
     * @param block     picks the rows for E_RM, see {@link RowSample#of}; null for all rows
     */
    record Wanted(boolean gradients, boolean all, IntUnaryOperator block) { }

    /** @param h H's diagonal for L_T, or null for the identity */
    static TermValues run(Tape tape, LoraFactors f, Fisher fisher, AglSettings s, Storage h, Wanted wanted) {
        Decomposition.requireFit(f, fisher.subspace());
        if (s.twoBranch()) {
            Decomposition.requireBranches(f, s.alignmentRank());
        }
        return new FusedAgl(tape, f, fisher, s, h, wanted).run();
    }

    private TermValues run() {
        try (Workspace space = tape.workspace()) {
            return run(subspace.seen(tape, space, s.twoBranch() && s.alignmentReach() == AglSettings.AlignmentReach.BRANCH ? fa : f));
        }
    }

    private TermValues run(Subspace.Seen seen) {
        double[] c = seen.coefficients();
        values.put(Term.L_A, FisherAlignment.of(c, fisher.eigenvalues(), weight(Term.L_A), w));
        double[] ofUpdate = s.twoBranch() ? null : c;
        if (h == null) {
            values.put(Term.L_T, TaskStability.identity(tape, ft, ofUpdate));
            if (wanted.gradients && weight(Term.L_T) > 0) {
                TaskStability.addIdentity(tape, ft, ofUpdate, weight(Term.L_T), w);
            }
        }
        // Orthogonal parts have no overlap in the Euclidean metric: zero without computing it.
        if (metric == null && !s.twoBranch()) {
            values.put(Term.E_GEO, 0.0);
        }
        boolean rows = wanted(Term.E_RM) || wanted(Term.L_T);
        if (rows || wanted(Term.E_GEO)) {
            pass(ofUpdate, rows, wanted(Term.E_GEO));
        }
        if (wanted.gradients) {
            seen.addGradient(w);
        }
        return TermValues.of(s, t -> values.getOrDefault(t, Double.NaN), sampled);
    }

    private double weight(Term t) {
        return t.weight(s);
    }

    /** Whether a pass over ΔW has to compute this term. */
    private boolean wanted(Term t) {
        return !values.containsKey(t) && (wanted.all || weight(t) > 0);
    }

    private void pass(double[] c, boolean rows, boolean geo) {
        // E_RM alone is a sum over rows, of which some give an estimate; the other terms' passes visit all of them, E_RM with them.
        RowSample sample = geo || wanted(Term.L_T) ? RowSample.all(f.out())
                : RowSample.of(f.out(), f.in(), s.collisionRows(), wanted.block);
        sampled = sample.times() > 1;
        RowTerms rowTerms = rows ? new RowTerms(sample.times()) : null;
        GeodesicTerm geodesic = geo ? new GeodesicTerm() : null;
        Tile.forEach(tape, sample, f.in(), Math.min(subspace.tileHeight(), sample.to() - sample.from()), t -> {
            try (Workspace space = tape.workspace()) {
                Tile a = t.like(space);
                parts(c, a, t);
                if (geo) {
                    geodesic.add(space, a, t);
                }
                if (rows) {
                    rowTerms.add(space, a, t);
                }
            }
        });
        if (geo) {
            geodesic.finish();
        }
        if (rows) {
            rowTerms.finish();
        }
    }

    /** Writes the tiles' rows of ΔW_A and ΔW_T. */
    private void parts(double[] c, Tile a, Tile t) {
        Tiles.update(kernels, ft, t);
        if (s.twoBranch()) {
            Tiles.update(kernels, fa, a);
        } else {
            subspace.combine(tape, c, a);
            kernels.axpy(t.size(), -1, a.data(), 0, t.data(), 0);
        }
    }

    /** E_RM, and L_T if H is not the identity: a tile yields its entries of ∂L/∂ΔW_A and ∂L/∂ΔW_T at once. */
    private final class RowTerms {
        private final boolean rm = wanted(Term.E_RM);
        private final boolean lT = wanted(Term.L_T);
        private final boolean withGradient = wanted.gradients && (rm && weight(Term.E_RM) > 0 || lT && weight(Term.L_T) > 0);
        private final double perEntry;
        private double eRMSum;
        private double lTSum;

        /** @param times how often each visited entry counts */
        RowTerms(double times) {
            perEntry = s.reduction() == AglSettings.Reduction.MEAN ? times / ((double) f.out() * f.in()) : times;
        }

        void add(Workspace space, Tile a, Tile t) {
            Tile da = t.zeros(space);
            Tile dt = t.zeros(space);
            if (rm) {
                eRMSum += terms.riemannian(s, a, t, weight(Term.E_RM) * perEntry, da, dt) * perEntry;
            }
            if (lT) {
                lTSum += terms.stability(h, t, weight(Term.L_T), dt);
            }
            if (withGradient) {
                Tiles.addChain(tape, ft, 1, dt);
                if (s.twoBranch()) {
                    Tiles.addChain(tape, fa, 1, da);
                } else {
                    kernels.axpy(dt.size(), -1, dt.data(), 0, da.data(), 0);
                    subspace.project(tape, da, w);
                }
            }
        }

        void finish() {
            if (rm) {
                values.put(Term.E_RM, eRMSum);
            }
            if (lT) {
                values.put(Term.L_T, lTSum);
            }
        }
    }

    /** E_geo: M∘a and M∘t go through the chain rule tile by tile, and are weighted when {@link GeodesicOverlap.Sums} are complete. */
    private final class GeodesicTerm {
        private final boolean withGradient = wanted.gradients && weight(Term.E_GEO) > 0;
        private final Pending maToT = withGradient ? new Pending(ft) : null;
        private final Pending mtToT = withGradient ? new Pending(ft) : null;
        private final Pending maToA = withGradient && s.twoBranch() ? new Pending(fa) : null;
        private final Pending mtToA = withGradient && s.twoBranch() ? new Pending(fa) : null;
        private final GeodesicOverlap.Sums sums = new GeodesicOverlap.Sums();
        private final double[] uMa = new double[w.length];
        private final double[] uMt = new double[w.length];

        void add(Workspace space, Tile a, Tile t) {
            Tile ma = t.like(space);
            Tile mt = t.like(space);
            terms.geodesic(sums, metric, a, t, ma, mt);
            if (withGradient) {
                maToT.add(ma);
                mtToT.add(mt);
                if (s.twoBranch()) {
                    maToA.add(ma);
                    mtToA.add(mt);
                } else {
                    subspace.project(tape, ma, uMa);
                    subspace.project(tape, mt, uMt);
                }
            }
        }

        /** ∂a = x·Mt − y_a·Ma and ∂t = x·Ma − y_t·Mt; for projections, ∂R = ∂t + P_A(∂a − ∂t). */
        void finish() {
            values.put(Term.E_GEO, sums.value(s.epsilon()));
            if (withGradient) {
                GeodesicOverlap.Weights d = sums.derivative(s.epsilon(), weight(Term.E_GEO));
                maToT.finish(d.x());
                mtToT.finish(-d.yt());
                if (s.twoBranch()) {
                    mtToA.finish(d.x());
                    maToA.finish(-d.ya());
                }
                for (int k = 0; k < w.length; k++) {
                    w[k] += d.x() * uMt[k] - d.ya() * uMa[k] - (d.x() * uMa[k] - d.yt() * uMt[k]);
                }
            }
        }
    }

    /** The contribution of a matrix D to ∂A and ∂B, kept until its weight is known. */
    private final class Pending {
        private final LoraFactors to;
        private final Workspace space = tape.workspace();
        private final Matrix dA;
        private final Matrix dB;

        Pending(LoraFactors to) {
            this.to = to;
            this.dA = space.zeros(to.a().rows(), to.a().cols());
            this.dB = space.zeros(to.b().rows(), to.b().cols());
        }

        void add(Tile d) {
            Tiles.addChain(kernels, to, 1, d, to.likeA(dA.data()), to.likeB(dB.data()));
        }

        void finish(double weight) {
            kernels.axpy(dA.size(), weight, dA.data(), 0, tape.grad(to.a()), 0);
            kernels.axpy(dB.size(), weight, dB.data(), 0, tape.grad(to.b()), 0);
            space.close();
        }
    }
}
