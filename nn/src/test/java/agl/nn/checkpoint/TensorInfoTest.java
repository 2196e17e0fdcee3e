package agl.nn.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.storage.DType;
import agl.error.AglException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class TensorInfoTest {
    private static TensorInfo tensor(String type, long[] shape, double... values) {
        int bytes = type.equals("F64") || type.equals("I64") ? 8 : type.equals("F32") ? 4 : 2;
        ByteBuffer out = ByteBuffer.allocate(bytes * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (double value : values) {
            switch (type) {
                case "F64" -> out.putDouble(value);
                case "F32" -> out.putFloat((float) value);
                case "F16" -> out.putShort(Float.floatToFloat16((float) value));
                case "BF16" -> out.putShort((short) (Float.floatToRawIntBits((float) value) >>> 16));
                default -> out.putLong((long) value);
            }
        }
        return new TensorInfo("t", type, shape, MemorySegment.ofArray(out.array()), Path.of("f"));
    }

    private static TensorInfo row(String type, double... values) {
        return tensor(type, new long[] {values.length}, values);
    }

    @Test void floatsOfEveryType() {
        for (String type : new String[] {"F64", "F32", "F16", "BF16"}) {
            TensorInfo t = row(type, 1, -2.5, 0, 96);
            assertArrayEquals(new float[] {1, -2.5f, 0, 96}, t.toFloats(), type);
            assertEquals(type, t.dtype().name());
            assertEquals(-2.5, t.weights().get(1));
            assertNull(t.nonFinite());
            assertEquals("NaN at [0]", row(type, Double.NaN, 2).nonFinite());
            assertEquals("f: tensor t holds NaN at [0]: these weights are damaged, or their training diverged",
                    assertThrows(AglException.class, row(type, Double.NaN, 2)::weights).getMessage());
            assertEquals("Infinity at [2]", row(type, 1, 2, Double.POSITIVE_INFINITY, 4).nonFinite());
        }
        assertEquals("f: tensor t holds 1.0E300 at [1, 0], too large for a float",
                assertThrows(AglException.class, () -> tensor("F64", new long[] {2, 2}, 1, 2, 1e300, 3).toFloats()).getMessage());
        assertEquals((float) 0.1, row("F64", 0.1).toFloats()[0]);
    }

    @Test void typesThatAreNotComputedWith() {
        TensorInfo t = row("I64", 5);
        assertEquals("f: tensor t has type I64, expected one of " + Arrays.toString(DType.values()), assertThrows(AglException.class,
                t::dtype).getMessage());
        assertThrows(AglException.class, t::toFloats);
        assertNull(t.nonFinite());
        assertEquals("t I64[1]", t.toString());
    }

    @Test void sizes() {
        assertEquals(24, tensor("F32", new long[] {2, 3, 4}).elements());
        assertEquals(1, tensor("F32", new long[0], 7).elements());
        assertArrayEquals(new float[] {7}, tensor("F32", new long[0], 7).toFloats());
        for (long tooMany : new long[] {Integer.MAX_VALUE - 7, 1L << 40}) {
            TensorInfo large = new TensorInfo("t", "F32", new long[] {tooMany}, MemorySegment.ofArray(new byte[0]), Path.of("f"));
            assertEquals("f: tensor t has " + tooMany + " elements, too many for one array", assertThrows(AglException.class,
                    large::toFloats).getMessage());
        }
    }

    @Test void theSameValuesWhateverTheyAreStoredIn() {
        assertTrue(row("F32", 1, 2).sameValues(row("F32", 1, 2)));
        assertTrue(row("F32", 1, 2).sameValues(row("BF16", 1, 2)));
        assertTrue(row("F16", 0, 2).sameValues(row("F16", -0.0, 2)));
        assertTrue(row("F64", 1, 2).sameValues(row("F16", 1, 2)));
        assertTrue(row("I64", 1, 2).sameValues(row("I64", 1, 2)), "equal bytes need no arithmetic");
        assertFalse(row("F32", 1, 2).sameValues(row("F32", 1, 3)));
        assertFalse(row("F32", Math.nextUp(1f), 2).sameValues(row("F32", 1, 2)), "the first byte alone");
        assertFalse(row("F32", 3, 2).sameValues(row("F16", 1, 2)));
        assertFalse(row("F32", 1, 2).sameValues(row("F16", 1, 3)));
        assertFalse(row("F32", 1, 2).sameValues(tensor("F32", new long[] {2, 1}, 1, 2)));
        assertFalse(row("F64", 0.1).sameValues(row("F32", 0.1)), "a float is not that double");
    }

    /** A tensor of which no byte is read. */
    @Test void moreElementsThanAnArrayHoldsAreRefused() {
        TensorInfo info = new TensorInfo("w", "F32", new long[] {65536, 65536}, MemorySegment.NULL, Path.of("file"));
        for (Executable read : List.<Executable>of(info::weights, info::toFloats, info::requireIndexable)) {
            assertEquals("file: tensor w has 4294967296 elements, too many for one array",
                    assertThrows(AglException.class, read).getMessage());
        }
    }

    @Test void bytesBeyondAnArrayAreOffTheHeapAndAreWritten(@TempDir Path folder) {
        assertFalse(SafeTensorsWriter.space(64, 64).isNative());
        MemorySegment beyond = SafeTensorsWriter.space(68, 64);
        assertTrue(beyond.isNative());
        beyond.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 64, 2.5f);
        Path file = folder.resolve("a.safetensors");
        new SafeTensorsWriter().add("w", DType.F32, new long[] {17}, () -> beyond).write(file);
        try (SafeTensors saved = SafeTensors.open(file)) {
            float[] values = saved.info("w").toFloats();
            assertEquals(0, values[15]);
            assertEquals(2.5f, values[16]);
        }
    }
}
