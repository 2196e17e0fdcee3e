package agl.nn;

import agl.error.AglException;
import java.util.List;

/**
 * Several token sequences of different lengths, one after the other without padding.
 *
 * @param tokens  all sequences' token ids, concatenated (N)
 * @param starts  where each sequence starts in {@code tokens}, and N at the end (sequences + 1)
 * @param targets for each position the id of the next token, or {@link #NO_TARGET} where the position is not in the loss (N)
 */
public record Batch(int[] tokens, int[] starts, int[] targets) {
    /** Marks positions that are not in the loss: prompt tokens, and every sequence's last token. */
    public static final int NO_TARGET = -1;

    public Batch {
        if (targets.length != tokens.length) {
            throw new AglException("batch of " + tokens.length + " tokens with " + targets.length + " targets");
        }
        if (starts.length < 2 || starts[0] != 0 || starts[starts.length - 1] != tokens.length) {
            throw new AglException("batch: sequence starts must run from 0 to the number of tokens, " + tokens.length);
        }
        for (int s = 1; s < starts.length; s++) {
            if (starts[s] <= starts[s - 1]) {
                throw new AglException("batch: sequence " + (s - 1) + " is empty");
            }
        }
        for (int i = 0; i < tokens.length; i++) {
            if (tokens[i] < 0 || targets[i] < NO_TARGET) {
                throw new AglException("batch: position " + i + " holds token " + tokens[i] + " and target " + targets[i]);
            }
        }
    }

    /** One sequence without targets. */
    public static Batch of(int... tokens) {
        int[] targets = new int[tokens.length];
        java.util.Arrays.fill(targets, NO_TARGET);
        return new Batch(tokens, new int[] {0, tokens.length}, targets);
    }

    /** The sequences of these batches in order, in one. */
    public static Batch concat(List<Batch> batches) {
        int size = batches.stream().mapToInt(Batch::size).sum();
        int[] tokens = new int[size];
        int[] targets = new int[size];
        int[] starts = new int[batches.stream().mapToInt(Batch::sequences).sum() + 1];
        int row = 0;
        int sequence = 0;
        for (Batch b : batches) {
            System.arraycopy(b.tokens, 0, tokens, row, b.size());
            System.arraycopy(b.targets, 0, targets, row, b.size());
            for (int s = 1; s <= b.sequences(); s++) {
                starts[++sequence] = row + b.starts[s];
            }
            row += b.size();
        }
        return new Batch(tokens, starts, targets);
    }

    /** Total number of tokens. */
    public int size() {
        return tokens.length;
    }

    /** Number of sequences. */
    public int sequences() {
        return starts.length - 1;
    }

    /** Length of sequence {@code s} in tokens. */
    public int length(int s) {
        return starts[s + 1] - starts[s];
    }

    /** The longest sequence's length in tokens. */
    public int maxLength() {
        int longest = 0;
        for (int s = 0; s < sequences(); s++) {
            longest = Math.max(longest, length(s));
        }
        return longest;
    }

    /** Number of positions in the loss: the divisor of the mean loss. */
    public int targetCount() {
        int count = 0;
        for (int target : targets) {
            if (target != NO_TARGET) {
                count++;
            }
        }
        return count;
    }
}
