package agl.nn.jinja;

import static agl.nn.jinja.Budget.wrong;

import agl.nn.checkpoint.Json;
import agl.nn.jinja.Value.Dict;
import agl.nn.jinja.Value.Range;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** The functions that every template can call. */
final class Globals {
    static final Set<String> NAMES = Set.of("range", "dict", "namespace", "raise_exception", "strftime_now", "cycler", "joiner");
    /** The sandbox's limit. */
    private static final long MAX_RANGE = 100_000;

    private Globals() {
    }

    static void define(Scope scope, LocalDateTime now) {
        scope.set("range", (Value.Function) (budget, args) -> range(args));
        scope.set("dict", (Value.Function) (budget, args) -> dict(budget, args));
        scope.set("namespace", (Value.Function) (budget, args) -> new Value.Space(dict(budget, args)));
        scope.set("raise_exception", (Value.Function) (budget, args) -> {
            throw wrong("refuses the conversation: " + Json.quote(Printer.text(budget, args.bind("raise_exception", 1, "message")[0])));
        });
        scope.set("strftime_now", (Value.Function) (budget, args) -> {
            Object format = args.bind("strftime_now", 1, "format")[0];
            if (!Value.isText(format)) {
                throw wrong("strftime_now needs a string, got " + Value.kind(format));
            }
            return strftime(Value.text(format), now);
        });
        scope.set("cycler", (Value.Function) (budget, args) -> new Cycler(args.values()));
        scope.set("joiner", (Value.Function) (budget, args) -> joiner(args.bind("joiner", 0, "sep")[0]));
    }

    private static Object range(Args args) {
        Object[] given = args.positional("range", 1, 3);
        long start = given[1] == null ? 0 : Numbers.index(given[0], "range's start");
        long stop = Numbers.index(given[given[1] == null ? 0 : 1], "range's end");
        long step = given[2] == null ? 1 : Numbers.index(given[2], "range's step");
        if (step == 0 || Math.max(Math.abs(start), Math.max(Math.abs(stop), Math.abs(step))) > 1L << 61) {
            throw wrong("range with step " + step + " or beyond what is supported");
        }
        Range range = new Range(start, stop, step);
        if (range.size() > MAX_RANGE) {
            throw wrong("range of more than " + MAX_RANGE);
        }
        return range;
    }

    private static Dict dict(Budget budget, Args args) {
        Dict dict = new Dict();
        if (args.values().size() > 1) {
            throw wrong("dict takes at most one mapping");
        }
        for (Object given : args.values()) {
            if (given instanceof Dict other) {
                dict.putAll(other);
                continue;
            }
            for (Object pair : Sequences.items(budget, given)) {
                List<Object> parts = Sequences.items(budget, pair);
                if (parts.size() != 2) {
                    throw wrong("dict needs pairs");
                }
                dict.put(parts.get(0), parts.get(1));
            }
        }
        args.named().forEach(dict::put);
        return dict;
    }

    private static Value.Function joiner(Object separator) {
        boolean[] used = new boolean[1];
        return (budget, args) -> {
            args.positional("a joiner", 0, 0);
            Object now = used[0] ? separator == null ? ", " : separator : "";
            used[0] = true;
            return now;
        };
    }

    /** Jinja's cycler: cycles through its items. */
    private static final class Cycler implements Value.Fields {
        private final List<Object> items;
        private int at;

        Cycler(List<Object> items) {
            if (items.isEmpty()) {
                throw wrong("cycler needs items");
            }
            this.items = items;
        }

        @Override public Optional<Object> field(String name) {
            return Optional.ofNullable(switch (name) {
                case "current" -> items.get(at);
                case "next" -> (Value.Function) (budget, args) -> {
                    Object now = items.get(at);
                    at = (at + 1) % items.size();
                    return now;
                };
                case "reset" -> (Value.Function) (budget, args) -> {
                    at = 0;
                    return Value.NONE;
                };
                default -> null;
            });
        }
    }

    /** C's strftime in the C locale. */
    private static String strftime(String format, LocalDateTime now) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < format.length(); i++) {
            if (format.charAt(i) != '%') {
                out.append(format.charAt(i));
                continue;
            }
            boolean bare = format.startsWith("-", i + 1); // glibc: without padding
            i += bare ? 2 : 1;
            String pattern = switch (i < format.length() ? format.charAt(i) : 0) {
                case 'd' -> "dd";
                case 'm' -> "MM";
                case 'Y' -> "yyyy";
                case 'y' -> "yy";
                case 'b', 'h' -> "MMM";
                case 'B' -> "MMMM";
                case 'H' -> "HH";
                case 'I' -> "hh";
                case 'p' -> "a";
                case 'M' -> "mm";
                case 'S' -> "ss";
                case 'f' -> "SSSSSS";
                case 'a' -> "EEE";
                case 'A' -> "EEEE";
                case 'j' -> "DDD";
                case 'F' -> "yyyy-MM-dd";
                case 'T' -> "HH:mm:ss";
                case 'R' -> "HH:mm";
                case 'D' -> "MM/dd/yy";
                case '%' -> "'%'";
                default -> throw wrong("date format " + Json.quote(format) + " is not supported");
            };
            String text = DateTimeFormatter.ofPattern(pattern, Locale.US).format(now);
            out.append(bare ? text.replaceFirst("^0+(?=.)", "") : text);
        }
        return out.toString();
    }
}
