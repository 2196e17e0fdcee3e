package agl.nn.tokenizer;

/** Text to token ids and back. Implementations may be used by several threads at once. */
public interface Tokenizer {
    /**
     * The ids of {@code text}. Special tokens in the text ("&lt;|im_end|&gt;") become their ids, as in the reference library.
     *
     * @param addSpecial whether to add the special tokens of the tokenizer's template (usually a begin-of-text token)
     */
    int[] encode(String text, boolean addSpecial);

    /** The text of {@code ids}; invalid UTF-8 becomes U+FFFD. {@code skipSpecial} omits special tokens. */
    String decode(int[] ids, boolean skipSpecial);

    /** One more than the largest id: the minimum number of rows of an embedding. */
    int vocabSize();

    /** The begin-of-text token's id, or -1 if the model has none. */
    int bosId();

    /** The end-of-text token's id, or -1 if the model has none. */
    int eosId();

    /** The padding token's id, or -1 if the model has none. */
    int padId();

    /** The id of a token in its vocabulary form, or null. */
    Integer tokenId(String token);

    /** The token of an id in its vocabulary form, or null. */
    String token(int id);
}
