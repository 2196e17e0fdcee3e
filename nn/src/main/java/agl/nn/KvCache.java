package agl.nn;

import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import agl.error.AglException;

/**
 * Keys and values of the tokens seen so far, so that generating one more token costs one token's work. Sequence s of layer l occupies
 * the rows s·capacity … s·capacity + length(s) − 1 of two (sequences·capacity, kvHeads·headDim) tensors.
 */
public final class KvCache {
    private final int capacity;
    private final int[] starts;
    private final int[] lengths;
    private final Tensor[] keys;
    private final Tensor[] values;

    /** An empty cache for up to {@code capacity} tokens of each of {@code sequences} sequences. */
    public KvCache(ModelConfig config, DType dtype, int sequences, int capacity) {
        this.capacity = capacity;
        int rows = Storage.elements(sequences, capacity);
        lengths = new int[sequences];
        starts = new int[sequences];
        for (int s = 0; s < sequences; s++) {
            starts[s] = s * capacity;
        }
        keys = new Tensor[config.layers()];
        values = new Tensor[config.layers()];
        for (int l = 0; l < keys.length; l++) {
            keys[l] = Tensor.zeros(dtype, rows, config.kvHeads() * config.headDim());
            values[l] = Tensor.zeros(dtype, rows, config.kvHeads() * config.headDim());
        }
    }

    /** Size of a cache in bytes per token of a sequence. */
    public static long bytesPerToken(ModelConfig config, DType dtype) {
        return 2L * config.layers() * config.kvHeads() * config.headDim() * dtype.bytes();
    }

    /** Copies the only sequence of another cache to the start of every sequence of this empty one. */
    void startWith(Kernels kernels, KvCache one) {
        for (int l = 0; l < keys.length; l++) {
            int n = one.lengths[0] * keys[l].cols();
            for (int start : starts) {
                kernels.scale(n, 1, one.keys[l].data(), 0, keys[l].data(), start * keys[l].cols());
                kernels.scale(n, 1, one.values[l].data(), 0, values[l].data(), start * values[l].cols());
            }
        }
        java.util.Arrays.fill(lengths, one.lengths[0]);
    }

    /** Number of tokens of sequence {@code s} in the cache. */
    public int length(int s) {
        return lengths[s];
    }

    int[] starts() {
        return starts;
    }

    Tensor keys(int layer) {
        return keys[layer];
    }

    Tensor values(int layer) {
        return values[layer];
    }

    int[] endsAfter(Batch batch) {
        int[] ends = new int[lengths.length];
        for (int s = 0; s < ends.length; s++) {
            int length = lengths[s] + batch.starts()[s + 1] - batch.starts()[s];
            if (length > capacity) {
                throw new AglException("sequence " + s + " grows to " + length + " tokens, the cache holds " + capacity);
            }
            ends[s] = starts[s] + length;
        }
        return ends;
    }

    /** Drops all but the first {@code length[s]} tokens of each sequence. */
    public void rewind(int[] length) {
        for (int s = 0; s < lengths.length; s++) {
            if (length[s] > lengths[s]) {
                throw new IllegalArgumentException("sequence " + s + " has " + lengths[s] + " tokens, cannot rewind to " + length[s]);
            }
            lengths[s] = length[s];
        }
    }

    void append(Kernels kernels, int layer, Batch batch, Tensor k, Tensor v) {
        keys[layer].resideWith(kernels);
        values[layer].resideWith(kernels);
        int width = k.cols();
        for (int s = 0; s < lengths.length; s++) {
            int from = batch.starts()[s];
            int n = (batch.starts()[s + 1] - from) * width;
            int to = (starts[s] + lengths[s]) * width;
            kernels.scale(n, 1, k.data(), from * width, keys[layer].data(), to);
            kernels.scale(n, 1, v.data(), from * width, values[layer].data(), to);
        }
    }

    void advance(Batch batch) {
        for (int s = 0; s < lengths.length; s++) {
            lengths[s] += batch.starts()[s + 1] - batch.starts()[s];
        }
    }

    /** A cache of some of the sequences, in the given order; their rows are not copied. */
    KvCache select(int[] sequences) {
        return new KvCache(capacity, java.util.Arrays.stream(sequences).map(s -> starts[s]).toArray(),
                java.util.Arrays.stream(sequences).map(s -> lengths[s]).toArray(), keys, values);
    }

    private KvCache(int capacity, int[] starts, int[] lengths, Tensor[] keys, Tensor[] values) {
        this.capacity = capacity;
        this.starts = starts;
        this.lengths = lengths;
        this.keys = keys;
        this.values = values;
    }
}
