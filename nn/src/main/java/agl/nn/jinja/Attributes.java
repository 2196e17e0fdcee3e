package agl.nn.jinja;

import static agl.nn.jinja.Budget.wrong;

import agl.nn.jinja.Value.Dict;
import agl.nn.jinja.Value.Markup;
import agl.nn.jinja.Value.Range;
import agl.nn.jinja.Value.Tuple;
import agl.nn.jinja.Value.Undefined;
import agl.nn.jinja.Value.View;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Fields, items and slices. */
final class Attributes {
    /** Methods that mutate their object: the sandbox treats them as undefined. */
    private static final Set<String> CHANGING_LIST = Set.of("append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove");
    private static final Set<String> CHANGING_DICT = Set.of("clear", "pop", "popitem", "setdefault", "update");
    private static final Set<String> OTHERS = Set.of("cycle", "changed", "next", "reset", "items", "keys", "values", "get", "copy",
            "fromkeys");
    /** Attributes of Python's numbers and ranges that templates do not use. */
    private static final Set<String> NOT_SUPPORTED = Set.of("real", "imag", "numerator", "denominator", "bit_length", "bit_count",
            "to_bytes", "from_bytes", "conjugate",
            "as_integer_ratio", "is_integer", "hex", "fromhex", "start", "stop", "step", "mapping", "isdisjoint", "gi_frame", "gi_code",
            "send", "throw", "close",
            "gi_running", "gi_yieldfrom", "gi_suspended");

    private Attributes() {
    }

    /** Whether any type of value has a method of this name. */
    static boolean isKnown(String name) {
        return Methods.STRING.contains(name) || Methods.UNSUPPORTED.contains(name) || Methods.LIST.contains(name)
                || Methods.DICT.contains(name)
                || CHANGING_LIST.contains(name) || CHANGING_DICT.contains(name) || OTHERS.contains(name) || name.startsWith("_");
    }

    /** {@code object.name}: a built-in attribute, else a mapping's item. */
    static Object attribute(Budget budget, Object object, String name) {
        if (object instanceof Undefined u) {
            throw u.refused();
        }
        Optional<Object> own = own(object, name);
        if (own.isPresent()) {
            return own.get();
        }
        return object instanceof Dict dict ? dict.get(name).orElse(new Undefined(name)) : new Undefined(name);
    }

    /** {@code object[key]}: an item, else a built-in attribute of that name. */
    static Object item(Budget budget, Object object, Object key) {
        if (object instanceof Undefined u) {
            throw u.refused();
        }
        if (object instanceof Dict dict) {
            boolean hashable = !(key instanceof List<?> || key instanceof Dict || key instanceof View);
            Optional<Object> value = hashable ? dict.get(key) : Optional.empty();
            if (value.isPresent()) {
                return value.get();
            }
        }
        if (Numbers.isInt(key)) {
            long index = Numbers.index(key, "an index");
            Object item = at(budget, object, index);
            return item == null ? new Undefined("item " + index) : item;
        }
        if (Value.isText(key)) {
            return own(object, Value.text(key)).orElse(new Undefined(Value.text(key)));
        }
        return new Undefined("item");
    }

    /** The item at an index; null if there is none. */
    private static Object at(Budget budget, Object object, long index) {
        List<?> items = object instanceof List<?> list ? list : object instanceof Tuple t ? t.items() : null;
        boolean indexed = items != null || Value.isText(object) || object instanceof Range;
        long size = indexed ? Sequences.size(object) : 0;
        long at = index < 0 ? index + size : index;
        if (at < 0 || at >= size) {
            return null;
        }
        if (items != null) {
            return items.get((int) at);
        }
        if (object instanceof Range r) {
            return r.start() + at * r.step();
        }
        String text = Value.text(object);
        budget.spend(text.length() / 8);
        String c = Character.toString(text.codePointAt(text.offsetByCodePoints(0, (int) at)));
        return object instanceof Markup ? new Markup(c) : c;
    }

