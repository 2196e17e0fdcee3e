package agl.regularizers;

import agl.autograd.Storage;
import agl.autograd.Tape;
import agl.autograd.Workspace;
import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.PlainKernels;

/**
 * The four terms of one adapted matrix and their gradients with respect to A and B, in one pass over rows of ΔW: a tile of ΔW, ΔW_A and
 * ∂L/∂ΔW exists at a time, never the whole matrix. Gives the same numbers as {@link AglLoss}.
 *
 * <p>With R = ΔW, c_k = ⟨u_k, R⟩, a = ΔW_A = Σ c_k u_k, t = R − a:
 * <ul>
 * <li>L_A = Σ λ_k c_k² and, for H = I, L_T = ‖R‖² − Σ c_k² need the factors only: no pass at all.
 * <li>Otherwise a tile yields ∂L/∂a and ∂L/∂t, and ∂L/∂R = P_A ∂a + (I − P_A)∂t = ∂t + Σ_k ⟨u_k, ∂a − ∂t⟩ u_k: the first summand goes through
 *     the chain rule at once, of the second only the m inner products are kept, and join those of L_A.
 * <li>E_geo's gradient is a combination of M∘a and M∘t whose weights depend on the finished sums: both go through the chain rule on the
 *     way, and are weighted afterwards. So one pass is enough.
 * </ul>
 * In the two-branch mode a and t come from their own factors and each gradient goes to its own.
 */
final class FusedAgl {
    private final Tape tape;
    private final Kernels kernels;
    private final AglSettings s;
    private final Fisher fisher;
    private final LoraFactors f;
    private final LoraFactors fa;
    private final LoraFactors ft;
    private final Subspace subspace;
    private final Storage metric;
    private final Storage h;
    private final boolean gradients;
    /** Weights of Σ w_k u_k in ∂L/∂R. */
    private final double[] w;

    private double lA;
    private double lT;
    private double eRM;
    private double eGeo;

    private FusedAgl(Tape tape, LoraFactors f, Fisher fisher, AglSettings s, Storage h, boolean gradients) {
        this.tape = tape;
        this.kernels = tape.kernels();
        this.s = s;
        this.fisher = fisher;
        this.f = f;
        this.fa = s.twoBranch() ? f.ranks(f.from(), f.from() + s.alignmentRank()) : f;
        this.ft = s.twoBranch() ? f.ranks(f.from() + s.alignmentRank(), f.to()) : f;
        this.subspace = fisher.subspace();
        this.metric = s.metric() == AglSettings.Metric.DIAG_FISHER ? fisher.diagonal() : null;
        this.h = h;
        this.gradients = gradients;
        this.w = new double[subspace.size()];
    }

    /**
     * @param h         H's diagonal for L_T, or null for the identity
     * @param gradients whether to add the weighted gradient to A's and B's
     * @param all       whether to measure terms of weight zero as well
     */
    static TermValues run(Tape tape, LoraFactors f, Fisher fisher, AglSettings s, Storage h, boolean gradients, boolean all) {
        Decomposition.requireFit(f, fisher.subspace());
        return new FusedAgl(tape, f, fisher, s, h, gradients).run(all);
    }

    private TermValues run(boolean all) {
        LoraFactors seen = s.twoBranch() && s.alignmentReach() == AglSettings.AlignmentReach.BRANCH ? fa : f;
        double[] c = subspace.coefficients(tape, seen);
        alignment(c);
        double[] ofUpdate = s.twoBranch() ? null : c;
        boolean lTByTiles = h != null && (all || s.lambdaT() > 0);
        if (h == null) {
            stability(ofUpdate);
        } else if (!lTByTiles) {
            lT = Double.NaN;
        }
        boolean wantsRM = all || s.lambdaNC() * s.alpha() > 0;
        // Orthogonal parts: zero in the Euclidean metric, without looking.
        boolean zeroGeo = metric == null && !s.twoBranch();
        boolean wantsGeo = !zeroGeo && (all || s.lambdaNC() * (1 - s.alpha()) > 0);
        if (wantsRM || wantsGeo || lTByTiles) {
            pass(ofUpdate, wantsRM, wantsGeo, lTByTiles);
        }
        eRM = wantsRM ? eRM : Double.NaN;
        eGeo = wantsGeo || zeroGeo ? eGeo : Double.NaN;
        if (gradients) {
            subspace.addGradient(tape, seen, w);
        }
        return TermValues.of(s, lA, lT, eRM, eGeo);
    }

    /** L_A = Σ λ_k c_k², ∂L_A/∂R = 2 Σ λ_k c_k u_k. */
    // explain: L_A in training
    private void alignment(double[] c) {
        for (int k = 0; k < c.length; k++) {
            lA += fisher.eigenvalues()[k] * c[k] * c[k];
            w[k] += 2 * s.lambdaA() * fisher.eigenvalues()[k] * c[k];
        }
    }
    // explain: end

