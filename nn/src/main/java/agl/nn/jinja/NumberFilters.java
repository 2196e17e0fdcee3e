package agl.nn.jinja;

import static agl.nn.jinja.Budget.wrong;

import agl.nn.jinja.Filters.Filter;
import agl.nn.jinja.Value.Undefined;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Filters of numbers. */
final class NumberFilters {
    private NumberFilters() {
    }

    static void addTo(Map<String, Filter> filters) {
        filters.put("abs", (budget, value, args) -> {
            args.positional("abs", 0, 0);
            if (!Numbers.isNumber(value)) {
                throw wrong("abs needs a number, got " + Value.kind(value));
            }
            return value instanceof Double d ? Math.abs(d) : Numbers.whole(Numbers.big(value).abs());
        });
        filters.put("int", NumberFilters::toInt);
        filters.put("float", (budget, value, args) -> {
            Object otherwise = args.bind("float", 0, "default")[0];
            refuseUndefined(value);
            Optional<Double> parsed = Value.isText(value) ? Numbers.parseReal(Value.text(value))
                    : Numbers.isNumber(value) ? Optional.of(Numbers.real(value)) : Optional.empty();
            return parsed.<Object>map(d -> d).orElse(otherwise == null ? (Object) 0.0 : otherwise);
        });
        filters.put("round", NumberFilters::round);
        filters.put("sum", NumberFilters::sum);
        filters.put("filesizeformat", NumberFilters::fileSize);
    }

    private static void refuseUndefined(Object value) {
        if (value instanceof Undefined u) {
            throw u.refused();
        }
    }

    private static Object toInt(Budget budget, Object value, Args args) {
        Object[] given = args.bind("int", 0, "default", "base");
        refuseUndefined(value);
        Object otherwise = given[0] == null ? (Object) 0L : given[0];
        long base = given[1] == null ? 10 : Numbers.index(given[1], "int's base");
        if (Numbers.isNumber(value)) {
            return Numbers.truncate(value).orElse(otherwise);
        }
        if (!Value.isText(value)) {
            return otherwise;
        }
        if (base < 2 || base > 36) {
            throw wrong("int with base " + base + " is not supported");
        }
        String text = Value.text(value);
        return Numbers.parseWhole(text, (int) base)
                .orElseGet(() -> Numbers.parseReal(text).<Object>flatMap(Numbers::truncate).orElse(otherwise));
    }

    private static Object round(Budget budget, Object value, Args args) {
        Object[] given = args.bind("round", 0, "precision", "method");
        long precision = given[0] == null ? 0 : Numbers.index(given[0], "round's precision");
        String method = given[1] == null ? "common" : Printer.text(budget, given[1]);
        if (!Numbers.isNumber(value) || !List.of("common", "ceil", "floor").contains(method)) {
            throw wrong("round needs a number and common, ceil or floor");
        }
        if (method.equals("common")) {
            return Numbers.round(value, precision);
        }
        Object factor = Numbers.arithmetic("**", 10L, precision);
        Object scaled = Numbers.arithmetic("*", value, factor);
        Object whole = scaled instanceof Double d ? Numbers.truncate(method.equals("ceil") ? Math.ceil(d) : Math.floor(d))
                .orElseThrow(() -> wrong("round of a float that is not finite")) : scaled;
        return Numbers.arithmetic("/", whole, factor);
    }

    private static Object sum(Budget budget, Object value, Args args) {
        Object[] given = args.bind("sum", 0, "attribute", "start");
        Function<Object, Object> field = Sequences.attribute(budget, given[0], null);
        Object total = given[1] == null ? (Object) 0L : given[1];
        if (Value.isText(total)) {
            throw wrong("sum cannot start with a string");
        }
        double exact = 0; // Neumaier's sum, as in Python since 3.12
        double lost = 0;
        for (Object item : Sequences.items(budget, value)) {
            Object part = field.apply(item);
            total = Operators.arithmetic(budget, "+", total, part);
            if (Numbers.isNumber(part)) {
                double x = Numbers.real(part);
                double next = exact + x;
                lost += Math.abs(exact) >= Math.abs(x) ? exact - next + x : x - next + exact;
                exact = next;
            }
        }
        if (given[1] == null && total instanceof Double d && Double.isFinite(d) && d != exact + lost) {
            throw wrong("sum of floats that depends on the version of Python");
        }
        return total;
    }

    private static Object fileSize(Budget budget, Object value, Args args) {
        Object[] given = args.bind("filesizeformat", 0, "binary");
        boolean binary = given[0] != null && Operators.truth(given[0]);
        Optional<Double> parsed = Value.isText(value) ? Numbers.parseReal(Value.text(value))
                : Numbers.isNumber(value) ? Optional.of(Numbers.real(value)) : Optional.empty();
        double bytes = parsed.orElseThrow(() -> wrong("filesizeformat needs a number"));
        int base = binary ? 1024 : 1000;
        if (bytes == 1) {
            return "1 Byte";
        }
        if (bytes < base) {
            return Numbers.truncate(bytes).orElseThrow(() -> wrong("filesizeformat of a float that is not finite")) + " Bytes";
        }
        String prefixes = "kMGTPEZY";
        int i = 0;
        while (i < prefixes.length() - 1 && !(Double.isFinite(bytes) && new BigDecimal(bytes).compareTo(BigDecimal.valueOf(base).pow(i
                + 2)) < 0)) {
            i++; // exact comparison: 1e24 is slightly less than 10 ** 24
        }
        return Format.real(base * bytes / Math.pow(base, i + 2), 'f', 1) + " " + (binary && i == 0 ? "K" : prefixes.substring(i, i + 1))
                + (binary ? "iB" : "B");
    }
}
