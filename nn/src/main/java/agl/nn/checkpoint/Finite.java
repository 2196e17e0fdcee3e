package agl.nn.checkpoint;

import agl.autograd.storage.DType;
import agl.error.NotFiniteException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Rejects weights that are NaN or infinite: a single one breaks the model and makes every measurement of it meaningless.
 *
 * <p>A value is not finite when all bits of its exponent are set. Eight bytes are tested at once: adding the exponent's lowest bit to
 * the masked exponents carries into the sign bit exactly for such values, and never into the next value.
 */
final class Finite {
    private static final ValueLayout.OfLong BITS64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt BITS32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort BITS16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int BLOCK = 1 << 16;

    private Finite() {
    }

    /**
     * Rejects non-finite values.
     *
     * @param what   file and tensor, for the message
     * @param reason end of the message, after the value and its indices
     */
    static void require(MemorySegment data, DType type, long[] shape, String what, String reason) {
        long at = firstOther(data, type);
        if (at >= 0) {
            throw new NotFiniteException(what + " holds " + describe(value(data, type, at), at, shape) + reason);
        }
    }

    /** The value and its indices: "NaN at [3, 17]". */
    static String describe(double value, long at, long[] shape) {
        long[] place = new long[shape.length];
        for (int d = shape.length - 1; d >= 0; d--) {
            place[d] = at % shape[d];
            at /= shape[d];
        }
        return value + " at " + Arrays.toString(place);
    }

    /** Index of the first value that is NaN or infinite, or -1. */
    static long firstOther(MemorySegment data, DType type) {
        long bytes = data.byteSize();
        for (long from = 0; from < bytes; from += BLOCK) {
            int length = (int) Math.min(BLOCK, bytes - from);
            if (!finite(data, from, length, exponent(type), lowest(type))) {
                return at(data, type, from / type.bytes());
            }
        }
        return -1;
    }

    private static long at(MemorySegment data, DType type, long from) {
        long i = from;
        while (Double.isFinite(value(data, type, i))) {
            i++;
        }
        return i;
    }

    private static boolean finite(MemorySegment data, long from, int length, long exponent, long lowest) {
        long carries = 0;
        int i = 0;
        for (; i <= length - 8; i += 8) {
            carries |= (data.get(BITS64, from + i) & exponent) + lowest;
        }
        long rest = 0;
        for (int k = 0; i + k < length; k++) {
            rest |= (data.get(ValueLayout.JAVA_BYTE, from + i + k) & 0xFFL) << 8 * k;
        }
        carries |= (rest & exponent) + lowest;
        return (carries & (exponent + lowest)) == 0;
    }

    /** Mask of the exponent bits of all values in eight bytes. */
    private static long exponent(DType type) {
        return switch (type) {
            case F64 -> 0x7FF0_0000_0000_0000L;
            case F32 -> 0x7F80_0000_7F80_0000L;
            case BF16 -> 0x7F80_7F80_7F80_7F80L;
            case F16 -> 0x7C00_7C00_7C00_7C00L;
        };
    }

    /** Mask of the lowest bit of each exponent. */
    private static long lowest(DType type) {
        return switch (type) {
            case F64 -> 0x0010_0000_0000_0000L;
            case F32 -> 0x0080_0000_0080_0000L;
            case BF16 -> 0x0080_0080_0080_0080L;
            case F16 -> 0x0400_0400_0400_0400L;
        };
    }

    static double value(MemorySegment data, DType type, long i) {
        return switch (type) {
            case F64 -> Double.longBitsToDouble(data.get(BITS64, 8 * i));
            case F32 -> Float.intBitsToFloat(data.get(BITS32, 4 * i));
            case BF16 -> Float.intBitsToFloat(data.get(BITS16, 2 * i) << 16);
            case F16 -> Float.float16ToFloat(data.get(BITS16, 2 * i));
        };
    }
}
