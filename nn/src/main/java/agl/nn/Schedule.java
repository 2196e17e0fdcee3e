package agl.nn;

/**
 * Learning rate over the run: linear warm-up, then half a cosine down to {@code floor} times the peak (Loshchilov and Hutter 2017).
 *
 * @param peak   highest learning rate
 * @param warmup steps of warm-up
 * @param total  steps of the run
 * @param floor  fraction of the peak at the end
 */
public record Schedule(double peak, int warmup, int total, double floor) {

    /** The rate at step {@code step}, counted from 0. */
    // explain: Learning rate
    public double at(int step) {
        if (step < warmup) {
            return peak * (step + 1) / warmup;
        }
        double progress = total <= warmup ? 1 : Math.min(1, (step - warmup) / (double) (total - warmup));
        return peak * (floor + (1 - floor) * 0.5 * (1 + Math.cos(Math.PI * progress)));
    }
    // explain: end
}
