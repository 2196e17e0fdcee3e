package agl.autograd.storage;

import agl.error.AglException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * A flat array of elements. Plain loops read and write it in double through {@link #get} and {@link #set}, whatever the element type, so
 * that the same code runs in double (gradient checks) and in float (training). Fast kernels access the array itself.
 */
public abstract sealed class Storage {
    /** A Java array is indexed by int, and the VM keeps a few elements of that range for itself. */
    public static final int MOST = Integer.MAX_VALUE - 8;

    /** Element type. */
    public abstract DType dtype();

    /** Number of usable elements. A pooled array can be longer. */
    public abstract int length();

    /** Number of elements that memory is allocated for, at least {@link #length()}. */
    public int capacity() {
        return length();
    }

    /** The same memory with another length, at most {@link #capacity()}; its content is undefined. */
    public Storage withLength(int other) {
        throw new UnsupportedOperationException("this storage did not come from a pool");
    }

    /** Element {@code i}, widened to double. */
    public abstract double get(int i);

    /** Sets element {@code i}, rounded to the element type. */
    public abstract void set(int i, double value);

    /** Adds to element {@code i}. */
    public final void add(int i, double value) {
        set(i, get(i) + value);
    }

    /** Sets the elements from {@code from} (inclusive) to {@code to} (exclusive). */
    public abstract void fill(int from, int to, double value);

    /**
     * The product of some sizes, as the number of elements of one array.
     *
     * @throws AglException if there are more than one array holds
     */
    public static int elements(long... sizes) {
        double all = Arrays.stream(sizes).asDoubleStream().reduce(1, (a, b) -> a * b);
        if (all > MOST) {
            String product = Arrays.stream(sizes).mapToObj(Long::toString).collect(Collectors.joining(" x "));
            throw new AglException(product + String.format(Locale.ROOT, " would be %.3g values in one array, which holds at most %.3g: "
                    + "take a smaller batch_size, micro_batch_size, max_length or r, or for a Fisher estimate fewer fisher_examples",
                    all, (double) MOST));
        }
        return (int) all;
    }

    /** A zero-filled storage of a compute type (F32 or F64; F16 and BF16 are storage-only). */
    public static Storage allocate(DType dtype, int length) {
        return switch (dtype) {
            case F32 -> new F32(new float[length], length);
            case F64 -> new F64(new double[length], length);
            default -> throw new IllegalArgumentException(dtype + " is storage-only; the compute types are F32 and F64");
        };
    }

    /** Float elements in a heap array. */
    public static final class F32 extends Storage {
        private final float[] array;
        private final int length;

        public F32(float[] array, int length) {
            this.array = array;
            this.length = length;
        }

        /** The array itself, at least {@link #length()} long. */
        public float[] array() {
            return array;
        }

        @Override public DType dtype() { return DType.F32; }

        @Override public int length() { return length; }

        @Override public int capacity() { return array.length; }

        @Override public Storage withLength(int other) { return new F32(array, other); }

        @Override public double get(int i) { return array[i]; }

        @Override public void set(int i, double value) { array[i] = (float) value; }

        @Override public void fill(int from, int to, double value) {
            Arrays.fill(array, from, to, (float) value);
        }
    }

    /** Double elements in a heap array. */
    public static final class F64 extends Storage {
        private final double[] array;
        private final int length;

        public F64(double[] array, int length) {
            this.array = array;
            this.length = length;
        }

        /** The array itself, at least {@link #length()} long. */
        public double[] array() {
            return array;
        }

        @Override public DType dtype() { return DType.F64; }

        @Override public int length() { return length; }

        @Override public int capacity() { return array.length; }

        @Override public Storage withLength(int other) { return new F64(array, other); }

        @Override public double get(int i) { return array[i]; }

        @Override public void set(int i, double value) { array[i] = value; }

        @Override public void fill(int from, int to, double value) {
            Arrays.fill(array, from, to, value);
        }
    }

    /** Frozen weights in little-endian mapped memory, read-only, in their stored type. */
    public static final class Mapped extends Storage {
        private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
        private static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
        private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

        private final MemorySegment segment;
        private final DType dtype;
        private final int length;

        public Mapped(MemorySegment segment, DType dtype) {
            this.segment = segment;
            this.dtype = dtype;
            this.length = Math.toIntExact(segment.byteSize() / dtype.bytes());
        }

        /** The bytes, {@code length() * dtype().bytes()} of them. */
        public MemorySegment segment() {
            return segment;
        }

        @Override public DType dtype() { return dtype; }

        @Override public int length() { return length; }

        @Override public double get(int i) {
            return switch (dtype) {
                case F32 -> segment.get(FLOAT, 4L * i);
                case F64 -> segment.get(DOUBLE, 8L * i);
                // BF16 is the upper half of a float, so widening it is a shift.
                case BF16 -> Float.intBitsToFloat(segment.get(SHORT, 2L * i) << 16);
                case F16 -> Float.float16ToFloat(segment.get(SHORT, 2L * i));
            };
        }

        @Override public void set(int i, double value) {
            throw new UnsupportedOperationException("mapped weights are frozen");
        }

        @Override public void fill(int from, int to, double value) {
            throw new UnsupportedOperationException("mapped weights are frozen");
        }
    }

    /**
     * Floats in device memory, allocated by the {@link agl.autograd.kernels.Kernels} that run there. {@link #get} and {@link #set} work as
     * on any storage, through a host copy that is synchronized first: code that walks the elements stays correct, but is slow.
     */
    public abstract static non-sealed class Device extends Storage {
        @Override public final DType dtype() { return DType.F32; }

        @Override public abstract int capacity();

        @Override public abstract Device withLength(int other);
    }
}
