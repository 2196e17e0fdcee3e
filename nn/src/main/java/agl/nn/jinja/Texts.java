package agl.nn.jinja;

import agl.nn.jinja.Value.Markup;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Python's text operations: white space, lines, upper and lower case, and escaping. Positions count code points. */
final class Texts {
    private Texts() {
    }

    /** White space as in Python's isspace, strip, split and {@code \s}. */
    static boolean isSpace(int c) {
        return c >= 0x9 && c <= 0xD || c >= 0x1C && c <= 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 || c >= 0x2000 && c <= 0x200A
                || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
    }

    static boolean isSpace(String text) {
        return !text.isEmpty() && text.codePoints().allMatch(Texts::isSpace);
    }

    static int[] codePoints(String text) {
        return text.codePoints().toArray();
    }

    static int size(String text) {
        return text.codePointCount(0, text.length());
    }

    /** Strips {@code characters}, or white space if null, from the ends. */
    static String strip(String text, String characters, boolean left, boolean right) {
        int start = 0;
        int end = text.length();
        while (left && start < end && stripped(text.codePointAt(start), characters)) {
            start += Character.charCount(text.codePointAt(start));
        }
        while (right && end > start && stripped(text.codePointBefore(end), characters)) {
            end -= Character.charCount(text.codePointBefore(end));
        }
        return text.substring(start, end);
    }

    private static boolean stripped(int c, String characters) {
        return characters == null ? isSpace(c) : characters.indexOf(c) >= 0;
    }

    /** Python's splitlines, which recognizes unusually many line ends. */
    static List<String> lines(String text, boolean keepEnds) {
        List<String> lines = new ArrayList<>();
        int start = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c >= '\n' && c <= '\r' || c >= 0x1C && c <= 0x1E || c == 0x85 || c == 0x2028 || c == 0x2029) {
                int end = c == '\r' && text.startsWith("\n", i + 1) ? i + 2 : i + 1;
                lines.add(text.substring(start, keepEnds ? end : i));
                start = end;
                i = end - 1;
            }
        }
        if (start < text.length()) {
            lines.add(text.substring(start));
        }
        return lines;
    }

    static String upper(String text) {
        return text.toUpperCase(Locale.ROOT);
    }

    static String lower(String text) {
        return text.toLowerCase(Locale.ROOT);
    }

    /** The first character in title case, the others in lower case. */
    static String capitalize(String text) {
        if (text.isEmpty()) {
            return "";
        }
        int first = text.codePointAt(0);
        String small = lower(text);
        return titled(first) + small.substring(lower(Character.toString(first)).length());
    }

    /** Unicode's title case: of several capitals only the first stays upper case, except for ŉ; an iota subscript stays one. */
    private static String titled(int c) {
        String upper = upper(Character.toString(c));
        if (c == 0x149) {
            return upper;
        }
        if (Character.toTitleCase(c) != c || Character.isTitleCase(c) || size(upper) == 1) {
            return Character.toString(Character.toTitleCase(c));
        }
        int rest = upper.offsetByCodePoints(0, 1);
        return upper.substring(0, rest) + lower(upper.substring(rest)).replace('\u03b9', '\u0345');
    }

    static boolean isCased(int c) {
        return Character.isUpperCase(c) || Character.isLowerCase(c) || Character.isTitleCase(c);
    }

    /** Python's str.title: a letter after an uncased character begins a word. */
    static String title(String text) {
        StringBuilder out = new StringBuilder();
        boolean inside = false;
        for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
            int c = text.codePointAt(i);
            out.append(inside ? c == 0x3A3 ? finalSigma(text, i) : lower(Character.toString(c)) : titled(c));
            inside = isCased(c);
        }
        return out.toString();
    }

    private static String finalSigma(String text, int i) {
        String whole = lower(text.substring(0, i + 1) + (i + 1 < text.length() ? text.substring(i + 1) : ""));
        return whole.length() == text.length() ? whole.substring(i, i + 1) : "\u03c3";
    }

    /** Escapes like markupsafe; escaped text stays unchanged. */
    static Markup escape(Budget budget, Object value) {
        if (value instanceof Markup m) {
            return m;
        }
        String text = Printer.text(budget, value);
        budget.make(text.length() * 5L > 4L << 20 ? text.length() : text.length() * 5L);
        return new Markup(
                text.replace("&", "&amp;").replace(">", "&gt;").replace("<", "&lt;").replace("'", "&#39;").replace("\"", "&#34;"));
    }

    /** Python's str.replace: the first {@code most} occurrences, all if negative. */
    static String replace(Budget budget, String text, String old, String other, long most) {
        int[] points = old.isEmpty() ? codePoints(text) : new int[0];
        budget.search(text, old);
        StringBuilder out = new StringBuilder();
        long left = most < 0 ? Long.MAX_VALUE : most;
        if (old.isEmpty()) {
            budget.make((points.length + 1L) * other.length() + text.length());
            for (int i = 0; i <= points.length; i++) {
                out.append(left-- > 0 ? other : "");
                if (i < points.length) {
                    out.appendCodePoint(points[i]);
                }
            }
            return out.toString();
        }
        budget.make(text.length() + (long) (text.length() / old.length()) * Math.max(0, other.length() - old.length()));
        int at = 0;
        for (int next = text.indexOf(old); next >= 0 && left > 0; next = text.indexOf(old, at), left--) {
            out.append(text, at, next).append(other);
            at = next + old.length();
        }
        return out.append(text, at, text.length()).toString();
    }
}
