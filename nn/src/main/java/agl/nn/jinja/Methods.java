package agl.nn.jinja;

import static agl.nn.jinja.Budget.wrong;

import agl.nn.jinja.Value.Dict;
import agl.nn.jinja.Value.Markup;
import agl.nn.jinja.Value.Tuple;
import agl.nn.jinja.Value.View;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** Python's methods of strings, lists, tuples and mappings. */
final class Methods {
    /** Methods of strings. */
    static final Set<String> STRING = Set.of("strip", "lstrip", "rstrip", "upper", "lower", "title", "capitalize", "swapcase", "casefold",
            "startswith", "endswith", "split",
            "rsplit", "splitlines", "partition", "rpartition", "replace", "find", "rfind", "index", "rindex", "count", "join", "format",
            "center", "ljust", "rjust", "zfill",
            "removeprefix", "removesuffix", "expandtabs", "isdigit", "isdecimal", "isnumeric", "isalpha", "isalnum", "islower", "isupper",
            "isspace", "istitle", "isascii");
    /** String methods of Python that are refused by their names. */
    static final Set<String> UNSUPPORTED = Set.of("encode", "translate", "maketrans", "format_map", "isidentifier", "isprintable");
    /** Methods of lists, tuples and ranges. */
    static final Set<String> LIST = Set.of("index", "count");
    /** Methods of mappings. */
    static final Set<String> DICT = Set.of("items", "keys", "values", "get", "copy", "fromkeys");
    /** Methods that return an escaped text if the text is escaped. */
    private static final Set<String> KEEP_MARKUP = Set.of("strip", "lstrip", "rstrip", "upper", "lower", "title", "capitalize", "swapcase",
            "casefold", "expandtabs", "zfill",
            "split", "rsplit", "splitlines", "partition", "rpartition");
    private static final Set<String> NOT_OF_MARKUP = Set.of("join", "format", "replace", "center", "ljust", "rjust", "removeprefix",
            "removesuffix");

    private Methods() {
    }

    static Object call(Budget budget, Object object, String name, Args args) {
        if (object instanceof Markup m) {
            if (NOT_OF_MARKUP.contains(name)) {
                throw wrong("method " + name + " of an escaped string is not supported");
            }
            Object result = string(budget, m.text(), name, args);
            return KEEP_MARKUP.contains(name) ? marked(result) : result;
        }
        return switch (object) {
            case String s -> string(budget, s, name, args);
            case Dict d -> dict(d, name, args);
            case List<?> list when name.equals("copy") -> {
                args.positional("copy", 0, 0);
                yield List.copyOf(list);
            }
            default -> list(budget, object, name, args);
        };
    }

    private static Object marked(Object value) {
        return switch (value) {
            case String s -> new Markup(s);
            case List<?> list -> list.stream().map(Methods::marked).toList();
            case Tuple t -> new Tuple(t.items().stream().map(Methods::marked).toList());
            default -> value;
        };
    }

    private static Object list(Budget budget, Object object, String name, Args args) {
        Object[] given = args.positional(name, 1, 1);
        List<Object> items = Sequences.items(budget, object);
        long count = 0;
        for (int i = 0; i < items.size(); i++) {
            if (items.get(i) == given[0] || Operators.equal(budget, items.get(i), given[0])) {
                if (name.equals("index")) {
                    return (long) i;
                }
                count++;
            }
        }
        if (name.equals("index")) {
            throw wrong("index: no such item");
        }
        return count;
    }

    private static Object dict(Dict dict, String name, Args args) {
        switch (name) {
            case "get":
                Object[] given = args.positional("get", 1, 2);
                return dict.get(given[0]).orElse(given[1] == null ? Value.NONE : given[1]);
            case "fromkeys":
                throw wrong("method fromkeys is not supported");
            default:
                args.positional(name, 0, 0);
                if (name.equals("copy")) {
                    Dict copy = new Dict();
                    copy.putAll(dict);
                    return copy;
                }
                return new View(dict, name);
        }
    }

    private static String textOf(Object value, String function) {
        if (!Value.isText(value)) {
            throw wrong(function + " needs a string, got " + Value.kind(value));
        }
        return Value.text(value);
    }

    private static String textOrNone(Object value, String function) {
        return value == null || value == Value.NONE ? null : textOf(value, function);
    }

    private static long whole(Object value, long otherwise, String function) {
        return value == null ? otherwise : Numbers.index(value, "an argument of " + function);
    }

