package agl.tornado;

import agl.error.AglException;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/** First-fit allocator for the single device array; adjacent free blocks are merged. */
final class ArenaSpace {
    /** Blocks start at multiples of this many floats, so that a work-group's reads are aligned to memory transactions. */
    private static final int ALIGNMENT = 64;

    private final int size;
    private final TreeMap<Integer, Integer> free = new TreeMap<>();
    private final ConcurrentLinkedQueue<int[]> returned = new ConcurrentLinkedQueue<>();

    ArenaSpace(int size) {
        this.size = size / ALIGNMENT * ALIGNMENT;
        free.put(0, this.size);
    }

    private static int rounded(int length) {
        return Math.toIntExact(Math.ceilDiv(Math.max(1L, length), ALIGNMENT) * (long) ALIGNMENT);
    }

    /** Offset of a block of {@code length} floats; its content is undefined. */
    int take(int length) {
        int need = rounded(length);
        int offset = tryTake(need);
        for (int attempt = 0; offset < 0 && attempt < 3; attempt++) {
            // Blocks are returned when their storage has been garbage-collected.
            System.gc();
            try {
                Thread.sleep(20);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            offset = tryTake(need);
        }
        if (offset < 0) {
            throw new AglException("the device's memory is full: " + (need >> 18) + " MB more are needed, and the " + (size >> 18)
                    + " MB in use have no such gap; try a smaller batch, --recompute, or more with -D" + Devices.MEMORY + "=MB");
        }
        return offset;
    }

    private int tryTake(int need) {
        for (int[] block = returned.poll(); block != null; block = returned.poll()) {
            put(block[0], block[1]);
        }
        for (Map.Entry<Integer, Integer> gap : free.entrySet()) {
            if (gap.getValue() >= need) {
                int offset = gap.getKey();
                int rest = gap.getValue() - need;
                free.remove(offset);
                if (rest > 0) {
                    free.put(offset + need, rest);
                }
                return offset;
            }
        }
        return -1;
    }

    /** Returns a block of {@code length} floats; callable from any thread, takes effect at the next {@link #take}. */
    void give(int offset, int length) {
        returned.add(new int[] {offset, rounded(length)});
    }

    private void put(int offset, int length) {
        int from = offset;
        int to = offset + length;
        Map.Entry<Integer, Integer> before = free.floorEntry(offset);
        if (before != null && before.getKey() + before.getValue() == from) {
            from = before.getKey();
        }
        Integer after = free.remove(to);
        free.put(from, to - from + (after == null ? 0 : after));
    }
}
