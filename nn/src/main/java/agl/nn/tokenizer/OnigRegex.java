package agl.nn.tokenizer;

import agl.error.AglException;
import agl.nn.checkpoint.Json;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Translates the regular expressions of tokenizer.json from Oniguruma's syntax into Java's. They look alike, but some escapes differ
 * (Oniguruma's {@code \h} is a hex digit, Java's a horizontal blank) and Java's {@code \s \d \w} are ASCII by default. So only
 * constructs known to agree are accepted; the rest is rejected by name.
 */
final class OnigRegex {
    /** GPT-2's split pattern, built into the ByteLevel pre-tokenizer. */
    static final String GPT2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

    private final String source;
    private final String where;
    private final StringBuilder out = new StringBuilder();
    private int at;

    private OnigRegex(String source, String where) {
        this.source = source;
        this.where = where;
    }

    /** The Java pattern that matches what Oniguruma's {@code source} matches. */
    static Pattern compile(String source, String where) {
        OnigRegex translation = new OnigRegex(source, where);
        translation.translate();
        try {
            // UNICODE_CASE only acts inside (?i:...): Oniguruma folds case over all of Unicode.
            return Pattern.compile(translation.out.toString(), Pattern.UNICODE_CASE);
        } catch (PatternSyntaxException e) {
            throw new AglException(where + ": pattern " + Json.quote(source) + " cannot be used: " + Json.quote(e.getDescription()), e);
        } catch (StackOverflowError e) {
            throw new AglException(where + ": pattern is nested too deep", e);
        }
    }

    private void translate() {
        boolean inClass = false;
        while (at < source.length()) {
            char c = source.charAt(at);
            if (c == '\\') {
                escape();
            } else if (inClass) {
                if (c == '[' || c == '&' && source.startsWith("&&", at)) {
                    throw refused(source.substring(at, Math.min(source.length(), at + 2)) + " inside [ ]");
                }
                inClass = c != ']';
                out.append(c);
                at++;
            } else if (c == '[') {
                inClass = true;
                out.append(c);
                at++;
                if (source.startsWith("^", at)) {
                    out.append('^');
                    at++;
                }
                if (source.startsWith("]", at)) {
                    throw refused("] as the first character inside [ ]");
                }
            } else if (c == '(') {
                group();
            } else if (c == '{') {
                interval();
            } else if (c == '^' || c == '$' || c == '.') {
                throw refused(String.valueOf(c)); // Oniguruma's ^ and $ match at lines, its . has different line ends
            } else {
                out.append(c);
                at++;
            }
        }
        if (inClass) {
            throw refused("[ without ]");
        }
    }

    private void group() {
        for (String opening : new String[] {"(?:", "(?i:", "(?!", "(?=", "(?<!", "(?<="}) {
            if (source.startsWith(opening, at)) {
                out.append(opening);
                at += opening.length();
                return;
            }
        }
        if (source.startsWith("(?", at)) {
            throw refused(source.substring(at, Math.min(source.length(), at + 4)));
        }
        out.append('(');
        at++;
    }

    private void interval() {
        int end = source.indexOf('}', at);
        String interval = end < 0 ? "" : source.substring(at, end + 1);
        if (!interval.matches("\\{\\d{1,4}(,(\\d{1,4})?)?}")) {
            throw refused("{ that is no {n}, {n,} or {n,m}");
        }
        out.append(interval);
        at = end + 1;
        if (source.startsWith("+", at)) {
            throw refused(interval + "+"); // a second repetition in Oniguruma, a possessive one in Java
        }
    }

    private void escape() {
        char c = at + 1 < source.length() ? source.charAt(at + 1) : 0;
        at += 2;
        switch (c) {
            case 's' -> out.append("\\p{IsWhite_Space}");
            case 'S' -> out.append("\\P{IsWhite_Space}");
            case 'd' -> out.append("\\p{Nd}");
            case 'D' -> out.append("\\P{Nd}");
            case 'r', 'n', 't', 'f' -> out.append('\\').append(c);
            case 'p', 'P' -> property(c == 'P');
            case 'u' -> {
                String hex = source.substring(at, Math.min(source.length(), at + 4));
                if (!hex.matches("[0-9A-Fa-f]{4}")) {
                    throw refused("\\u" + hex);
                }
                out.append("\\u").append(hex);
                at += 4;
            }
            default -> {
                if (c < '!' || c > '~' || Character.isLetterOrDigit(c)) {
                    throw refused(c == 0 ? "\\ at the end" : "\\" + c);
                }
                out.append('\\').append(c);
            }
        }
    }

    /** {@code \p{L}}: general categories have the same names, scripts are {@code \p{IsHan}} in Java. */
    private void property(boolean negated) {
        int end = source.indexOf('}', at);
        if (end < 0 || source.charAt(at) != '{') {
            throw refused("\\p without {name}");
        }
        String name = source.substring(at + 1, end);
        if (name.startsWith("^")) {
            negated = !negated;
            name = name.substring(1);
        }
        at = end + 1;
        boolean category = name.matches("[LMNPSZC]|L[ultmo]|M[nce]|N[dlo]|P[cdseifo]|S[mcko]|Z[slp]|C[cfson]");
        if (!category && !name.matches(
                "Han|Hiragana|Katakana|Hangul|Latin|Greek|Cyrillic|Arabic|Hebrew|Thai|Lao|Khmer|Myanmar|Devanagari|Bengali|Tamil"
                + "|Alphabetic")) {
            throw refused("\\p{" + name + "}");
        }
        out.append(negated ? "\\P{" : "\\p{").append(category ? name : "Is" + name).append('}');
    }

    private AglException refused(String what) {
        return new AglException(where + ": pattern " + Json.quote(source) + " has " + Json.quote(what) + ", which is not supported");
    }
}