    private static Object string(Budget budget, String s, String name, Args args) {
        budget.spend(s.length() / 8);
        return switch (name) {
            case "strip", "lstrip", "rstrip" ->
                Texts.strip(s, textOrNone(args.positional(name, 0, 1)[0], name), !name.equals("rstrip"), !name.equals("lstrip"));
            case "upper", "lower", "title", "capitalize", "swapcase", "casefold" -> {
                args.positional(name, 0, 0);
                yield cased(s, name);
            }
            case "startswith", "endswith" -> affix(s, name, args.positional(name, 1, 3));
            case "split", "rsplit" -> {
                Object[] given = args.bind(name, 0, "sep", "maxsplit");
                yield Splitting.split(budget, s, textOrNone(given[0], name), whole(given[1], -1, name), name.equals("rsplit"));
            }
            case "splitlines" -> {
                Object keep = args.bind(name, 0, "keepends")[0];
                yield new ArrayList<Object>(Texts.lines(s, keep != null && Operators.truth(keep)));
            }
            case "partition", "rpartition" ->
                Splitting.partition(budget, s, textOf(args.positional(name, 1, 1)[0], name), name.equals("rpartition"));
            case "replace" -> {
                Object[] given = args.positional(name, 2, 3);
                yield Texts.replace(budget, s, textOf(given[0], name), textOf(given[1], name), whole(given[2], -1, name));
            }
            case "find", "rfind", "index", "rindex", "count" -> find(budget, s, name, args.positional(name, 1, 3));
            case "join" -> {
                List<Object> items = Sequences.items(budget, args.positional(name, 1, 1)[0]);
                items.forEach(item -> textOf(item, name));
                if (items.stream().anyMatch(Markup.class::isInstance)) {
                    throw wrong("join of escaped strings is not supported");
                }
                budget.make(items.stream().mapToLong(i -> ((String) i).length()).sum() + (long) items.size() * s.length());
                yield String.join(s, items.stream().map(String.class::cast).toList());
            }
            case "format" -> Format.braces(budget, s, args);
            case "center", "ljust", "rjust", "zfill" -> padded(budget, s, name, args.positional(name, 1, name.equals("zfill") ? 1 : 2));
            case "removeprefix", "removesuffix" -> {
                String affix = textOf(args.positional(name, 1, 1)[0], name);
                yield name.equals("removeprefix") ? s.startsWith(affix) ? s.substring(affix.length()) : s
                        : s.endsWith(affix) && !affix.isEmpty() ? s.substring(0, s.length() - affix.length()) : s;
            }
            case "expandtabs" -> expandTabs(budget, s, whole(args.bind(name, 0, "tabsize")[0], 8, name));
            default -> {
                args.positional(name, 0, 0);
                yield is(s, name);
            }
        };
    }

    private static String cased(String s, String name) {
        return switch (name) {
            case "upper" -> Texts.upper(s);
            case "lower" -> Texts.lower(s);
            case "title" -> Texts.title(s);
            case "capitalize" -> Texts.capitalize(s);
            case "casefold" -> {
                if (!s.chars().allMatch(c -> c < 0x80 || c == 0xDF)) {
                    throw wrong("casefold is supported for ASCII only");
                }
                yield Texts.lower(s).replace("ß", "ss");
            }
            default -> {
                StringBuilder out = new StringBuilder();
                s.codePoints()
                        .forEach(c -> out.append(Character.isUpperCase(c) ? Texts.lower(Character.toString(c))
                                : Character.isLowerCase(c) ? Texts.upper(Character.toString(c))
                                        : Character.toString(c)));
                yield out.toString();
            }
        };
    }

    /** The part from start to end, in code points, negative from the end; null if the start is beyond the text. */
    private static String part(String s, Object start, Object end) {
        long size = Texts.size(s);
        long from = start == null || start == Value.NONE ? 0 : whole(start, 0, "a search");
        long to = end == null || end == Value.NONE ? size : whole(end, 0, "a search");
        from = from < 0 ? Math.max(0, from + size) : from;
        to = to < 0 ? Math.max(0, to + size) : Math.min(to, size);
        return from > to ? null : s.substring(s.offsetByCodePoints(0, (int) from), s.offsetByCodePoints(0, (int) to));
    }

    private static boolean affix(String s, String name, Object[] given) {
        List<Object> affixes = given[0] instanceof Tuple t ? t.items() : List.of(given[0]);
        affixes.forEach(a -> textOf(a, name));
        String part = part(s, given[1], given[2]);
        return part != null
                && affixes.stream().map(Value::text).anyMatch(a -> name.equals("startswith") ? part.startsWith(a) : part.endsWith(a));
    }

