package agl.app.compare;

import agl.error.AglException;
import com.fasterxml.jackson.annotation.JsonIgnore;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.hipparchus.exception.MathRuntimeException;
import org.hipparchus.linear.Array2DRowRealMatrix;
import org.hipparchus.linear.ArrayRealVector;
import org.hipparchus.linear.RealMatrix;
import org.hipparchus.linear.RealVector;
import org.hipparchus.linear.SingularValueDecomposition;
import org.hipparchus.optim.nonlinear.vector.leastsquares.LeastSquaresBuilder;
import org.hipparchus.optim.nonlinear.vector.leastsquares.LeastSquaresOptimizer.Optimum;
import org.hipparchus.optim.nonlinear.vector.leastsquares.LevenbergMarquardtOptimizer;
import org.hipparchus.util.Pair;

/**
 * The forgetting law (Bethune et al. 2025, without injected pre-training data; MATH.md section 8): L_pt = L_pt⁰ + A · D^β / N^α + E, with D
 * the fine-tuning tokens (here those in the loss, each counted once) and N the model's parameters. All methods share α and β; A and E are
 * per method. Non-linear least squares by Levenberg–Marquardt.
 *
 * <p>A's unit depends on α and β, and its estimate is strongly correlated with theirs. So the fit uses D/D₀ and N/N₀ with the geometric
 * means D₀ and N₀: A' = A·D₀^β/N₀^α is the forgetting in the middle of the data, in nats. With models of a single size, α cannot be
 * identified, and A stands for A/N^α.
 *
 * <p>Intervals: the runs of one seed share the order of their data, and larger sizes include the smaller ones, so their errors are
 * correlated and grow with forgetting. The usual standard errors assume neither. Instead, each seed's runs are left out together in turn,
 * and the spread of these fits gives the interval, θ ± t(G − 1) √((G − 1)/G · Σ (θ₋g − θ̄)²) with G seeds (the jackknife over clusters;
 * with few seeds its coverage is far better than that of percentiles of resampled seeds, which reach no further than the seeds themselves).
 */
public final class ForgettingLaw {
    private static final double[] BETAS = {0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 1.5};
    private static final double[] ALPHAS = {0, 0.1, 0.25, 0.5, 0.75, 1};
    private static final double MIN_BETA = 1e-3;
    private static final double TOLD = 1e-3;

    /**
     * One run.
     *
     * @param seed       seed of its data order; runs with the same seed are treated as one draw
     * @param tokens     D
     * @param parameters N
     * @param increase   L_pt − L_pt⁰, nats per token
     */
    public record Observation(String method, long seed, double tokens, double parameters, double increase) { }

    /**
     * A constant with its 95 % interval.
     *
     * @param value NaN if the data do not determine it
     * @param low   NaN if no interval can be given
     * @param note  why value or interval is missing; else null
     */
    public record Constant(double value, double low, double high, String note) {
        static Constant open(String why) {
            return new Constant(Double.NaN, Double.NaN, Double.NaN, why);
        }

        public boolean determined() {
            return !Double.isNaN(value);
        }
    }

    /** @param middle A', the forgetting of D₀ tokens at N₀ parameters beyond E */
    public record OfMethod(Constant a, Constant e, Constant middle) {
        /** Whether the law determines this method's forgetting, A' + E. */
        boolean determined() {
            return e.determined() && middle.determined();
        }
    }

    /**
     * @param rms   root mean square residual, in nats
     * @param seeds number of seeds behind the intervals
     * @param curve the fitted values, including undetermined constants: together they give the curve within the range of the data
     */
    public record Fit(Constant alpha, Constant beta, Map<String, OfMethod> methods, double d0, double n0, double rms, int observations,
            int seeds,
            @JsonIgnore Map<String, double[]> curve) {
        /** The law's L_pt − L_pt⁰. */
        public double predict(String method, double tokens, double parameters) {
            double[] c = curve.get(method);
            return c[0] * Math.pow(tokens / d0, c[2]) * Math.pow(n0 / parameters, c[3]) + c[1];
        }
    }

    private final List<Observation> data;
    private final List<String> methods;
    private final boolean sizes;
    private final double d0;
    private final double n0;

    private ForgettingLaw(List<Observation> data) {
        this.data = data;
        this.methods = List.copyOf(new LinkedHashSet<>(data.stream().map(Observation::method).toList()));
        this.sizes = data.stream().mapToDouble(Observation::parameters).distinct().count() > 1;
        this.d0 = Math.exp(data.stream().mapToDouble(o -> Math.log(o.tokens())).average().orElse(0));
        this.n0 = Math.exp(data.stream().mapToDouble(o -> Math.log(o.parameters())).average().orElse(0));
    }

