package agl.nn.jinja;

import static agl.nn.jinja.Budget.wrong;

import agl.nn.jinja.Filters.Filter;
import agl.nn.jinja.Value.Generator;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;

/** Filters that apply a filter, a test or an attribute to each item: map, select, reject, selectattr, rejectattr. */
final class SelectingFilters {
    private SelectingFilters() {
    }

    static void addTo(Map<String, Filter> filters) {
        filters.put("map", SelectingFilters::map);
        for (String name : List.of("select", "reject", "selectattr", "rejectattr")) {
            filters.put(name, (budget, value, args) -> select(budget, name, value, args));
        }
    }

    private static String name(Object value, String filter) {
        if (!Value.isText(value)) {
            throw wrong(filter + " needs a name, got " + Value.kind(value));
        }
        return Value.text(value);
    }

    private static Object map(Budget budget, Object value, Args args) {
        if (!Operators.truth(value)) {
            return new Generator(List.of());
        }
        Function<Object, Object> function;
        if (args.values().isEmpty() && args.named().containsKey("attribute")) {
            Object[] given = args.bind("map", 1, "attribute", "default");
            function = Sequences.attribute(budget, given[0], given[1]);
        } else if (args.values().isEmpty()) {
            throw wrong("map needs a filter or an attribute");
        } else {
            String filter = Filters.known(name(args.values().getFirst(), "map"));
            function = item -> Filters.apply(budget, filter, item, args.from(1));
        }
        List<Object> out = new ArrayList<>();
        for (Object item : Sequences.items(budget, value)) {
            budget.spend(1);
            out.add(function.apply(item));
        }
        return new Generator(out);
    }

    private static Object select(Budget budget, String filter, Object value, Args args) {
        if (!Operators.truth(value)) {
            return new Generator(List.of());
        }
        boolean byAttribute = filter.endsWith("attr");
        if (byAttribute && args.values().isEmpty()) {
            throw wrong(filter + " needs an attribute");
        }
        Function<Object, Object> field = byAttribute ? Sequences.attribute(budget, args.values().getFirst(), null) : item -> item;
        Args rest = args.from(byAttribute ? 1 : 0);
        Predicate<Object> test = Operators::truth;
        if (!rest.values().isEmpty()) {
            String name = Tests.known(name(rest.values().getFirst(), filter));
            test = item -> Tests.test(budget, name, item, rest.from(1));
        }
        List<Object> out = new ArrayList<>();
        for (Object item : Sequences.items(budget, value)) {
            budget.spend(1);
            if (test.test(field.apply(item)) == filter.startsWith("select")) {
                out.add(item);
            }
        }
        return new Generator(out);
    }
}
