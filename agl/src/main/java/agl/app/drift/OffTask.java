package agl.app.drift;

import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Detects answers without content by form alone: empty, broken, one phrase repeated, or an endless word. Language-independent: nonsense
 * made of normal words is not detected.
 */
final class OffTask {
    private static final Pattern SAYS_SOMETHING = Pattern.compile("[\\p{L}\\p{N}]");
    /** Maximum share of control or replacement characters. */
    private static final double BROKEN = 0.05;
    private static final int LONGEST_PHRASE = 8;
    private static final int REPEATS = 4;
    private static final int FEWEST_WORDS = 6;
    private static final int FEWEST_CHARACTERS = 12;
    /** A text counts as repetitive if fewer than a fifth of its 4-grams of characters are distinct. */
    private static final double NEW_PIECES = 0.2;
    private static final int FEWEST_PIECES = 40;
    /** Letters without a space, in scripts that separate words by spaces: no language has words that long. */
    private static final Pattern ENDLESS_WORD = Pattern.compile("[\\p{IsLatin}\\p{IsCyrillic}\\p{IsGreek}\\p{M}]{60,}");

    private OffTask() { }

    /** Unreadable: no letter or digit, or too many control and replacement characters. */
    static boolean unreadable(String answer) {
        // An answer cut off at the length limit may end inside a multi-byte character, which is ignored.
        String text = answer.strip().replaceFirst("\uFFFD+$", "");
        long broken = text.chars().filter(c -> c == 0xFFFD || Character.isISOControl(c) && !Character.isWhitespace(c)).count();
        return !SAYS_SOMETHING.matcher(text).find() || broken > BROKEN * text.length();
    }

    /**
     * Whether one word or short phrase, at least four times in a row, makes up at least two thirds of the text; or, for irregular
     * repetition ("SundSundSuSund"), whether fewer than a fifth of its 4-grams of characters are distinct.
     */
    static boolean repeated(String answer) {
        String text = answer.strip().toLowerCase(Locale.ROOT);
        String packed = text.replaceAll("\\s", "");
        return repeated(text.replaceAll("[^\\p{L}\\p{M}\\p{N}\\s]", "").strip().split("\\s+"), FEWEST_WORDS)
                || repeated(packed.split(""), FEWEST_CHARACTERS) || fewPieces(packed);
    }

    /** Whether words of at least sixty letters make up over half of the text. */
    static boolean endlessWords(String answer) {
        String text = answer.replaceAll("\\s", "");
        return 2 * ENDLESS_WORD.matcher(answer).results().mapToInt(word -> word.end() - word.start()).sum() > text.length();
    }

    private static boolean fewPieces(String text) {
        int pieces = text.length() - 3;
        return pieces >= FEWEST_PIECES
                && IntStream.range(0, pieces).mapToObj(i -> text.substring(i, i + 4)).distinct().count() < NEW_PIECES * pieces;
    }

    private static boolean repeated(String[] parts, int fewest) {
        for (int period = 1; period <= LONGEST_PHRASE; period++) {
            int run = period;
            for (int i = period; i < parts.length; i++) {
                run = parts[i].equals(parts[i - period]) ? run + 1 : period;
                if (run >= REPEATS * period && run >= fewest && 3L * run >= 2L * parts.length) {
                    return true;
                }
            }
        }
        return false;
    }
}
