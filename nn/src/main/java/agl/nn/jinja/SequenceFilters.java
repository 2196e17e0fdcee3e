package agl.nn.jinja;

import static agl.nn.jinja.Budget.wrong;

import agl.nn.jinja.Filters.Filter;
import agl.nn.jinja.Value.Dict;
import agl.nn.jinja.Value.Generator;
import agl.nn.jinja.Value.Tuple;
import agl.nn.jinja.Value.Undefined;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Filters that reorder or reshape sequences. */
final class SequenceFilters {
    private SequenceFilters() {
    }

    static void addTo(Map<String, Filter> filters) {
        Filter length = (budget, value, args) -> {
            args.positional("length", 0, 0);
            return Sequences.size(value);
        };
        filters.put("length", length);
        filters.put("count", length);
        filters.put("list", (budget, value, args) -> {
            args.positional("list", 0, 0);
            return new ArrayList<>(Sequences.items(budget, value));
        });
        filters.put("first", (budget, value, args) -> {
            args.positional("first", 0, 0);
            Iterator<Object> items = Sequences.iterator(budget, value);
            return items.hasNext() ? items.next() : new Undefined("first");
        });
        filters.put("last", SequenceFilters::last);
        filters.put("reverse", SequenceFilters::reverse);
        filters.put("items", (budget, value, args) -> {
            args.positional("items", 0, 0);
            if (!(value instanceof Dict || value instanceof Undefined)) {
                throw wrong("items needs a mapping");
            }
            return new Generator(value instanceof Dict d ? new Value.View(d, "items").items() : List.of());
        });
        filters.put("join", SequenceFilters::join);
        filters.put("sort", SequenceFilters::sort);
        filters.put("dictsort", SequenceFilters::dictsort);
        filters.put("unique", SequenceFilters::unique);
        filters.put("min", (budget, value, args) -> extreme(budget, value, args, "min"));
        filters.put("max", (budget, value, args) -> extreme(budget, value, args, "max"));
        filters.put("groupby", SequenceFilters::groupby);
        filters.put("batch", SequenceFilters::batch);
        filters.put("slice", SequenceFilters::slice);
    }

    private static boolean flag(Object value) {
        return value != null && Operators.truth(value);
    }

    private static Object last(Budget budget, Object value, Args args) {
        args.positional("last", 0, 0);
        if (value instanceof Generator) {
            throw wrong("last needs a sequence, got " + Value.kind(value));
        }
        List<Object> items = Sequences.items(budget, value);
        return items.isEmpty() ? new Undefined("last") : items.getLast();
    }

    private static Object reverse(Budget budget, Object value, Args args) {
        args.positional("reverse", 0, 0);
        if (Value.isText(value)) {
            return Attributes.slice(budget, value, Value.NONE, Value.NONE, -1L);
        }
        List<Object> reversed = new ArrayList<>(Sequences.items(budget, value).reversed());
        return value instanceof Generator ? reversed : new Generator(reversed);
    }

    private static Object join(Budget budget, Object value, Args args) {
        Object[] given = args.bind("join", 0, "d", "attribute");
        String separator = given[0] == null ? "" : Printer.text(budget, given[0]);
        Function<Object, Object> field = Sequences.attribute(budget, given[1], null);
        StringBuilder out = new StringBuilder();
        boolean first = true;
        for (Object item : Sequences.items(budget, value)) {
            out.append(first ? "" : separator).append(Printer.text(budget, field.apply(item)));
            budget.spend(separator.length() / 8);
            if (out.length() > 1 << 16) {
                budget.make(out.length());
            }
            first = false;
        }
        return out.toString();
    }

    private static Object sort(Budget budget, Object value, Args args) {
        Object[] given = args.bind("sort", 0, "reverse", "case_sensitive", "attribute");
        List<Function<Object, Object>> fields = new ArrayList<>();
        for (Object part : Value.isText(given[2] == null ? Value.NONE : given[2])
                ? List.<Object>of((Object[]) Value.text(given[2]).split(",", -1))
                : List.of(given[2] == null ? Value.NONE : given[2])) {
            fields.add(Sequences.attribute(budget, part, null));
        }
        return Sequences.sorted(budget, Sequences.items(budget, value),
                item -> fields.stream().map(f -> Sequences.folded(f.apply(item), flag(given[1]))).toList(), flag(given[0]));
    }

