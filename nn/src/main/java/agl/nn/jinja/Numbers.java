package agl.nn.jinja;

import static agl.nn.jinja.Budget.wrong;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Optional;
import java.util.regex.Pattern;

/** Python's numbers: int is Long or, if that is too small, BigInteger; float is Double; a Boolean counts as 0 or 1. */
final class Numbers {
    /** Maximum size of an integer, about 4,000 digits (Python prints no more). */
    private static final int MAX_BITS = 14_000;
    private static final Pattern FLOAT = Pattern
            .compile("[+-]?(?:(?:[0-9](?:_?[0-9])*)?\\.?(?:[0-9](?:_?[0-9])*)?(?:[eE][+-]?[0-9](?:_?[0-9])*)?)");

    private Numbers() {
    }

    static boolean isInt(Object value) {
        return value instanceof Long || value instanceof BigInteger || value instanceof Boolean;
    }

    static boolean isNumber(Object value) {
        return isInt(value) || value instanceof Double;
    }

    static BigInteger big(Object value) {
        return switch (value) {
            case Boolean b -> b ? BigInteger.ONE : BigInteger.ZERO;
            case BigInteger n -> n;
            default -> BigInteger.valueOf((Long) value);
        };
    }

    /** An integer in its shortest representation. */
    static Object whole(BigInteger n) {
        if (n.bitLength() > MAX_BITS) {
            throw wrong("makes a whole number of more than " + MAX_BITS + " bits");
        }
        return n.bitLength() < 64 ? (Object) n.longValue() : n;
    }

    static double real(Object value) {
        if (value instanceof Double d) {
            return d;
        }
        double d = big(value).doubleValue();
        if (Double.isInfinite(d)) {
            throw wrong("a whole number is too large for a float");
        }
        return d;
    }

    static Object literal(String text, boolean isFloat) {
        if (isFloat) {
            return Double.valueOf(text);
        }
        String lower = text.toLowerCase(java.util.Locale.ROOT);
        int base = lower.startsWith("0x") ? 16 : lower.startsWith("0o") ? 8 : lower.startsWith("0b") ? 2 : 10;
        if (text.length() > 4300) {
            throw wrong("a whole number of " + text.length() + " digits");
        }
        return whole(new BigInteger(base == 10 ? text : text.substring(2), base));
    }

    /** Negative, zero or positive; empty if one of them is NaN. */
    static Optional<Integer> compare(Object a, Object b) {
        if (a instanceof Long x && b instanceof Long y) {
            return Optional.of(Long.compare(x, y));
        }
        if (isInt(a) && isInt(b)) {
            return Optional.of(big(a).compareTo(big(b)));
        }
        if (a instanceof Double x && b instanceof Double y || (a instanceof Double z && !Double.isFinite(z))
                || (b instanceof Double w && !Double.isFinite(w))) {
            double p = a instanceof Double d ? d : 0;
            double q = b instanceof Double d ? d : 0;
            return Double.isNaN(p) || Double.isNaN(q) ? Optional.empty() : Optional.of(p == q ? 0 : p < q ? -1 : 1);
        }
        return Optional.of(decimal(a).compareTo(decimal(b)));
    }

    private static BigDecimal decimal(Object value) {
        return value instanceof Double d ? new BigDecimal(d) : new BigDecimal(big(value));
    }

    static Object arithmetic(String operator, Object a, Object b) {
        boolean divides = operator.equals("/") || operator.equals("//") || operator.equals("%");
        if (divides && (b instanceof Double d ? d == 0 : big(b).signum() == 0)) {
            throw wrong("division by zero: " + operator);
        }
        if (operator.equals("**")) {
            return power(a, b);
        }
        return isInt(a) && isInt(b) ? whole(operator, big(a), big(b)) : real(operator, real(a), real(b));
    }

    private static Object whole(String operator, BigInteger a, BigInteger b) {
        return switch (operator) {
            case "+" -> whole(a.add(b));
            case "-" -> whole(a.subtract(b));
            case "*" -> whole(a.multiply(b));
            case "//" -> whole(floor(a, b));
            case "%" -> whole(a.subtract(floor(a, b).multiply(b)));
            default -> {
                boolean exact = a.bitLength() <= 53 && b.bitLength() <= 53;
                double quotient = exact ? a.doubleValue() / b.doubleValue()
                        : new BigDecimal(a).divide(new BigDecimal(b), new MathContext(60)).doubleValue();
                if (Double.isInfinite(quotient)) {
                    throw wrong("a quotient is too large for a float");
                }
                yield quotient;
            }
        };
    }

    private static BigInteger floor(BigInteger a, BigInteger b) {
        BigInteger[] parts = a.divideAndRemainder(b);
        return parts[1].signum() != 0 && parts[1].signum() != b.signum() ? parts[0].subtract(BigInteger.ONE) : parts[0];
    }

