package agl.nn.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.function.IntPredicate;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Kinds of characters against the properties that regular expressions know, for all of the first two planes and the last characters. */
class CharactersTest {
    private static void same(String property, IntPredicate ours) {
        Pattern pattern = Pattern.compile(property, Pattern.UNICODE_CHARACTER_CLASS);
        for (int c = 0; c <= Character.MAX_CODE_POINT; c = c == 0x2FFFF ? 0xE0000 : c == 0xE01FF ? 0x10FFF0 : c + 1) {
            assertEquals(pattern.matcher(Character.toString(c)).matches(), ours.test(c), property + " of U+" + Integer.toHexString(c));
        }
    }

    @Test void whiteSpace() {
        same("\\p{IsWhite_Space}", Characters::isWhiteSpace);
    }

    @Test void marks() {
        same("\\p{M}", Characters::isMark);
    }

    @Test void numbers() {
        same("\\p{N}", Characters::isNumber);
    }

    @Test void punctuation() {
        same("\\p{P}|[$+<=>^`|~]", Characters::isPunctuation);
    }

    @Test void words() {
        same("\\w", Characters::isWord);
    }
}
