package agl.app.train;

import agl.autograd.AglException;
import agl.regularizers.AglSettings;

/**
 * A method and how strongly it acts.
 *
 * @param strength the method's own weight ({@link MethodKind#strengthName}); NaN: as the settings or the method's default have it
 */
public record MethodChoice(MethodKind kind, double strength) {

    public MethodChoice {
        if (!Double.isNaN(strength)) {
            if (kind.strengthName() == null) {
                throw new AglException("method " + kind.title() + " takes no --strength");
            }
            if (!(strength >= (kind == MethodKind.SAFELORA ? -1 : 0)) || Double.isInfinite(strength)) {
                throw new AglException("method " + kind.title() + ": " + kind.strengthName() + " must be a number of at least 0, got " + strength);
            }
            boolean count = kind.strengthName().equals("m") || kind.strengthName().equals("k");
            if (count && (strength < 1 || strength != Math.rint(strength))) {
                throw new AglException("method " + kind.title() + ": " + kind.strengthName() + " must be a whole number of at least 1, got " + strength);
            }
            if (kind == MethodKind.EARLYSTOP && !(strength > 0 && strength <= 1)) {
                throw new AglException("method earlystop: share_of_steps must be above 0 and at most 1, got " + strength);
            }
        }
    }

    /** By name, with the strength that settings or the method's default have. */
    public static MethodChoice of(String method) {
        return new MethodChoice(MethodKind.of(method), Double.NaN);
    }

    /** The given strength, or the method's default; NaN where the settings decide. */
    double strengthOrDefault() {
        return Double.isNaN(strength) ? kind.defaultStrength() : strength;
    }

    /** The strength in force; NaN for a method without one, and where no number of eigenvectors is set (energy, or min(128, N)). */
    public double strengthOrDefault(AglSettings settings) {
        return !Double.isNaN(strengthOrDefault()) || kind.strengthName() == null ? strengthOrDefault()
                : kind == MethodKind.AGL ? settings.lambdaA() : settings.m() > 0 && settings.energy() == 0 ? settings.m() : Double.NaN;
    }

    /** "kl, weight 0.1"; without a strength that was given, "kl". */
    public String label() {
        return Double.isNaN(strength) ? kind.title() : kind.title() + ", " + kind.strengthName() + " " + number(strength);
    }

    static String number(double x) {
        return x == Math.rint(x) && Math.abs(x) < 1e9 ? Long.toString((long) x) : Double.toString(x);
    }
}
