package agl.nn.tokenizer;

/**
 * A token that is matched literally in the text, before anything is split or merged.
 *
 * @param id         the id in its file, or -1. The tokenizers library ignores it and numbers added tokens consecutively after the
 *                   vocabulary
 * @param singleWord match only where no word character is adjacent
 * @param lstrip     absorbs white space to its left
 * @param rstrip     absorbs white space to its right
 * @param normalized matched in the normalized text, in its own normalized form; otherwise in the raw text
 * @param special    omitted when decoding without special tokens
 */
record AddedToken(int id, String content, boolean singleWord, boolean lstrip, boolean rstrip, boolean normalized, boolean special) {

    /** An entry of tokenizer.json. */
    static AddedToken parse(Part part) {
        return of(part, part.natural("id"), part.flag("special", false), part.flag("normalized", false));
    }

    /** An entry without an id, as in the files beside tokenizer.json. */
    static AddedToken of(Part part, int id, boolean special, boolean normalized) {
        return new AddedToken(id, part.text("content"), part.flag("single_word", false), part.flag("lstrip", false),
                part.flag("rstrip", false), normalized, special);
    }

    /** A special token known only by its text. */
    static AddedToken special(String content) {
        return new AddedToken(-1, content, false, false, false, false, true);
    }

    AddedToken asSpecial() {
        return new AddedToken(id, content, singleWord, lstrip, rstrip, normalized, true);
    }

    AddedToken withId(int other) {
        return new AddedToken(other, content, singleWord, lstrip, rstrip, normalized, special);
    }
}