    /** H = I: L_T = ‖R‖² − Σ c_k², ∂L_T/∂R = 2(R − Σ c_k u_k); of a branch, L_T = ‖t‖². */
    // explain: L_T in training
    private void stability(double[] c) {
        lT = Tiles.squaredNorm(tape, ft);
        if (c != null) {
            for (double ck : c) {
                lT -= ck * ck;
            }
            // Rounding may leave a difference of equal numbers below zero.
            lT = Math.max(0, lT);
        }
        if (gradients && s.lambdaT() > 0) {
            Tiles.addSquaredNormGradient(tape, ft, s.lambdaT());
            for (int k = 0; c != null && k < c.length; k++) {
                w[k] -= 2 * s.lambdaT() * c[k];
            }
        }
    }
    // explain: end

    /** What a matrix D contributes to ∂A and ∂B, kept until its weight is known. */
    private final class Pending {
        private final LoraFactors to;
        private final Storage dA;
        private final Storage dB;

        Pending(LoraFactors to) {
            this.to = to;
            this.dA = zeros(to.a().size());
            this.dB = zeros(to.b().size());
        }

        void add(Tile d) {
            Tiles.addChain(kernels, to, 1, d, to.likeA(dA), to.likeB(dB));
        }

        void finish(double weight) {
            kernels.axpy(to.a().size(), weight, dA, 0, tape.grad(to.a()), 0);
            kernels.axpy(to.b().size(), weight, dB, 0, tape.grad(to.b()), 0);
            tape.pool().give(dA);
            tape.pool().give(dB);
        }
    }

    private Storage zeros(int n) {
        Storage x = tape.pool().take(n);
        x.fill(0, n, 0);
        return x;
    }

    private void pass(double[] c, boolean rm, boolean geo, boolean lTByTiles) {
        int in = f.in();
        boolean twoBranch = s.twoBranch();
        boolean geoGradient = geo && gradients && s.lambdaNC() * (1 - s.alpha()) > 0;
        Pending maToT = geoGradient ? new Pending(ft) : null;
        Pending mtToT = geoGradient ? new Pending(ft) : null;
        Pending maToA = geoGradient && twoBranch ? new Pending(fa) : null;
        Pending mtToA = geoGradient && twoBranch ? new Pending(fa) : null;
        double[] uMa = new double[w.length];
        double[] uMt = new double[w.length];
        Row r = new Row(in, s, (double) f.out() * in);
        Tile.forEach(tape, f.out(), in, t -> {
            try (Workspace space = tape.workspace()) {
                Tile a = new Tile(t.row(), space.matrix(t.rows(), in));
                parts(c, a, t);
                if (geo) {
                    Tile ma = new Tile(t.row(), space.matrix(t.rows(), in));
                    Tile mt = new Tile(t.row(), space.matrix(t.rows(), in));
                    for (int i = 0; i < t.size(); i += in) {
                        r.load(a.data(), t.data(), i);
                        r.geodesic(metric, t.offset() + i, ma.data(), mt.data(), i);
                    }
                    if (geoGradient) {
                        maToT.add(ma);
                        mtToT.add(mt);
                        if (twoBranch) {
                            maToA.add(ma);
                            mtToA.add(mt);
                        } else {
                            subspace.project(tape, ma, uMa);
                            subspace.project(tape, mt, uMt);
                        }
                    }
                }
                if (rm || lTByTiles) {
                    for (int i = 0; i < t.size(); i += in) {
                        r.load(a.data(), t.data(), i);
                        r.clear();
                        if (rm) {
                            eRM += r.riemannian();
                        }
                        if (lTByTiles) {
                            lT += r.stability(h, t.offset() + i);
                        }
                        // From here on the tiles hold ∂L/∂a and ∂L/∂t; where parts are projections, ∂a − ∂t.
                        r.storeGradients(a.data(), t.data(), i, !twoBranch);
                    }
                    if (gradients) {
                        Tiles.addChain(tape, ft, 1, t);
                        if (twoBranch) {
                            Tiles.addChain(tape, fa, 1, a);
                        } else {
                            subspace.project(tape, a, w);
                        }
                    }
                }
            }
        });
        if (geo) {
            // explain: E_geo in training
            double d = r.p * r.u + s.epsilon();
            eGeo = r.q * r.q / d;
            if (geoGradient) {
                // ∂a = x·Mt − ya·Ma, ∂t = x·Ma − yt·Mt
                double weight = s.lambdaNC() * (1 - s.alpha());
                double x = weight * 2 * r.q / d;
                double ya = weight * 2 * r.q * r.q * r.u / (d * d);
                double yt = weight * 2 * r.q * r.q * r.p / (d * d);
                maToT.finish(x);
                mtToT.finish(-yt);
                if (twoBranch) {
                    mtToA.finish(x);
                    maToA.finish(-ya);
                }
                for (int k = 0; k < w.length; k++) {
                    w[k] += x * uMt[k] - ya * uMa[k] - (x * uMa[k] - yt * uMt[k]);
                }
            }
            // explain: end
        }
    }

