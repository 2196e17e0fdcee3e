package agl.nn.jinja;

import static agl.nn.jinja.Budget.wrong;

import agl.nn.jinja.Value.Dict;
import agl.nn.jinja.Value.Tuple;
import java.util.ArrayList;
import java.util.List;

/** The filter tojson as transformers defines it: Python's json.dumps. */
final class JsonWriter {
    private final Budget budget;
    private final boolean ascii;
    private final String indent;
    private final String itemSeparator;
    private final String keySeparator;
    private final boolean sortKeys;
    private final StringBuilder out = new StringBuilder();

    private JsonWriter(Budget budget, boolean ascii, String indent, String itemSeparator, String keySeparator, boolean sortKeys) {
        this.budget = budget;
        this.ascii = ascii;
        this.indent = indent;
        this.itemSeparator = itemSeparator;
        this.keySeparator = keySeparator;
        this.sortKeys = sortKeys;
    }

    static Object filter(Budget budget, Object value, Args args) {
        Object[] given = args.bind("tojson", 0, "ensure_ascii", "indent", "separators", "sort_keys");
        String indent = null;
        if (given[1] != null && given[1] != Value.NONE) {
            long width = Value.isText(given[1]) ? 0 : Math.max(0, Numbers.index(given[1], "tojson's indent"));
            budget.make(width);
            indent = Value.isText(given[1]) ? Value.text(given[1]) : " ".repeat((int) width);
        }
        String itemSeparator = indent == null ? ", " : ",";
        String keySeparator = ": ";
        if (given[2] != null && given[2] != Value.NONE) {
            List<Object> separators = Sequences.items(budget, given[2]);
            if (separators.size() != 2 || !separators.stream().allMatch(Value::isText)) {
                throw wrong("tojson needs two separators");
            }
            itemSeparator = Value.text(separators.get(0));
            keySeparator = Value.text(separators.get(1));
        }
        JsonWriter writer = new JsonWriter(budget, given[0] != null && Operators.truth(given[0]), indent, itemSeparator, keySeparator,
                given[3] != null && Operators.truth(given[3]));
        writer.write(value, "\n");
        return writer.out.toString();
    }

    private void write(Object value, String line) {
        budget.spend(1);
        int before = out.length();
        switch (value) {
            case String s -> quote(s);
            case Value.Markup m -> quote(m.text());
            case List<?> list -> list(list, line);
            case Tuple t -> list(t.items(), line);
            case Dict d -> dict(d, line);
            default -> out.append(plain(value));
        }
        budget.spend((out.length() - before) / 8);
        if (out.length() > 1 << 20) {
            budget.make(out.length());
        }
    }

    private static String plain(Object value) {
        if (value instanceof Double d && !Double.isFinite(d)) {
            return Double.isNaN(d) ? "NaN" : d > 0 ? "Infinity" : "-Infinity";
        }
        return switch (value) {
            case Boolean b -> b ? "true" : "false";
            case Double d -> Printer.real(d);
            case Number n -> n.toString();
            default -> {
                if (value == Value.NONE) {
                    yield "null";
                }
                throw wrong("tojson cannot write " + Value.kind(value));
            }
        };
    }

    private void list(List<?> items, String line) {
        String inner = indent == null ? "" : line + indent;
        out.append('[');
        for (int i = 0; i < items.size(); i++) {
            out.append(i == 0 ? "" : itemSeparator).append(inner);
            write(items.get(i), inner);
        }
        out.append(indent == null || items.isEmpty() ? "" : line).append(']');
    }

    private void dict(Dict dict, String line) {
        String inner = indent == null ? "" : line + indent;
        List<Dict.Entry> entries = new ArrayList<>(dict.entries());
        if (sortKeys) {
            List<Object> keys = Sequences.sorted(budget, dict.keys(), key -> key, false);
            entries = keys.stream().map(key -> new Dict.Entry(key, dict.get(key).orElseThrow())).toList();
        }
        out.append('{');
        for (int i = 0; i < entries.size(); i++) {
            out.append(i == 0 ? "" : itemSeparator).append(inner);
            Object key = entries.get(i).key();
            if (Value.isText(key)) {
                quote(Value.text(key));
            } else {
                out.append('"').append(plain(key)).append('"');
            }
            out.append(keySeparator);
            write(entries.get(i).value(), inner);
        }
        out.append(indent == null || entries.isEmpty() ? "" : line).append('}');
    }

    private void quote(String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            int known = "\"\\\n\r\t\b\f".indexOf(c);
            if (known >= 0) {
                out.append('\\').append("\"\\nrtbf".charAt(known));
            } else if (c < 0x20 || ascii && c > 0x7E) {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        out.append('"');
    }
}
