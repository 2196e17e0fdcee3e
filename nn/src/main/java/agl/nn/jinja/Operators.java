package agl.nn.jinja;

import static agl.nn.jinja.Budget.wrong;

import agl.nn.jinja.Value.Dict;
import agl.nn.jinja.Value.Markup;
import agl.nn.jinja.Value.Range;
import agl.nn.jinja.Value.Tuple;
import agl.nn.jinja.Value.Undefined;
import agl.nn.jinja.Value.View;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/** Python's operators. */
final class Operators {
    private Operators() {
    }

    static boolean truth(Object value) {
        return switch (value) {
            case Boolean b -> b;
            case Double d -> d != 0;
            case Number n -> Numbers.big(n).signum() != 0;
            case Undefined u -> false;
            case String s -> !s.isEmpty();
            case Markup m -> !m.text().isEmpty();
            case List<?> list -> !list.isEmpty();
            case Tuple t -> !t.items().isEmpty();
            case Dict d -> d.size() > 0;
            case View v -> v.of().size() > 0;
            case Range r -> r.size() > 0;
            default -> value != Value.NONE;
        };
    }

    /** The lookup form of a mapping's key: equal for values that are equal in Python. */
    static Object hash(Object key) {
        return switch (key) {
            case Boolean b -> b ? 1L : 0L;
            case Double d when Double.isFinite(d) && d == Math.rint(d) -> Numbers.truncate(d).orElseThrow();
            case Markup m -> m.text();
            case Undefined u -> Undefined.class;
            case Tuple t -> t.items().stream().map(Operators::hash).toList();
            case List<?> list -> throw wrong("a list cannot be the key of a mapping");
            case Dict d -> throw wrong("a mapping cannot be the key of a mapping");
            case View v -> throw wrong("a view cannot be the key of a mapping");
            default -> key;
        };
    }

    static boolean equal(Budget budget, Object a, Object b) {
        budget.spend(1);
        if (Numbers.isNumber(a) && Numbers.isNumber(b)) {
            return Numbers.compare(a, b).orElse(1) == 0;
        }
        if (Value.isText(a) && Value.isText(b)) {
            budget.spend(Value.text(a).length() / 8);
            return Value.text(a).equals(Value.text(b));
        }
        return switch (a) {
            case Undefined u -> b instanceof Undefined;
            case List<?> list -> b instanceof List<?> other && same(budget, list, other);
            case Tuple t -> b instanceof Tuple other && same(budget, t.items(), other.items());
            case Range r -> b instanceof Range other && r.size() == other.size()
                    && (r.size() == 0 || r.start() == other.start() && (r.size() == 1 || r.step() == other.step()));
            case Dict d -> b instanceof Dict other && d.size() == other.size() && d.entries().stream().allMatch(e -> {
                Optional<Object> value = other.get(e.key());
                return value.isPresent() && (value.get() == e.value() || equal(budget, e.value(), value.get()));
            });
            case View v when b instanceof View -> throw wrong("views of mappings cannot be compared");
            case Value.Method m -> b instanceof Value.Method && m.equals(b);
            default -> a == b;
        };
    }

    private static boolean same(Budget budget, List<?> a, List<?> b) {
        if (a.size() != b.size()) {
            return false;
        }
        for (int i = 0; i < a.size(); i++) {
            if (a.get(i) != b.get(i) && !equal(budget, a.get(i), b.get(i))) {
                return false;
            }
        }
        return true;
    }

    /** Whether {@code a} sorts before {@code b}. */
    static boolean less(Budget budget, Object a, Object b) {
        return compare(budget, "<", a, b);
    }

    static boolean compare(Budget budget, String operator, Object a, Object b) {
        budget.spend(1);
        return switch (operator) {
            case "==" -> equal(budget, a, b);
            case "!=" -> !equal(budget, a, b);
            case "in" -> contains(budget, b, a);
            case "not in" -> !contains(budget, b, a);
            default -> ordered(budget, operator, a, b);
        };
    }

    private static boolean ordered(Budget budget, String operator, Object a, Object b) {
        if (Numbers.isNumber(a) && Numbers.isNumber(b)) {
            return Numbers.compare(a, b).map(order -> holds(operator, order)).orElse(false);
        }
        if (Value.isText(a) && Value.isText(b)) {
            budget.spend(Value.text(a).length() / 8);
            return holds(operator, byCodePoint(Value.text(a), Value.text(b)));
        }
        List<?> x = a instanceof List<?> list ? list : a instanceof Tuple t ? t.items() : null;
        List<?> y = b instanceof List<?> list ? list : b instanceof Tuple t ? t.items() : null;
        if (x == null || y == null || a instanceof Tuple != b instanceof Tuple) {
            throw wrong("cannot compare " + Value.kind(a) + " with " + Value.kind(b));
        }
        for (int i = 0; i < Math.min(x.size(), y.size()); i++) {
            if (x.get(i) != y.get(i) && !equal(budget, x.get(i), y.get(i))) {
                return ordered(budget, operator, x.get(i), y.get(i));
            }
        }
        return holds(operator, Integer.compare(x.size(), y.size()));
    }