    /** The tiles' rows of ΔW_A and ΔW_T. */
    private void parts(double[] c, Tile a, Tile t) {
        Tiles.update(kernels, ft, t);
        if (s.twoBranch()) {
            Tiles.update(kernels, fa, a);
        } else {
            subspace.combine(tape, c, a);
            kernels.axpy(t.size(), -1, a.data(), 0, t.data(), 0);
        }
    }

    /** One row of ΔW_A and ΔW_T in double, and the formulas on it. */
    private static final class Row {
        private final AglSettings s;
        private final int n;
        private final double perEntry;
        private final double[] a;
        private final double[] t;
        private final double[] m;
        private final double[] da;
        private final double[] dt;
        private final double[] scratch;
        private double p;
        private double q;
        private double u;

        Row(int n, AglSettings s, double entries) {
            this.n = n;
            this.s = s;
            this.perEntry = s.reduction() == AglSettings.Reduction.MEAN ? 1 / entries : 1;
            a = new double[n];
            t = new double[n];
            m = new double[n];
            da = new double[n];
            dt = new double[n];
            scratch = new double[n];
        }

        void load(Storage aTile, Storage tTile, int off) {
            Tiles.load(aTile, off, n, a);
            Tiles.load(tTile, off, n, t);
        }

        void clear() {
            java.util.Arrays.fill(da, 0);
            java.util.Arrays.fill(dt, 0);
        }

        /**
         * E_RM of this row; adds λ_NC α ∂E_RM to ∂a and ∂t. η = 1 + βσ(z), z = κ(|w| − τ), η' = ∂η/∂w = βκσ(1 − σ) sign(w), and for an
         * overlap o(a, t): ∂a = η ∂o/∂a + η' o, ∂t = η ∂o/∂t + η' o.
         */
        // explain: E_RM in training
        double riemannian() {
            double scale = s.lambdaNC() * s.alpha() * perEntry;
            double sum = 0;
            for (int i = 0; i < n; i++) {
                double w = a[i] + t[i];
                double sigma = PlainKernels.sigmoid(s.kappa() * (Math.abs(w) - s.tau()));
                double eta = 1 + s.beta() * sigma;
                double slope = s.beta() * s.kappa() * sigma * (1 - sigma) * Math.signum(w);
                double product = a[i] * t[i];
                double o;
                double oa;
                double ot;
                switch (s.overlap()) {
                    case ABSOLUTE -> {
                        o = Math.abs(product);
                        oa = Math.signum(product) * t[i];
                        ot = Math.signum(product) * a[i];
                    }
                    case SIGNED -> {
                        o = product;
                        oa = t[i];
                        ot = a[i];
                    }
                    default -> {
                        o = product * product;
                        oa = 2 * product * t[i];
                        ot = 2 * product * a[i];
                    }
                }
                sum += eta * o;
                da[i] += scale * (eta * oa + slope * o);
                dt[i] += scale * (eta * ot + slope * o);
            }
            return sum * perEntry;
        }
        // explain: end

        /** L_T of this row, Σ H t²; adds λ_T 2 H t to ∂t. */
        double stability(Storage h, int off) {
            Tiles.load(h, off, n, m);
            double sum = 0;
            for (int i = 0; i < n; i++) {
                sum += m[i] * t[i] * t[i];
                dt[i] += s.lambdaT() * 2 * m[i] * t[i];
            }
            return sum;
        }

        /** Adds to q = ⟨a, t⟩_M, p = ‖a‖²_M, u = ‖t‖²_M and leaves M∘a and M∘t. */
        void geodesic(Storage metric, int off, Storage ma, Storage mt, int tileOff) {
            if (metric == null) {
                java.util.Arrays.fill(m, 1);
            } else {
                Tiles.load(metric, off, n, m);
            }
            for (int i = 0; i < n; i++) {
                p += m[i] * a[i] * a[i];
                q += m[i] * a[i] * t[i];
                u += m[i] * t[i] * t[i];
                scratch[i] = m[i] * a[i];
                m[i] *= t[i];
            }
            Tiles.store(scratch, n, ma, tileOff);
            Tiles.store(m, n, mt, tileOff);
        }

        void storeGradients(Storage aTile, Storage tTile, int off, boolean difference) {
            if (difference) {
                for (int i = 0; i < n; i++) {
                    da[i] -= dt[i];
                }
            }
            Tiles.store(da, n, aTile, off);
            Tiles.store(dt, n, tTile, off);
        }
    }
}
