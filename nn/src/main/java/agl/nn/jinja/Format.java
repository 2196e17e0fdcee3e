package agl.nn.jinja;

import static agl.nn.jinja.Budget.wrong;

import agl.nn.checkpoint.Json;
import agl.nn.jinja.Value.Dict;
import agl.nn.jinja.Value.Tuple;
import agl.nn.jinja.Value.Undefined;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Iterator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Python's two ways to format values: {@code "%s" % x} and {@code "{}".format(x)}, the latter without format specifications. */
final class Format {
    private static final Pattern PERCENT = Pattern.compile(
            "%(?:\\((?<key>[^()]*)\\))?(?<flags>[-+ 0#]*)(?<width>[0-9]+)?(?:\\.(?<precision>[0-9]*))?[hlL]?(?<type>.)", Pattern.DOTALL);
    private static final int MAX_WIDTH = 10_000;

    private Format() {
    }

    static String percent(Budget budget, String format, Object value) {
        List<Object> values = value instanceof Tuple t ? t.items() : List.of(value);
        Iterator<Object> next = values.iterator();
        boolean keyed = false;
        StringBuilder out = new StringBuilder();
        Matcher m = PERCENT.matcher(format);
        int at = 0;
        for (int found = format.indexOf('%'); found >= 0; found = format.indexOf('%', at)) {
            out.append(format, at, found);
            if (!m.region(found, format.length()).lookingAt()) {
                throw wrong("format " + Json.quote(format) + " is not complete");
            }
            at = m.end();
            if (m.group().equals("%%")) {
                out.append('%');
                continue;
            }
            Object argument;
            if (m.group("key") != null) {
                keyed = true;
                argument = value instanceof Dict dict
                        ? dict.get(m.group("key")).orElseThrow(() -> wrong("format: no value " + Json.quote(m.group("key"))))
                        : fail(format);
            } else {
                argument = next.hasNext() && !keyed ? next.next() : fail(format); // after a key, CPython treats the values as used up
            }
            out.append(one(budget, m, argument));
            budget.make(out.length());
        }
        if (next.hasNext() && !keyed && !(value instanceof Dict || value instanceof List<?>)) {
            throw wrong("format " + Json.quote(format) + " does not use all values");
        }
        return out.append(format, at, format.length()).toString();
    }

    private static Object fail(String format) {
        throw wrong("format " + Json.quote(format) + " does not match its values");
    }

    private static String one(Budget budget, Matcher m, Object value) {
        int width = number(m.group("width"), 0);
        String precisionText = m.group("precision");
        int precision = precisionText == null ? -1 : number(precisionText.isEmpty() ? "0" : precisionText, 0);
        String flags = m.group("flags");
        char type = m.group("type").charAt(0);
        String text = switch (type) {
            case 's', 'r', 'a' -> {
                String s = type == 's' ? Printer.text(budget, value) : Printer.repr(budget, value);
                if (type == 'a' && !s.chars().allMatch(c -> c < 128)) {
                    throw wrong("format %a is not supported");
                }
                yield precision >= 0 && precision < Texts.size(s) ? s.substring(0, s.offsetByCodePoints(0, precision)) : s;
            }
            case 'c' -> value instanceof String s && Texts.size(s) == 1 ? s
                    : Numbers.isInt(value) && Character.isValidCodePoint(Numbers.big(value).intValue())
                            ? Character.toString(Numbers.big(value).intValueExact()) : (String) fail("%c");
            case 'd', 'i',
                    'u' ->
                digits(Numbers.isNumber(value)
                        ? Numbers.truncate(value).map(n -> Numbers.big(n).toString())
                                .orElseThrow(() -> wrong("format %d of a float that is not finite"))
                        : (String) fail("%d"), precision);
            case 'x', 'X', 'o' -> {
                if (!Numbers.isInt(value) || flags.contains("#")) {
                    fail("%" + type);
                }
                String s = digits(Numbers.big(value).toString(type == 'o' ? 8 : 16), precision);
                yield type == 'X' ? Texts.upper(s) : s;
            }
            case 'f', 'F', 'e', 'E', 'g', 'G' -> {
                if (!Numbers.isNumber(value) || flags.contains("#")) {
                    fail("%" + type);
                }
                String s = real(Numbers.real(value), Character.toLowerCase(type), precision < 0 ? 6 : precision);
                yield Character.isUpperCase(type) ? Texts.upper(s) : s;
            }
            default -> throw wrong("format %" + type + " is not supported");
        };
        boolean numeric = "sracu".indexOf(type) < 0 || type == 'u';
        if (numeric && !text.startsWith("-") && (flags.contains("+") || flags.contains(" "))) {
            text = (flags.contains("+") ? "+" : " ") + text;
        }
        int missing = Math.max(0, width - Texts.size(text));
        if (flags.contains("-")) {
            return text + " ".repeat(missing);
        }
        if (numeric && flags.contains("0")) {
            int sign = text.startsWith("-") || text.startsWith("+") || text.startsWith(" ") ? 1 : 0;
            return text.substring(0, sign) + "0".repeat(missing) + text.substring(sign);
        }
        return " ".repeat(missing) + text;
    }

