package agl.nn.jinja;

import static agl.nn.jinja.Budget.wrong;

import agl.nn.jinja.Value.Dict;
import agl.nn.jinja.Value.Generator;
import agl.nn.jinja.Value.Range;
import agl.nn.jinja.Value.Tuple;
import agl.nn.jinja.Value.Undefined;
import agl.nn.jinja.Value.View;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.function.Function;
import java.util.stream.LongStream;

/** Operations on iterable values. */
final class Sequences {
    private Sequences() {
    }

    static boolean isIterable(Object value) {
        return Value.isText(value) || value instanceof List<?> || value instanceof Tuple || value instanceof Dict || value instanceof View
                || value instanceof Range || value instanceof Generator || value instanceof Undefined || value instanceof Loop;
    }

    /** An iterator over the items; for a generator, its own, which this consumes. */
    static Iterator<Object> iterator(Budget budget, Object value) {
        return value instanceof Generator g ? g.iterator() : items(budget, value).iterator();
    }

    /** The items; of a generator, the remaining ones. */
    static List<Object> items(Budget budget, Object value) {
        if (Value.isText(value)) {
            budget.make(Value.text(value).length());
            return Value.text(value).codePoints().<Object>mapToObj(Character::toString).toList();
        }
        List<Object> items = switch (value) {
            case List<?> list -> Collections.unmodifiableList(list);
            case Tuple t -> t.items();
            case Dict d -> d.keys();
            case View v -> v.items();
            case Range r -> {
                budget.make(r.size());
                yield LongStream.range(0, r.size()).<Object>mapToObj(i -> r.start() + i * r.step()).toList();
            }
            case Generator g -> {
                List<Object> left = new ArrayList<>();
                g.iterator().forEachRemaining(left::add);
                yield left;
            }
            case Undefined u -> List.of();
            default -> throw wrong("cannot iterate over " + Value.kind(value));
        };
        budget.spend(items.size() / 4);
        return items;
    }

    static long size(Object value) {
        return switch (value) {
            case String s -> Texts.size(s);
            case Value.Markup m -> Texts.size(m.text());
            case List<?> list -> list.size();
            case Tuple t -> t.items().size();
            case Dict d -> d.size();
            case View v -> v.of().size();
            case Range r -> r.size();
            case Undefined u -> 0;
            case Loop l -> (Long) l.field("length").orElseThrow();
            default -> throw wrong(Value.kind(value) + " has no length");
        };
    }

    /** Sorts by a key, stably, like Python's sorted. */
    static List<Object> sorted(Budget budget, List<Object> items, Function<Object, Object> key, boolean reverse) {
        List<Object[]> keyed = new ArrayList<>();
        for (Object item : items) {
            keyed.add(new Object[] {key.apply(item), item});
        }
        Comparator<Object[]> order = (a, b) -> Operators.less(budget, a[0], b[0]) ? -1 : Operators.less(budget, b[0], a[0]) ? 1 : 0;
        try {
            keyed.sort(reverse ? order.reversed() : order);
        } catch (IllegalArgumentException e) {
            throw wrong("cannot sort values that have no order"); // NaN
        }
        return keyed.stream().map(pair -> pair[1]).toList();
    }

    /** The parts of a dotted name: numbers are indices. */
    private static List<Object> path(Object attribute) {
        if (attribute == null || attribute == Value.NONE) {
            return List.of();
        }
        if (!Value.isText(attribute)) {
            return List.of(attribute);
        }
        List<Object> path = new ArrayList<>();
        for (String part : Value.text(attribute).split("\\.", -1)) {
            boolean number = !part.isEmpty() && part.chars().allMatch(c -> c >= '0' && c <= '9');
            path.add(number ? Numbers.parseWhole(part, 10).orElseThrow() : part);
        }
        return path;
    }

    /** The value of an attribute, such as {@code a.b.0}; {@code otherwise} (or null) replaces undefined values. */
    static Function<Object, Object> attribute(Budget budget, Object attribute, Object otherwise) {
        List<Object> path = path(attribute);
        return item -> {
            Object value = item;
            for (Object part : path) {
                value = Attributes.item(budget, value, part);
                value = value instanceof Undefined && otherwise != null && otherwise != Value.NONE ? otherwise : value;
            }
            return value;
        };
    }

    /** Lower-cases a text unless the comparison is case-sensitive. */
    static Object folded(Object value, boolean caseSensitive) {
        return !caseSensitive && Value.isText(value) ? Texts.lower(Value.text(value)) : value;
    }
}
