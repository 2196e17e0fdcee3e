package agl.app.stats;

import java.util.Arrays;
import org.hipparchus.distribution.continuous.BetaDistribution;

/**
 * Intervals of proportions. Their width is never zero: ten refusals out of ten do not show that the eleventh would be one too.
 *
 * <p>Independent items: Clopper and Pearson's, which covers the true proportion in at least 95 of 100 cases whatever it is; a bootstrap of
 * few items, or Wilson's near 0 and 1, covers it less often. Clustered items: the same with the effective number of items (Korn and
 * Graubard 1998). If all items are equal: Wilson's, counting each cluster once, so that the whole rule covers as few as 88 of 100 cases
 * with 2 items, 93 with 5, 95 from 10 on. A single item or cluster has no interval.
 */
public final class Shares {
    private static final double TAIL = 0.025;
    private static final double Z = 1.959963984540054;

    private Shares() { }

    /**
     * The mean of x as a proportion, with its 95 % interval.
     *
     * @param x one value per item: 0 or 1, or between them if an item was tried several times
     */
    public static Interval of(double[] x, Clusters clusters) {
        if (x.length == 0) {
            return Interval.missing();
        }
        double sum = Arrays.stream(x).sum();
        double p = sum / x.length;
        if (clusters.count() < 2) {
            return Interval.none(p);
        }
        if (sum == 0 || sum == x.length) {
            return wilson(p * clusters.count(), clusters.count());
        }
        if (clusters.independent()) {
            return exact(sum, x.length);
        }
        double t = StudentT.quantile(x.length - 1) / clusters.quantile();
        double n = Math.min(x.length, clusters.effective(x, p * (1 - p)) * t * t);
        return exact(p * n, n);
    }

    /** Wilson's score interval for k of n. */
    static Interval wilson(double k, double n) {
        double p = k / n;
        double middle = (p + Z * Z / (2 * n)) / (1 + Z * Z / n);
        double half = Z / (1 + Z * Z / n) * Math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n));
        return new Interval(p, p == 0 ? 0 : middle - half, p == 1 ? 1 : middle + half);
    }

    /** Clopper and Pearson's interval for k of n; neither need be an integer. */
    static Interval exact(double k, double n) {
        double low = k <= 0 ? 0 : new BetaDistribution(k, n - k + 1).inverseCumulativeProbability(TAIL);
        double high = k >= n ? 1 : new BetaDistribution(k + 1, n - k).inverseCumulativeProbability(1 - TAIL);
        return new Interval(k / n, low, high);
    }

    /**
     * The mean difference between two models on the same items, with its 95 % interval: Bonett and Price's (2012) for paired proportions,
     * which adds one change in each direction to those seen, so that its width is not zero even if nothing changed. Its quantile is
     * Student's t with K − 1 degrees of freedom for K clusters; clustered items count by their effective number.
     *
     * @param d one value per item: −1, 0 or 1, or between them if an item was tried several times
     */
    // explain: Paired difference
    public static Interval difference(double[] d, Clusters clusters) {
        if (d.length == 0) {
            return Interval.missing();
        }
        double mean = Arrays.stream(d).sum() / d.length;
        if (clusters.count() < 2) {
            return Interval.none(mean);
        }
        double changed = Arrays.stream(d).map(v -> v * v).sum() / d.length;
        double n = clusters.effective(d, changed - mean * mean);
        double middle = mean * n / (n + 2);
        double half = clusters.quantile() * Math.sqrt(((changed * n + 2) / (n + 2) - middle * middle) / (n + 2));
        return new Interval(mean, Math.max(-1, middle - half), Math.min(1, middle + half));
    }
    // explain: end
}
