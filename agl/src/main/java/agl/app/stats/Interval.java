package agl.app.stats;

import java.util.Locale;

/**
 * A measured value with its 95 % interval, in the value's own unit. NaN: not measured, or no interval can be given.
 *
 * @param value the estimate
 * @param low   lower end
 * @param high  upper end
 */
public record Interval(double value, double low, double high) {
    /** How reports write a missing value. */
    public static final String NOT_MEASURED = "not measured";

    /** A value without an interval. */
    public static Interval none(double value) {
        return new Interval(value, Double.NaN, Double.NaN);
    }

    /** Nothing was measured. */
    public static Interval missing() {
        return none(Double.NaN);
    }

    /** Whether there is a value. */
    public boolean measured() {
        return !Double.isNaN(value);
    }

    /** Whether there is an interval. */
    public boolean hasEnds() {
        return !Double.isNaN(low) && !Double.isNaN(high);
    }

    /** Value and ends multiplied by a positive factor: a share in percent, for instance. */
    public Interval times(double factor) {
        return new Interval(factor * value, factor * low, factor * high);
    }

    /** "91.3 [88.0, 94.1]"; "91.3 [no interval]" if none can be given. A value that rounds to 0 has no sign; an end keeps its own. */
    public String text(int digits) {
        String f = "%." + digits + "f";
        return !measured() ? NOT_MEASURED : !hasEnds() ? fixed(value, digits) + " [no interval]"
                : fixed(value, digits) + String.format(Locale.ROOT, " [" + f + ", " + f + "]", low, high);
    }

    /** With so many digits, and no sign before what rounds to 0. */
    public static String fixed(double x, int digits) {
        return String.format(Locale.ROOT, "%." + digits + "f", x).replaceFirst("^-(?=[0.]+$)", "");
    }
}
