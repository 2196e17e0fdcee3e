package agl.app.bench;

import agl.autograd.kernels.Providers;
import agl.autograd.kernels.Workers;
import java.util.Arrays;
import java.util.concurrent.atomic.DoubleAdder;
import java.util.function.IntConsumer;

/**
 * Measures the machine's peak: multiply-adds and bytes per second. The Vector API is used in a nested class only, since it may be absent.
 */
public final class Ceiling {
    private static final int SAMPLES = 2000;
    /** Total elements of all arrays: 128 MB, larger than any last-level cache ... */
    private static final int IN_MEMORY = 1 << 25;
    /** ... and 4 MB, which fits in it. */
    private static final int IN_CACHE = 1 << 20;

    private static final double UNDISTURBED = 0.85;

    private static double best;

    private Ceiling() { }

    /** GFLOP/s of one thread; NaN without the Vector API. */
    public static double gflops() {
        return Providers.message().isEmpty() ? OnVectors.gflops() : Double.NaN;
    }

    /** GFLOP/s of all threads of {@link Workers} together. */
    static double gflopsOfAll() {
        DoubleAdder sum = new DoubleAdder();
        Workers.parallelFor(Workers.threads(), t -> sum.add(gflops()));
        return sum.sum();
    }

    /**
     * Whether the threads of {@link Workers} reach their best speed so far in a short multiply-add test on each. Always true without the
     * Vector API, where this cannot be measured.
     */
    static boolean undisturbed() {
        if (!Providers.message().isEmpty()) {
            return true;
        }
        int threads = Workers.threads();
        double[] now = new double[threads];
        Workers.parallelFor(threads, t -> now[t] = OnVectors.brief());
        double slowest = Arrays.stream(now).min().orElseThrow();
        best = Math.max(best, slowest);
        return slowest > UNDISTURBED * best;
    }

    /** GB/s between memory and the threads of {@link Workers}: the maximum over the access patterns below. */
    static double memory() {
        return bandwidth(IN_MEMORY);
    }

    /** GB/s between the last-level cache and the threads of {@link Workers}. */
    static double cache() {
        return bandwidth(IN_CACHE);
    }

    /** Which pattern is fastest depends on the processor: prefetchers track different numbers of streams, and the cost of writes varies. */
    private static double bandwidth(int elements) {
        int threads = Workers.threads();
        int n = elements / threads / 4;
        float[][] x = new float[4 * threads][n];
        int[][] ints = new int[4 * threads][n];
        int[] sink = new int[threads];
        double best = rate(4, n, t -> sink[t] += sum(ints[4 * t], ints[4 * t + 1], ints[4 * t + 2], ints[4 * t + 3]));
        best = Math.max(best,
                rate(4, n, t -> sink[t] += sum(ints[4 * t]) + sum(ints[4 * t + 1]) + sum(ints[4 * t + 2]) + sum(ints[4 * t + 3])));
        best = Math.max(best, rate(3, n, t -> add(x[4 * t], x[4 * t + 1])));
        return Math.max(best, rate(7, n, t -> addToThree(x[4 * t], x[4 * t + 1], x[4 * t + 2], x[4 * t + 3])));
    }

    private static double rate(int streams, int n, IntConsumer work) {
        int threads = Workers.threads();
        return 4.0 * streams * n * threads / Timing.seconds(() -> Workers.parallelFor(threads, work)) * 1e-9;
    }

    /** Sums of ints: HotSpot vectorizes them, since their order does not matter. */
    private static int sum(int[] x) {
        int sum = 0;
        for (int v : x) {
            sum += v;
        }
        return sum;
    }

    private static int sum(int[] a, int[] b, int[] c, int[] d) {
        int sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] + b[i] + c[i] + d[i];
        }
        return sum;
    }

    private static void add(float[] a, float[] b) {
        for (int i = 0; i < a.length; i++) {
            a[i] += 0.5f * b[i];
        }
    }

    private static void addToThree(float[] a, float[] b, float[] c, float[] x) {
        for (int i = 0; i < a.length; i++) {
            a[i] += 0.5f * x[i];
            b[i] += 0.25f * x[i];
            c[i] += 0.125f * x[i];
        }
    }

    private static final class OnVectors {
        public static double gflops() {
            return agl.autograd.kernels.vector.FmaCeiling.gflops(SAMPLES);
        }

        static double brief() {
            return agl.autograd.kernels.vector.FmaCeiling.gflops(2);
        }
    }
}
