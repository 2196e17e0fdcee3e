package agl.app.stats;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.hipparchus.distribution.continuous.NormalDistribution;

/**
 * Percentile bootstrap (Efron 1979) for what has no bounds, as a margin or a loss: the statistic is computed on many resamples, drawn with
 * replacement, of the items. The same seed draws the same resamples. The percentiles are those of Hesterberg (2015), somewhat
 * further out than 2.5 and 97.5 when there are few clusters: the plain ones hold the truth in 89 of 100 cases with 10 of them.
 */
public final class Bootstrap {
    private static final int RESAMPLES = 2000;
    /** By how much, relative to the value, means of the same numbers in another order may differ. */
    private static final double ROUNDING = 1e-12;

    private Bootstrap() { }

    /**
     * Draws whole clusters.
     *
     * @param statistic of the items with these indices
     * @return without an interval when there are too few clusters ({@link Clusters#FEW}), and where all resamples give the same: items that
     *         are all alike do not show how much others differ
     */
    // explain: Bootstrap
    public static Interval interval(Clusters clusters, long seed, ToDoubleFunction<int[]> statistic) {
        double value = statistic.applyAsDouble(IntStream.range(0, clusters.items()).toArray());
        if (clusters.few()) {
            return Interval.none(value);
        }
        int[][] members = clusters.members();
        SplittableRandom random = new SplittableRandom(seed);
        double[] values = new double[RESAMPLES];
        int[][] drawn = new int[members.length][];
        for (int b = 0; b < RESAMPLES; b++) {
            Arrays.setAll(drawn, i -> members[random.nextInt(members.length)]);
            values[b] = statistic.applyAsDouble(Arrays.stream(drawn).flatMapToInt(Arrays::stream).toArray());
        }
        Arrays.sort(values);
        double tail = tail(clusters.count());
        double low = values[(int) Math.floor(tail * (RESAMPLES - 1))];
        double high = values[(int) Math.ceil((1 - tail) * (RESAMPLES - 1))];
        return high - low > ROUNDING * Math.abs(value) ? new Interval(value, low, high) : Interval.none(value);
    }
    // explain: end

    /** Probability left out on either side: Φ(−t √(K/(K − 1))), t with K − 1 degrees of freedom; near .025 for many clusters. */
    static double tail(int clusters) {
        return new NormalDistribution().cumulativeProbability(-StudentT.quantile(clusters - 1) * Math.sqrt(clusters / (clusters - 1.0)));
    }

    /** Mean of x with its interval. */
    public static Interval mean(double[] x, Clusters clusters, long seed) {
        return interval(clusters, seed, sample -> mean(x, sample));
    }

    /** Mean of the chosen elements; NaN of none. */
    private static double mean(double[] x, int[] sample) {
        double sum = 0;
        for (int i : sample) {
            sum += x[i];
        }
        return sum / sample.length;
    }
}
