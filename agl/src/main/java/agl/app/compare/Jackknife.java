package agl.app.compare;

import java.util.List;
import java.util.function.ToDoubleFunction;
import org.hipparchus.distribution.continuous.TDistribution;

/** Fits that each leave out one seed, and the intervals from their spread. */
record Jackknife(List<double[]> without, String none) {

    ForgettingLaw.Constant of(double[] p, ToDoubleFunction<double[]> constant) {
        double value = constant.applyAsDouble(p);
        if (none != null) {
            return new ForgettingLaw.Constant(value, Double.NaN, Double.NaN, none);
        }
        int g = without.size();
        double mean = without.stream().mapToDouble(constant).average().orElseThrow();
        double squares = without.stream().mapToDouble(q -> Math.pow(constant.applyAsDouble(q) - mean, 2)).sum();
        double half = new TDistribution(g - 1).inverseCumulativeProbability(0.975) * Math.sqrt(squares * (g - 1) / g);
        return new ForgettingLaw.Constant(value, value - half, value + half, null);
    }

    /**
     * On a logarithmic scale if the constant and all its fits are above 0: its error is multiplicative, since it is exponential in β and α.
     */
    ForgettingLaw.Constant positive(double[] p, ToDoubleFunction<double[]> constant) {
        if (none != null || constant.applyAsDouble(p) <= 0 || without.stream().anyMatch(q -> constant.applyAsDouble(q) <= 0)) {
            return of(p, constant);
        }
        ForgettingLaw.Constant log = of(p, q -> Math.log(constant.applyAsDouble(q)));
        return new ForgettingLaw.Constant(constant.applyAsDouble(p), Math.exp(log.low()), Math.exp(log.high()), null);
    }
}
