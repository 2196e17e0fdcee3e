package agl.nn.jinja;

import static agl.nn.jinja.Budget.wrong;

import agl.nn.checkpoint.Json;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** Jinja's filters by name. */
final class Filters {
    /** A filter: takes the value and the other arguments. */
    @FunctionalInterface
    interface Filter {
        Object apply(Budget budget, Object value, Args args);
    }

    private static final Map<String, Filter> ALL = new HashMap<>();

    static {
        SequenceFilters.addTo(ALL);
        SelectingFilters.addTo(ALL);
        TextFilters.addTo(ALL);
        NumberFilters.addTo(ALL);
        ALL.put("tojson", JsonWriter::filter);
        ALL.put("default", Filters::byDefault);
        ALL.put("d", Filters::byDefault);
        ALL.put("attr", (budget, value, args) -> {
            Object name = args.bind("attr", 1, "name")[0];
            if (value instanceof Value.Dict || !Value.isText(name)) {
                throw wrong("attr is not supported for " + Value.kind(value));
            }
            return Attributes.attribute(budget, value, Value.text(name));
        });
    }

    /** Filters of jinja2 that are refused by their names. */
    private static final Set<String> UNSUPPORTED = Set.of("pprint", "random", "striptags", "urlize", "wordwrap", "xmlattr");
    private static final Set<String> TAKE_FILTER = Set.of("map");
    private static final Set<String> TAKE_TEST = Set.of("select", "reject");

    private Filters() {
    }

    /** Returns the name if there is such a filter; otherwise an error. */
    static String known(String name) {
        if (!ALL.containsKey(name)) {
            throw wrong("filter " + Json.quote(name) + " is not supported");
        }
        return name;
    }

    static boolean exists(String name) {
        return ALL.containsKey(name) || UNSUPPORTED.contains(name);
    }

    /** Whether the filter's first argument names another filter or a test. */
    static boolean takesName(String filter) {
        return TAKE_FILTER.contains(filter) || TAKE_TEST.contains(filter);
    }

    static void requireKnown(String filter, String argument) {
        if (TAKE_FILTER.contains(filter)) {
            known(argument);
        } else {
            Tests.known(argument);
        }
    }

    static Object apply(Budget budget, String name, Object value, Args args) {
        return ALL.get(known(name)).apply(budget, value, args);
    }

    private static Object byDefault(Budget budget, Object value, Args args) {
        Object[] given = args.bind("default", 0, "default_value", "boolean");
        boolean alsoFalse = given[1] != null && Operators.truth(given[1]);
        return value instanceof Value.Undefined || alsoFalse && !Operators.truth(value) ? given[0] == null ? "" : given[0] : value;
    }
}
