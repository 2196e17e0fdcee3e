package agl.app.train;

import agl.regularizers.AglSettings;

/**
 * A method and how strongly it acts.
 *
 * @param strength the method's own weight ({@link Strength}); NaN: as the settings or the method's default have it
 */
public record MethodChoice(MethodKind kind, double strength) {

    public MethodChoice {
        if (!Double.isNaN(strength)) {
            kind.strength().require(kind.title(), strength);
        }
    }

    /** By name, with the strength that settings or the method's default have. */
    public static MethodChoice of(String method) {
        return new MethodChoice(MethodKind.of(method), Double.NaN);
    }

    /** The given strength, or the method's default; NaN where the settings decide. */
    double strengthOrDefault() {
        return Double.isNaN(strength) ? kind.strength().byDefault() : strength;
    }

    /** The strength in force; NaN for a method without one, and where no number of eigenvectors is set (energy, or min(128, N)). */
    public double strengthOrDefault(AglSettings settings) {
        return Double.isNaN(strength) ? kind.strength().in(settings) : strength;
    }

    /** "kl, weight 0.1"; without a strength that was given, "kl". */
    public String label() {
        return Double.isNaN(strength) ? kind.title() : kind.title() + ", " + kind.strength().name() + " " + number(strength);
    }

    static String number(double x) {
        return x == Math.rint(x) && Math.abs(x) < 1e9 ? Long.toString((long) x) : Double.toString(x);
    }
}
