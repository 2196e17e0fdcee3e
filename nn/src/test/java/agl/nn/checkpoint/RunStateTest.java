package agl.nn.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.Tensor;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import agl.error.AglException;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A checkpoint whose checksum fits and whose content does not is refused in one line. */
class RunStateTest {
    @TempDir Path folder;

    private Path saved(Consumer<RunState> content) {
        Path file = folder.resolve("state.safetensors");
        try (RunState state = RunState.saving(file)) {
            content.accept(state);
            state.write();
        }
        return file;
    }

    private static String refused(Path file, Consumer<RunState> content) {
        try (RunState state = RunState.loading(file)) {
            return assertThrows(AglException.class, () -> content.accept(state)).getMessage();
        }
    }

    @Test void numbersAreNumbers() {
        Path file = saved(state -> {
            state.text("word", "seven");
            state.text("negative", "-1");
            state.number("large", 1L << 31);
            state.count("fits", Integer.MAX_VALUE);
        });
        assertTrue(refused(file, state -> state.number("word", 0)).contains("word is not a number of at least 0: seven"));
        assertTrue(refused(file, state -> state.number("negative", 0)).contains("negative is not a number"));
        assertTrue(refused(file, state -> state.count("large", 0)).contains("large is 2147483648"));
        try (RunState state = RunState.loading(file)) {
            assertEquals(1L << 31, state.number("large", 0));
            assertEquals(Integer.MAX_VALUE, state.count("fits", 0));
        }
    }

    @Test void anArrayThatWasNotThereIsNotThere() {
        Storage values = new Storage.F64(new double[] {1, 0.1, -3}, 3);
        Path file = saved(state -> {
            state.optional("there", values, null);
            state.optional("not", null, null);
        });
        try (RunState state = RunState.loading(file)) {
            assertNull(state.optional("not", null, null));
            Storage read = state.optional("there", null, Storage::allocate);
            assertEquals(DType.F64, read.dtype());
            assertArrayEquals(new double[] {1, 0.1, -3}, Tensor.of(read, 3).toArray());
        }
    }

    /** Nothing is allocated for an array that says it is longer than the file. */
    @Test void noRoomForMoreThanTheFileHolds() {
        Path file = saved(state -> {
            state.text("a.length", "2000000000");
            state.text("a.type", "F32");
            state.array("a", new Storage.F32(new float[2], 2));
            state.text("b.length", "2");
            state.text("b.type", "F3");
            state.array("b", new Storage.F32(new float[2], 2));
        });
        assertTrue(refused(file, state -> state.optional("a", null, (type, length) -> {
            throw new AssertionError("made");
        })).contains("a has 2 values of type F32, expected 2000000000"));
        assertTrue(refused(file, state -> state.optional("b", null, Storage::allocate)).contains("unknown type F3"));
    }
}
