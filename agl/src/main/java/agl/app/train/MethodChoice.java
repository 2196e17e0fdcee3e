package agl.app.train;

import agl.regularizers.AglSettings;

/**
 * A method and its strength.
 *
 * @param strength the method's own weight ({@link Strength}); NaN: taken from the settings or the method's default
 */
public record MethodChoice(MethodKind kind, double strength) {

    public MethodChoice {
        if (!Double.isNaN(strength)) {
            kind.strength().require(kind.title(), strength);
        }
    }

    /** A method by name, with the strength from the settings or the method's default. */
    public static MethodChoice of(String method) {
        return new MethodChoice(MethodKind.of(method), Double.NaN);
    }

    /** The given strength, or the method's default; NaN if the settings determine it. */
    double strengthOrDefault() {
        return Double.isNaN(strength) ? kind.strength().byDefault() : strength;
    }

    /** The strength in force; NaN for a method without one, and if the number of eigenvectors is not set (energy, or min(128, N)). */
    public double strengthOrDefault(AglSettings settings) {
        return Double.isNaN(strength) ? kind.strength().in(settings) : strength;
    }

    /** "kl, weight 0.1"; just "kl" if no strength was given. */
    public String label() {
        return Double.isNaN(strength) ? kind.title() : kind.title() + ", " + kind.strength().name() + " " + number(strength);
    }

    /** A strength in labels: whole numbers without a point. */
    public static String number(double x) {
        return x == Math.rint(x) && Math.abs(x) < 1e9 ? Long.toString((long) x) : Double.toString(x);
    }
}
