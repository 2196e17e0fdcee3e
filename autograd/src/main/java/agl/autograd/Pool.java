package agl.autograd;

import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;

/**
 * Arrays that are reused from step to step, so that a training loop in steady state allocates next to nothing. Lengths are rounded up to an
 * eighth of a power of two: batches of slightly different length then share arrays, and at most 12.5 % is wasted.
 */
public final class Pool {
    private final DType dtype;
    private final Kernels kernels;
    private final Map<Integer, ArrayDeque<Storage>> free = new HashMap<>();
    private long bytesAllocated;

    /** A pool in the memory that {@link Kernels#best()} works in. */
    public Pool(DType dtype) {
        this.dtype = dtype;
        this.kernels = Kernels.best();
    }

    public DType dtype() {
        return dtype;
    }

    /** Storage for {@code length} elements; its content is undefined. */
    public Storage take(int length) {
        int capacity = capacity(length);
        ArrayDeque<Storage> stack = free.get(capacity);
        Storage storage = stack == null ? null : stack.poll();
        if (storage == null) {
            bytesAllocated += (long) capacity * dtype.bytes();
            storage = kernels.allocate(dtype, capacity);
        }
        return storage.withLength(length);
    }

    /** Returns storage that came from {@link #take}. */
    public void give(Storage storage) {
        free.computeIfAbsent(storage.capacity(), c -> new ArrayDeque<>()).push(storage);
    }

    /** Total bytes that this pool has allocated. */
    public long bytesAllocated() {
        return bytesAllocated;
    }

    static int capacity(int length) {
        if (length <= 64) {
            return 64;
        }
        int unit = Integer.highestOneBit(length - 1) >>> 3;
        return (int) Math.min(Integer.MAX_VALUE - 8L, ((length + (long) unit - 1) / unit) * unit);
    }
}
