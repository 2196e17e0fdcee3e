package agl.nn;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * Learning rate over the run: linear warm-up, then the type's shape (the cosine: Loshchilov and Hutter 2017). After the warm-up the rates
 * are those of transformers' {@code get_scheduler}; during it they are one step ahead, as its first step has the rate 0 and changes
 * nothing.
 *
 * @param type   shape after the warm-up
 * @param peak   highest learning rate
 * @param warmup steps of warm-up; {@link Type#CONSTANT} has none, whatever this is
 * @param total  steps of the run
 * @param floor  fraction of the peak at the end, for the types that fall
 */
public record Schedule(Type type, double peak, int warmup, int total, double floor) {

    /** Half a cosine down to the floor, a straight line down to it, the peak throughout, or the peak after the warm-up. */
    public enum Type {
        @JsonProperty("cosine") COSINE, @JsonProperty("linear") LINEAR, @JsonProperty("constant") CONSTANT,
        @JsonProperty("constant_with_warmup") CONSTANT_WITH_WARMUP;

        /** Whether there is a warm-up. */
        public boolean warmsUp() {
            return this != CONSTANT;
        }

        /** Whether the rate goes down to the floor. */
        public boolean falls() {
            return this == COSINE || this == LINEAR;
        }
    }

    /** A cosine. */
    public Schedule(double peak, int warmup, int total, double floor) {
        this(Type.COSINE, peak, warmup, total, floor);
    }

    /** The rate at step {@code step}, counted from 0. */
    // explain: Learning rate
    public double at(int step) {
        if (type.warmsUp() && step < warmup) {
            return peak * (step + 1) / warmup;
        }
        double progress = total <= warmup ? 1 : Math.min(1, (step - warmup) / (double) (total - warmup));
        return switch (type) {
            case COSINE -> peak * (floor + (1 - floor) * 0.5 * (1 + Math.cos(Math.PI * progress)));
            case LINEAR -> peak * (floor + (1 - floor) * (1 - progress));
            case CONSTANT, CONSTANT_WITH_WARMUP -> peak;
        };
    }
    // explain: end
}