    /** A built-in attribute of the object's Python type. */
    private static Optional<Object> own(Object object, String name) {
        if (name.startsWith("_")) {
            // The sandbox. For a mapping, only dunder names such as __len__ are attributes; any other name is an ordinary key.
            return object instanceof Dict && !name.matches("__.*__") ? Optional.empty() : Optional.of(new Undefined(name));
        }
        if (NOT_SUPPORTED.contains(name)
                && (object instanceof Number || object instanceof Boolean || object instanceof Range || object instanceof View
                        || object instanceof Value.Generator)) {
            throw wrong("attribute " + name + " of " + Value.kind(object) + " is not supported");
        }
        if (object instanceof Value.Fields fields && fields.field(name).isPresent()) {
            return fields.field(name);
        }
        return switch (object) {
            case String s when Methods.STRING.contains(name) -> method(object, name);
            case Markup m when Methods.STRING.contains(name) -> method(object, name);
            case String s when Methods.UNSUPPORTED.contains(name) -> throw wrong("method " + name + " of a string is not supported");
            case Markup m when Methods.UNSUPPORTED.contains(name) -> throw wrong("method " + name + " of a string is not supported");
            case List<?> list when CHANGING_LIST.contains(name) -> Optional.of(new Undefined(name));
            case List<?> list when Methods.LIST.contains(name) || name.equals("copy") -> method(object, name);
            case Tuple t when t.names().contains(name) -> Optional.of(t.items().get(t.names().indexOf(name)));
            case Tuple t when Methods.LIST.contains(name) -> method(object, name);
            case Range r when Methods.LIST.contains(name) -> method(object, name);
            case Dict d when CHANGING_DICT.contains(name) -> Optional.of(new Undefined(name));
            case Dict d when Methods.DICT.contains(name) -> method(object, name);
            case Value.Space s -> s.get(name);
            default -> Optional.empty();
        };
    }

    private static Optional<Object> method(Object object, String name) {
        return Optional.of(new Value.Method(object, name));
    }

    /** {@code object[start:stop:step]}, None for each part not given. */
    static Object slice(Budget budget, Object object, Object start, Object stop, Object step) {
        if (object instanceof Undefined u) {
            throw u.refused();
        }
        boolean sliced = Value.isText(object) || object instanceof List<?> || object instanceof Tuple || object instanceof Range;
        boolean bounds = bound(start) && bound(stop) && bound(step);
        if (!sliced || !bounds) {
            return new Undefined("a slice"); // as for every item that does not exist
        }
        long by = step == Value.NONE ? 1 : Numbers.index(step, "a slice's step");
        if (by == 0) {
            throw wrong("a slice with step 0");
        }
        long size = Sequences.size(object);
        long low = by > 0 ? 0 : -1;
        long high = by > 0 ? size : size - 1;
        long from = start == Value.NONE ? by > 0 ? low : high : clamp(Numbers.index(start, "a slice's start"), size, low, high);
        long to = stop == Value.NONE ? by > 0 ? high : low : clamp(Numbers.index(stop, "a slice's end"), size, low, high);
        long count = Math.max(0, by > 0 ? Math.ceilDiv(to - from, by) : Math.ceilDiv(from - to, -by));
        if (object instanceof Range r) {
            long width = Numbers.index(Numbers.arithmetic("*", r.step(), by), "a slice's step");
            return new Range(r.start() + from * r.step(), r.start() + to * r.step(), width);
        }
        budget.make(count);
        if (Value.isText(object)) {
            String text = Value.text(object);
            String part = by == 1
                    ? count == 0 ? ""
                            : text.substring(text.offsetByCodePoints(0, (int) from), text.offsetByCodePoints(0, (int) (from + count)))
                    : stepped(budget, Texts.codePoints(text), from, by, count);
            return object instanceof Markup ? new Markup(part) : part;
        }
        List<?> items = object instanceof List<?> list ? list : ((Tuple) object).items();
        List<Object> part = new ArrayList<>();
        for (long i = 0; i < count; i++) {
            part.add(items.get((int) (from + i * by)));
        }
        return object instanceof Tuple ? new Tuple(part) : part;
    }

    private static boolean bound(Object value) {
        return value == Value.NONE || Numbers.isInt(value);
    }

    private static long clamp(long bound, long size, long low, long high) {
        return Math.clamp(bound < 0 ? bound + size : bound, low, high);
    }

    private static String stepped(Budget budget, int[] points, long from, long by, long count) {
        budget.spend(points.length / 8);
        StringBuilder out = new StringBuilder();
        for (long i = 0; i < count; i++) {
            out.appendCodePoint(points[(int) (from + i * by)]);
        }
        return out.toString();
    }
}