    private static int number(String text, int otherwise) {
        if (text == null) {
            return otherwise;
        }
        if (text.length() > 5 || Integer.parseInt(text) > MAX_WIDTH) {
            throw wrong("a format's width or precision is above " + MAX_WIDTH);
        }
        return Integer.parseInt(text);
    }

    private static String digits(String number, int precision) {
        String bare = number.startsWith("-") ? number.substring(1) : number;
        return (number.startsWith("-") ? "-" : "") + "0".repeat(Math.max(0, precision - bare.length())) + bare;
    }

    /** A float as C's printf writes it. */
    static String real(double d, char type, int precision) {
        if (!Double.isFinite(d)) {
            return Printer.real(d);
        }
        String sign = d < 0 || 1 / d < 0 ? "-" : "";
        BigDecimal exact = new BigDecimal(Math.abs(d));
        if (type == 'f') {
            return sign + exact.setScale(precision, RoundingMode.HALF_EVEN).toPlainString();
        }
        int significant = type == 'e' ? precision + 1 : Math.max(1, precision);
        BigDecimal rounded = exact.signum() == 0 ? exact : exact.round(new java.math.MathContext(significant, RoundingMode.HALF_EVEN));
        int exponent = rounded.signum() == 0 ? 0 : rounded.precision() - rounded.scale() - 1;
        if (type == 'g' && exponent >= -4 && exponent < significant) {
            String plain = rounded.setScale(Math.max(0, significant - 1 - exponent), RoundingMode.HALF_EVEN).toPlainString();
            return sign + (plain.contains(".") ? plain.replaceFirst("0+$", "").replaceFirst("\\.$", "") : plain);
        }
        String all = rounded.signum() == 0 ? "0" : rounded.unscaledValue().toString();
        all = (all + "0".repeat(Math.max(0, significant - all.length()))).substring(0, significant);
        String fraction = type == 'g' ? all.substring(1).replaceFirst("0+$", "") : all.substring(1);
        return sign + all.charAt(0) + (fraction.isEmpty() ? "" : "." + fraction) + "e" + (exponent < 0 ? "-" : "+")
                + (Math.abs(exponent) < 10 ? "0" : "") + Math.abs(exponent);
    }

    /** {@code "{}".format(...)}: by number, in order, or by name. */
    static String braces(Budget budget, String format, Args args) {
        StringBuilder out = new StringBuilder();
        int automatic = 0;
        boolean numbered = false;
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            if (c == '{' || c == '}') {
                if (format.startsWith(String.valueOf(c), i + 1)) {
                    out.append(c);
                    i++;
                    continue;
                }
                int end = c == '{' ? format.indexOf('}', i) : -1;
                String name = end < 0 ? "" : format.substring(i + 1, end);
                if (end < 0 || !name.matches("[0-9]{0,4}|[A-Za-z_][A-Za-z0-9_]*")) {
                    throw wrong("format " + Json.quote(format) + " is not supported");
                }
                boolean byName = !name.isEmpty() && !Character.isDigit(name.charAt(0));
                numbered |= !name.isEmpty() && !byName;
                if (numbered && automatic > 0 || numbered && name.isEmpty()) {
                    throw wrong("format " + Json.quote(format) + " numbers only some of its fields");
                }
                int at = name.isEmpty() ? automatic++ : byName ? 0 : Integer.parseInt(name);
                Object value = byName ? args.named().get(name) : at < args.values().size() ? args.values().get(at) : null;
                if (value == null) {
                    throw wrong("format " + Json.quote(format) + " does not match its values");
                }
                out.append(value instanceof Undefined ? "" : Printer.text(budget, value));
                i = end;
            } else {
                out.append(c);
            }
            budget.spend(0);
        }
        budget.make(out.length());
        return out.toString();
    }
}
