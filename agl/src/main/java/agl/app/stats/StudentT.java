package agl.app.stats;

import org.hipparchus.distribution.continuous.TDistribution;
import org.hipparchus.stat.descriptive.DescriptiveStatistics;

/** Student's t for a few runs that differ only in seed. */
public final class StudentT {
    private static final double UPPER = 0.975;

    private StudentT() { }

    /** The 97.5 % quantile. */
    public static double quantile(double degreesOfFreedom) {
        return new TDistribution(degreesOfFreedom).inverseCumulativeProbability(UPPER);
    }

    /**
     * Mean of n values with mean ± t · s/√n, s with denominator n − 1, t with n − 1 degrees of freedom. An interval that exceeds the
     * possible range of the mean is clipped to it; this does not change its coverage.
     *
     * @param lowest  lower bound of the mean; −∞ if it has none
     * @param highest upper bound, likewise
     * @return without an interval for a single value or equal values: their spread is unknown
     */
    public static Interval mean(double[] values, double lowest, double highest) {
        DescriptiveStatistics s = new DescriptiveStatistics(values);
        int n = values.length;
        if (n < 2 || !(s.getMax() > s.getMin())) {
            return Interval.none(s.getMean());
        }
        double half = quantile(n - 1) * s.getStandardDeviation() / Math.sqrt(n);
        return new Interval(s.getMean(), Math.max(lowest, s.getMean() - half), Math.min(highest, s.getMean() + half));
    }
}
