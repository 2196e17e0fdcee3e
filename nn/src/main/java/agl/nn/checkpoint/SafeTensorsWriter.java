package agl.nn.checkpoint;

import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import agl.error.AglException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * Writes a {@code .safetensors} file, byte for byte as the reference library would: widest types first, then by name, header padded
 * with spaces to a multiple of 8. The file is written atomically, by rename.
 */
public final class SafeTensorsWriter {
    private static final List<String> TYPE_ORDER = List.copyOf(SafeTensors.TYPE_BITS.keySet());
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final long CHUNK = 64L << 20;

    private record Entry(String name, String type, long[] shape, long bytes, Supplier<MemorySegment> data) {
    }

    private final List<Entry> entries = new ArrayList<>();
    private final Map<String, String> metadata = new TreeMap<>();

    /** Memory for that many bytes of a tensor, all 0. More bytes than an array holds are only 2^29 floats. */
    public static MemorySegment space(long bytes) {
        return space(bytes, Storage.MOST);
    }

    /** @param most bytes on the heap */
    static MemorySegment space(long bytes, int most) {
        return bytes <= most ? MemorySegment.ofArray(new byte[(int) bytes]) : Arena.ofAuto().allocate(bytes);
    }

    /** Adds a metadata entry; PyTorch's readers expect {@code format=pt}. */
    public SafeTensorsWriter metadata(String key, String value) {
        metadata.put(key, value);
        return this;
    }

    /** Adds a float tensor; {@code values} are read when the file is written. */
    public SafeTensorsWriter add(String name, float[] values, long... shape) {
        return add(name, DType.F32, shape, () -> {
            MemorySegment bytes = space(4L * values.length);
            MemorySegment.copy(values, 0, bytes, FLOAT, 0, values.length);
            return bytes;
        });
    }

    /** Copies a tensor of another file, whatever its type. */
    public SafeTensorsWriter add(TensorInfo tensor) {
        return add(tensor.name(), tensor.type(), tensor.shape(), tensor::data);
    }

    /** Adds a tensor whose little-endian bytes are created only when written, so that one at a time is in memory. */
    public SafeTensorsWriter add(String name, DType type, long[] shape, Supplier<MemorySegment> data) {
        return add(name, type.name(), shape, data);
    }

    private SafeTensorsWriter add(String name, String type, long[] shape, Supplier<MemorySegment> data) {
        if (name.equals(SafeTensors.METADATA) || entries.stream().anyMatch(e -> e.name.equals(name))) {
            throw new IllegalArgumentException("tensor name taken: " + name);
        }
        long bits = SafeTensors.TYPE_BITS.get(type);
        for (long size : shape) {
            bits = Math.multiplyExact(bits, size);
        }
        entries.add(new Entry(name, type, shape.clone(), bits / 8, data));
        return this;
    }

    /** Writes {@code file}; if a value is NaN or infinite, fails and leaves no file. */
    public void write(Path file) {
        OutputFile.write(file, content(file));
    }

    /** The same with a checksum of the file's bytes in its metadata, see {@link Sealed}. */
    public void writeSealed(Path file) {
        metadata(Sealed.KEY, Sealed.BLANK);
        Sealed.write(file, content(file));
    }

    private OutputFile.Content content(Path file) {
        List<Entry> sorted = new ArrayList<>(entries);
        sorted.sort(Comparator.comparingInt((Entry e) -> -TYPE_ORDER.indexOf(e.type))
                .thenComparing(e -> e.name.getBytes(StandardCharsets.UTF_8), Arrays::compareUnsigned));
        byte[] header = header(sorted);
        return channel -> {
            ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(0, header.length);
            OutputFile.writeFully(channel, length);
            OutputFile.writeFully(channel, ByteBuffer.wrap(header));
            for (Entry entry : sorted) {
                MemorySegment data = entry.data.get();
                if (data.byteSize() != entry.bytes) {
                    throw new AglException(file + ": tensor " + entry.name + " of shape " + Arrays.toString(entry.shape) + " got "
                            + data.byteSize() + " bytes");
                }
                refuseNonFinite(entry, data, file);
                for (long at = 0; at < data.byteSize(); at += CHUNK) {
                    OutputFile.writeFully(channel, data.asSlice(at, Math.min(CHUNK, data.byteSize() - at)).asByteBuffer());
                }
            }
        };
    }

    /** Such a file would be rejected when read, so it never gets its final name. */
    private static void refuseNonFinite(Entry entry, MemorySegment data, Path file) {
        for (DType type : DType.values()) {
            if (type.name().equals(entry.type)) {
                Finite.require(data, type, entry.shape, file.getFileName() + ": tensor " + entry.name,
                        type == DType.F16 ? ": beyond 65504, where F16 ends, or not finite before; nothing was written"
                                : "; nothing was written");
            }
        }
    }

    private byte[] header(List<Entry> sorted) {
        JsonMapper mapper = new JsonMapper();
        ObjectNode header = mapper.createObjectNode();
        if (!metadata.isEmpty()) {
            ObjectNode node = header.putObject(SafeTensors.METADATA);
            metadata.forEach(node::put);
        }
        long offset = 0;
        for (Entry entry : sorted) {
            ObjectNode node = header.putObject(entry.name);
            node.put("dtype", entry.type);
            ArrayNode shape = node.putArray("shape");
            for (long size : entry.shape) {
                shape.add(size);
            }
            node.putArray("data_offsets").add(offset).add(offset + entry.bytes);
            offset += entry.bytes;
        }
        try {
            byte[] json = mapper.writeValueAsBytes(header);
            byte[] padded = Arrays.copyOf(json, (json.length + 7) / 8 * 8);
            Arrays.fill(padded, json.length, padded.length, (byte) ' ');
            return padded;
        } catch (JsonProcessingException e) {
            throw new AglException("safetensors header cannot be written: " + e.getOriginalMessage(), e);
        }
    }
}