    private static Object dictsort(Budget budget, Object value, Args args) {
        Object[] given = args.bind("dictsort", 0, "case_sensitive", "by", "reverse");
        String by = given[1] == null ? "key" : Printer.text(budget, given[1]);
        if (!(value instanceof Dict dict) || !List.of("key", "value").contains(by)) {
            throw wrong("dictsort needs a mapping and by key or value");
        }
        return Sequences.sorted(budget, new Value.View(dict, "items").items(),
                pair -> Sequences.folded(((Tuple) pair).items().get(by.equals("key") ? 0 : 1), flag(given[0])), flag(given[2]));
    }

    private static Object unique(Budget budget, Object value, Args args) {
        Object[] given = args.bind("unique", 0, "case_sensitive", "attribute");
        Function<Object, Object> field = Sequences.attribute(budget, given[1], null);
        Dict seen = new Dict();
        List<Object> kept = new ArrayList<>();
        for (Object item : Sequences.items(budget, value)) {
            Object key = Sequences.folded(field.apply(item), flag(given[0]));
            if (seen.get(key).isEmpty()) {
                seen.put(key, true);
                kept.add(item);
            }
        }
        return new Generator(kept);
    }

    private static Object extreme(Budget budget, Object value, Args args, String name) {
        Object[] given = args.bind(name, 0, "case_sensitive", "attribute");
        Function<Object, Object> field = Sequences.attribute(budget, given[1], null);
        Object best = null;
        Object bestKey = null;
        for (Object item : Sequences.items(budget, value)) {
            Object key = Sequences.folded(field.apply(item), flag(given[0]));
            if (best == null || Operators.compare(budget, name.equals("min") ? "<" : ">", key, bestKey)) {
                best = item;
                bestKey = key;
            }
        }
        return best == null ? new Undefined(name) : best;
    }

    private static Object groupby(Budget budget, Object value, Args args) {
        Object[] given = args.bind("groupby", 1, "attribute", "default", "case_sensitive");
        Function<Object, Object> field = Sequences.attribute(budget, given[0], given[1]);
        Function<Object, Object> key = item -> Sequences.folded(field.apply(item), flag(given[2]));
        List<Object> groups = new ArrayList<>();
        List<Object> group = null;
        Object last = null;
        for (Object item : Sequences.sorted(budget, Sequences.items(budget, value), key, false)) {
            Object k = key.apply(item);
            if (group == null || !Operators.equal(budget, last, k)) {
                group = new ArrayList<>();
                groups.add(new Tuple(List.of(flag(given[2]) ? k : field.apply(item), group), List.of("grouper", "list")));
            }
            last = k;
            group.add(item);
        }
        return groups;
    }

    private static Object batch(Budget budget, Object value, Args args) {
        Object[] given = args.bind("batch", 1, "linecount", "fill_with");
        long size = Numbers.index(given[0], "batch's linecount");
        List<Object> batches = new ArrayList<>();
        List<Object> batch = new ArrayList<>();
        for (Object item : Sequences.items(budget, value)) {
            if (batch.size() == size) {
                batches.add(batch);
                batch = new ArrayList<>();
            }
            batch.add(item);
        }
        if (!batch.isEmpty()) {
            if (given[1] != null && given[1] != Value.NONE && batch.size() < size) {
                budget.make(size);
                while (batch.size() < size) {
                    batch.add(given[1]);
                }
            }
            batches.add(batch);
        }
        return new Generator(batches);
    }

    private static Object slice(Budget budget, Object value, Args args) {
        Object[] given = args.bind("slice", 1, "slices", "fill_with");
        long slices = Numbers.index(given[0], "slice's number");
        List<Object> items = Sequences.items(budget, value);
        if (slices == 0) {
            throw wrong("slice into 0 parts");
        }
        budget.make(Math.max(0, slices));
        List<Object> out = new ArrayList<>();
        int at = 0;
        for (long i = 0; i < slices; i++) {
            boolean extra = i < items.size() % slices;
            int end = at + (int) (items.size() / slices) + (extra ? 1 : 0);
            List<Object> part = new ArrayList<>(items.subList(at, end));
            if (given[1] != null && given[1] != Value.NONE && !extra) {
                part.add(given[1]);
            }
            out.add(part);
            at = end;
        }
        return new Generator(out);
    }
}
