package agl.app.compare;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The value of the last number in a text, as in "so she has 12 left" or "#### 12": 1.5e3 is 1500, -0 is 0, 1/2 is 0.5. Currency and percent
 * signs do not count.
 *
 * <p>A minus is a sign unless a number, letter or bracket directly precedes it: "5-3" ends in 3, and "2024-05-01" in 1. Commas are
 * thousands separators where three digits follow each, as in English; otherwise a single comma is a decimal one: 1,234 is 1234, 1,5 is 1.5.
 */
final class LastNumber {
    private static final String WHOLE = "\\d{1,3}(?:[,\u00A0\u202F\u2009'\u2019]\\d{3})+(?![\\d,])(?:\\.\\d+)?" // 1,234.50 and 1'234
            + "|\\d{1,2}(?:,\\d{2})+,\\d{3}(?![\\d,])(?:\\.\\d+)?"              // 12,34,567 as in India
            + "|\\d{1,3}(?:\\.\\d{3})+,\\d+|\\d{1,3}(?:\\.\\d{3}){2,}(?!\\d)"   // 1.234,50 and 1.234.567
            + "|(?<!,)\\d+,\\d+(?![\\d,])"                                     // 1,5
            + "|\\d+(?:\\.\\d+)?|\\.\\d+";
    private static final Pattern NUMBER = Pattern.compile("(?<sign>(?<![\\p{L}\\p{Nd})\\]}%.])-(?:\\s?[$€£¥])?|(?<==) ?- ?)?"
            + "(?<digits>" + WHOLE + ")"
            + "(?:[eE](?<e>[+-]?\\d{1,4})(?![\\p{L}\\d])|\\s?(?:[×*·]|\\\\times|\\\\cdot)\\s?10\\^\\{?(?<power>[+-]?\\d{1,4})}?)?"
            + "(?:(?<![\\d/]/\\d{0,9})/(?<denominator>\\d+)(?![\\d/.]))?");

    private LastNumber() {
    }

    /** Empty if the text has no number. */
    static Optional<BigDecimal> of(String text) {
        Matcher m = NUMBER.matcher(plain(text));
        BigDecimal last = null;
        while (m.find()) {
            last = value(m);
        }
        return Optional.ofNullable(last);
    }

    private static BigDecimal value(Matcher m) {
        BigDecimal value = new BigDecimal(withPoint(m.group("digits")));
        String exponent = m.group("e") != null ? m.group("e") : m.group("power");
        if (exponent != null) {
            value = value.scaleByPowerOfTen(Integer.parseInt(exponent));
        }
        if (m.group("denominator") != null) {
            BigDecimal denominator = new BigDecimal(m.group("denominator"));
            value = denominator.signum() == 0 ? denominator : value.divide(denominator, MathContext.DECIMAL64);
        }
        return m.group("sign") == null ? value : value.negate();
    }

    private static String withPoint(String digits) {
        boolean commaLast = digits.lastIndexOf(',') > digits.lastIndexOf('.');
        boolean decimalComma = commaLast && (digits.contains(".") || !digits.matches("[1-9]\\d{0,2}(,\\d{2})*(,\\d{3})+"));
        if (decimalComma) {
            return digits.replace(".", "").replace(',', '.');
        }
        String plain = digits.replaceAll("[,\u00A0\u202F\u2009'\u2019]", "");
        return plain.indexOf('.') == plain.lastIndexOf('.') ? plain : plain.replace(".", "");
    }

    /** Digits of every script as 0 to 9, every minus sign as '-'. */
    private static String plain(String text) {
        StringBuilder out = new StringBuilder();
        text.codePoints().forEach(c -> out.appendCodePoint(Character.isDigit(c) ? '0' + Character.digit(c, 10)
                : c == 0x2212 || c == 0xFF0D || c == 0x2011 ? '-' : c));
        return out.toString().replaceAll("(?<![\\d\\s])\\s*\u2013(?=[\\d.])|(?<=\\s|^)\u2013(?=[\\d.])", " -");
    }
}
