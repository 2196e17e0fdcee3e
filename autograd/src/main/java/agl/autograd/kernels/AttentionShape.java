package agl.autograd.kernels;

/**
 * The attention mask and the layout of its rows. Sequences of different lengths are packed without padding: sequence s has the query rows
 * qStart[s] … qStart[s+1] − 1 and the key rows kStart[s] … kEnd[s] − 1. When a sequence has fewer queries than keys (generation with a KV
 * cache, whose rows need not be adjacent to those of the next sequence), its queries are the last positions: query i has position
 * kLen − qLen + i and attends to the keys up to that position.
 *
 * <p>q is (query rows, heads·headDim); k and v are (key rows, kvHeads·headDim). Query head h uses key head h / (heads / kvHeads).
 *
 * @param scale  factor on the scores, usually 1/sqrt(headDim)
 * @param window how many of the latest keys a query attends to (0: all), its own position included, as in Mistral's sliding window
 */
public record AttentionShape(int heads, int kvHeads, int headDim, double scale, int window, int[] qStart,
                             int[] kStart, int[] kEnd) {

    public AttentionShape {
        if (heads % kvHeads != 0) {
            throw new IllegalArgumentException(heads + " query heads cannot share " + kvHeads + " key heads evenly");
        }
    }

    /** Self-attention within each sequence. */
    public static AttentionShape causal(int heads, int kvHeads, int headDim, int[] starts) {
        return new AttentionShape(heads, kvHeads, headDim, 1 / Math.sqrt(headDim), 0, starts, starts,
                java.util.Arrays.copyOfRange(starts, 1, starts.length));
    }

    public int sequences() {
        return qStart.length - 1;
    }

    public int queryRows() {
        return qStart[qStart.length - 1];
    }

    /** Minimum number of rows of k and v. */
    public int keyRows() {
        int rows = 0;
        for (int end : kEnd) {
            rows = Math.max(rows, end);
        }
        return rows;
    }

    /** Number of keys of sequence {@code s}. */
    public int keys(int s) {
        return kEnd[s] - kStart[s];
    }

    /** Position, within sequence {@code s}, of its first query. */
    public int firstPosition(int s) {
        return keys(s) - (qStart[s + 1] - qStart[s]);
    }

    /** Query heads per key head. */
    public int group() {
        return heads / kvHeads;
    }

    /** First key position (within its sequence) that a query at {@code position} attends to. */
    public int firstKey(int position) {
        return window <= 0 ? 0 : Math.max(0, position - window + 1);
    }
}
