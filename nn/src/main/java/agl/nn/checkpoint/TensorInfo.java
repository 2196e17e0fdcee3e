package agl.nn.checkpoint;

import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import agl.error.AglException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * One tensor of a checkpoint, still in mapped memory.
 *
 * @param name  its name in the file
 * @param type  element type as the file spells it ("F32", "BF16", "I64" ...)
 * @param shape sizes, row-major; empty for a scalar
 * @param data  its bytes, little-endian, read only; valid until the file is closed
 * @param file  where it came from, for messages
 */
public record TensorInfo(String name, String type, long[] shape, MemorySegment data, Path file) {
    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfDouble F64 = ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort BITS16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** The element type, if computation supports it; otherwise an {@link AglException} that names the tensor. */
    public DType dtype() {
        for (DType known : DType.values()) {
            if (known.name().equals(type)) {
                return known;
            }
        }
        throw new AglException(
                file + ": tensor " + Json.quote(name) + " has type " + type + ", expected one of " + Arrays.toString(DType.values()));
    }

    /** Number of elements. */
    public long elements() {
        long n = 1;
        for (long size : shape) {
            n *= size; // cannot overflow: checked when the file was opened
        }
        return n;
    }

    /** The first NaN or infinity and its indices, or null if there is none or the type is not a {@link DType}. */
    public String nonFinite() {
        if (Arrays.stream(DType.values()).noneMatch(known -> known.name().equals(type))) {
            return null;
        }
        long at = Finite.firstOther(data, dtype());
        return at < 0 ? null : Finite.describe(Finite.value(data, dtype(), at), at, shape);
    }

    /** The elements in place in the mapped file, as weights; NaN and infinity are rejected. */
    public Storage weights() {
        requireIndexable();
        requireFinite();
        return new Storage.Mapped(data, dtype());
    }

    /** Refuses a tensor of more elements than one array holds. */
    public void requireIndexable() {
        if (elements() > Storage.MOST) {
            throw new AglException(file + ": tensor " + Json.quote(name) + " has " + elements() + " elements, too many for one array");
        }
    }

    private void requireFinite() {
        Finite.require(data, dtype(), shape, file + ": tensor " + Json.quote(name),
                ": these weights are damaged, or their training diverged");
    }

    /** The elements as floats, in a new array; NaN and infinity are rejected. F64 is rounded; BF16, F16 and F32 are exact. */
    public float[] toFloats() {
        DType dtype = dtype();
        requireIndexable();
        requireFinite();
        float[] out = new float[(int) elements()];
        switch (dtype) {
            case F32 -> MemorySegment.copy(data, F32, 0, out, 0, out.length);
            case F64 -> {
                for (int i = 0; i < out.length; i++) {
                    out[i] = (float) data.get(F64, 8L * i);
                    if (Float.isInfinite(out[i])) {
                        throw new AglException(file + ": tensor " + Json.quote(name) + " holds "
                                + Finite.describe(data.get(F64, 8L * i), i, shape) + ", too large for a float");
                    }
                }
            }
            case F16 -> {
                for (int i = 0; i < out.length; i++) {
                    out[i] = Float.float16ToFloat(data.get(BITS16, 2L * i));
                }
            }
            case BF16 -> { // the upper half of a float
                for (int i = 0; i < out.length; i++) {
                    out[i] = Float.intBitsToFloat(data.get(BITS16, 2L * i) << 16);
                }
            }
        }
        return out;
    }

    /** Whether another tensor has the same shape and the same values, whatever their storage types. */
    public boolean sameValues(TensorInfo other) {
        if (!Arrays.equals(shape, other.shape)) {
            return false;
        }
        return type.equals(other.type) && data.mismatch(other.data) < 0 || sameNumbers(other);
    }

    /** Whether all elements are numerically equal; 0 and -0 are. */
    private boolean sameNumbers(TensorInfo other) {
        for (long i = 0; i < elements(); i++) {
            if (Finite.value(data, dtype(), i) != Finite.value(other.data, other.dtype(), i)) {
                return false;
            }
        }
        return true;
    }

    @Override public String toString() {
        return name + " " + type + Arrays.toString(shape);
    }
}
