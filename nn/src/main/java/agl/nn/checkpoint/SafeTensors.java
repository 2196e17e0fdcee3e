package agl.nn.checkpoint;

import agl.error.AglException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A {@code .safetensors} file in mapped memory.
 *
 * <pre>
 *   u64 little-endian   n
 *   n bytes             JSON: {"__metadata__": {string: string}, name: {"dtype", "shape", "data_offsets": [begin, end]}, ...}
 *   the rest            data; the offsets count from its start
 * </pre>
 *
 * The header is not trusted: the offsets must lie inside the file, match shape and type, and cover the data without overlaps or gaps,
 * as the reference implementation demands. Any fault becomes an {@link AglException} when the file is opened.
 * Format: <a href="https://github.com/huggingface/safetensors">github.com/huggingface/safetensors</a>.
 */
public final class SafeTensors implements AutoCloseable {
    /** The reference implementation's own limit. */
    static final long MAX_HEADER_BYTES = 100_000_000;
    static final String METADATA = "__metadata__";
    private static final int MAX_RANK = 32;
    private static final int LENGTH_BYTES = 8;
    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Bits per element of every type in the format, in the format's own order (the writer sorts by it). */
    static final Map<String, Integer> TYPE_BITS = typeBits();

    private final Arena arena;
    private final Map<String, TensorInfo> tensors;
    private final Map<String, String> metadata;

    private SafeTensors(Arena arena, Map<String, TensorInfo> tensors, Map<String, String> metadata) {
        this.arena = arena;
        this.tensors = Collections.unmodifiableMap(tensors);
        this.metadata = Collections.unmodifiableMap(metadata);
    }

