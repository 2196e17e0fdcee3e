package agl.nn.tokenizer;

import agl.error.AglException;
import agl.nn.checkpoint.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A pattern to search for in a text: a regular expression, a string, or a class of characters. */
interface TextPattern {
    /** A part of the text, [start, end): a match, or the text between matches. */
    record Span(int start, int end, boolean match) {
    }

    /** The whole text split into matches and the parts between them, in order. */
    List<Span> spans(String text);

    /** Replaces every match with the literal {@code content}. */
    default String replaceAll(String text, String content) {
        StringBuilder out = new StringBuilder();
        for (Span span : spans(text)) {
            if (span.match) {
                out.append(content);
            } else {
                out.append(text, span.start, span.end);
            }
        }
        return out.toString();
    }

    /** {@code {"String": s}} or {@code {"Regex": r}}, as in Split and Replace. */
    static TextPattern parse(Part part) {
        Part pattern = part.child("pattern");
        if (pattern.has("String")) {
            return regex(Pattern.compile(pattern.text("String"), Pattern.LITERAL));
        }
        String regex = pattern.text("Regex");
        return regex(OnigRegex.compile(regex, pattern.where()));
    }

    /** Each character that {@code kind} accepts is a match of its own. */
    static TextPattern characters(IntPredicate kind) {
        return text -> {
            List<Span> spans = new ArrayList<>();
            int last = 0;
            for (int i = 0; i < text.length(); ) {
                int c = text.codePointAt(i);
                int next = i + Character.charCount(c);
                if (kind.test(c)) {
                    if (last < i) {
                        spans.add(new Span(last, i, false));
                    }
                    spans.add(new Span(i, next, true));
                    last = next;
                }
                i = next;
            }
            if (last < text.length()) {
                spans.add(new Span(last, text.length(), false));
            }
            return spans;
        };
    }

    /** The matches of {@code pattern}. */
    static TextPattern regex(Pattern pattern) {
        return text -> {
            List<Span> spans = new ArrayList<>();
            int last = 0;
            int lastMatch = -1;
            try {
                Matcher matcher = pattern.matcher(new Bounded(text));
                while (!text.isEmpty() && matcher.find()) {
                    int at = matcher.start();
                    if (at == matcher.end() && (at == lastMatch || at > 0 && at < text.length()
                            && Character.isSurrogatePair(text.charAt(at - 1), text.charAt(at)))) {
                        // Oniguruma's iterator skips an empty match right after a match and finds none within a character.
                        continue;
                    }
                    if (last < matcher.start()) {
                        spans.add(new Span(last, matcher.start(), false));
                    }
                    spans.add(new Span(matcher.start(), matcher.end(), true));
                    last = matcher.end();
                    lastMatch = last;
                }
            } catch (StackOverflowError e) {
                throw new AglException("tokenizer pattern " + Json.quote(pattern.pattern()) + " runs too deep on a text of " + text.length()
                        + " characters", e);
            }
            if (last < text.length()) {
                spans.add(new Span(last, text.length(), false));
            }
            return spans;
        };
    }

    /** A text with a limited number of reads: a pattern that backtracks excessively stops with a message instead of hanging. */
    final class Bounded implements CharSequence {
        private static final long LOOKS_PER_CHARACTER = 2000;
        private final String text;
        private long left;

        Bounded(String text) {
            this.text = text;
            this.left = LOOKS_PER_CHARACTER * (text.length() + 100);
        }

        @Override public char charAt(int index) {
            if (--left < 0) {
                throw new AglException("tokenizer pattern takes too long on a text of " + text.length() + " characters");
            }
            return text.charAt(index);
        }

        @Override public int length() {
            return text.length();
        }

        @Override public CharSequence subSequence(int start, int end) {
            return text.subSequence(start, end);
        }

        @Override public String toString() {
            return text;
        }
    }
}
