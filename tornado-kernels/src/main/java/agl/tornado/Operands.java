package agl.tornado;

import agl.autograd.storage.Storage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.function.Supplier;

/**
 * Places the operands of a kernel in the arena for as long as needed: device storage has its own block; heap arrays are copied there for
 * one call, and back if written; frozen weights and rotary-embedding tables stay permanently, short lists of row indices for a while.
 */
final class Operands {
    /** Maximum number of cached lists, enough for a few batches: every layer uses the same positions and ranges. */
    private static final int LISTS = 64;

    private record Staged(Storage.F32 heap, int offset, boolean written) { }

    /** A list's content as a key. */
    private record Content(float[] numbers) {
        @Override public boolean equals(Object o) {
            return o instanceof Content other && Arrays.equals(numbers, other.numbers);
        }

        @Override public int hashCode() {
            return Arrays.hashCode(numbers);
        }
    }

    private final Engine engine;
    private final List<Staged> staged = new ArrayList<>();
    private final List<int[]> temporaries = new ArrayList<>();
    private final Map<Storage.Mapped, DeviceStorage> weights = new WeakHashMap<>();
    /** Keyed by the identity of the array, which Rope.Table never changes. */
    private final Map<Object, DeviceStorage> tables = new IdentityHashMap<>();
    private final Map<Content, DeviceStorage> lists = new LinkedHashMap<>(2 * LISTS, 0.75f, true) {
        @Override protected boolean removeEldestEntry(Map.Entry<Content, DeviceStorage> eldest) {
            return size() > LISTS;
        }
    };

    Operands(Engine engine) {
        this.engine = engine;
    }

    /** Whether an operand is a heap array of doubles: then the plain loops are used. */
    static boolean inDouble(Storage... operands) {
        for (Storage s : operands) {
            if (s instanceof Storage.F64) {
                return true;
            }
        }
        return false;
    }

    /** Runs kernels; afterwards temporary copies are copied back if written, and their blocks are freed. */
    void run(Runnable kernels) {
        synchronized (engine) {
            try {
                kernels.run();
                for (Staged s : staged) {
                    if (s.written) {
                        engine.download(s.offset, s.heap.length(), s.heap.array(), 0);
                    }
                }
            } finally {
                staged.forEach(s -> engine.space().give(s.offset, s.heap.length()));
                temporaries.forEach(t -> engine.space().give(t[0], t[1]));
                staged.clear();
                temporaries.clear();
            }
        }
    }

    double[] compute(Supplier<double[]> kernels) {
        double[][] result = {null};
        run(() -> result[0] = kernels.get());
        return result[0];
    }

    /** Arena offset at which a kernel reads this storage. */
    int read(Storage s) {
        return switch (s) {
            case DeviceStorage d when d.on(engine) -> d.read();
            case Storage.F32 heap -> stage(heap, true, false);
            case Storage.Mapped frozen -> weights.computeIfAbsent(frozen, f -> DeviceStorage.of(engine, floats(f))).readAndForget();
            default -> throw new IllegalArgumentException("numbers of another device or type: " + s.getClass());
        };
    }

    /** Arena offset at which a kernel writes this storage: everything if {@code whole}, else existing values are preserved. */
    int write(Storage s, boolean whole) {
        return switch (s) {
            case DeviceStorage d when d.on(engine) -> d.write(whole);
            case Storage.F32 heap -> stage(heap, !whole, true);
            default -> throw new IllegalArgumentException("not numbers that this device can write: " + s.getClass());
        };
    }

    /** Arena offset at which a kernel adds to this storage; −1 for null. */
    int add(Storage s) {
        return s == null ? -1 : write(s, false);
    }

    private int stage(Storage.F32 heap, boolean copy, boolean written) {
        int offset = engine.space().take(heap.length());
        staged.add(new Staged(heap, offset, written));
        if (copy) {
            engine.upload(heap.array(), 0, heap.length(), offset);
        }
        return offset;
    }

    /** Arena offset of scratch memory for this run. */
    int temporary(int length) {
        int offset = engine.space().take(length);
        temporaries.add(new int[] {offset, length});
        return offset;
    }

    /** Arena offset of the first n elements of a list; −1 for null. */
    int list(int[] numbers, int n) {
        if (numbers == null) {
            return -1;
        }
        float[] f = new float[n];
        for (int i = 0; i < n; i++) {
            f[i] = numbers[i];
        }
        return list(f);
    }

    /** Arena offset of the first n elements of a list; −1 for null. */
    int list(double[] numbers, int n) {
        if (numbers == null) {
            return -1;
        }
        float[] f = new float[n];
        for (int i = 0; i < n; i++) {
            f[i] = (float) numbers[i];
        }
        return list(f);
    }

    /** Arena offset of a list of row indices. */
    int ranges(int[] numbers) {
        return list(numbers, numbers.length);
    }

    private int list(float[] numbers) {
        return lists.computeIfAbsent(new Content(numbers), c -> DeviceStorage.of(engine, c.numbers)).read();
    }

    /** Arena offset of a table of cosines or sines. */
    int table(double[] numbers) {
        return tables.computeIfAbsent(numbers, t -> {
            float[] f = new float[numbers.length];
            for (int i = 0; i < f.length; i++) {
                f[i] = (float) numbers[i];
            }
            return DeviceStorage.of(engine, f);
        }).read();
    }

    private static float[] floats(Storage.Mapped frozen) {
        float[] f = new float[frozen.length()];
        for (int i = 0; i < f.length; i++) {
            f[i] = (float) frozen.get(i);
        }
        return f;
    }
}
