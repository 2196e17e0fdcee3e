package agl.app.stats;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.hipparchus.distribution.continuous.NormalDistribution;

/**
 * Percentile bootstrap (Efron 1979) for unbounded quantities such as a margin or a loss: the statistic is computed on many resamples of the
 * items, drawn with replacement. The same seed draws the same resamples. The percentiles are those of Hesterberg (2015), somewhat further
 * out than 2.5 and 97.5 with few clusters: with 10 clusters, the plain ones cover the true value in only 89 of 100 cases.
 */
public final class Bootstrap {
    private static final int RESAMPLES = 2000;
    /** Relative rounding difference between means of the same values summed in another order. */
    private static final double ROUNDING = 1e-12;

    private Bootstrap() { }

    /**
     * Resamples whole clusters.
     *
     * @param statistic computed on the items with these indices
     * @return without an interval if there are too few clusters ({@link Clusters#FEW}) or all resamples give the same value: identical
     *         items say nothing about the spread
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

    /** Tail probability on either side: Φ(−t √(K/(K − 1))), t with K − 1 degrees of freedom; near .025 for many clusters. */
    static double tail(int clusters) {
        return new NormalDistribution().cumulativeProbability(-StudentT.quantile(clusters - 1) * Math.sqrt(clusters / (clusters - 1.0)));
    }

    /** Mean of x with its interval. */
    public static Interval mean(double[] x, Clusters clusters, long seed) {
        return interval(clusters, seed, sample -> mean(x, sample));
    }

    /** Mean of the chosen elements; NaN if there are none. */
    private static double mean(double[] x, int[] sample) {
        double sum = 0;
        for (int i : sample) {
            sum += x[i];
        }
        return sum / sample.length;
    }
}