    /** The same law, in the same units, on a subset of the data. */
    private ForgettingLaw(ForgettingLaw whole, List<Observation> data) {
        this.data = data;
        this.methods = whole.methods;
        this.sizes = whole.sizes;
        this.d0 = whole.d0;
        this.n0 = whole.n0;
    }

    /** Needs at least three amounts of data, and more observations than constants. */
    public static Fit fit(List<Observation> data) {
        ForgettingLaw law = of(data);
        if (!law.enough()) {
            throw new AglException("the forgetting law has " + law.count() + " constants: " + data.size() + " runs over " + law.amounts()
                    + " amounts of data do not determine them; give at least three --sizes and more runs than constants");
        }
        return law.result();
    }

    static ForgettingLaw of(List<Observation> data) {
        if (data.stream().anyMatch(o -> !Double.isFinite(o.increase) || !(o.tokens > 0) || !(o.parameters > 0))) {
            throw new AglException("the forgetting law needs finite losses and sizes above 0");
        }
        return new ForgettingLaw(data);
    }

    private long amounts() {
        return data.stream().mapToDouble(Observation::tokens).distinct().count();
    }

    private boolean enough() {
        return amounts() >= 3 && data.size() > count() && data.stream().map(Observation::method).distinct().count() == methods.size();
    }

    private int shared() {
        return sizes ? 2 : 1;
    }

    private int count() {
        return constants(shared(), methods.size());
    }

    /** Number of constants: β, and α if there are several model sizes; A and E of each method. */
    public static int constants(int shared, int methods) {
        return shared + 2 * methods;
    }

    /** D^β/N^α in the scaled variables. */
    private double power(Observation o, double beta, double alpha) {
        return Math.pow(o.tokens / d0, beta) * Math.pow(n0 / o.parameters, alpha);
    }

    /**
     * The law at every run and its Jacobian.
     *
     * @param p β, α if there are several sizes, then A' and E of each method
     */
    Pair<RealVector, RealMatrix> model(RealVector p) {
        double beta = p.getEntry(0);
        double alpha = sizes ? p.getEntry(1) : 0;
        RealVector value = new ArrayRealVector(data.size());
        RealMatrix jacobian = new Array2DRowRealMatrix(data.size(), p.getDimension());
        for (int i = 0; i < data.size(); i++) {
            Observation o = data.get(i);
            int at = shared() + 2 * methods.indexOf(o.method);
            double power = power(o, beta, alpha);
            double rise = p.getEntry(at) * power;
            value.setEntry(i, rise + p.getEntry(at + 1));
            jacobian.setEntry(i, 0, rise * Math.log(o.tokens / d0));
            if (sizes) {
                jacobian.setEntry(i, 1, rise * Math.log(n0 / o.parameters));
            }
            jacobian.setEntry(i, at, power);
            jacobian.setEntry(i, at + 1, 1);
        }
        return new Pair<>(value, jacobian);
    }

    private double[] solve(double[] start) {
        try {
            Optimum best = new LevenbergMarquardtOptimizer().optimize(new LeastSquaresBuilder().model(this::model).start(start)
                    .target(data.stream().mapToDouble(Observation::increase).toArray()).maxEvaluations(2000).maxIterations(2000)
                    // Below this, D^β is nearly constant and A and E cannot be distinguished.
                    .parameterValidator(p -> {
                        RealVector q = p.copy();
                        q.setEntry(0, Math.max(MIN_BETA, q.getEntry(0)));
                        return q;
                    }).build());
            return best.getPoint().toArray();
        } catch (MathRuntimeException e) {
            throw new AglException("the forgetting law could not be fitted: " + e.getMessage().lines().findFirst().orElse(""), e);
        }
    }

    /** The best of a grid over α and β; given those, A' and E are a linear fit to each method's points. */
    double[] start() {
        double[] best = null;
        double least = Double.POSITIVE_INFINITY;
        for (double beta : BETAS) {
            for (double alpha : sizes ? ALPHAS : new double[] {0}) {
                double[] p = new double[count()];
                p[0] = beta;
                if (sizes) {
                    p[1] = alpha;
                }
                double error = 0;
                for (int m = 0; m < methods.size(); m++) {
                    error += line(methods.get(m), beta, alpha, p, shared() + 2 * m);
                }
                if (error < least) {
                    least = error;
                    best = p;
                }
            }
        }
        return best;
    }

    /** Stores A' and E of the method's linear fit in {@code p}; returns its squared error minus Σ y², which is the same for every line. */
    private double line(String method, double beta, double alpha, double[] p, int at) {
        double n = 0;
        double x = 0;
        double y = 0;
        double xx = 0;
        double xy = 0;
        for (Observation o : data) {
            if (o.method.equals(method)) {
                double power = power(o, beta, alpha);
                n++;
                x += power;
                y += o.increase;
                xx += power * power;
                xy += power * o.increase;
            }
        }
        double spread = xx - x * x / n;
        p[at] = spread > 0 ? (xy - x * y / n) / spread : 0;
        p[at + 1] = (y - p[at] * x) / n;
        return -p[at] * xy - p[at + 1] * y;
    }

