package agl.app.data;

import agl.error.AglException;
import agl.nn.Batch;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Cuts examples into batches, epoch after epoch. Every epoch visits each example once, in an order that depends on seed and epoch alone, so
 * a run can be repeated, or resumed at any step. An epoch's last batch may be smaller; nothing is dropped.
 */
public final class Batches {
    private final List<EncodedExample> examples;
    private final int batchSize;
    private final long seed;
    private int orderedEpoch = -1;
    private int[] order;

    public Batches(List<EncodedExample> examples, int batchSize, long seed) {
        if (examples.isEmpty()) {
            throw new AglException("no examples to make batches of");
        }
        if (batchSize < 1) {
            throw new AglException("batch size is " + batchSize + ", must be at least 1");
        }
        this.examples = List.copyOf(examples);
        this.batchSize = batchSize;
        this.seed = seed;
    }

    public int batchesPerEpoch() {
        return Math.ceilDiv(examples.size(), batchSize);
    }

    /** Examples in the batches of the first so many steps, counted as often as they are visited. */
    public static int examplesIn(int steps, int examples, int batchSize) {
        int perEpoch = Math.ceilDiv(examples, batchSize);
        long visited = (long) steps / perEpoch * examples + Math.min((long) steps % perEpoch * batchSize, examples);
        if (visited > Integer.MAX_VALUE) {
            throw new AglException(steps + " steps of " + batchSize + " examples are more examples than a run can count");
        }
        return (int) visited;
    }

    /** The batch of a step; steps count from 0 over all epochs. */
    public Batch batch(int step) {
        return collate(examplesOf(step));
    }

    /** The examples of a step's batch. */
    public List<EncodedExample> examplesOf(int step) {
        int epoch = step / batchesPerEpoch();
        if (epoch != orderedEpoch) {
            order = shuffled(examples.size(), seed, epoch);
            orderedEpoch = epoch;
        }
        int from = step % batchesPerEpoch() * batchSize;
        int to = from + Math.min(batchSize, examples.size() - from);
        return Arrays.stream(order, from, to).mapToObj(examples::get).toList();
    }

    /** Concatenates examples; the target of position i is token i + 1 if that token is in the loss. */
    public static Batch collate(List<EncodedExample> examples) {
        int[] starts = new int[examples.size() + 1];
        for (int s = 0; s < examples.size(); s++) {
            starts[s + 1] = starts[s] + examples.get(s).length();
        }
        int[] tokens = new int[starts[examples.size()]];
        int[] targets = new int[tokens.length];
        for (int s = 0; s < examples.size(); s++) {
            EncodedExample example = examples.get(s);
            int length = example.length();
            System.arraycopy(example.tokens(), 0, tokens, starts[s], length);
            for (int i = 0; i < length; i++) {
                boolean predicted = i + 1 < length && example.lossMask()[i + 1];
                targets[starts[s] + i] = predicted ? example.tokens()[i + 1] : Batch.NO_TARGET;
            }
        }
        return new Batch(tokens, starts, targets);
    }

    /** Fisher-Yates shuffle with a random generator seeded per epoch. */
    private static int[] shuffled(int n, long seed, int epoch) {
        SplittableRandom random = new SplittableRandom(seed * 0x9E3779B97F4A7C15L + epoch);
        int[] order = new int[n];
        for (int i = 0; i < n; i++) {
            int j = random.nextInt(i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        return order;
    }
}
