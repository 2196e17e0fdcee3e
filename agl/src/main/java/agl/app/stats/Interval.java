package agl.app.stats;

/**
 * A measured value with its 95 % interval, in the value's own unit. NaN: not measured, or no interval can be given.
 *
 * @param value the estimate
 * @param low   lower end
 * @param high  upper end
 */
public record Interval(double value, double low, double high) {
    /** A value without an interval. */
    public static Interval none(double value) {
        return new Interval(value, Double.NaN, Double.NaN);
    }

    /** Nothing was measured. */
    public static Interval missing() {
        return none(Double.NaN);
    }

    public boolean measured() {
        return !Double.isNaN(value);
    }

    public boolean hasEnds() {
        return !Double.isNaN(low) && !Double.isNaN(high);
    }

    /** Every number multiplied by a positive factor: a share in percent, for instance. */
    public Interval times(double factor) {
        return new Interval(factor * value, factor * low, factor * high);
    }
}
