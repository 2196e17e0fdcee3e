package agl.nn;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Sequences of which some begin as another does: what they have in common is computed once. Causal attention makes it the same for both,
 * up to rounding.
 *
 * @param rows   the rows that are computed: a sequence that continues another has only those after what they have in common
 * @param root   for each sequence the one whose beginning it continues, or itself
 * @param prefix how many rows of it
 */
public record SharedBatch(Batch rows, int[] root, int[] prefix) {

    /** Each sequence for itself. */
    public static SharedBatch of(Batch batch) {
        int[] root = new int[batch.sequences()];
        Arrays.setAll(root, s -> s);
        return new SharedBatch(batch, root, new int[root.length]);
    }

    /**
     * Shares the beginning of the first sequence of each group with the others of the group, as far as their tokens are the same and none
     * of them is in a loss: a row has one target.
     *
     * @param sequences batches of one sequence each
     * @param group     number of consecutive sequences that form a group
     */
    public static SharedBatch of(List<Batch> sequences, int group) {
        int[] root = new int[sequences.size()];
        int[] prefix = new int[sequences.size()];
        List<Batch> own = new ArrayList<>();
        for (int s = 0; s < root.length; s++) {
            root[s] = s - s % group;
            prefix[s] = root[s] == s ? 0 : common(sequences.get(root[s]), sequences.get(s));
            own.add(after(sequences.get(s), prefix[s]));
        }
        return new SharedBatch(Batch.concat(own), root, prefix);
    }

    /** At least one row of the other stays its own. */
    private static int common(Batch first, Batch other) {
        int n = 0;
        int most = Math.min(first.size(), other.size() - 1);
        while (n < most && first.tokens()[n] == other.tokens()[n] && first.targets()[n] == Batch.NO_TARGET
                && other.targets()[n] == Batch.NO_TARGET) {
            n++;
        }
        return n;
    }

    private static Batch after(Batch b, int rows) {
        return rows == 0 ? b : new Batch(Arrays.copyOfRange(b.tokens(), rows, b.size()), new int[] {0, b.size() - rows},
                Arrays.copyOfRange(b.targets(), rows, b.size()));
    }

    /** Whether any sequence continues another. */
    boolean shares() {
        return Arrays.stream(prefix).anyMatch(n -> n > 0);
    }

    /** Where each sequence's keys start among {@link #keyRows}, and their number at the end. */
    int[] keyStarts() {
        int[] starts = new int[prefix.length + 1];
        for (int s = 0; s < prefix.length; s++) {
            starts[s + 1] = starts[s] + prefix[s] + rows.length(s);
        }
        return starts;
    }

    /** The rows that each sequence attends to, in order: those in common, then its own. */
    int[] keyRows() {
        int[] starts = keyStarts();
        int[] keys = new int[starts[prefix.length]];
        for (int s = 0; s < prefix.length; s++) {
            for (int i = 0; i < starts[s + 1] - starts[s]; i++) {
                keys[starts[s] + i] = i < prefix[s] ? rows.starts()[root[s]] + i : rows.starts()[s] + i - prefix[s];
            }
        }
        return keys;
    }
}