    private Fit result() {
        double[] p = solve(start());
        boolean[] open = open(p);
        long[] seeds = data.stream().mapToLong(Observation::seed).distinct().toArray();
        List<double[]> without = new ArrayList<>();
        List<Long> stuck = new ArrayList<>();
        for (long seed : seeds) {
            ForgettingLaw rest = new ForgettingLaw(this, data.stream().filter(o -> o.seed != seed).toList());
            if (rest.enough()) {
                try {
                    without.add(rest.solve(p));
                } catch (AglException e) {
                    stuck.add(seed);
                }
            }
        }
        String none = seeds.length < 2 ? "one seed" : !stuck.isEmpty() ? "no fit without seed " + stuck.getFirst()
                : without.size() < seeds.length ? "too few runs without one of the seeds" : null;
        Jackknife jackknife = new Jackknife(without, none);
        Map<String, OfMethod> each = new LinkedHashMap<>();
        Map<String, double[]> curve = new LinkedHashMap<>();
        for (int m = 0; m < methods.size(); m++) {
            int at = shared() + 2 * m;
            boolean openUnit = open[0] || sizes && open[1] || open[at];
            each.put(methods.get(m), new OfMethod(openUnit ? openBy(open) : jackknife.positive(p, q -> amplitude(q, at)),
                    open[at + 1] ? openBy(open) : jackknife.of(p, q -> q[at + 1]), open[at] ? openBy(open) : jackknife.of(p, q -> q[at])));
            curve.put(methods.get(m), new double[] {p[at], p[at + 1], p[0], sizes ? p[1] : 0});
        }
        Constant alpha = !sizes ? Constant.open("all models have one size") : open[1] ? openBy(open) : jackknife.of(p, q -> q[1]);
        RealVector residuals = model(new ArrayRealVector(p)).getFirst()
                .subtract(new ArrayRealVector(data.stream().mapToDouble(Observation::increase).toArray()));
        return new Fit(alpha, open[0] ? openBy(open) : jackknife.of(p, q -> q[0]), each, d0, n0,
                residuals.getNorm() / Math.sqrt(data.size()), data.size(), seeds.length, curve);
    }

    /** A = A' N₀^α D₀^-β. */
    private double amplitude(double[] p, int at) {
        return p[at] * Math.pow(n0, sizes ? p[1] : 0) * Math.pow(d0, -p[0]);
    }

    /**
     * Which constants the data do not determine: those for which the others can compensate. Only the part of a constant's effect outside
     * the span of the others' effects identifies it; if that part is below a thousandth of the largest increase (moving β and α by 1, A'
     * and E by that increase), the constant is undetermined.
     */
    boolean[] open(double[] p) {
        RealMatrix jacobian = model(new ArrayRealVector(p)).getSecond();
        double largest = data.stream().mapToDouble(o -> Math.abs(o.increase)).max().orElse(0);
        boolean[] open = new boolean[p.length];
        for (int c = 0; c < p.length; c++) {
            int own = c;
            RealVector column = jacobian.getColumnVector(c).mapDivide(c < shared() ? Math.max(largest, Double.MIN_NORMAL) : 1);
            int[] others = IntStream.range(0, p.length).filter(k -> k != own).toArray();
            RealMatrix rest = jacobian.getSubMatrix(IntStream.range(0, data.size()).toArray(), others);
            for (int k = 0; k < others.length; k++) {
                double norm = rest.getColumnVector(k).getNorm();
                rest.setColumnVector(k, rest.getColumnVector(k).mapMultiply(norm == 0 ? 0 : 1 / norm));
            }
            RealVector outside = column.subtract(rest.operate(new SingularValueDecomposition(rest).getSolver().solve(column)));
            open[c] = outside.getNorm() / Math.sqrt(data.size()) < TOLD;
        }
        // At its lower bound, β is where the fit was stopped, not where it converged.
        open[0] |= p[0] <= MIN_BETA;
        return open;
    }

    private Constant openBy(boolean[] open) {
        List<String> names = new ArrayList<>();
        for (int c = 0; c < open.length; c++) {
            if (open[c]) {
                int of = c - shared();
                names.add(of < 0 ? c == 0 ? "beta" : "alpha" : (of % 2 == 0 ? "A of " : "E of ") + methods.get(of / 2));
            }
        }
        return Constant.open("the runs leave " + String.join(", ", names) + " open together");
    }
}