    /** Maps {@code file} and checks its header. */
    public static SafeTensors open(Path file) {
        if (!Files.exists(file)) {
            throw new AglException(file + ": no such file");
        }
        if (!Files.isRegularFile(file)) {
            throw new AglException(file + ": not a regular file, expected safetensors");
        }
        Arena arena = Arena.ofShared(); // shared: worker threads read it
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long size = channel.size();
            if (size < LENGTH_BYTES + 2) {
                throw new AglException(file + ": " + size + " bytes, too short for a safetensors file");
            }
            SafeTensors opened = parse(file, channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena), arena);
            arena = null;
            return opened;
        } catch (IOException e) {
            throw new AglException(file + ": cannot be read: " + Json.reason(e), e);
        } finally {
            if (arena != null) {
                arena.close();
            }
        }
    }

    /** Tensor names in the order of their data. */
    public List<String> names() {
        return List.copyOf(tensors.keySet());
    }

    /** Whether there is a tensor of that name. */
    public boolean has(String name) {
        return tensors.containsKey(name);
    }

    /** The tensor of that name, or null. */
    public TensorInfo info(String name) {
        return tensors.get(name);
    }

    /** The header's free-form metadata, such as {@code format=pt}. */
    public Map<String, String> metadata() {
        return metadata;
    }

    /** Unmaps the file; segments handed out before become invalid. */
    @Override public void close() {
        arena.close();
    }

    private static SafeTensors parse(Path file, MemorySegment all, Arena arena) {
        long headerBytes = all.get(U64, 0);
        long room = all.byteSize() - LENGTH_BYTES;
        if (new String(all.asSlice(0, 4).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.ISO_8859_1).equals("GGUF")) {
            throw new AglException(file + ": is a GGUF file, which is not supported; only safetensors is");
        }
        if (headerBytes < 2 || headerBytes > MAX_HEADER_BYTES || headerBytes > room) {
            throw new AglException(
                    file + ": says its header has " + Long.toUnsignedString(headerBytes) + " bytes, but the file has " + all.byteSize()
                            + " (limit " + MAX_HEADER_BYTES + "): truncated, or not a safetensors file");
        }
        byte[] header = all.asSlice(LENGTH_BYTES, headerBytes).toArray(ValueLayout.JAVA_BYTE);
        if (header[0] != '{') {
            throw new AglException(file + ": header does not begin with '{': not a safetensors file");
        }
        MemorySegment data = all.asSlice(LENGTH_BYTES + headerBytes);
        Map<String, String> metadata = new LinkedHashMap<>();
        List<Entry> entries = Json.parse(header, file + " (header)", parser -> readHeader(parser, file, data.byteSize(), metadata));
        entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
        Map<String, TensorInfo> tensors = new LinkedHashMap<>();
        long covered = 0;
        for (Entry entry : entries) {
            if (entry.begin != covered) {
                throw new AglException(
                        file + ": tensor " + Json.quote(entry.name) + " begins at data offset " + entry.begin + ", expected " + covered
                                + (entry.begin < covered ? ": it overlaps the tensor before it" : ": there is a hole before it"));
            }
            covered = entry.end;
            tensors.put(entry.name,
                    new TensorInfo(entry.name, entry.type, entry.shape, data.asSlice(entry.begin, entry.end - entry.begin), file));
        }
        if (covered != data.byteSize()) {
            throw new AglException(file + ": has " + data.byteSize() + " bytes of data, but its tensors fill " + covered);
        }
        return new SafeTensors(arena, tensors, metadata);
    }

    /** One entry of the header: data bytes [begin, end). */
    private record Entry(String name, String type, long[] shape, long begin, long end) {
    }

    private static List<Entry> readHeader(JsonParser parser, Path file, long dataBytes, Map<String, String> metadata) throws IOException {
        List<Entry> entries = new ArrayList<>();
        parser.nextToken();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            parser.nextToken();
            JsonNode value = Json.tree(parser); // one entry at a time, so that a hostile header fails before it fills the heap
            if (name.equals(METADATA)) {
                readMetadata(value, file, metadata);
            } else {
                entries.add(entry(name, value, file, dataBytes));
            }
        }
        return entries;
    }

    private static void readMetadata(JsonNode value, Path file, Map<String, String> metadata) {
        if (value.isNull()) {
            return;
        }
        if (!value.isObject()) {
            throw new AglException(file + ": " + METADATA + " is not an object");
        }
        for (Map.Entry<String, JsonNode> field : value.properties()) {
            if (!field.getValue().isTextual()) {
                throw new AglException(file + ": " + METADATA + " field " + Json.quote(field.getKey()) + " is not a string");
            }
            metadata.put(field.getKey(), field.getValue().textValue());
        }
    }

    private static Entry entry(String name, JsonNode value, Path file, long dataBytes) {
        String where = file + ": tensor " + Json.quote(name);
        JsonNode type = value.path("dtype");
        if (!type.isTextual() || !TYPE_BITS.containsKey(type.textValue())) {
            throw new AglException(where + " has unknown dtype " + Json.quote(type.asText()));
        }
        long[] shape = naturals(value.path("shape"), where + ", shape");
        long[] offsets = naturals(value.path("data_offsets"), where + ", data_offsets");
        if (shape.length > MAX_RANK) {
            throw new AglException(where + " has " + shape.length + " dimensions");
        }
        if (offsets.length != 2 || offsets[0] > offsets[1] || offsets[1] > dataBytes) {
            throw new AglException(
                    where + ", data_offsets " + (offsets.length > 2 ? "have " + offsets.length + " numbers" : Arrays.toString(offsets))
                            + " do not lie in the file's " + dataBytes + " bytes of data: truncated?");
        }
        long bytes;
        try {
            long bits = TYPE_BITS.get(type.textValue());
            for (long size : shape) {
                bits = Math.multiplyExact(bits, size);
            }
            bytes = bits % 8 == 0 ? bits / 8 : -1;
        } catch (ArithmeticException e) {
            throw new AglException(where + ", shape " + Arrays.toString(shape) + ": more bytes than a long can count", e);
        }
        if (bytes != offsets[1] - offsets[0]) {
            throw new AglException(where + ": shape " + Arrays.toString(shape) + " of " + type.textValue() + " does not fill its "
                    + (offsets[1] - offsets[0]) + " bytes");
        }
        return new Entry(name, type.textValue(), shape, offsets[0], offsets[1]);
    }

    private static long[] naturals(JsonNode array, String where) {
        if (!array.isArray()) {
            throw new AglException(where + " is missing or not an array");
        }
        long[] out = new long[array.size()];
        for (int i = 0; i < out.length; i++) {
            JsonNode number = array.get(i);
            if (!number.isIntegralNumber() || !number.canConvertToLong() || number.longValue() < 0) {
                throw new AglException(where + ": " + Json.quote(number.toString()) + " is not a natural number below 2^63");
            }
            out[i] = number.longValue();
        }
        return out;
    }

    private static Map<String, Integer> typeBits() {
        Map<String, Integer> bits = new LinkedHashMap<>();
        bits.put("BOOL", 8);
        bits.put("F4", 4);
        bits.put("F6_E2M3", 6);
        bits.put("F6_E3M2", 6);
        for (String type : List.of("U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ")) {
            bits.put(type, 8);
        }
        for (String type : List.of("I16", "U16", "F16", "BF16")) {
            bits.put(type, 16);
        }
        for (String type : List.of("I32", "U32", "F32")) {
            bits.put(type, 32);
        }
        for (String type : List.of("C64", "F64", "I64", "U64")) {
            bits.put(type, 64);
        }
        return Collections.unmodifiableMap(bits);
    }
}
