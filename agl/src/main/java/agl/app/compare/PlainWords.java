package agl.app.compare;

import java.text.Normalizer;
import java.util.Locale;

/** Compares texts by words and symbols, ignoring style: case, sentence punctuation, spacing, emphasis. */
final class PlainWords {
    private PlainWords() {
    }

    static boolean same(String answer, String reference) {
        return of(answer).equals(of(reference));
    }

    static boolean begins(String answer, String reference) {
        return (of(answer) + " ").startsWith(of(reference) + " ");
    }

    /**
     * Lower case, one space between words, none around an operator. Text consisting only of punctuation is kept: there is nothing else to
     * compare.
     */
    static String of(String text) {
        String t = Normalizer.normalize(text, Normalizer.Form.NFC).toLowerCase(Locale.ROOT).replaceAll("[\\s\\p{Z}]+", " ").strip();
        String words = t
                .replaceAll("[\u2018\u2019\u02BC\u00B4]", "'")
                .replaceAll("[\u2212\uFF0D]|[\u2013\u2010\u2011](?=\\d)", "-") // minus signs, and dashes used as one
                .replaceAll("\\*\\*(\\S|\\S.*?\\S)\\*\\*|(?<![\\p{L}\\p{N}*])\\*([^\\s*]|[^\\s*][^*]*?[^\\s*])\\*(?![\\p{L}\\p{N}*])"
                        + "|`+([^`]+)`+", "$1$2$3") // emphasis
                .replaceAll("(?<=\\p{L}{2}) - (?=\\p{L}{2})|^- (?=\\p{L}{2})|(?<=\\p{L}{2})-(?=\\p{L})"
                        + "|(?<=\\p{L})-(?=\\p{L}{2})", " ") // dashes and hyphens between words
                .replaceAll("(?<=\\p{L})'(?=\\p{L})", "\u02BC") // an apostrophe inside a word counts as a letter
                .replaceAll("(?<!\\d)[.](?!\\d)|(?<=\\d)[.,:](?!\\d)|(?<!\\d)[,:]", " ") // a point stays in 1.5 and .5
                .replaceAll("[\\p{P}&&[^%&@#*/\\\\_.,:-]]", " ")
                .replaceAll(" ([\\p{S}*/-]+) ", "$1").replaceAll("(^"
                        + "| )([\\p{Sc}+-]) (?=[\\d.])", "$1$2").replaceAll(" %", "%") // x > y, $ 5, 50 %
                .replaceAll("\\s+", " ").strip();
        return words.isEmpty() ? t : words;
    }
}
