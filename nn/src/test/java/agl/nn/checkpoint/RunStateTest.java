package agl.nn.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.Tensor;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import agl.error.AglException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is saved is put back to the bit; a checkpoint whose checksum fits and whose content does not is refused in one line. */
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

    /** Each in its own precision: 0.1 is another number in float. */
    @Test void everyNumberIsPutBackToTheBit() {
        Storage floats = new Storage.F32(new float[] {0.1f, -0f, Float.MIN_VALUE}, 3);
        double[] doubles = {0.1, 1e-300};
        Path file = saved(state -> {
            assertFalse(state.isLoading());
            state.array("floats", floats);
            state.array("doubles", doubles);
            state.array("tensor", Tensor.of(new double[] {1, 2, 3, 4}, 2, 2));
            assertEquals("said", state.text("text", "said"));
            assertEquals(7, state.number("number", 7));
        });
        try (RunState state = RunState.loading(file)) {
            assertTrue(state.isLoading());
            Storage readFloats = Storage.allocate(DType.F32, 3);
            state.array("floats", readFloats);
            for (int i = 0; i < 3; i++) {
                assertEquals(floats.get(i), readFloats.get(i));
            }
            double[] readDoubles = new double[2];
            state.array("doubles", readDoubles);
            assertArrayEquals(doubles, readDoubles);
            Tensor readTensor = Tensor.zeros(DType.F64, 2, 2);
            state.array("tensor", readTensor);
            assertArrayEquals(new double[] {1, 2, 3, 4}, readTensor.toArray());
            assertEquals("said", state.text("text", "another"));
            assertEquals(7, state.number("number", 8));
        }
        RunState closed = RunState.loading(file);
        closed.close();
        assertThrows(IllegalStateException.class, () -> closed.array("doubles", new double[2]), "the file is let go");
    }

    @Test void whatIsNotThereOrOfAnotherKindIsNamed() {
        Path file = saved(state -> state.array("a", new double[2]));
        String missing = ": it is not a checkpoint of this run, or of another version";
        assertEquals(file + ": has no b" + missing, refused(file, state -> state.array("b", new double[2])));
        assertEquals(file + ": has no t" + missing, refused(file, state -> state.text("t", "")));
        assertEquals(file + ": a has 2 values of type F64, expected 3 of F64", refused(file, state -> state.array("a", new double[3])));
        assertEquals(file + ": a has 2 values of type F64, expected 2 of F32",
                refused(file, state -> state.array("a", Storage.allocate(DType.F32, 2))));
    }

    /** A mistake of the program: two things under one name, or weights in half precision, which nothing trains. */
    @Test void aNameIsSavedOnce() {
        try (RunState state = RunState.saving(folder.resolve("x"))) {
            state.text("a", "1");
            assertThrows(IllegalArgumentException.class, () -> state.text("a", "2"));
            Storage half = new Storage.Mapped(MemorySegment.ofArray(new byte[4]), DType.BF16);
            assertThrows(IllegalArgumentException.class, () -> state.array("h", half));
        }
    }

    @Test void aFileThatWasChangedIsRefused() throws Exception {
        Path file = saved(state -> state.array("a", new double[] {1, 2}));
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 1] ^= 1;
        Files.write(file, bytes);
        assertTrue(assertThrows(AglException.class, () -> RunState.loading(file)).getMessage().contains("is damaged"));
    }

    /** The draws are those of a SplittableRandom, whoever draws them. */
    @Test void drawsGoOnWhereTheyEnded() {
        SplittableRandom random = new SplittableRandom(-5);
        CountedDraws first = new CountedDraws(-5);
        for (int i = 0; i < 3; i++) {
            assertEquals(random.nextLong(), first.getAsLong());
        }
        Path file = saved(state -> first.state("draws", state));
        CountedDraws second = new CountedDraws(-5);
        try (RunState state = RunState.loading(file)) {
            second.state("draws", state);
        }
        assertEquals(random.nextLong(), second.getAsLong());
        assertEquals(random.nextLong(), second.getAsLong());
    }
}
