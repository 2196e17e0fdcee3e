package agl.nn.jinja;

import static agl.nn.jinja.Budget.wrong;

import agl.nn.jinja.Filters.Filter;
import agl.nn.jinja.Value.Dict;
import agl.nn.jinja.Value.Markup;
import agl.nn.jinja.Value.Tuple;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/** Filters of texts. */
final class TextFilters {
    private static final Pattern WORD = Pattern.compile("[\\p{L}\\p{N}_]+");

    private TextFilters() {
    }

    static void addTo(Map<String, Filter> filters) {
        simple(filters, "upper", Texts::upper);
        simple(filters, "lower", Texts::lower);
        simple(filters, "capitalize", Texts::capitalize);
        filters.put("title", (budget, value, args) -> { // returns an unescaped text, even for an escaped one
            args.positional("title", 0, 0);
            String text = Printer.text(budget, value);
            budget.spend(text.length() / 2);
            return title(text);
        });
        filters.put("string", (budget, value, args) -> {
            args.positional("string", 0, 0);
            return value instanceof Markup ? value : Printer.text(budget, value);
        });
        filters.put("trim", (budget, value, args) -> {
            Object chars = args.bind("trim", 0, "chars")[0];
            if (chars != null && chars != Value.NONE && !Value.isText(chars)) {
                throw wrong("trim needs a string");
            }
            return like(value,
                    Texts.strip(Printer.text(budget, value), chars == null || chars == Value.NONE ? null : Value.text(chars), true, true));
        });
        filters.put("replace", (budget, value, args) -> {
            Object[] given = args.bind("replace", 2, "old", "new", "count");
            return Texts.replace(budget, Printer.text(budget, value), Printer.text(budget, given[0]), Printer.text(budget, given[1]),
                    given[2] == null || given[2] == Value.NONE ? -1 : Numbers.index(given[2], "replace's count"));
        });
        filters.put("center", (budget, value, args) -> {
            Object width = args.bind("center", 0, "width")[0];
            String text = Printer.text(budget, value);
            return like(value, (String) Methods.call(budget, text, "center", new Args(List.of(width == null ? 80L : width), Map.of())));
        });
        filters.put("indent", TextFilters::indent);
        filters.put("truncate", TextFilters::truncate);
        filters.put("wordcount", (budget, value, args) -> {
            args.positional("wordcount", 0, 0);
            return WORD.matcher(Printer.text(budget, value)).results().count();
        });
        filters.put("format", TextFilters::format);
        Filter escape = (budget, value, args) -> {
            args.positional("escape", 0, 0);
            return Texts.escape(budget, value);
        };
        filters.put("escape", escape);
        filters.put("e", escape);
        filters.put("forceescape", (budget, value, args) -> {
            args.positional("forceescape", 0, 0);
            return Texts.escape(budget, Printer.text(budget, value));
        });
        filters.put("safe", (budget, value, args) -> {
            args.positional("safe", 0, 0);
            return new Markup(Printer.text(budget, value));
        });
        filters.put("urlencode", TextFilters::urlencode);
    }

    /** Escaped if {@code value} is. */
    private static Object like(Object value, String text) {
        return value instanceof Markup ? new Markup(text) : text;
    }

    private static void simple(Map<String, Filter> filters, String name, UnaryOperator<String> function) {
        filters.put(name, (budget, value, args) -> {
            args.positional(name, 0, 0);
            String text = Printer.text(budget, value);
            budget.spend(text.length() / 2);
            return like(value, function.apply(text));
        });
    }

    /** Jinja's title: words begin after white space, hyphens and opening brackets. */
    private static String title(String text) {
        StringBuilder out = new StringBuilder();
        boolean separators = false;
        int start = 0;
        int[] points = Texts.codePoints(text);
        for (int i = 0; i <= points.length; i++) {
            boolean separator = i < points.length && (points[i] == '-' || "({[<".indexOf(points[i]) >= 0 || Texts.isSpace(points[i]));
            if (i == points.length || separator != separators) {
                if (i > start) {
                    String rest = new String(points, start + 1, i - start - 1);
                    out.append(Texts.upper(Character.toString(points[start]))).append(Texts.lower(rest));
                }
                start = i;
                separators = separator;
            }
        }
        return out.toString();
    }

