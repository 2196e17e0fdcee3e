package agl.nn.jinja;

import static agl.nn.jinja.Budget.wrong;

import agl.nn.jinja.Value.Tuple;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Python's split and partition. */
final class Splitting {
    private Splitting() {
    }

    /**
     * @param separator null for runs of white space
     * @param most      maximum number of splits, negative for all
     */
    static List<Object> split(Budget budget, String text, String separator, long most, boolean fromRight) {
        if (separator != null && separator.isEmpty()) {
            throw wrong("split with an empty separator");
        }
        long limit = most < 0 ? Long.MAX_VALUE : most;
        if (separator == null) {
            return fromRight ? wordsFromRight(text, limit) : words(text, limit);
        }
        budget.search(text, separator);
        List<Object> parts = new ArrayList<>();
        if (fromRight) {
            int end = text.length();
            for (int at = text.lastIndexOf(separator); at >= 0
                    && parts.size() < limit; at = end < separator.length() ? -1 : text.lastIndexOf(separator, end - separator.length())) {
                parts.add(text.substring(at + separator.length(), end));
                end = at;
            }
            parts.add(text.substring(0, end));
            Collections.reverse(parts);
            return parts;
        }
        int start = 0;
        for (int at = text.indexOf(separator); at >= 0 && parts.size() < limit; at = text.indexOf(separator, start)) {
            parts.add(text.substring(start, at));
            start = at + separator.length();
        }
        parts.add(text.substring(start));
        return parts;
    }

    private static List<Object> words(String text, long limit) {
        List<Object> words = new ArrayList<>();
        int at = skip(text, 0, true);
        while (at < text.length() && words.size() < limit) {
            int end = skip(text, at, false);
            words.add(text.substring(at, end));
            at = skip(text, end, true);
        }
        if (at < text.length()) {
            words.add(text.substring(at)); // with trailing white space
        }
        return words;
    }

    private static int skip(String text, int from, boolean space) {
        int at = from;
        while (at < text.length() && Texts.isSpace(text.charAt(at)) == space) {
            at++;
        }
        return at;
    }

    private static List<Object> wordsFromRight(String text, long limit) {
        List<Object> words = new ArrayList<>();
        int end = skipBack(text, text.length(), true);
        while (end > 0 && words.size() < limit) {
            int start = skipBack(text, end, false);
            words.add(text.substring(start, end));
            end = skipBack(text, start, true);
        }
        if (end > 0) {
            words.add(text.substring(0, end));
        }
        Collections.reverse(words);
        return words;
    }

    private static int skipBack(String text, int from, boolean space) {
        int at = from;
        while (at > 0 && Texts.isSpace(text.charAt(at - 1)) == space) {
            at--;
        }
        return at;
    }

    static Tuple partition(Budget budget, String text, String separator, boolean last) {
        if (separator.isEmpty()) {
            throw wrong("partition with an empty separator");
        }
        budget.search(text, separator);
        int at = last ? text.lastIndexOf(separator) : text.indexOf(separator);
        if (at < 0) {
            return new Tuple(last ? List.of("", "", text) : List.of(text, "", ""));
        }
        return new Tuple(List.of(text.substring(0, at), separator, text.substring(at + separator.length())));
    }
}