    private static Object find(Budget budget, String s, String name, Object[] given) {
        String wanted = textOf(given[0], name);
        budget.search(s, wanted);
        String part = part(s, given[1], given[2]);
        if (name.equals("count")) {
            if (part == null) {
                return 0L;
            }
            long count = wanted.isEmpty() ? Texts.size(part) + 1L : 0;
            for (int at = wanted.isEmpty() ? -1 : part.indexOf(wanted); at >= 0; at = part.indexOf(wanted, at + wanted.length())) {
                count++;
            }
            return count;
        }
        int at = part == null ? -1 : name.startsWith("r") ? part.lastIndexOf(wanted) : part.indexOf(wanted);
        if (at < 0) {
            if (name.endsWith("index")) {
                throw wrong(name + ": not found");
            }
            return -1L;
        }
        long size = Texts.size(s);
        long from = given[1] == null || given[1] == Value.NONE ? 0 : whole(given[1], 0, name);
        return (from < 0 ? Math.max(0, from + size) : from) + Texts.size(part.substring(0, at));
    }

    private static String padded(Budget budget, String s, String name, Object[] given) {
        long width = whole(given[0], 0, name);
        String fill = given.length < 2 || given[1] == null ? name.equals("zfill") ? "0" : " " : textOf(given[1], name);
        if (Texts.size(fill) != 1) {
            throw wrong(name + " needs one character to fill with");
        }
        long missing = Math.max(0, width - Texts.size(s));
        budget.make(missing + s.length());
        int n = (int) missing;
        int left = switch (name) {
            case "ljust" -> 0;
            case "center" -> n / 2 + (n & (int) width & 1); // as CPython
            default -> n;
        };
        if (name.equals("zfill")) {
            int sign = s.startsWith("-") || s.startsWith("+") ? 1 : 0;
            return s.substring(0, sign) + fill.repeat(n) + s.substring(sign);
        }
        return fill.repeat(left) + s + fill.repeat(n - left);
    }

    private static String expandTabs(Budget budget, String s, long size) {
        if (size < 0 || size > 1000) {
            throw wrong("expandtabs to " + size);
        }
        budget.make(s.length() + s.chars().filter(c -> c == '\t').count() * size);
        StringBuilder out = new StringBuilder();
        int column = 0;
        for (int c : Texts.codePoints(s)) {
            if (c == '\t') {
                int spaces = size == 0 ? 0 : (int) (size - column % size);
                out.append(" ".repeat(spaces));
                column += spaces;
            } else {
                out.appendCodePoint(c);
                column = c == '\n' || c == '\r' ? 0 : column + 1;
            }
        }
        return out.toString();
    }

    private static boolean is(String s, String name) {
        if (name.equals("isascii")) {
            return s.chars().allMatch(c -> c < 128);
        }
        if (Stream.of("islower", "isupper").anyMatch(name::equals)) {
            boolean wantUpper = name.equals("isupper");
            boolean other = s.codePoints().anyMatch(c -> wantUpper ? Character.isLowerCase(c) || Character.isTitleCase(c)
                    : Character.isUpperCase(c) || Character.isTitleCase(c));
            return !other && s.codePoints().anyMatch(c -> wantUpper ? Character.isUpperCase(c) : Character.isLowerCase(c));
        }
        if (name.equals("istitle")) {
            boolean inside = false;
            boolean any = false;
            for (int c : Texts.codePoints(s)) {
                boolean upper = Character.isUpperCase(c) || Character.isTitleCase(c);
                if (upper && inside || Character.isLowerCase(c) && !inside) {
                    return false;
                }
                inside = Texts.isCased(c);
                any |= inside;
            }
            return any;
        }
        return !s.isEmpty() && s.codePoints().allMatch(c -> switch (name) {
            case "isspace" -> Texts.isSpace(c);
            case "isdecimal" -> Character.isDigit(c);
            case "isdigit" -> digit(c);
            case "isnumeric" -> numeric(c);
            case "isalpha" -> Character.isLetter(c);
            default -> Character.isLetter(c) || numeric(c);
        });
    }

    private static boolean digit(int c) {
        boolean other = Character.getType(c) == Character.OTHER_NUMBER && Character.getNumericValue(c) >= 0
                && Character.getNumericValue(c) <= 9;
        return Character.isDigit(c) || other;
    }

    private static boolean numeric(int c) {
        if (Character.isIdeographic(c)) {
            throw wrong("isnumeric and isalnum are not supported for ideographs");
        }
        int type = Character.getType(c);
        return Character.isDigit(c) || type == Character.LETTER_NUMBER || type == Character.OTHER_NUMBER;
    }
}
