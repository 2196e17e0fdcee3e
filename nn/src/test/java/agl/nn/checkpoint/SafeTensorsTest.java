package agl.nn.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.storage.DType;
import agl.error.AglException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SafeTensorsTest {
    @TempDir
    Path folder;

    private static JsonNode reference() throws IOException {
        try (InputStream in = SafeTensorsTest.class.getResourceAsStream("reference.json")) {
            return new JsonMapper().readTree(in);
        }
    }

    private Path referenceFile() throws IOException {
        return Files.write(folder.resolve("reference.safetensors"), Base64.getDecoder().decode(reference().get("file").textValue()));
    }

    /** A file with the given header and that many bytes of data. */
    private Path file(String header, int dataBytes) throws IOException {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer out = ByteBuffer.allocate(8 + json.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(json.length).put(json);
        return Files.write(folder.resolve("made.safetensors"), out.array());
    }

    @Test
    void readsWhatTheRealLibraryWrote() throws IOException {
        try (SafeTensors opened = SafeTensors.open(referenceFile())) {
            assertEquals(Map.of("format", "pt"), opened.metadata());
            assertEquals(9, opened.names().size());
            for (Map.Entry<String, JsonNode> expected : reference().get("floats").properties()) {
                float[] values = opened.info(expected.getKey()).toFloats();
                assertEquals(expected.getValue().size(), values.length, expected.getKey());
                for (int i = 0; i < values.length; i++) {
                    assertEquals(expected.getValue().get(i).floatValue(), values[i], expected.getKey());
                }
            }
            assertEquals(DType.BF16, opened.info("b.bf16").dtype());
            assertArrayEquals(new long[] {2, 2}, opened.info("b.bf16").shape());
            assertArrayEquals(new long[0], opened.info("c.f32").shape());
            AglException refused = assertThrows(AglException.class, () -> opened.info("ids").dtype());
            assertTrue(refused.getMessage().contains("tensor ids has type I64"), refused.getMessage());
        }
    }

    @Test
    void writesTheBytesTheRealLibraryWrites() throws IOException {
        Path source = referenceFile();
        Path copy = folder.resolve("new folder/copy.safetensors");
        try (SafeTensors opened = SafeTensors.open(source)) {
            SafeTensorsWriter writer = new SafeTensorsWriter().metadata("format", "pt");
            opened.names().reversed().forEach(name -> assertSame(writer, writer.add(opened.info(name))));
            writer.write(copy);
        }
        assertArrayEquals(Files.readAllBytes(source), Files.readAllBytes(copy));
    }

    @Test
    void floatsComeBack() {
        Path file = folder.resolve("x.safetensors");
        float[] values = {1, -0f, Float.MIN_VALUE, Float.MAX_VALUE, -Float.MAX_VALUE, 0.1f};
        new SafeTensorsWriter().add("x", values, 2, 3).write(file);
        try (Checkpoint opened = Checkpoint.open(file)) {
            assertArrayEquals(values, opened.info("x").toFloats());
            assertEquals(List.of("x"), opened.names());
            assertThrows(AglException.class, () -> opened.info("y"));
        }
    }

    @Test
    void aFailedWriteLeavesNothing() throws IOException {
        Path file = folder.resolve("x.safetensors");
        Files.writeString(file, "before");
        SafeTensorsWriter writer = new SafeTensorsWriter().add("x", DType.F32, new long[] {2}, () -> MemorySegment.ofArray(new byte[4]));
        assertThrows(AglException.class, () -> writer.write(file));
        assertEquals("before", Files.readString(file));
        try (Stream<Path> left = Files.list(folder)) {
            assertEquals(List.of(file), left.toList());
        }
        AglException unwritable = assertThrows(AglException.class, () -> OutputFile.writeText(file.resolve("below/a/file"), ""));
        assertFalse(unwritable.getMessage().contains("\n"));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
        "{\"x\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,8]}}",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[9223372036854775808],\"data_offsets\":[0,8]}}",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[2.0],\"data_offsets\":[0,8]}}",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[1e400],\"data_offsets\":[0,8]}}",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[-8,0]}}",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0]}}",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"y\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
        "{\"x\":{\"dtype\":\"F31\",\"shape\":[2],\"data_offsets\":[0,8]}}",
        "{\"x\":{\"dtype\":\"F4\",\"shape\":[15],\"data_offsets\":[0,8]}}",
        "{\"x\":{\"shape\":[2],\"data_offsets\":[0,8]}}",
        "{\"x\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}",
        "{\"x\":null}", "{\"x\":", "{", "{}", "[]", "{}}", "{} {}", "{\"x\":NaN}", "\u00e4{}", "{\"__metadata__\":3}",
        "{\"__metadata__\":{\"a\":1}}",
    }) void headersThatLie(String header) throws IOException {
        Path file = file(header, 8);
        AglException refused = assertThrows(AglException.class, () -> SafeTensors.open(file));
        assertTrue(refused.getMessage().startsWith(file.toString()), refused.getMessage());
        assertFalse(refused.getMessage().contains("\n"), refused.getMessage());
    }

    @Test void deepNestingHugeNumbersAndOddNames() throws IOException {
        for (String header : List.of("{\"x\":" + "[".repeat(100_000),
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[" + "9".repeat(100_000) + "],\"data_offsets\":[0,8]}}",
                "{\"x\":{\"dtype\":\"F32\",\"shape\":[" + "1,".repeat(50_000) + "2],\"data_offsets\":[0,8]}}",
                "{\"a\\nb" + "c".repeat(10_000) + "\":1}")) {
            Path file = file(header, 8);
            AglException refused = assertThrows(AglException.class, () -> SafeTensors.open(file));
            assertFalse(refused.getMessage().contains("\n"), refused.getMessage());
            assertTrue(refused.getMessage().length() < 600, refused.getMessage());
        }
    }

    private String refusal(String header, int dataBytes) throws IOException {
        Path file = file(header, dataBytes);
        String message = assertThrows(AglException.class, () -> SafeTensors.open(file), header).getMessage();
        assertTrue(message.startsWith(file + ": "), message);
        return message.substring(file.toString().length() + 2);
    }

    @Test
    void whatIsWrongIsSaid() throws IOException {
        String x = "{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[%s]}%s}";
        assertEquals("tensor x begins at data offset 4, expected 0: there is a hole before it", refusal(x.formatted("4,8", ""), 8));
        assertEquals("tensor y begins at data offset 0, expected 4: it overlaps the tensor before it",
                refusal(x.formatted("0,4", ",\"y\":{\"dtype\":\"U8\",\"shape\":[5],\"data_offsets\":[0,5]}"), 5));
        assertEquals("has 9 bytes of data, but its tensors fill 4", refusal(x.formatted("0,4", ""), 9));
        assertEquals("tensor x, data_offsets [0, 4] do not lie in the file's 3 bytes of data: truncated?", refusal(x.formatted("0,4", ""),
                3));
        assertEquals("tensor x, data_offsets have 3 numbers do not lie in the file's 4 bytes of data: truncated?",
                refusal(x.formatted("0,4,4", ""), 4));
        assertEquals("tensor x: shape [1] of F32 does not fill its 5 bytes", refusal(x.formatted("4,9", ""), 9));
        assertEquals("tensor x, data_offsets: -1 is not a natural number below 2^63", refusal(x.formatted("-1,4", ""), 4));
        assertEquals("tensor x, data_offsets: 0.5 is not a natural number below 2^63", refusal(x.formatted("0.5,4", ""), 4));
        assertEquals("tensor x has unknown dtype F31", refusal(x.replace("F32", "F31").formatted("0,4", ""), 4));
        assertEquals("tensor x has unknown dtype", refusal("{\"x\":{}}", 4));
        assertEquals("tensor x, shape is missing or not an array", refusal("{\"x\":{\"dtype\":\"F32\"}}", 4));
        assertEquals("__metadata__ is not an object", refusal("{\"__metadata__\":3}", 0));
        assertEquals("__metadata__ field a is not a string", refusal("{\"__metadata__\":{\"a\":1}}", 0));
        assertEquals("header does not begin with '{': not a safetensors file", refusal("[ ]", 0));
        String ones = "1,".repeat(31) + "1";
        try (SafeTensors opened = SafeTensors.open(file(x.replace("[1]", "[" + ones + "]").formatted("0,4", ""), 4))) {
            assertEquals(32, opened.info("x").shape().length);
        }
        assertEquals("tensor x has 33 dimensions", refusal(x.replace("[1]", "[" + ones + ",1]").formatted("0,4", ""), 4));
        Path file = Files.write(folder.resolve("short"), new byte[9]);
        assertEquals(file + ": 9 bytes, too short for a safetensors file", assertThrows(AglException.class, () ->
                SafeTensors.open(file)).getMessage());
        Files.write(file, "GGUF\3\0\0\0\0\0\0\0".getBytes(StandardCharsets.US_ASCII));
        assertTrue(assertThrows(AglException.class, () ->
                SafeTensors.open(file)).getMessage().endsWith(": is a GGUF file, which is not supported; only safetensors is"));
        assertEquals(folder + ": not a regular file, expected safetensors", assertThrows(AglException.class, () ->
                SafeTensors.open(folder)).getMessage());
        try (SafeTensors empty = SafeTensors.open(file("{}", 0))) { // the least there can be
            assertEquals(List.of(), empty.names());
        }
    }

    /** Tensors of no bytes may stand where others begin, as in the reference implementation. */
    @Test
    void emptyTensorsAndPartsOfBytes() throws IOException {
        try (SafeTensors opened = SafeTensors.open(file("{\"b\":{\"dtype\":\"F4\",\"shape\":[2,3],\"data_offsets\":[0,3]},"
                + "\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]},"
                + "\"c\":{\"dtype\":\"F6_E2M3\",\"shape\":[4],\"data_offsets\":[3,6]},\"__metadata__\":{\"k\":\"v\"}}", 6))) {
            assertEquals(List.of("a", "b", "c"), opened.names());
            assertEquals(List.of(0L, 3L, 3L), opened.names().stream().map(name -> opened.info(name).data().byteSize()).toList());
            assertEquals(Map.of("k", "v"), opened.metadata());
            assertTrue(opened.has("a") && !opened.has("d") && opened.info("d") == null);
        }
    }

    @Test
    void theWritersForm() throws IOException {
        Path file = folder.resolve("w.safetensors");
        SafeTensorsWriter writer = new SafeTensorsWriter().add("b", new float[] {1}, 1).add("\u00e9", new float[] {2, 3}, 2).add("a",
                DType.F64, new long[0], () -> MemorySegment.ofArray(new byte[8]));
        writer.write(file);
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        String header = new String(bytes.array(), 8, (int) bytes.getLong(0), StandardCharsets.UTF_8);
        String json = "{\"a\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[0,8]},\"b\":{\"dtype\":\"F32\",\"shape\":[1],"
                + "\"data_offsets\":[8,12]},"
                + "\"\u00e9\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[12,20]}}";
        assertEquals(json, header.strip(), "wide types first, then by name; no metadata where there is none");
        assertEquals(0, bytes.getLong(0) % 8);
        assertTrue(bytes.getLong(0) - json.getBytes(StandardCharsets.UTF_8).length < 8);
        for (String taken : List.of("a", "__metadata__")) {
            assertThrows(IllegalArgumentException.class, () -> writer.add(taken, new float[1], 1));
        }
        writer.add("c", DType.F32, new long[] {2, 2}, () -> MemorySegment.ofArray(new byte[12]));
        assertEquals(file + ": tensor c of shape [2, 2] got 12 bytes", assertThrows(AglException.class, () ->
                writer.write(file)).getMessage());
        assertThrows(ArithmeticException.class, () -> writer.add("d", DType.F32, new long[] {1L << 62}, () ->
                MemorySegment.ofArray(new byte[0])));
    }

    /** More than is written at once. */
    @Test
    void aLargeTensor() throws IOException {
        byte[] data = new byte[(64 << 20) + 12];
        data[data.length - 5] = 1;
        data[3] = 2;
        Path file = folder.resolve("large.safetensors");
        new SafeTensorsWriter().add("x", DType.F32, new long[] {data.length / 4}, () -> MemorySegment.ofArray(data)).write(file);
        try (SafeTensors opened = SafeTensors.open(file)) {
            assertEquals(-1, opened.info("x").data().mismatch(MemorySegment.ofArray(data)));
        }
    }

    /** As the reference implementation reads it: no metadata. */
    @Test void metadataOfNull() throws IOException {
        try (SafeTensors opened = SafeTensors
                .open(file("{\"__metadata__\":null,\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8))) {
            assertEquals(Map.of(), opened.metadata());
            assertEquals(List.of("x"), opened.names());
        }
    }

    @Test
    void lengthsThatLie() throws IOException {
        byte[] good = Base64.getDecoder().decode(reference().get("file").textValue());
        for (long length : new long[] {0, 1, 3, good.length - 7, good.length, 100_000_001, Long.MAX_VALUE, Long.MIN_VALUE, -1}) {
            byte[] bad = good.clone();
            ByteBuffer.wrap(bad).order(ByteOrder.LITTLE_ENDIAN).putLong(0, length);
            Path file = Files.write(folder.resolve("bad.safetensors"), bad);
            assertThrows(AglException.class, () -> SafeTensors.open(file), "length " + length);
        }
        assertThrows(AglException.class, () -> SafeTensors.open(folder));
        assertThrows(AglException.class, () -> SafeTensors.open(folder.resolve("missing")));
    }
}
