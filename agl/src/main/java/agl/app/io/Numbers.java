package agl.app.io;

import agl.error.AglException;
import java.util.regex.Pattern;

/**
 * Numbers as a user types them, for every option and setting: what is not an ordinary decimal number is refused, never taken for another
 * one.
 */
public final class Numbers {
    private static final Pattern DECIMAL = Pattern.compile("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?");
    private static final Pattern ZERO = Pattern.compile("[+-]?[0.]+([eE].*)?");

    private Numbers() {
    }

    /** Whether it is written as a decimal number: no NaN, no infinity, no suffix, no hexadecimal. */
    public static boolean isDecimal(String text) {
        return DECIMAL.matcher(text).matches();
    }

    /** The number written there; -0 is 0. */
    public static double parse(String text) {
        if (!isDecimal(text.strip())) {
            throw new AglException("\"" + text + "\" is not a number");
        }
        double x = Double.parseDouble(text.strip());
        if (Double.isInfinite(x) || x == 0 && !ZERO.matcher(text.strip()).matches()) {
            throw new AglException(text + " is too " + (x == 0 ? "small" : "large") + " for a number here");
        }
        return x + 0.0;
    }
}