    private static Object indent(Budget budget, Object value, Args args) {
        Object[] given = args.bind("indent", 0, "width", "first", "blank");
        boolean text = given[0] != null && Value.isText(given[0]);
        long width = text || given[0] == null ? 4 : Math.max(0, Numbers.index(given[0], "indent's width"));
        budget.make(width);
        String indentation = text ? Value.text(given[0]) : " ".repeat((int) width);
        boolean first = given[1] != null && Operators.truth(given[1]);
        boolean blank = given[2] != null && Operators.truth(given[2]);
        if (!Value.isText(value)) {
            throw value instanceof Value.Undefined u ? u.refused() : wrong("indent needs a string, got " + Value.kind(value));
        }
        String s = Value.text(value);
        List<String> lines = Texts.lines(s + "\n", false);
        budget.make(s.length() + (long) lines.size() * indentation.length());
        StringBuilder out = new StringBuilder(first ? indentation : "");
        for (int i = 0; i < lines.size(); i++) {
            out.append(i > 0 ? "\n" : "").append(i > 0 && (blank || !lines.get(i).isEmpty()) ? indentation : "").append(lines.get(i));
        }
        return like(value, out.toString());
    }

    private static Object truncate(Budget budget, Object value, Args args) {
        Object[] given = args.bind("truncate", 0, "length", "killwords", "end", "leeway");
        long length = given[0] == null ? 255 : Numbers.index(given[0], "truncate's length");
        String end = given[2] == null ? "..." : Printer.text(budget, given[2]);
        long leeway = given[3] == null || given[3] == Value.NONE ? 5 : Numbers.index(given[3], "truncate's leeway");
        if (length < Texts.size(end) || leeway < 0) {
            throw wrong("truncate to " + length + " characters with a leeway of " + leeway);
        }
        if (Sequences.size(value) <= length + leeway) {
            return value;
        }
        if (!(value instanceof String s)) {
            throw wrong("truncate of " + Value.kind(value) + " is not supported");
        }
        String kept = s.substring(0, s.offsetByCodePoints(0, (int) length - Texts.size(end)));
        boolean killWords = given[1] != null && Operators.truth(given[1]);
        int space = kept.lastIndexOf(' ');
        return (killWords || space < 0 ? kept : kept.substring(0, space)) + end;
    }

    private static Object format(Budget budget, Object value, Args args) {
        if (value instanceof Markup || !args.values().isEmpty() && !args.named().isEmpty()) {
            throw wrong(value instanceof Markup ? "format of an escaped string is not supported"
                    : "format takes either named or other arguments");
        }
        return Format.percent(budget, Printer.text(budget, value),
                args.named().isEmpty() ? new Tuple(args.values()) : Dict.of(args.named()));
    }

    private static Object urlencode(Budget budget, Object value, Args args) {
        args.positional("urlencode", 0, 0);
        if (Value.isText(value) || !Sequences.isIterable(value)) {
            return quoted(Printer.text(budget, value), false);
        }
        List<String> pairs = new ArrayList<>();
        for (Object pair : value instanceof Dict d ? new Value.View(d, "items").items() : Sequences.items(budget, value)) {
            List<Object> parts = Sequences.items(budget, pair);
            if (parts.size() != 2) {
                throw wrong("urlencode needs pairs");
            }
            pairs.add(quoted(Printer.text(budget, parts.get(0)), true) + "=" + quoted(Printer.text(budget, parts.get(1)), true));
        }
        return String.join("&", pairs);
    }

    private static String quoted(String text, boolean query) {
        StringBuilder out = new StringBuilder();
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            boolean plain = b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b == '_' || b == '.' || b == '-'
                    || b == '~' || b == '/' && !query;
            out.append(plain ? String.valueOf((char) b) : query && b == ' ' ? "+" : String.format("%%%02X", b & 0xFF));
        }
        return out.toString();
    }
}
