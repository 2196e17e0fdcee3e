package agl.nn;

import agl.autograd.Tensor;
import agl.autograd.storage.DType;
import agl.nn.checkpoint.SafeTensorsWriter;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Encodes values in a storage type, little-endian, rounded to nearest, ties to even. */
public final class FloatBytes {
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private FloatBytes() { }

    /** The tensor's values in that type; F64, which no checkpoint of ours has, is not encoded here. */
    public static MemorySegment encode(Tensor t, DType dtype) {
        MemorySegment out = SafeTensorsWriter.space((long) t.size() * dtype.bytes());
        for (int i = 0; i < t.size(); i++) {
            float x = (float) t.get(i);
            switch (dtype) {
                case F32 -> out.set(FLOAT, 4L * i, x);
                case F16 -> out.set(SHORT, 2L * i, Float.floatToFloat16(x));
                case BF16 -> out.set(SHORT, 2L * i, bfloat16(x));
                default -> throw new IllegalArgumentException("weights are stored as F32, BF16 or F16, not " + dtype);
            }
        }
        return out;
    }

    static short bfloat16(float x) {
        int bits = Float.floatToRawIntBits(x);
        if (Float.isNaN(x)) {
            return (short) ((bits >>> 16) | 0x40);
        }
        return (short) ((bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16);
    }
}
