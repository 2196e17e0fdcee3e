package agl.app.stats;

import org.hipparchus.distribution.continuous.TDistribution;
import org.hipparchus.stat.descriptive.DescriptiveStatistics;

/** Student's t for a few runs that differ by their seed. */
public final class StudentT {
    private static final double UPPER = 0.975;

    private StudentT() { }

    /** The 97.5 % quantile. */
    static double quantile(double degreesOfFreedom) {
        return new TDistribution(degreesOfFreedom).inverseCumulativeProbability(UPPER);
    }

    /**
     * Mean of n values with mean ± t · s/√n, s with n − 1 in its denominator and as many degrees of freedom. An interval that would leave
     * the range in which the mean can lie is cut to it: what is cut off cannot be the mean, so that the interval holds it as often as
     * before.
     *
     * @param lowest  that the mean can be; −∞ for a mean without a bound
     * @param highest likewise
     * @return without an interval for one value, and where all values are alike: then their spread is not known
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
