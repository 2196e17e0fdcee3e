package agl.nn.tokenizer;

/** Unicode character classes for which Java's methods of similar names differ. */
final class Characters {
    private Characters() {
    }

    /** The property White_Space. ({@link Character#isWhitespace} excludes the no-break spaces and adds U+001C..U+001F.) */
    static boolean isWhiteSpace(int c) {
        return c >= 0x9 && c <= 0xD || c == ' ' || c == 0x85 || c == 0xA0 || c == 0x1680 || c >= 0x2000 && c <= 0x200A
                || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
    }

    /** General category M. */
    static boolean isMark(int c) {
        int type = Character.getType(c);
        return type == Character.NON_SPACING_MARK || type == Character.COMBINING_SPACING_MARK || type == Character.ENCLOSING_MARK;
    }

    /** General category N. ({@link Character#isDigit} is Nd only.) */
    static boolean isNumber(int c) {
        int type = Character.getType(c);
        return type == Character.DECIMAL_DIGIT_NUMBER || type == Character.LETTER_NUMBER || type == Character.OTHER_NUMBER;
    }

    /** ASCII punctuation, or general category P. */
    static boolean isPunctuation(int c) {
        if (c < 0x80) {
            return c >= '!' && c <= '~' && !Character.isLetterOrDigit(c);
        }
        return switch (Character.getType(c)) {
            case Character.CONNECTOR_PUNCTUATION, Character.DASH_PUNCTUATION, Character.START_PUNCTUATION, Character.END_PUNCTUATION,
                 Character.INITIAL_QUOTE_PUNCTUATION, Character.FINAL_QUOTE_PUNCTUATION, Character.OTHER_PUNCTUATION -> true;
            default -> false;
        };
    }

    /** The regular expression class {@code \w} as Unicode recommends it (UTS 18, annex C). */
    static boolean isWord(int c) {
        return Character.isAlphabetic(c) || isMark(c) || Character.getType(c) == Character.DECIMAL_DIGIT_NUMBER
                || Character.getType(c) == Character.CONNECTOR_PUNCTUATION || c == 0x200C || c == 0x200D;
    }
}
