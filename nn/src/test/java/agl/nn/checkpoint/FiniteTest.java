package agl.nn.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.storage.DType;
import agl.error.AglException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FiniteTest {
    @TempDir
    Path folder;

    /** Every one of the 65,536 values, alone, against what Java says of it. */
    @ParameterizedTest
    @EnumSource(value = DType.class, names = {"F16", "BF16"})
    void everyHalf(DType type) {
        for (int bits = 0; bits < 1 << 16; bits++) {
            float value = type == DType.F16 ? Float.float16ToFloat((short) bits) : Float.intBitsToFloat(bits << 16);
            byte[] bytes = {(byte) bits, (byte) (bits >> 8)};
            assertEquals(Float.isFinite(value) ? -1 : 0, Finite.firstOther(MemorySegment.ofArray(bytes), type),
                    "bits " + Integer.toHexString(bits));
        }
    }

    /** Random bits of every length up to some words: the first value that is not finite is found, wherever it stands. */
    @ParameterizedTest
    @EnumSource(DType.class)
    void theFirstOneWhereverItStands(DType type) {
        SplittableRandom random = new SplittableRandom(3);
        int seen = 0;
        for (int round = 0; round < 20_000; round++) {
            int n = random.nextInt(1, 40);
            ByteBuffer bytes = ByteBuffer.allocate(n * type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
            for (int i = 0; i < n; i++) {
                double value = random.nextInt(30) > 0 ? random.nextGaussian()
                        : random.nextBoolean() ? Double.NaN : Double.NEGATIVE_INFINITY;
                put(bytes, type, i, value);
            }
            long expected = -1;
            for (int i = n - 1; i >= 0; i--) {
                expected = Double.isFinite(Finite.value(MemorySegment.ofArray(bytes.array()), type, i)) ? expected : i;
            }
            seen += expected >= 0 ? 1 : 0;
            assertEquals(expected, Finite.firstOther(MemorySegment.ofArray(bytes.array()), type));
        }
        assertTrue(seen > 1000 && seen < 19_000, "both kinds occur, " + seen);
    }

    private static void put(ByteBuffer bytes, DType type, int i, double value) {
        switch (type) {
            case F64 -> bytes.putDouble(8 * i, value);
            case F32 -> bytes.putFloat(4 * i, (float) value);
            case F16 -> bytes.putShort(2 * i, Float.floatToFloat16((float) value));
            case BF16 -> bytes.putShort(2 * i, (short) (Float.floatToRawIntBits((float) value) >>> 16));
        }
    }

    @Test
    void beyondTheFirstBlock() {
        byte[] bytes = new byte[3 * 65536 + 4];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putFloat(3 * 65536, Float.POSITIVE_INFINITY);
        assertEquals(3 * 65536 / 4, Finite.firstOther(MemorySegment.ofArray(bytes), DType.F32));
        assertEquals(-1, Finite.firstOther(MemorySegment.ofArray(new byte[3 * 65536]), DType.F32));
        assertEquals(-1, Finite.firstOther(MemorySegment.ofArray(new byte[0]), DType.BF16));
    }

    /** A file made elsewhere with such a value: every way to its weights names file, tensor, value and place. */
    @Test
    void readersRefuseByName() throws IOException {
        byte[] header = "{\"a.b\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}}".getBytes();
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            ByteBuffer out = ByteBuffer.allocate(8 + header.length + 24).order(ByteOrder.LITTLE_ENDIAN).putLong(header.length).put(header);
            out.putFloat(8 + header.length + 16, bad);
            Path file = Files.write(folder.resolve("x.safetensors"), out.array());
            try (Checkpoint opened = Checkpoint.open(file)) {
                TensorInfo info = opened.info("a.b");
                assertEquals(bad + " at [1, 1]", info.nonFinite());
                for (AglException refused : new AglException[] {assertThrows(AglException.class, info::weights),
                    assertThrows(AglException.class, info::toFloats)}) {
                    assertTrue(refused.getMessage().startsWith(file + ": tensor a.b holds " + bad + " at [1, 1]"), refused.getMessage());
                }
            }
        }
    }

    @Test
    void aDoubleThatNoFloatHolds() throws IOException {
        byte[] header = "{\"a\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[0,16]}}".getBytes();
        ByteBuffer out = ByteBuffer.allocate(8 + header.length + 16).order(ByteOrder.LITTLE_ENDIAN).putLong(header.length).put(header)
                .putDouble(1).putDouble(1e300);
        try (Checkpoint opened = Checkpoint.open(Files.write(folder.resolve("x.safetensors"), out.array()))) {
            assertNull(opened.info("a").nonFinite());
            String message = assertThrows(AglException.class, () -> opened.info("a").toFloats()).getMessage();
            assertTrue(message.contains("tensor a holds 1.0E300 at [1]"), message);
        }
    }

    /** Neither does the writer give such a file its name. */
    @ParameterizedTest
    @EnumSource(DType.class)
    void theWriterRefusesToo(DType type) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(4 * type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        put(bytes, type, 3, Double.POSITIVE_INFINITY);
        Path file = folder.resolve("out.safetensors");
        SafeTensorsWriter writer = new SafeTensorsWriter().add("w", type, new long[] {2, 2}, () -> MemorySegment.ofArray(bytes.array()));
        String message = assertThrows(AglException.class, () -> writer.write(file)).getMessage();
        assertTrue(message.startsWith("out.safetensors: tensor w holds Infinity at [1, 1]"), message);
        assertEquals(type == DType.F16, message.contains("65504"), message);
        try (Stream<Path> left = Files.list(folder)) {
            assertEquals(0, left.count());
        }
        Arrays.fill(bytes.array(), (byte) 0);
        writer.write(file);
        assertTrue(Files.exists(file));
    }
}
