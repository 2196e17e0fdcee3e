package agl.app.stats;

import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Percentile bootstrap (Efron 1979): the statistic is computed on many resamples, drawn with replacement, of the prompts. The same seed
 * draws the same resamples, so that two models' statistics can be compared prompt by prompt.
 */
public final class Bootstrap {
    private static final int RESAMPLES = 2000;

    private Bootstrap() { }

    /**
     * @param n         number of prompts, each independent of the others
     * @param statistic of the prompts with these indices
     */
    public static Interval interval(int n, long seed, ToDoubleFunction<int[]> statistic) {
        return interval(Collections.nCopies(n, ""), seed, statistic);
    }

    /**
     * Draws whole clusters: wordings of one wish succeed and fail together, and drawing them one by one would make the interval too narrow.
     *
     * @param clusters  of each prompt, by name; "" for one that stands alone
     * @param statistic of the prompts with these indices
     */
    // explain: Bootstrap
    public static Interval interval(List<String> clusters, long seed, ToDoubleFunction<int[]> statistic) {
        double value = statistic.applyAsDouble(IntStream.range(0, clusters.size()).toArray());
        if (clusters.isEmpty()) {
            return Interval.none(value);
        }
        int[][] members = members(clusters);
        SplittableRandom random = new SplittableRandom(seed);
        double[] values = new double[RESAMPLES];
        int[][] drawn = new int[members.length][];
        for (int b = 0; b < RESAMPLES; b++) {
            Arrays.setAll(drawn, i -> members[random.nextInt(members.length)]);
            values[b] = statistic.applyAsDouble(Arrays.stream(drawn).flatMapToInt(Arrays::stream).toArray());
        }
        Arrays.sort(values);
        return new Interval(value, values[(int) Math.floor(0.025 * (RESAMPLES - 1))], values[(int) Math.ceil(0.975 * (RESAMPLES - 1))]);
    }
    // explain: end

    /** The indices of each cluster's prompts, in the order of their first ones. */
    private static int[][] members(List<String> clusters) {
        Map<Object, IntStream.Builder> byName = new LinkedHashMap<>();
        for (int i = 0; i < clusters.size(); i++) {
            byName.computeIfAbsent(clusters.get(i).isEmpty() ? (Object) i : clusters.get(i), c -> IntStream.builder()).add(i);
        }
        return byName.values().stream().map(b -> b.build().toArray()).toArray(int[][]::new);
    }

    /** Mean of x with its interval, by clusters. */
    public static Interval mean(double[] x, List<String> clusters, long seed) {
        return interval(clusters, seed, sample -> mean(x, sample));
    }

    /** Mean of x with its interval. */
    public static Interval mean(double[] x, long seed) {
        return interval(x.length, seed, sample -> mean(x, sample));
    }

    /** Mean of the chosen elements; NaN of none. */
    public static double mean(double[] x, int[] sample) {
        double sum = 0;
        for (int i : sample) {
            sum += x[i];
        }
        return sum / sample.length;
    }
}
