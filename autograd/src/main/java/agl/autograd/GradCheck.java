package agl.autograd;

import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.function.DoubleSupplier;

/**
 * Compares the gradient that backward computes with central differences, in double with the plain loops.
 *
 * <p>For y = f(x) and a cotangent c, backward gives g = ∂⟨c, y⟩/∂x. {@link #full} compares every entry of the Jacobian (c runs over the
 * unit vectors); {@link #directional} compares ⟨g, v⟩ with (⟨c, f(x + εv)⟩ − ⟨c, f(x − εv)⟩)/2ε for random c and v, which costs two forward
 * passes at any size. The cotangent is random, never all ones: with ones, a wrong softmax derivative would pass.
 */
public final class GradCheck {
    /** Step of the difference quotient. The error is O(ε²) from the formula and O(1e-16/ε) from rounding. */
    public static final double EPS = 1e-6;
    /** Absolute tolerance: the largest difference that passes where the derivative is 0. */
    public static final double ATOL = 1e-5;
    /** Relative tolerance: a fraction of the derivative, added to {@link #ATOL}. */
    public static final double RTOL = 1e-3;

    private GradCheck() { }

    /** y = f(x) on a tape; x are leaves in double. */
    @FunctionalInterface
    public interface Function {
        Tensor apply(Tape tape, Tensor[] inputs);
    }

    /**
     * The comparison with the largest error.
     *
     * @param analytic the value from backward
     * @param numeric  the value of the difference quotient
     * @param error    |analytic − numeric| / max(|analytic|, |numeric|, 1): relative for large entries, absolute for small ones
     * @param where    the input and entry
     * @param compared number of comparisons
     */
    public record Result(double analytic, double numeric, double error, String where, int compared, boolean passed) {
        @Override public String toString() {
            return String.format(Locale.ROOT, "%s; %s: analytic %.10g, numeric %.10g, error %.2e (%d compared)",
                    passed ? "agrees" : "DIFFERS", where, analytic, numeric, error, compared);
        }

        private static final Result NONE = new Result(0, 0, -1, "nothing compared", 0, true);

        private Result with(double a, double n, String at) {
            double e = GradCheck.error(a, n);
            // NaN on either side fails and counts as worst: comparisons with NaN are false.
            boolean ok = Math.abs(a - n) <= ATOL + RTOL * Math.abs(n);
            boolean worse = !(e <= error);
            return new Result(worse ? a : analytic, worse ? n : numeric, worse ? e : error, worse ? at : where, compared + 1, passed && ok);
        }
    }

    /** |analytic − numeric| / max(|analytic|, |numeric|, 1). */
    public static double error(double analytic, double numeric) {
        return Math.abs(analytic - numeric) / Math.max(1, Math.max(Math.abs(analytic), Math.abs(numeric)));
    }

    /**
     * (L(x + ε) − L(x − ε)) / 2ε for entry {@code e} of x, which is perturbed and restored; {@code loss} computes L from the current values
     * of x.
     */
    public static double quotient(Tensor x, int e, DoubleSupplier loss) {
        double at = x.get(e);
        x.data().set(e, at + EPS);
        double plus = loss.getAsDouble();
        x.data().set(e, at - EPS);
        double minus = loss.getAsDouble();
        x.data().set(e, at);
        return (plus - minus) / (2 * EPS);
    }

    /** Every entry of the Jacobian of every input that requires a gradient. For small shapes. */
    public static Result full(Function f, Tensor... inputs) {
        int outputs = forward(f, inputs).length;
        double[][][] analytic = new double[outputs][][];
        for (int o = 0; o < outputs; o++) {
            double[] unit = new double[outputs];
            unit[o] = 1;
            analytic[o] = gradient(f, inputs, unit);
        }
        Result result = Result.NONE;
        // explain: Difference quotient
        for (int i = 0; i < inputs.length; i++) {
            if (!inputs[i].requiresGrad()) {
                continue;
            }
            for (int e = 0; e < inputs[i].size(); e++) {
                double x = inputs[i].get(e);
                inputs[i].data().set(e, x + EPS);
                double[] plus = forward(f, inputs);
                inputs[i].data().set(e, x - EPS);
                double[] minus = forward(f, inputs);
                inputs[i].data().set(e, x);
                for (int o = 0; o < outputs; o++) {
                    result = result.with(analytic[o][i][e], (plus[o] - minus[o]) / (2 * EPS),
                            "d out[" + o + "] / d in" + i + "[" + e + "]");
                }
            }
        }
        return result;
        // explain: end
    }

