package agl.app.data;

import agl.autograd.AglException;
import java.util.Arrays;
import java.util.List;

/**
 * One example as the model sees it: prompt, response, end of text.
 *
 * @param tokens    token ids (T)
 * @param lossMask  true where the token is to be predicted: the response and the end token, not the prompt (T)
 * @param truncated whether something was left out to fit the maximum length
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

    /** The example up to its answer's {@code n}-th token; all of it when the answer is no longer than that. */
    public EncodedExample opening(int n) {
        int end = 0;
        for (int left = n; end < tokens.length && left > 0; end++) {
            left -= lossMask[end] ? 1 : 0;
        }
        return new EncodedExample(Arrays.copyOf(tokens, end), Arrays.copyOf(lossMask, end), truncated || end < tokens.length);
    }

    /** How many tokens this answer and another one to the same prompt have in common from their beginning on. */
    public int commonAnswerTokens(EncodedExample other) {
        int count = 0;
        for (int i = 0; i < Math.min(length(), other.length()) && tokens[i] == other.tokens[i]; i++) {
            count += lossMask[i] ? 1 : 0;
        }
        return count;
    }

    /** How many of these were cut to the maximum length; worth telling the user. */
    public static long countTruncated(List<EncodedExample> examples) {
        return examples.stream().filter(EncodedExample::truncated).count();
    }
}
