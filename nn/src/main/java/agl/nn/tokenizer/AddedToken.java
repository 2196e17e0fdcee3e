package agl.nn.tokenizer;

/**
 * A token that is found in the text as it is written, before anything is cut or merged.
 *
 * @param id         the id that its file gives, or -1. The tokenizers library does not look at it, but numbers added tokens on from the
 *                   vocabulary
 * @param singleWord only where no word character touches it
 * @param lstrip     swallows white space to its left
 * @param rstrip     swallows white space to its right
 * @param normalized looked for in the normalized text, in its own normalized form; otherwise in the raw text
 * @param special    left out when decoding without special tokens
 */
record AddedToken(int id, String content, boolean singleWord, boolean lstrip, boolean rstrip, boolean normalized, boolean special) {

    /** An entry of tokenizer.json. */
    static AddedToken parse(Part part) {
        return of(part, part.natural("id"), part.flag("special", false), part.flag("normalized", false));
    }

    /** An object without an id, as the files beside tokenizer.json have them. */
    static AddedToken of(Part part, int id, boolean special, boolean normalized) {
        return new AddedToken(id, part.text("content"), part.flag("single_word", false), part.flag("lstrip", false),
                part.flag("rstrip", false), normalized, special);
    }

    /** A special token of which only the text is known. */
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
