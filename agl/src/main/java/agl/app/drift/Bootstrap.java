package agl.app.drift;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;

/**
 * Percentile bootstrap (Efron 1979): the statistic is computed on many resamples, drawn with replacement, of the prompts. The same seed
 * draws the same resamples, so that two models' statistics can be compared prompt by prompt.
 */
public final class Bootstrap {
    private static final int RESAMPLES = 2000;

    private Bootstrap() { }

    /** A statistic with its 95 % interval. */
    public record Interval(double value, double low, double high) { }

    /**
     * @param n         number of prompts
     * @param statistic of the prompts with these indices
     */
    // explain: Bootstrap
    public static Interval interval(int n, long seed, ToDoubleFunction<int[]> statistic) {
        int[] all = new int[n];
        Arrays.setAll(all, i -> i);
        double value = statistic.applyAsDouble(all);
        if (n == 0) {
            return new Interval(value, value, value);
        }
        SplittableRandom random = new SplittableRandom(seed);
        double[] values = new double[RESAMPLES];
        int[] sample = new int[n];
        for (int b = 0; b < RESAMPLES; b++) {
            for (int i = 0; i < n; i++) {
                sample[i] = random.nextInt(n);
            }
            values[b] = statistic.applyAsDouble(sample);
        }
        Arrays.sort(values);
        return new Interval(value, values[(int) Math.floor(0.025 * (RESAMPLES - 1))], values[(int) Math.ceil(0.975 * (RESAMPLES - 1))]);
    }
    // explain: end

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
