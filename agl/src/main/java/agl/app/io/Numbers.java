package agl.app.io;

import agl.error.AglException;
import java.util.regex.Pattern;

/**
 * Parses numbers typed by the user, for every option and setting: anything but an ordinary decimal number is rejected, never silently
 * reinterpreted.
 */
public final class Numbers {
    private static final Pattern DECIMAL = Pattern.compile("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?");
    private static final Pattern ZERO = Pattern.compile("[+-]?[0.]+([eE].*)?");

    private Numbers() {
    }

    /** Whether {@code text} is a decimal number: no NaN, no infinity, no suffix, no hexadecimal. */
    public static boolean isDecimal(String text) {
        return DECIMAL.matcher(text).matches();
    }

    /** The value of {@code text}; -0 becomes 0. */
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
