package agl.nn.checkpoint;

import agl.autograd.Tensor;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import agl.error.AglException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiFunction;

/**
 * All numbers that decide how a training run goes on, saved to a file and put back to the bit. Whoever holds some of them goes through them
 * once, in {@code state(RunState)}, whether they are saved or put back: an array is read or filled, a number is returned as it is or as it
 * was. So what is saved is what is put back.
 */
public final class RunState implements AutoCloseable {
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Path file;
    /** Null while saving. */
    private final SafeTensors saved;
    private final SafeTensorsWriter writer = new SafeTensorsWriter();
    private final Map<String, String> texts = new TreeMap<>();

    private RunState(Path file, SafeTensors saved) {
        this.file = file;
        this.saved = saved;
    }

    /** What is gone through is saved to this file by {@link #write}. */
    public static RunState saving(Path file) {
        return new RunState(file, null);
    }

    /** What is gone through is put back from this file; one that was changed since it was written is refused. */
    public static RunState loading(Path file) {
        Sealed.require(file);
        return new RunState(file, SafeTensors.open(file));
    }

    /** Whether values are put back. */
    public boolean isLoading() {
        return saved != null;
    }

    /** An array of numbers; its length must be what it was. */
    public void array(String name, Storage values) {
        DType type = values.dtype() == DType.F64 ? DType.F64 : DType.F32;
        if (values.dtype() != type) {
            throw new IllegalArgumentException(name + ": " + values.dtype() + " is not what training changes");
        }
        if (!isLoading()) {
            writer.add(name, type, new long[] {values.length()}, () -> bytes(values));
            return;
        }
        MemorySegment data = data(name, type, values.length());
        for (int i = 0; i < values.length(); i++) {
            values.set(i, type == DType.F64 ? data.getAtIndex(DOUBLE, i) : data.getAtIndex(FLOAT, i));
        }
    }

    /** The values of a tensor that training changes. */
    public void array(String name, Tensor tensor) {
        array(name, tensor.data());
    }

    /** The same as {@link #array(String, Storage)} in double precision. */
    public void array(String name, double[] values) {
        array(name, new Storage.F64(values, values.length));
    }

    /** A number of things that were done, at least 0: {@code value} while saving, what it was while putting back. */
    public long number(String name, long value) {
        String was = text(name, Long.toString(value));
        try {
            long number = Long.parseLong(was);
            if (number >= 0) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw new AglException(file + ": " + name + " is not a number of at least 0: " + Json.quote(was));
    }

    /** The same, below 2^31. */
    public int count(String name, int value) {
        long number = number(name, value);
        if (number > Integer.MAX_VALUE) {
            throw new AglException(file + ": " + name + " is " + number + ", which is not below 2^31");
        }
        return (int) number;
    }

    /**
     * An array that may not be there yet, or null: what {@code values} are while saving, what they were while putting back.
     *
     * @param make a new array of that type and length, F32 or F64, called only if there was one
     */
    public Storage optional(String name, Storage values, BiFunction<DType, Integer, Storage> make) {
        int length = count(name + ".length", values == null ? 0 : values.length());
        String type = text(name + ".type", values == null ? DType.F32.name() : values.dtype().name());
        if (length == 0) {
            return null;
        }
        Storage kept = values;
        if (isLoading()) {
            if (!type.equals(DType.F32.name()) && !type.equals(DType.F64.name())) {
                throw new AglException(file + ": " + name + " has the unknown type " + Json.quote(type));
            }
            data(name, DType.valueOf(type), length); // before room is made for as many as it says
            kept = make.apply(DType.valueOf(type), length);
        }
        array(name, kept);
        return kept;
    }

    /** A text: {@code value} while saving, what it was while putting back. */
    public String text(String name, String value) {
        if (!isLoading()) {
            if (texts.put(name, value) != null) {
                throw new IllegalArgumentException("saved twice: " + name);
            }
            return value;
        }
        String was = saved.metadata().get(name);
        if (was == null) {
            throw missing(name);
        }
        return was;
    }

    /** Writes the file whole, with a checksum, and has it on the disk when this returns. */
    public void write() {
        texts.forEach(writer::metadata);
        writer.writeSealed(file);
    }

    @Override public void close() {
        if (saved != null) {
            saved.close();
        }
    }

    private static MemorySegment bytes(Storage values) {
        int n = values.length();
        MemorySegment bytes = SafeTensorsWriter.space((long) n * values.dtype().bytes());
        switch (values) {
            case Storage.F64 heap -> MemorySegment.copy(heap.array(), 0, bytes, DOUBLE, 0, n);
            case Storage.F32 heap -> MemorySegment.copy(heap.array(), 0, bytes, FLOAT, 0, n);
            default -> {
                for (int i = 0; i < n; i++) {
                    bytes.setAtIndex(FLOAT, i, (float) values.get(i));
                }
            }
        }
        return bytes;
    }

    private MemorySegment data(String name, DType type, int length) {
        if (!saved.has(name)) {
            throw missing(name);
        }
        TensorInfo info = saved.info(name);
        if (!info.type().equals(type.name()) || info.elements() != length) {
            throw new AglException(file + ": " + name + " has " + info.elements() + " values of type " + info.type() + ", expected "
                    + length + " of " + type);
        }
        return info.data();
    }

    private AglException missing(String name) {
        return new AglException(file + ": has no " + name + ": it is not a checkpoint of this run, or of another version");
    }
}