    private static boolean holds(String operator, int order) {
        return switch (operator) {
            case "<" -> order < 0;
            case ">" -> order > 0;
            case "<=" -> order <= 0;
            default -> order >= 0;
        };
    }

    private static int byCodePoint(String a, String b) {
        int end = Math.min(a.length(), b.length());
        for (int i = 0; i < end; i++) {
            if (a.charAt(i) != b.charAt(i)) {
                return Integer.compare(a.codePointAt(i), b.codePointAt(i)); // for two low surrogates, the order is that of their characters
            }
        }
        return Integer.compare(a.length(), b.length());
    }

    static boolean contains(Budget budget, Object container, Object item) {
        if (Value.isText(container)) {
            if (!Value.isText(item)) {
                throw wrong("cannot look for " + Value.kind(item) + " in a string");
            }
            budget.search(Value.text(container), Value.text(item));
            return Value.text(container).contains(Value.text(item));
        }
        if (container instanceof Dict dict) {
            return dict.get(item).isPresent();
        }
        if (container instanceof View v && v.kind().equals("keys")) {
            return v.of().get(item).isPresent();
        }
        if (container instanceof Value.Space || container instanceof Value.Function) {
            throw wrong("cannot look for " + Value.kind(item) + " in " + Value.kind(container));
        }
        for (Iterator<Object> items = Sequences.iterator(budget, container); items.hasNext();) {
            Object candidate = items.next();
            if (candidate == item || equal(budget, candidate, item)) {
                return true;
            }
        }
        return false;
    }

    static Object sign(boolean negative, Object value) {
        if (!Numbers.isNumber(value)) {
            throw value instanceof Undefined u ? u.refused() : wrong("cannot apply a sign to " + Value.kind(value));
        }
        return value instanceof Double d ? negative ? -d : d : Numbers.whole(negative ? Numbers.big(value).negate() : Numbers.big(value));
    }

    static Object arithmetic(Budget budget, String operator, Object a, Object b) {
        budget.spend(1);
        if (Numbers.isNumber(a) && Numbers.isNumber(b)) {
            return Numbers.arithmetic(operator, a, b);
        }
        if (operator.equals("%") && a instanceof String format) {
            return Format.percent(budget, format, b);
        }
        if (operator.equals("+")) {
            if (a instanceof Markup || b instanceof Markup) {
                if (Value.isText(a) && Value.isText(b)) {
                    return new Markup(concatenated(budget, Texts.escape(budget, a).text(), Texts.escape(budget, b).text()));
                }
            } else if (a instanceof String x && b instanceof String y) {
                return concatenated(budget, x, y);
            } else if (a instanceof List<?> x && b instanceof List<?> y) {
                return joined(budget, x, y);
            } else if (a instanceof Tuple x && b instanceof Tuple y) {
                return new Tuple(joined(budget, x.items(), y.items()));
            }
        }
        if (operator.equals("*") && (Numbers.isInt(a) || Numbers.isInt(b))) {
            Object sequence = Numbers.isInt(a) ? b : a;
            Object factor = Numbers.isInt(a) ? a : b;
            if (Numbers.big(factor).bitLength() > 63) {
                throw wrong("the factor of a sequence is too large"); // negative ones too, as in CPython
            }
            long times = Math.max(0, Numbers.index(factor, "the factor"));
            if (Value.isText(sequence)) {
                String text = Value.text(sequence);
                budget.make(Math.multiplyHigh(text.length(), times) == 0 && text.length() * times >= 0 ? text.length() * times
                        : Long.MAX_VALUE);
                String repeated = text.isEmpty() ? "" : text.repeat((int) times);
                return sequence instanceof Markup ? new Markup(repeated) : repeated;
            }
            List<?> items = sequence instanceof List<?> list ? list : sequence instanceof Tuple t ? t.items() : null;
            if (items != null) {
                budget.make(items.isEmpty() ? 0 : times > Integer.MAX_VALUE ? times : items.size() * times);
                List<Object> repeated = new ArrayList<>();
                for (long i = 0; i < times && !items.isEmpty(); i++) {
                    repeated.addAll(items);
                }
                return sequence instanceof Tuple ? new Tuple(repeated) : repeated;
            }
        }
        if (a instanceof Undefined u) {
            throw u.refused();
        }
        throw b instanceof Undefined u ? u.refused() : wrong("cannot compute " + Value.kind(a) + " " + operator + " " + Value.kind(b));
    }

    private static String concatenated(Budget budget, String a, String b) {
        budget.make((long) a.length() + b.length());
        return a + b;
    }

    private static List<Object> joined(Budget budget, List<?> a, List<?> b) {
        budget.make(8L * (a.size() + b.size()) > 4L << 20 ? a.size() + b.size() : 8L * (a.size() + b.size()));
        List<Object> both = new ArrayList<>(a);
        both.addAll(b);
        return both;
    }
}
