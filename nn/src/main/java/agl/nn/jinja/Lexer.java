package agl.nn.jinja;

import static agl.nn.jinja.Budget.wrong;

import agl.nn.checkpoint.Json;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Splits a template into text and the tokens of its tags, with the white space rules that chat templates assume: {@code trim_blocks}
 * (drops the line end after a statement), {@code lstrip_blocks} (drops the indentation before one), {@code -} inside a tag (drops all
 * white space on that side) and {@code +} (drops none).
 */
final class Lexer {
    /** The kind of a token; a SYMBOL is an operator, a bracket or the beginning or end of a tag. */
    enum Kind { DATA, NAME, INTEGER, FLOAT, STRING, SYMBOL, END }

    /** A token; a string's {@code text} is its value. */
    record Token(Kind kind, String text) {
        boolean is(String symbolOrName) {
            return (kind == Kind.SYMBOL || kind == Kind.NAME) && text.equals(symbolOrName);
        }
    }

    private static final Pattern TOKEN = Pattern.compile(
            "(?<float>(?<!\\.)(?:[0-9]+_)*[0-9]+(?:(?:\\.(?:[0-9]+_)*[0-9]+)?[eE][+\\-]?(?:[0-9]+_)*[0-9]+|\\.(?:[0-9]+_)*[0-9]+))"
                    + "|(?<integer>0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[0-9a-fA-F])+|[1-9](?:_?[0-9])*|0(?:_?0)*)"
                    + "|(?<name>[\\p{L}_][\\p{L}\\p{N}\\p{M}_]*)|'(?<single>(?:[^'\\\\]|\\\\.)*+)'|\"(?<double>(?:[^\"\\\\]|\\\\.)*+)\""
                    + "|(?<symbol>==|!=|<=|>=|//|\\*\\*|[-+*/%~<>=.,:;|()\\[\\]{}])", Pattern.DOTALL);
    private static final Pattern RAW = Pattern.compile("\\{%[-+]?[\\s]*raw[\\s]*(-%\\}|%\\})");
    private static final Pattern END_RAW = Pattern.compile("\\{%([-+]?)\\s*endraw\\s*([-+]?)%\\}");

    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private int at;
    private boolean lineStart = true;

    private Lexer(String source) {
        this.source = source;
    }

    static List<Token> tokens(String template) {
        String unified = template.replace("\r\n", "\n").replace('\r', '\n');
        Lexer lexer = new Lexer(unified.endsWith("\n") ? unified.substring(0, unified.length() - 1) : unified);
        lexer.cut();
        lexer.tokens.add(new Token(Kind.END, "the end of the template"));
        return lexer.tokens;
    }

    private void cut() {
        for (int open = nextTag(); open >= 0; open = nextTag()) {
            char tag = source.charAt(open + 1);
            char sign = open + 2 < source.length() ? source.charAt(open + 2) : 0;
            data(before(source.substring(at, open), tag, sign));
            Matcher raw = RAW.matcher(source).region(open, source.length());
            if (tag == '#') {
                comment(open);
            } else if (tag == '%' && raw.lookingAt()) {
                at = raw.end();
                at = raw.group(1).startsWith("-") ? skipSpace(at) : at;
                raw();
            } else {
                code(tag, open + (sign == '-' || sign == '+' ? 3 : 2));
            }
            lineStart = at > 0 && source.charAt(at - 1) == '\n';
        }
        data(source.substring(at));
    }

    private void data(String text) {
        if (!text.isEmpty()) {
            tokens.add(new Token(Kind.DATA, text));
        }
    }

    /** The text before a tag, without the white space that the tag drops. */
    private String before(String text, char tag, char sign) {
        int line = text.lastIndexOf('\n') + 1;
        if (sign == '-') {
            return Texts.strip(text, null, false, true);
        }
        boolean indentation = line < text.length() && Texts.isSpace(text.substring(line));
        return tag != '{' && sign != '+' && (line > 0 || lineStart) && indentation ? text.substring(0, line) : text;
    }

    private int nextTag() {
        for (int i = source.indexOf('{', at); i >= 0 && i + 1 < source.length(); i = source.indexOf('{', i + 1)) {
            char next = source.charAt(i + 1);
            if (next == '{' || next == '%' || next == '#') {
                return i;
            }
        }
        return -1;
    }

    private int skipSpace(int from) {
        int i = from;
        while (i < source.length() && Texts.isSpace(source.charAt(i))) {
            i++;
        }
        return i;
    }

    /** Continues after a tag's end, which begins with {@code sign}, or 0 for none. */
    private void close(int end, char sign, boolean trimsLine) {
        at = sign == '-' ? skipSpace(end) : trimsLine && sign != '+' && source.startsWith("\n", end) ? end + 1 : end;
    }

