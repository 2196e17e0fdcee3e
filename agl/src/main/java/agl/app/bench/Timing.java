package agl.app.bench;

import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;

/** How long a piece of work takes, once the JVM has compiled it: the median of a few samples, so that a disturbance does not count. */
final class Timing {
    private static final int SAMPLES = 5;
    /** A sample is as many calls as take this long: a clock is read twice per sample. */
    private static final double SAMPLE_SECONDS = 0.015;
    private static final double LONGEST_WARM_UP = 3;
    /** Without a method compiled for this long, the work is taken as compiled. */
    private static final double QUIET_SECONDS = 0.12;

    private static final CompilationMXBean COMPILER = ManagementFactory.getCompilationMXBean();

    private Timing() { }

    /** Seconds per call of {@code work}. */
    static double seconds(Runnable work) {
        int calls = warmUp(work);
        double[] samples = new double[SAMPLES];
        for (int i = 0; i < SAMPLES; i++) {
            samples[i] = sample(work, calls);
        }
        return median(samples);
    }

    /** Runs until the compiler has nothing to do any more and the work is not getting faster; returns how many calls make a sample. */
    private static int warmUp(Runnable work) {
        long start = System.nanoTime();
        double best = sample(work, 1);
        long compiled = compiled();
        double quietSince = 0;
        while (true) {
            int calls = (int) Math.clamp(Math.ceil(SAMPLE_SECONDS / best), 1, 1_000_000);
            double now = sample(work, calls);
            double passed = (System.nanoTime() - start) * 1e-9;
            if (compiled() != compiled || now < 0.9 * best) {
                compiled = compiled();
                quietSince = passed;
            }
            best = Math.min(best, now);
            if (passed - quietSince > QUIET_SECONDS || passed > LONGEST_WARM_UP) {
                return (int) Math.clamp(Math.ceil(SAMPLE_SECONDS / best), 1, 1_000_000);
            }
        }
    }

    /** Milliseconds that the compiler has been at work. */
    private static long compiled() {
        return COMPILER != null && COMPILER.isCompilationTimeMonitoringSupported() ? COMPILER.getTotalCompilationTime() : 0;
    }

    private static double sample(Runnable work, int calls) {
        long start = System.nanoTime();
        for (int i = 0; i < calls; i++) {
            work.run();
        }
        return Math.max(1, System.nanoTime() - start) * 1e-9 / calls;
    }

    /** The middle of the values in order, or the mean of the two in the middle. */
    static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int n = sorted.length;
        return n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
    }
}
