package agl.nn.jinja;

import static agl.nn.jinja.Budget.wrong;

import agl.nn.checkpoint.Json;
import agl.nn.jinja.Value.Dict;
import agl.nn.jinja.Value.Markup;
import agl.nn.jinja.Value.Range;
import agl.nn.jinja.Value.Tuple;
import agl.nn.jinja.Value.Undefined;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Jinja's tests by name: {@code value is name}. */
final class Tests {
    private static final Map<String, String> COMPARISONS = Map.ofEntries(Map.entry("eq", "=="), Map.entry("equalto", "=="),
            Map.entry("==", "=="), Map.entry("ne", "!="),
            Map.entry("!=", "!="), Map.entry("lt", "<"), Map.entry("lessthan", "<"), Map.entry("<", "<"), Map.entry("gt", ">"),
            Map.entry("greaterthan", ">"),
            Map.entry(">", ">"), Map.entry("le", "<="), Map.entry("<=", "<="), Map.entry("ge", ">="), Map.entry(">=", ">="),
            Map.entry("in", "in"));
    private static final Set<String> OF_ONE = Set.of("defined", "undefined", "none", "boolean", "true", "false", "integer", "float",
            "number", "string", "mapping", "sequence",
            "iterable", "callable", "lower", "upper", "odd", "even", "filter", "test", "escaped");
    private static final Set<String> OF_TWO = Set.of("divisibleby", "sameas");

    private Tests() {
    }

    /** Returns the name if there is such a test; otherwise an error. */
    static String known(String name) {
        if (!exists(name)) {
            throw wrong("test " + Json.quote(name) + " is not supported");
        }
        return name;
    }

    private static boolean exists(String name) {
        return COMPARISONS.containsKey(name) || OF_ONE.contains(name) || OF_TWO.contains(name);
    }

    static boolean test(Budget budget, String name, Object value, Args args) {
        budget.spend(1);
        if (COMPARISONS.containsKey(name)) {
            return Operators.compare(budget, COMPARISONS.get(name), value,
                    name.equals("in") ? args.bind(name, 1, "seq")[0] : args.positional(name, 1, 1)[0]);
        }
        if (name.equals("divisibleby")) {
            return Operators.equal(budget, Operators.arithmetic(budget, "%", value, args.bind(name, 1, "num")[0]), 0L);
        }
        if (name.equals("sameas")) {
            return same(value, args.bind(name, 1, "other")[0]);
        }
        args.positional(name, 0, 0);
        return switch (name) {
            case "defined" -> !(value instanceof Undefined);
            case "undefined" -> value instanceof Undefined;
            case "none" -> value == Value.NONE;
            case "boolean" -> value instanceof Boolean;
            case "true" -> Boolean.TRUE.equals(value);
            case "false" -> Boolean.FALSE.equals(value);
            case "integer" -> Numbers.isInt(value) && !(value instanceof Boolean);
            case "float" -> value instanceof Double;
            case "number" -> Numbers.isNumber(value);
            case "string" -> Value.isText(value);
            case "mapping" -> value instanceof Dict;
            case "sequence" -> Value.isText(value) || value instanceof List<?> || value instanceof Tuple || value instanceof Dict
                    || value instanceof Range || value instanceof Undefined;
            case "iterable" -> Sequences.isIterable(value);
            case "callable" -> value instanceof Value.Function || value instanceof Undefined;
            case "odd", "even" -> Operators.equal(budget, Operators.arithmetic(budget, "%", value, 2L), name.equals("odd") ? 1L : 0L);
            case "lower", "upper" -> (Boolean) Methods.call(budget, Printer.text(budget, value), "is" + name, Args.NONE);
            case "filter" -> Value.isText(value) && Filters.exists(Value.text(value));
            case "test" -> Value.isText(value) && exists(Value.text(value));
            default -> value instanceof Markup;
        };
    }

    /** Python's {@code is}; for equal strings or numbers, identity is arbitrary in Python, so that is rejected. */
    private static boolean same(Object a, Object b) {
        boolean single = a instanceof Boolean || a == Value.NONE || b instanceof Boolean || b == Value.NONE;
        if (single) {
            return a.equals(b);
        }
        boolean bothNumbers = Numbers.isNumber(a) && Numbers.isNumber(b);
        if (bothNumbers && a instanceof Long x && b instanceof Long y && x >= -5 && x <= 256) {
            return x.equals(y); // CPython caches small integers
        }
        if ((bothNumbers || Value.isText(a) && Value.isText(b)) && a.equals(b)) {
            throw wrong("sameas of equal strings or numbers is not supported");
        }
        return a == b;
    }
}