    private void comment(int open) {
        int end = source.indexOf("#}", open + 2);
        if (end < 0) {
            throw wrong("{# without #}");
        }
        boolean signed = source.startsWith("-", open + 2) || source.startsWith("+", open + 2); // one sign does not count twice
        char sign = end > open + (signed ? 3 : 2) ? source.charAt(end - 1) : 0;
        close(end + 2, sign, true);
    }

    private void raw() {
        Matcher end = END_RAW.matcher(source).region(at, source.length());
        if (!end.find()) {
            throw wrong("raw without endraw");
        }
        lineStart = at > 0 && source.charAt(at - 1) == '\n';
        data(before(source.substring(at, end.start()), '%', end.group(1).isEmpty() ? 0 : end.group(1).charAt(0)));
        close(end.end(), end.group(2).isEmpty() ? 0 : end.group(2).charAt(0), true);
    }

    /** The tokens of a tag. Its end does not count inside a string or brackets. */
    private void code(char tag, int from) {
        String end = tag == '{' ? "}}" : "%}";
        tokens.add(new Token(Kind.SYMBOL, tag == '{' ? "{{" : "{%"));
        Deque<Character> open = new ArrayDeque<>();
        Matcher matcher = TOKEN.matcher(source).useTransparentBounds(true);
        for (int i = skipSpace(from); i < source.length(); i = skipSpace(matcher.end())) {
            if (open.isEmpty()) {
                boolean signed = source.charAt(i) == '-' || source.charAt(i) == '+' && tag == '%';
                if (source.startsWith(end, signed ? i + 1 : i)) {
                    tokens.add(new Token(Kind.SYMBOL, end));
                    close(i + (signed ? 3 : 2), signed ? source.charAt(i) : 0, tag == '%');
                    return;
                }
            }
            if (!matcher.region(i, source.length()).lookingAt()) {
                char c = source.charAt(i);
                throw wrong(c == '\'' || c == '"' ? "{" + tag + " without " + end + ": a string does not end"
                        : "cannot read " + Json.quote(source.substring(i)));
            }
            Token token = token(matcher);
            tokens.add(token);
            if (token.kind() == Kind.SYMBOL) {
                balance(open, token.text().charAt(0));
            }
        }
        throw wrong("{" + tag + " without " + end);
    }

    private static void balance(Deque<Character> open, char c) {
        int closing = ")]}".indexOf(c);
        if ("([{".indexOf(c) >= 0) {
            open.push(c);
        } else if (closing >= 0 && (open.isEmpty() || open.pop() != "([{".charAt(closing))) {
            throw wrong("unexpected " + Json.quote(String.valueOf(c)));
        }
    }

    private static Token token(Matcher m) {
        if (m.group("name") != null) {
            return new Token(Kind.NAME, m.group("name"));
        }
        if (m.group("float") != null || m.group("integer") != null) {
            return new Token(m.group("float") != null ? Kind.FLOAT : Kind.INTEGER, m.group().replace("_", ""));
        }
        if (m.group("symbol") != null) {
            return new Token(Kind.SYMBOL, m.group("symbol"));
        }
        return new Token(Kind.STRING, unescape(m.group("single") != null ? m.group("single") : m.group("double")));
    }

    /** Python's escapes; a backslash before any other character is literal. */
    private static String unescape(String text) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c != '\\' || i + 1 == text.length()) {
                out.append(c);
                continue;
            }
            char e = text.charAt(++i);
            int digits = e == 'x' ? 2 : e == 'u' ? 4 : e == 'U' ? 8 : 0;
            if (digits > 0) {
                String hex = text.substring(i + 1, Math.min(text.length(), i + 1 + digits));
                if (!hex.matches("[0-9A-Fa-f]{" + digits + "}") || !Character.isValidCodePoint(Integer.parseUnsignedInt(hex, 16))) {
                    throw wrong("bad escape \\" + e + Json.quote(hex));
                }
                out.appendCodePoint(Integer.parseUnsignedInt(hex, 16));
                i += digits;
            } else if (e >= '0' && e <= '7') {
                int end = i + 1;
                while (end < Math.min(text.length(), i + 3) && text.charAt(end) >= '0' && text.charAt(end) <= '7') {
                    end++;
                }
                out.appendCodePoint(Integer.parseInt(text.substring(i, end), 8));
                i = end - 1;
            } else if (e == 'N') {
                int end = text.startsWith("{", i + 1) ? text.indexOf('}', i) : -1;
                out.appendCodePoint(named(end < 0 ? "" : text.substring(i + 2, end)));
                i = end;
            } else {
                int known = "ntrabfv\\'\"\n".indexOf(e);
                out.append(
                        known < 0 ? "\\" + e : List.of("\n", "\t", "\r", "\u0007", "\b", "\f", "\u000b", "\\", "'", "\"", "").get(known));
            }
        }
        return out.toString();
    }

    private static int named(String name) {
        try {
            return Character.codePointOf(name);
        } catch (IllegalArgumentException e) {
            throw wrong("no character is named " + Json.quote(name));
        }
    }
}
