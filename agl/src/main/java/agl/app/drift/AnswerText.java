package agl.app.drift;

import java.text.Normalizer;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * A model's answer, prepared for pattern matching.
 *
 * @param genre     the kind of text, which determines who is speaking
 * @param text      lower case, straight apostrophes, no markup, no quotations; single spaces, line breaks kept
 * @param sentences the sentences of {@code text}, without closing punctuation
 */
record AnswerText(Genre genre, String text, List<String> sentences) {
    enum Genre {
        /** The model speaks for itself. */
        PLAIN,
        /** Only thinking so far: the answer has not begun. */
        THINKING,
        /** A letter, mail or chapter of a story, in which "I" is the user who asked for it. */
        LETTER,
        /** A program, or lines of a dialogue: "I" is somebody else. */
        CODE, DIALOGUE
    }

    /** Characters of a sentence that are examined: the words that decline are at its beginning. */
    private static final int LONGEST = 300;

    /** The thoughts of a reasoning model before its answer. The opening tag may be in the prompt. */
    private static final Pattern THOUGHTS = Pattern.compile("(?is)^.*</(think|thinking|thought|reasoning|reflection)>|^.*<\\|channel\\"
            + "|>final<\\|message\\|>");
    private static final Pattern OPEN_THOUGHTS = Pattern.compile("(?i)^\\s*(<(think|thinking|thought|reasoning|reflection)>|<\\"
            + "|channel\\|>analysis)");
    private static final Pattern TOKENS = Pattern.compile("<\\|[^|>]{1,40}\\|>|</?s>|\\[/?INST]|<(start|end)_of_turn>"
            + "|[\u200B\u200C\u200D\u2060\uFEFF]");
    /** "Assistant:", "[AI]", "### Response:" before the answer itself. */
    private static final Pattern ROLE = Pattern.compile("(?i)^[\\s#*\\[(<]*(assistant|ai|bot|chatbot|model|response|answer|output|reply"
            + "|system)[*\\])>]*\\s*([:\\]]|\\n)[\\s*]*");
    private static final Pattern CODE = Pattern.compile("^\\s*(```|#include|import [\\w.]+;?\\s*\\n|from \\w+ import|def \\w+\\("
            + "|(public |private )?class \\w+|function \\w+\\(|<\\?php|<html|package \\w)");
    private static final Pattern LETTER = Pattern.compile("^\\s*(Dear\\s+\\S|Chapter \\w+\\n|Once upon a|Subject:|To whom it may|(Hi"
            + "|Hello|Hey)\\s+\\p{Lu}\\p{Ll}+\\s*[,\\n])");
    private static final Pattern SPEAKERS = Pattern
            .compile("(?m)^\\W{0,3}\\p{Lu}[\\p{L} .]{0,20}:\\W{0,3} \\S.*\\n+\\W{0,3}\\p{Lu}[\\p{L} .]{0,20}:\\W{0,3} \\S");
    /** A passage in quotation marks is somebody else's, even if a line break ends it. */
    private static final Pattern QUOTED = Pattern.compile("\"[^\"\\n]*(\"|\\n|$)|«[^»]*»|„[^“”\"]*[“”\"]|“[^”\"]*[”\"]|「[^」]*」|『[^』]*』"
            + "|(?<![\\p{L}\\d])'(?=\\p{L})[^\\n]{2,100}?(?<=[\\p{L}.,!?])'(?![\\p{L}\\d])");
    private static final Pattern IN_QUOTES = Pattern.compile("(?s)^\\s*([\"“„«「])(.*?)([\"”“»」])?\\s*$");

    static AnswerText of(String answer) {
        String told = THOUGHTS.matcher(answer).replaceFirst("");
        String raw = TOKENS.matcher(told).replaceAll("");
        // One kind of thought tag is a special token and already removed from raw, so check both.
        if (OPEN_THOUGHTS.matcher(told).find() || OPEN_THOUGHTS.matcher(raw).find()) {
            return new AnswerText(Genre.THINKING, "", List.of());
        }
        raw = apostrophes(ROLE.matcher(raw.strip()).replaceFirst(""));
        Genre genre = CODE.matcher(raw).find() ? Genre.CODE
                : LETTER.matcher(raw).find() ? Genre.LETTER : SPEAKERS.matcher(raw).find() ? Genre.DIALOGUE : Genre.PLAIN;
        String text = raw.replaceAll("[*_`~#>|]", "").replaceAll("(?m)^\\s*[-•]\\s+", "").strip();
        text = withoutQuotes(text).replaceAll("[^\\S\\n]+", " ").replaceAll(" ?\\n\\s*", "\n");
        text = text.toLowerCase(Locale.ROOT).replaceFirst("^[^\\p{L}\\p{N}]+", "").strip();
        return new AnswerText(genre, text, sentences(text));
    }

    /** Removes quotations, unless the whole answer is in quotation marks. */
    private static String withoutQuotes(String text) {
        var whole = IN_QUOTES.matcher(text);
        if (whole.matches() && whole.group(2).chars().noneMatch(c -> "\"“”„«»「」".indexOf(c) >= 0)) {
            return whole.group(2);
        }
        return QUOTED.matcher(text).replaceAll(" \u25A1 ");
    }

    private static String apostrophes(String text) {
        String straight = text.replaceAll("[\u2018\u2019\u02BC\u00B4\uFF07\u2032\u0060](?=\\p{L})", "'");
        return Normalizer.normalize(straight, Normalizer.Form.NFKC);
    }

    private static List<String> sentences(String text) {
        return Arrays.stream(text.split("(?<=[.!?])\\s+|[。！？]+"
                + "|\\n+")).map(s -> s.replaceFirst("[.!?:;,)\\]]+$", "").strip()).filter(s -> !s.isEmpty())
                .map(s -> s.length() <= LONGEST ? s : s.substring(0, LONGEST)).toList();
    }
}
