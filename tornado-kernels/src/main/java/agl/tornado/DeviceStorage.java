package agl.tornado;

import agl.autograd.storage.Storage;
import java.lang.ref.Cleaner;
import java.util.Arrays;

/**
 * Floats in the arena, with a copy on the host once single elements are accessed. At any time the valid values are on the device, on the
 * host, on both, or nowhere (undefined, or all zero and not written yet). When needed on the other side, they are copied as a whole.
 */
final class DeviceStorage extends Storage.Device {
    private static final Cleaner CLEANER = Cleaner.create();

    /** A block of the arena, allocated on first use and shared by the storages that a pool creates from it. */
    private static final class Block {
        private final Engine engine;
        private final int capacity;
        private int offset = -1;

        Block(Engine engine, int capacity) {
            this.engine = engine;
            this.capacity = capacity;
        }

        int offset() {
            if (offset < 0) {
                int taken = engine.space().take(capacity);
                int length = capacity;
                ArenaSpace space = engine.space();
                CLEANER.register(this, () -> space.give(taken, length));
                offset = taken;
            }
            return offset;
        }
    }

    private final Engine engine;
    private final Block block;
    private final int length;
    private float[] host;
    private volatile boolean onHost;
    private boolean onDevice;
    private boolean zero;

    private DeviceStorage(Engine engine, Block block, int length) {
        this.engine = engine;
        this.block = block;
        this.length = length;
    }

    /** Storage filled with zeros. */
    static DeviceStorage zeros(Engine engine, int length) {
        DeviceStorage s = new DeviceStorage(engine, new Block(engine, length), length);
        s.zero = true;
        return s;
    }

    /** Storage with these values; the array is not copied. */
    static DeviceStorage of(Engine engine, float[] numbers) {
        DeviceStorage s = new DeviceStorage(engine, new Block(engine, numbers.length), numbers.length);
        s.host = numbers;
        s.onHost = true;
        return s;
    }

    @Override public int length() {
        return length;
    }

    @Override public int capacity() {
        return block.capacity;
    }

    @Override public Device withLength(int other) {
        return new DeviceStorage(engine, block, other);
    }

    boolean on(Engine other) {
        return engine == other;
    }

    /** Offset in the arena, after copying the values there if necessary. */
    int read() {
        int offset = block.offset();
        if (!onDevice) {
            if (onHost) {
                engine.upload(host, 0, length, offset);
            } else if (zero) {
                fillOnDevice(0, length, 0);
            }
            onDevice = true;
        }
        return offset;
    }

    /** As {@link #read}, for values that never change and are not used on the host: drops the host copy. */
    int readAndForget() {
        int offset = read();
        host = null;
        onHost = false;
        return offset;
    }

    /** Offset in the arena for a kernel to write to: everything if {@code whole}, else existing values are preserved. */
    int write(boolean whole) {
        int offset = whole ? block.offset() : read();
        onDevice = true;
        onHost = false;
        zero = false;
        return offset;
    }

    private void fillOnDevice(int from, int to, double value) {
        engine.run(Op.FILL, Math.ceilDiv(to - from, 64), new int[] {to - from, block.offset() + from}, value);
    }

    private void bringToHost() {
        synchronized (engine) {
            if (onHost) {
                return;
            }
            if (host == null) {
                host = new float[length];
            }
            if (onDevice) {
                engine.download(block.offset(), length, host, 0);
            } else if (zero) {
                Arrays.fill(host, 0);
            }
            onHost = true;
        }
    }

    @Override public double get(int i) {
        if (!onHost) {
            bringToHost();
        }
        return host[i];
    }

    @Override public void set(int i, double value) {
        if (!onHost) {
            bringToHost();
        }
        host[i] = (float) value;
        onDevice = false;
        zero = false;
    }

    @Override public void fill(int from, int to, double value) {
        synchronized (engine) {
            if (from == 0 && to >= length && value == 0) {
                zero = true;
                onHost = false;
                onDevice = false;
            } else if (onHost && !onDevice) {
                Arrays.fill(host, from, to, (float) value);
            } else {
                write(from == 0 && to >= length);
                fillOnDevice(from, to, value);
            }
        }
    }
}