    private static double real(String operator, double a, double b) {
        double mod = a % b;
        return switch (operator) {
            case "+" -> a + b;
            case "-" -> a - b;
            case "*" -> a * b;
            case "/" -> a / b;
            case "%" -> mod == 0 ? Math.copySign(0, b) : (b < 0) != (mod < 0) ? mod + b : mod;
            default -> { // as CPython's float_floor_div
                double div = (a - mod) / b - (mod != 0 && (b < 0) != (mod < 0) ? 1 : 0);
                double floored = Math.floor(div);
                yield div == 0 ? Math.copySign(0, a / b) : div - floored > .5 ? floored + 1 : floored;
            }
        };
    }

    private static Object power(Object a, Object b) {
        if (isInt(a) && isInt(b) && big(b).signum() >= 0) {
            BigInteger base = big(a);
            BigInteger size = base.abs(); // absolute value, because the bit length of -2 is 1
            boolean small = size.bitLength() <= 1;
            if (!small && (big(b).bitLength() > 20 || (long) size.bitLength() * big(b).intValue() > 2L * MAX_BITS)) {
                throw wrong("makes a whole number of more than " + MAX_BITS + " bits");
            }
            int exponent = small ? big(b).testBit(0) ? 1 : big(b).signum() * 2 : big(b).intValue();
            return whole(base.pow(exponent));
        }
        double x = real(a);
        double y = real(b);
        if (x == 0 && y < 0 || x < 0 && Double.isFinite(y) && y != Math.rint(y)) {
            throw wrong(x == 0 ? "0 to a negative power" : "a fractional power of a negative number");
        }
        double result = x == 1 || x == -1 && Double.isInfinite(y) ? 1 : Math.pow(x, y); // as in C; Java returns NaN here
        if (Double.isInfinite(result) && Double.isFinite(x) && Double.isFinite(y)) {
            throw wrong("a power is too large for a float");
        }
        return result;
    }

    /** Python's round, half to even, applied to the float's exact value. */
    static Object round(Object value, long digits) {
        if (Math.abs(digits) > 400) {
            throw wrong("round to " + digits + " digits");
        }
        if (isInt(value)) {
            return digits >= 0 ? whole(big(value))
                    : whole(new BigDecimal(big(value)).setScale((int) digits, RoundingMode.HALF_EVEN).toBigInteger());
        }
        double d = (Double) value;
        if (!Double.isFinite(d)) {
            return d;
        }
        double rounded = new BigDecimal(d).setScale((int) digits, RoundingMode.HALF_EVEN).doubleValue();
        return rounded == 0 ? Math.copySign(0, d) : rounded;
    }

    /** Rounds toward zero; empty for NaN and infinity. */
    static Optional<Object> truncate(Object value) {
        if (isInt(value)) {
            return Optional.of(whole(big(value)));
        }
        double d = (Double) value;
        return Double.isFinite(d) ? Optional.of(whole(new BigDecimal(d).toBigInteger())) : Optional.empty();
    }

    /** Python's float of a text; empty if it is not a number. */
    static Optional<Double> parseReal(String text) {
        String t = digits(Texts.strip(text, null, true, true));
        String word = t.toLowerCase(java.util.Locale.ROOT).replaceFirst("^[+-]", "");
        if (word.equals("inf") || word.equals("infinity")) {
            return Optional.of(t.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY);
        }
        if (word.equals("nan")) {
            return Optional.of(Double.NaN);
        }
        boolean hasDigit = t.replaceFirst("[eE].*", "").chars().anyMatch(Character::isDigit);
        return hasDigit && FLOAT.matcher(t).matches() ? Optional.of(Double.valueOf(t.replace("_", ""))) : Optional.empty();
    }

    /** Python's int of a text in a base from 2 to 36; empty if it is not an integer. */
    static Optional<Object> parseWhole(String text, int base) {
        String t = digits(Texts.strip(text, null, true, true)).toLowerCase(java.util.Locale.ROOT);
        String sign = t.startsWith("-") || t.startsWith("+") ? t.substring(0, 1) : "";
        String rest = t.substring(sign.length());
        String prefix = base == 16 ? "0x" : base == 8 ? "0o" : base == 2 ? "0b" : "-";
        if (rest.startsWith(prefix)) {
            rest = rest.substring(2).replaceFirst("^_", "");
        }
        boolean wellFormed = !rest.isEmpty() && !rest.startsWith("_") && !rest.endsWith("_") && !rest.contains("__")
                && rest.chars().allMatch(c -> c == '_' || c < 128 && Character.digit(c, base) >= 0);
        if (!wellFormed || rest.length() > 4300) {
            return Optional.empty();
        }
        return Optional.of(whole(new BigInteger((sign.equals("-") ? "-" : "") + rest.replace("_", ""), base)));
    }

    /** Converts decimal digits of all scripts to 0 to 9. */
    private static String digits(String text) {
        StringBuilder out = new StringBuilder();
        text.codePoints().forEach(c -> out.appendCodePoint(c > 127 && Character.isDigit(c) ? '0' + Character.digit(c, 10) : c));
        return out.toString();
    }

    /** An integer that fits an index. */
    static long index(Object value, String what) {
        if (!isInt(value)) {
            throw wrong(what + " is not a whole number");
        }
        BigInteger n = big(value);
        return n.bitLength() < 63 ? n.longValue() : n.signum() * (Long.MAX_VALUE >> 1);
    }
}
