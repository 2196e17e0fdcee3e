package agl.tornado;

import agl.error.AglException;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/** Which parts of the one device array are free: first fit, neighbours that are free grow together again. */
final class ArenaSpace {
    /** Blocks begin on multiples of this many floats, so that a work-group's reads begin on a memory transaction. */
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
            // Blocks come back when the storage that held them has been collected.
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

    /** Gives a block of {@code length} floats back; from any thread, in effect at the next {@link #take}. */
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
