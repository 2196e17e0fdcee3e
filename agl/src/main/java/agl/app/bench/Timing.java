package agl.app.bench;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Time of a piece of work once the JVM has compiled it: the median of a few samples. A shared machine may slow down for a moment, which
 * shows in a multiply-add test that needs no memory: samples next to a slow test are discarded.
 */
public final class Timing {
    private static final int SAMPLES = 5;
    private static final int MOST_SAMPLES = 25;
    private static final double MOST_SECONDS = 1.5;
    /** A sample consists of enough calls to take this long, since the clock is read twice per sample. */
    private static final double SAMPLE_SECONDS = 0.015;
    private static final double WARM_UP_SECONDS = 0.1;
    private static final double LONGEST_WARM_UP = 3;
    /** Compilation counts as finished when the JVM's own threads, mainly the compiler's, take less than this share of one processor. */
    private static final double QUIET = 0.15;

    private Timing() { }

    /** Seconds per call of {@code work}. */
    static double seconds(Runnable work) {
        int calls = warmUp(work);
        List<Double> all = new ArrayList<>();
        List<Double> undisturbed = new ArrayList<>();
        long start = System.nanoTime();
        boolean calm = Ceiling.undisturbed();
        while (undisturbed.size() < SAMPLES && all.size() < MOST_SAMPLES && (all.size() < SAMPLES || since(start) < MOST_SECONDS)) {
            double sample = sample(work, calls);
            boolean still = Ceiling.undisturbed();
            all.add(sample);
            if (calm && still) {
                undisturbed.add(sample);
            }
            calm = still;
        }
        return median((undisturbed.size() >= 3 ? undisturbed : all).stream().mapToDouble(s -> s).toArray());
    }

    /** Runs until the compiler is idle and the work no longer gets faster; returns the number of calls per sample. */
    private static int warmUp(Runnable work) {
        long start = System.nanoTime();
        double best = sample(work, 1);
        while (true) {
            double bestBefore = best;
            long window = System.nanoTime();
            long vm = vmNanos();
            do {
                best = Math.min(best, sample(work, calls(best)));
            } while (since(window) < WARM_UP_SECONDS);
            boolean compiled = (vmNanos() - vm) * 1e-9 < QUIET * since(window);
            if (compiled && best > 0.9 * bestBefore || since(start) > LONGEST_WARM_UP) {
                return calls(best);
            }
        }
    }

    private static int calls(double secondsPerCall) {
        return (int) Math.clamp(Math.ceil(SAMPLE_SECONDS / secondsPerCall), 1, 1_000_000);
    }

    private static double since(long nanos) {
        return (System.nanoTime() - nanos) * 1e-9;
    }

    /** CPU time of the JVM's own threads: compiler and garbage collector. */
    private static long vmNanos() {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        if (!(ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean os)
                || !threads.isThreadCpuTimeSupported()) {
            return 0;
        }
        return os.getProcessCpuTime() - Arrays.stream(threads.getAllThreadIds()).map(threads::getThreadCpuTime).filter(t -> t > 0).sum();
    }

    private static double sample(Runnable work, int calls) {
        long start = System.nanoTime();
        for (int i = 0; i < calls; i++) {
            work.run();
        }
        return Math.max(1, System.nanoTime() - start) * 1e-9 / calls;
    }

    /** The middle of the sorted values, or the mean of the two middle ones. */
    public static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int n = sorted.length;
        return n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
    }
}