    /** {@code directions} random tangents against random cotangents. For any size. */
    public static Result directional(Function f, long seed, int directions, Tensor... inputs) {
        SplittableRandom random = new SplittableRandom(seed);
        int outputs = forward(f, inputs).length;
        Result result = Result.NONE;
        for (int d = 0; d < directions; d++) {
            double[] cotangent = gaussian(random, outputs);
            double[][] g = gradient(f, inputs, cotangent);
            double[][] v = new double[inputs.length][];
            double analytic = 0;
            for (int i = 0; i < inputs.length; i++) {
                if (inputs[i].requiresGrad()) {
                    v[i] = gaussian(random, inputs[i].size());
                    analytic += dot(g[i], v[i]);
                }
            }
            double plus = dot(cotangent, shifted(f, inputs, v, EPS));
            double minus = dot(cotangent, shifted(f, inputs, v, -EPS));
            result = result.with(analytic, (plus - minus) / (2 * EPS), "direction " + d);
        }
        return result;
    }

    /**
     * Checks that backward adds to existing gradients and leaves frozen inputs alone. Some inputs are frozen, some others start with a
     * gradient, and pooled memory is not zero. Each gradient must become its initial value plus the gradient that the plain loops compute
     * in double. Six random choices.
     *
     * @param kernels the kernels under test, computing in {@code type}; for F32, differences are relative to each input's largest gradient
     */
    public static Result accumulation(Function f, Kernels kernels, DType type, long seed, Tensor... inputs) {
        SplittableRandom random = new SplittableRandom(seed);
        double[] cotangent = gaussian(random, forward(f, inputs).length);
        double[][] alone = gradient(f, inputs, cotangent);
        Pool pool = used(type);
        Result result = Result.NONE;
        for (int choice = 0; choice < 6; choice++) {
            Tensor[] x = new Tensor[inputs.length];
            double[][] before = new double[inputs.length][];
            for (int i = 0; i < x.length; i++) {
                x[i] = inputs[i].to(type);
                if (inputs[i].requiresGrad() && random.nextInt(4) > 0) {
                    x[i].requireGrad();
                    before[i] = random.nextBoolean() ? gaussian(random, x[i].size()) : null;
                    x[i].grad = before[i] == null ? null : Tensor.of(before[i], before[i].length).to(type).data();
                }
            }
            try (Tape tape = Tape.training(kernels, pool)) {
                Tensor y = f.apply(tape, x);
                if (y.requiresGrad()) {
                    tape.backward(y, Tensor.of(cotangent, cotangent.length).to(type).data());
                }
            }
            for (int i = 0; i < x.length; i++) {
                if (!x[i].requiresGrad()) {
                    result = result.with(x[i].grad == null ? 0 : 1, 0, "gradients of in" + i + ", a frozen input");
                    continue;
                }
                double[] after = x[i].gradArray();
                double unit = type == DType.F64 ? 1 : Math.max(1, largest(alone[i]));
                for (int e = 0; e < after.length; e++) {
                    double expected = alone[i][e] + (before[i] == null ? 0 : before[i][e]);
                    result = result.with(after[e] / unit, expected / unit, "gradient of in" + i + "[" + e + "], added");
                }
            }
        }
        return result;
    }

    /** A pool as in the middle of a run: the buffers it hands out are not zero. */
    private static Pool used(DType type) {
        Pool pool = new Pool(type);
        List<Storage> taken = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            taken.add(pool.take(64));
        }
        for (Storage s : taken) {
            s.fill(0, 64, Double.NaN);
            pool.give(s);
        }
        return pool;
    }

    private static double largest(double[] a) {
        double largest = 0;
        for (double v : a) {
            largest = Math.max(largest, Math.abs(v));
        }
        return largest;
    }

    private static double[] forward(Function f, Tensor[] inputs) {
        try (Tape tape = Tape.plain()) {
            return f.apply(tape, inputs).toArray();
        }
    }

    private static double[][] gradient(Function f, Tensor[] inputs, double[] cotangent) {
        for (Tensor x : inputs) {
            x.zeroGrad();
        }
        try (Tape tape = Tape.plain()) {
            tape.backward(f.apply(tape, inputs), cotangent);
        }
        double[][] g = new double[inputs.length][];
        for (int i = 0; i < inputs.length; i++) {
            g[i] = inputs[i].gradArray();
        }
        return g;
    }

    private static double[] shifted(Function f, Tensor[] inputs, double[][] v, double eps) {
        double[][] saved = new double[inputs.length][];
        for (int i = 0; i < inputs.length; i++) {
            saved[i] = inputs[i].toArray();
            for (int e = 0; v[i] != null && e < v[i].length; e++) {
                inputs[i].data().set(e, saved[i][e] + eps * v[i][e]);
            }
        }
        double[] y = forward(f, inputs);
        for (int i = 0; i < inputs.length; i++) {
            for (int e = 0; e < saved[i].length; e++) {
                inputs[i].data().set(e, saved[i][e]);
            }
        }
        return y;
    }

    private static double[] gaussian(SplittableRandom random, int n) {
        double[] a = new double[n];
        for (int i = 0; i < n; i++) {
            a[i] = random.nextGaussian();
        }
        return a;
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }
}
