package agl.nn.jinja;

import static agl.nn.jinja.Budget.wrong;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Python's values as templates see them: String, Long and BigInteger (int), Double, Boolean, {@link #NONE}, List (list), and those below.
 * All are immutable except a {@link Space} and a generator, which is consumed.
 */
final class Value {
    /** Python's None. */
    static final Object NONE = new Object();

    private Value() {
    }

    /** The value of an undefined name: prints as nothing, is false, has no fields. */
    record Undefined(String name) {
        RuntimeException refused() {
            return wrong("\"" + name + "\" is undefined");
        }
    }

    /** Python's tuple; {@code names} are the fields of a named tuple, else empty. */
    record Tuple(List<Object> items, List<String> names) {
        Tuple(List<Object> items) {
            this(items, List.of());
        }
    }

    /** Text that is marked as escaped (markupsafe's Markup). */
    record Markup(String text) {
    }

    /** Python's range. */
    record Range(long start, long stop, long step) {
        long size() {
            return Math.max(0, step > 0 ? Math.floorDiv(stop - start + step - 1, step) : Math.floorDiv(start - stop - step - 1, -step));
        }
    }

    /** A mapping's keys, values or items. */
    record View(Dict of, String kind) {
        List<Object> items() {
            return switch (kind) {
                case "keys" -> of.keys();
                case "values" -> of.values();
                default -> of.entries().stream().<Object>map(e -> new Tuple(List.of(e.key(), e.value()))).toList();
            };
        }
    }

    /** A generator or iterator: it can be iterated once. */
    static final class Generator {
        private final Iterator<Object> left;

        Generator(List<Object> items) {
            left = items.iterator();
        }

        Iterator<Object> iterator() {
            return left;
        }
    }

    /** Jinja's {@code namespace(...)}: the only type of value that a template can change. */
    static final class Space {
        private final Dict fields;

        Space(Dict fields) {
            this.fields = fields;
            fields.keys().forEach(Space::check);
        }

        Optional<Object> get(Object name) {
            return fields.get(name);
        }

        void set(String name, Object value) {
            check(name);
            fields.put(name, value);
        }

        /** The same restriction as in transformers. */
        private static void check(Object name) {
            if (name instanceof String s && s.startsWith("_")) {
                throw wrong("a namespace takes no field that begins with _");
            }
        }
    }

    /** A value that a template can call. */
    interface Function {
        Object call(Budget budget, Args args);
    }

    /** A method together with its object. */
    record Method(Object object, String name) implements Function {
        @Override public Object call(Budget budget, Args args) {
            return Methods.call(budget, object, name, args);
        }
    }

    /** A value with named fields: a loop, a macro, a cycler. */
    interface Fields {
        /** Empty if there is no such field. */
        Optional<Object> field(String name);
    }

    /** Python's dict: keys that are equal in Python are one key; insertion order is kept. */
    static final class Dict {
        record Entry(Object key, Object value) {
        }

        private final Map<Object, Entry> entries = new LinkedHashMap<>();

        static Dict of(Map<String, ?> map) {
            Dict dict = new Dict();
            map.forEach(dict::put);
            return dict;
        }

        void put(Object key, Object value) {
            Object hash = Operators.hash(key);
            Entry old = entries.get(hash);
            entries.put(hash, new Entry(old == null ? key : old.key, value));
        }

        Optional<Object> get(Object key) {
            Entry e = entries.get(Operators.hash(key));
            return e == null ? Optional.empty() : Optional.of(e.value);
        }

        void putAll(Dict other) {
            other.entries.values().forEach(e -> put(e.key, e.value));
        }

        int size() {
            return entries.size();
        }

        List<Entry> entries() {
            return new ArrayList<>(entries.values());
        }

        List<Object> keys() {
            return entries.values().stream().map(Entry::key).toList();
        }

        List<Object> values() {
            return entries.values().stream().map(Entry::value).toList();
        }
    }

    /** The name of a value's type in messages. */
    static String kind(Object value) {
        return value == NONE ? "none" : switch (value) {
            case Undefined u -> "an undefined value";
            case String s -> "a string";
            case Markup m -> "an escaped string";
            case Boolean b -> "a truth value";
            case Number n -> "a number";
            case List<?> list -> "a list";
            case Tuple t -> "a tuple";
            case Dict d -> "a mapping";
            case Range r -> "a range";
            case View v -> "a view of a mapping";
            case Generator g -> "a generator";
            case Space s -> "a namespace";
            default -> "a function";
        };
    }

    static boolean isText(Object value) {
        return value instanceof String || value instanceof Markup;
    }

    /** The string of a text value. */
    static String text(Object value) {
        return value instanceof Markup m ? m.text : (String) value;
    }
}
