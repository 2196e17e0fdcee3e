package agl.nn.jinja;

import static agl.nn.jinja.Budget.wrong;

import agl.nn.jinja.Value.Dict;
import agl.nn.jinja.Value.Markup;
import agl.nn.jinja.Value.Range;
import agl.nn.jinja.Value.Tuple;
import agl.nn.jinja.Value.Undefined;
import agl.nn.jinja.Value.View;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.List;

/** How Python prints values: {@code str} and {@code repr}. Values that would print a memory address are rejected. */
final class Printer {
    private final Budget budget;
    private final StringBuilder out = new StringBuilder();

    private Printer(Budget budget) {
        this.budget = budget;
    }

    /** Python's str. */
    static String text(Budget budget, Object value) {
        return switch (value) {
            case String s -> s;
            case Markup m -> m.text();
            case Undefined u -> "";
            default -> repr(budget, value);
        };
    }

    /** Python's repr. */
    static String repr(Budget budget, Object value) {
        Printer printer = new Printer(budget);
        printer.print(value);
        return printer.out.toString();
    }

    private void print(Object value) {
        int before = out.length();
        switch (value) {
            case String s -> quote(s);
            case Markup m -> {
                out.append("Markup(");
                quote(m.text());
                out.append(')');
            }
            case Boolean b -> out.append(b ? "True" : "False");
            case Double d -> out.append(real(d));
            case Number n -> out.append(n);
            case Undefined u -> out.append("Undefined");
            case List<?> list -> items("[", list, "]");
            case Tuple t -> items("(", t.items(), t.items().size() == 1 ? ",)" : ")");
            case Range r ->
                out.append("range(").append(r.start()).append(", ").append(r.stop()).append(r.step() == 1 ? ")" : ", " + r.step() + ")");
            case View v -> {
                out.append("dict_").append(v.kind());
                items("([", v.items(), "])");
            }
            case Dict d -> dict(d);
            case Macro m -> out.append(m);
            case Loop l -> out.append(l);
            default -> {
                if (value != Value.NONE) {
                    throw wrong("cannot print " + Value.kind(value));
                }
                out.append("None");
            }
        }
        budget.spend((out.length() - before) / 8);
        if (out.length() > 4 << 20) {
            budget.make(out.length());
        }
    }

    private void items(String open, List<?> items, String close) {
        out.append(open);
        String separator = "";
        for (Object item : items) {
            out.append(separator);
            print(item);
            separator = ", ";
        }
        out.append(close);
    }

    private void dict(Dict dict) {
        out.append('{');
        String separator = "";
        for (Dict.Entry e : dict.entries()) {
            out.append(separator);
            print(e.key());
            out.append(": ");
            print(e.value());
            separator = ", ";
        }
        out.append('}');
    }

    private void quote(String text) {
        char mark = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
        out.append(mark);
        text.codePoints().forEach(c -> {
            if (c == mark || c == '\\') {
                out.append('\\').append((char) c);
            } else if (c == '\n' || c == '\r' || c == '\t') {
                out.append(c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
            } else if (printable(c)) {
                out.appendCodePoint(c);
            } else {
                out.append(String.format(c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", c));
            }
        });
        out.append(mark);
    }

    private static boolean printable(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.PRIVATE_USE, Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR ->
                false;
            case Character.SPACE_SEPARATOR -> c == ' ';
            default -> true;
        };
    }

    /** Java writes at least two digits, even where one is enough (4.9E-324 for 5e-324). */
    private static BigDecimal shortest(double d) {
        BigDecimal digits = new BigDecimal(Double.toString(d)).stripTrailingZeros();
        BigDecimal one = digits.round(new MathContext(1, RoundingMode.HALF_EVEN));
        return digits.precision() == 2 && one.doubleValue() == d ? one.stripTrailingZeros() : digits;
    }

    /** The shortest decimal that reads back as this float, as Python writes it. */
    static String real(double d) {
        if (!Double.isFinite(d)) {
            return Double.isNaN(d) ? "nan" : d > 0 ? "inf" : "-inf";
        }
        if (d == 0) {
            return 1 / d < 0 ? "-0.0" : "0.0";
        }
        BigDecimal shortest = shortest(Math.abs(d));
        String digits = shortest.unscaledValue().toString();
        int exponent = digits.length() - shortest.scale() - 1; // exponent of the first digit
        String sign = d < 0 ? "-" : "";
        if (exponent < -4 || exponent >= 16) {
            String mantissa = digits.length() == 1 ? digits : digits.charAt(0) + "." + digits.substring(1);
            return sign + mantissa + "e" + (exponent < 0 ? "-" : "+") + (Math.abs(exponent) < 10 ? "0" : "") + Math.abs(exponent);
        }
        String plain = shortest.toPlainString();
        return sign + (plain.indexOf('.') < 0 ? plain + ".0" : plain);
    }
}
