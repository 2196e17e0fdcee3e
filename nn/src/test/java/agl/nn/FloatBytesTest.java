package agl.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import agl.autograd.Tensor;
import agl.autograd.storage.DType;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class FloatBytesTest {
    private static int bits(int floatBits) {
        return FloatBytes.bfloat16(Float.intBitsToFloat(floatBits)) & 0xFFFF;
    }

    @Test void roundsToTheNearestBfloatAndTiesToEven() {
        assertEquals(0x3F80, bits(0x3F80_0000));
        assertEquals(0x3F80, bits(0x3F80_7FFF), "below half");
        assertEquals(0x3F80, bits(0x3F80_8000), "half, to the even one below");
        assertEquals(0x3F81, bits(0x3F80_8001), "above half");
        assertEquals(0x3F81, bits(0x3F81_7FFF));
        assertEquals(0x3F82, bits(0x3F81_8000), "half, to the even one above");
        assertEquals(0xBF82, bits(0xBF81_8000), "the sign stays");
        assertEquals(0x4000, bits(0x3FFF_FFFF), "into the next power of two");
        assertEquals(0x7F80, bits(0x7F80_0000), "infinity");
        assertEquals(0x8000, bits(0x8000_0000), "minus zero");
        // Cut off, this one would become an infinity.
        assertEquals(0x7FC0, bits(0x7F80_0001), "not a number");
    }

    @Test void bytesAreLittleEndian() {
        Tensor t = Tensor.of(new float[] {1, -2.5f}, 2);
        assertArrayEquals(new byte[] {0, 0, (byte) 0x80, 0x3F, 0, 0, 0x20, (byte) 0xC0},
                FloatBytes.encode(t, DType.F32).toArray(ValueLayout.JAVA_BYTE));
        assertArrayEquals(new byte[] {(byte) 0x80, 0x3F, 0x20, (byte) 0xC0},
                FloatBytes.encode(t, DType.BF16).toArray(ValueLayout.JAVA_BYTE));
        assertArrayEquals(new byte[] {0, 0x3C, 0, (byte) 0xC1}, FloatBytes.encode(t, DType.F16).toArray(ValueLayout.JAVA_BYTE));
        assertThrows(IllegalArgumentException.class, () -> FloatBytes.encode(t, DType.F64));
    }
}
