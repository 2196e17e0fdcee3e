package agl.app.data;

import agl.error.AglException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * One example as the model sees it: prompt, response, end of text.
 *
 * @param tokens    token ids (T)
 * @param lossMask  true if the token is a prediction target: the response and the end token, not the prompt (T)
 * @param truncated whether tokens were left out to fit the maximum length
 */
public record EncodedExample(int[] tokens, boolean[] lossMask, boolean truncated) {
    public EncodedExample {
        if (tokens.length != lossMask.length) {
            throw new AglException("example of " + tokens.length + " tokens with a loss mask of " + lossMask.length);
        }
    }

    public int length() {
        return tokens.length;
    }

    /** Number of tokens in the loss. */
    public int lossTokens() {
        int count = 0;
        for (boolean inLoss : lossMask) {
            if (inLoss) {
                count++;
            }
        }
        return count;
    }

    /** The example up to the {@code n}-th token of its answer; the whole example if the answer is no longer than that. */
    public EncodedExample opening(int n) {
        int end = 0;
        for (int left = n; end < tokens.length && left > 0; end++) {
            left -= lossMask[end] ? 1 : 0;
        }
        return new EncodedExample(Arrays.copyOf(tokens, end), Arrays.copyOf(lossMask, end), truncated || end < tokens.length);
    }

    /** Length in tokens of the common prefix of this answer and another. */
    public int commonAnswerTokens(EncodedExample other) {
        int[] mine = answer();
        int parting = Arrays.mismatch(mine, other.answer());
        return parting < 0 ? mine.length : parting;
    }

    /**
     * The example with only {@code n} tokens of its answer in the loss, those after the first {@code skip}; 0 means all of them. Earlier
     * tokens are context, like the prompt; later tokens are cut off.
     */
    public EncodedExample answerPart(int skip, int n) {
        EncodedExample part = n == 0 ? this : opening(skip + n);
        boolean[] inLoss = part.lossMask.clone();
        for (int i = 0, left = skip; i < inLoss.length && left > 0; i++) {
            left -= inLoss[i] ? 1 : 0;
            inLoss[i] = false;
        }
        return new EncodedExample(part.tokens, inLoss, part.truncated);
    }

    private int[] answer() {
        return IntStream.range(0, tokens.length).filter(i -> lossMask[i]).map(i -> tokens[i]).toArray();
    }

    /** How many examples were cut to the maximum length. */
    public static long countTruncated(List<EncodedExample> examples) {
        return examples.stream().filter(EncodedExample::truncated).count();
    }
}
