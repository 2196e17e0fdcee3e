package agl.nn.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.error.AglException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Patterns of tokenizer.json that are refused,
        and the translation of those that are not; what they match is compared in {@link PartsTest}. */
class OnigRegexTest {
    /** Pattern and what the refusal names; no word of it where Java's own compiler refuses. */
    @ParameterizedTest
    @CsvSource(delimiter = '~', value = {"\\h~\\h", "\\p{Klingon}~\\p{Klingon}", "^a~^", "a$~$", "a.b~.", "(?<x>a)~(?<x", "a++{2~{",
            "[a&&b]~&& inside [ ]", "[[a]b]~[a inside [ ]", "\\~\\ at the end", "(a~cannot be used",
        "[~[ without ]", "(?#x)~(?#x", "a{2}+~{2}+", "\\1~\\1", "\\b~\\b", "*~cannot be used", "[]a]~] as the first",
        "[^]a]~] as the first", "a{~{ that is no", "{~{ that is no", "a{x}~{ that is no",
        "a{,3}~{ that is no", "a{12345}~{ that is no", "\\pL~\\p without", "\\p{L~\\p without", "\\p~\\p without", "\\pLx}~\\p without",
        "[}\\p{L~\\p without", "\\u12~\\u12", "\\u~\\u",
        "\\uxyzw~\\uxyzw", "\\é~\\é", "\\ ~\\", "[a~[ without ]", "\\p{}~\\p{}",
        "\\p{IsHan}~\\p{IsHan}", "[\\h]~\\h", "(?>a)~(?>a", "(?~(?"})
    void patternsThatAreNotSupported(String pattern, String named) {
        String shown = pattern.equals("\\") && named.isBlank() ? "\\ " : pattern;
        String message = assertThrows(AglException.class, () -> OnigRegex.compile(shown, "there"), shown).getMessage();
        assertTrue(message.startsWith("there: pattern "), message);
        assertTrue(message.contains(named.equals("cannot be used") ? " cannot be used: " : " has " + named), message);
        assertThrows(AglException.class, () -> OnigRegex.compile("(".repeat(5000), "there"));
    }

    /** The translation itself, where both languages would take the pattern and mean different things. */
    @Test
    void patternsInJavasTerms() {
        for (String[] pair : new String[][] {{"\\s\\S", "\\p{IsWhite_Space}\\P{IsWhite_Space}"}, {"\\d\\D", "\\p{Nd}\\P{Nd}"},
                {"\\p{Han}\\P{Han}", "\\p{IsHan}\\P{IsHan}"}, {"\\p{^Lu}\\P{^Lu}", "\\P{Lu}\\p{Lu}"},
            {"[^a\\]]{1,3}x{2}y{4,}", "[^a\\]]{1,3}x{2}y{4,}"}, {"\\u2581a", "\\u2581a"},
            {"(?:a)(?i:b)(?!c)(?=d)(?<!e)(?<=f)(g)", "(?:a)(?i:b)(?!c)(?=d)(?<!e)(?<=f)(g)"}, {"\\!\\~\\/", "\\!\\~\\/"}, {"a{1}", "a{1}"},
            {"[a&]", "[a&]"}}) {
            assertEquals(pair[1], OnigRegex.compile(pair[0], "there").pattern());
        }
    }
}
