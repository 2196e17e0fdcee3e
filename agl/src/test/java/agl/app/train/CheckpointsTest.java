package agl.app.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.StandardError;
import agl.app.io.AtomicFiles;
import agl.error.AglException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** When checkpoints are written, which are kept, and which run they are of; {@link ResumeTest} goes on from them. */
class CheckpointsTest {
    private static final int STEPS = 10;

    @TempDir Path temp;
    private long seconds;

    private Path folder() {
        return temp.resolve("checkpoints");
    }

    private Checkpoints checkpoints(int every, ObjectNode identity) {
        return new Checkpoints(folder(), identity, every, "the same command", () -> TimeUnit.SECONDS.toNanos(seconds));
    }

    private Checkpoints checkpoints(int every) {
        return checkpoints(every, JsonNodeFactory.instance.objectNode().put("run", "this"));
    }

    private static void after(Checkpoints checkpoints, int step) {
        checkpoints.after(step, STEPS, false, state -> state.number("mine", 10L * step));
    }

    private List<String> files() {
        return AtomicFiles.names(folder());
    }

    private static String name(int step) {
        return String.format(Locale.ROOT, "step-%08d.safetensors", step);
    }

    @Test void everySoManyStepsOrWhenAsked() {
        Checkpoints c = checkpoints(3);
        after(c, 1);
        after(c, 2);
        assertEquals(List.of(), files());
        after(c, 3);
        after(c, 4);
        assertEquals(List.of(name(3)), files());
        c.after(5, STEPS, true, state -> { });
        assertEquals(List.of(name(3), name(5)), files());
        after(c, 6);
        assertEquals(List.of(name(5), name(6)), files(), "the last two");
        seconds = 1000;
        after(c, 7);
        assertEquals(6, c.steps(), "the time decides nothing");
    }

    /** Two minutes from the start, and then from one to the next. */
    @Test void everyTwoMinutesOtherwise() {
        seconds = 500;
        Checkpoints c = checkpoints(0);
        seconds = 620;
        after(c, 1);
        assertEquals(List.of(), files());
        seconds = 621;
        after(c, 2);
        seconds = 741;
        after(c, 3);
        assertEquals(List.of(name(2)), files());
        seconds = 742;
        after(c, 4);
        assertEquals(List.of(name(2), name(4)), files());
    }

    /** One that takes 3 seconds is followed by 300 without one, whatever those before it took. */
    @Test void moreRarelyWhereItTakesLong() {
        Checkpoints c = checkpoints(0);
        seconds = 121;
        c.after(1, STEPS, false, state -> seconds += 3);
        assertEquals(3, c.lastSeconds());
        seconds = 424;
        after(c, 2);
        assertEquals(List.of(name(1)), files());
        seconds = 425;
        after(c, 3);
        assertEquals(List.of(name(1), name(3)), files());
        assertEquals(0, c.lastSeconds());
        seconds = 546;
        after(c, 4);
        assertEquals(List.of(name(3), name(4)), files());
    }

    @ParameterizedTest @CsvSource({"0,20,false", "0,21,true", "4,20,false", "4,21,true"})
    void theLastStepIsSavedIfItIsWorthIt(int every, int since, boolean saved) {
        Checkpoints c = checkpoints(every);
        seconds = since;
        after(c, STEPS - 1);
        assertEquals(0, c.steps());
        after(c, STEPS);
        assertEquals(saved ? STEPS : 0, c.steps());
    }

    @Test void theNewestSoundOneIsPutBack() throws IOException {
        Checkpoints c = checkpoints(1);
        after(c, 1);
        after(c, 2);
        after(c, 3);
        Files.createFile(folder().resolve(".step-00000004.safetensors.12-1.tmp"));
        long[] found = {-1};
        assertEquals(3, checkpoints(1).restore(state -> found[0] = state.number("mine", 0)));
        assertEquals(30, found[0]);
        assertEquals(List.of(name(2), name(3)), files(), "what a killed process left is gone");
        Files.write(folder().resolve(name(3)), new byte[100]);
        String said = StandardError.during(() -> assertEquals(2, checkpoints(1).restore(state -> found[0] = state.number("mine", 0))));
        assertEquals(20, found[0]);
        assertTrue(said.contains(name(3)) && said.contains("the checkpoint before it is taken"), said);
        Files.write(folder().resolve(name(2)), new byte[100]);
        assertEquals(0, checkpoints(1).restore(state -> found[0] = -1));
        assertEquals(20, found[0], "nothing is put back");
    }

    /** Those behind the step that is saved are what the run could not go on from. */
    @Test void laterOnesGoWhenAnEarlierStepIsSaved() throws IOException {
        Checkpoints c = checkpoints(1);
        after(c, 8);
        after(c, 9);
        Files.write(folder().resolve(name(8)), new byte[100]);
        Files.write(folder().resolve(name(9)), new byte[100]);
        after(c, 1);
        assertEquals(List.of(name(1)), files());
        after(c, 2);
        assertEquals(List.of(name(1), name(2)), files());
    }

    @Test void whatBelongsToTheRunBesidesGoesWithIt() {
        long[] other = {7};
        for (int run = 0; run < 2; run++) {
            Checkpoints c = checkpoints(1);
            c.also(state -> other[0] = state.number("other", other[0]));
            assertEquals(run, c.restore(state -> { }));
            assertEquals(7, other[0], "as it was");
            after(c, 1 + run);
            other[0] = -1;
        }
    }

    @Test void whatIsNotSoundIsNotSaved() {
        Checkpoints c = checkpoints(1);
        after(c, 1);
        c.onlyIf(() -> {
            throw new AglException("the weights have changed");
        });
        assertEquals("the weights have changed", assertThrows(AglException.class, () -> after(c, 2)).getMessage());
        assertEquals(List.of(name(1)), files());
    }

    @Test void thereMayBeNone() {
        Checkpoints c = checkpoints(1);
        assertEquals(0, c.steps());
        assertEquals("", c.kept());
        assertEquals("the same command", c.goOn());
        assertEquals(0, c.restore(state -> {
            throw new AssertionError("nothing to put back");
        }));
        c.delete();
        after(c, 7);
        assertEquals("; the checkpoint after step 7 is whole, in " + folder()
                + ", but going on from it comes to the same again: delete it to begin with other settings", c.kept());
    }

    /** Nine digits sort behind eight. */
    @Test void theOrderIsThatOfTheSteps() {
        Checkpoints c = checkpoints(1);
        for (int step : new int[] {99_999_998, 99_999_999, 100_000_000}) {
            c.after(step, 200_000_000, true, state -> { });
            assertEquals(step, c.steps());
        }
        assertEquals(List.of("step-100000000.safetensors", "step-99999999.safetensors"), files());
        assertEquals(100_000_000, checkpoints(1).restore(state -> { }));
    }

    @Test void whatIsNotOursStays() throws IOException {
        Checkpoints c = checkpoints(1);
        after(c, 1);
        Files.createFile(folder().resolve(".step-00000002.safetensors.12-1.tmp"));
        Files.createFile(folder().resolve("step-3.safetensors"));
        c.delete();
        assertEquals(List.of("step-3.safetensors"), files());
        Files.delete(folder().resolve("step-3.safetensors"));
        c.delete();
        assertFalse(Files.exists(folder()));
    }

    @Test void aFolderThatCannotBeMadeIsNamed() throws IOException {
        Files.createFile(folder());
        String said = assertThrows(AglException.class, () -> after(checkpoints(1), 1)).getMessage();
        assertTrue(said.startsWith(folder() + ": cannot be made: "), said);
    }

    private static ObjectNode json(String text) {
        try {
            return (ObjectNode) new JsonMapper().readTree(text.replace('\'', '"'));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Then, now, and what is said. */
    @ParameterizedTest @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "{'a':1} | {'a':2} | a is 2 now and was 1",
        "{'a':'x'} | {} | a is not set now and was x",
        "{} | {'a':'x'} | a is x now and was not set",
        "{'s':{'a':1,'r':2}} | {'s':{'a':1,'r':4}} | s.r is 4 now and was 2",
        "{'s':{'a':1},'z':1} | {'s':{'a':1},'z':2} | z is 2 now and was 1",
        "{'s':{'t':{'a':0.5}}} | {'s':{'t':{'a':0.25}}} | s.t.a is 0.25 now and was 0.5",
        "{'b':1,'a':1} | {'a':2,'b':2} | b is 2 now and was 1",
        "{'a':1} | {'a':{'b':1}} | a has changed",
        "{'a':{'b':1}} | {'a':1} | a has changed",
        "{'a':[1]} | {'a':[2]} | a has changed"})
    void theDifferenceToAnotherRunIsNamed(String then, String now, String said) {
        after(checkpoints(1, json(then)), 1);
        assertEquals(1, checkpoints(1, json(then)).restore(state -> { }), "the same run goes on");
        String message = assertThrows(AglException.class, () -> checkpoints(1, json(now)).restore(state -> {
            throw new AssertionError("not put back");
        })).getMessage();
        assertTrue(message.contains("the unfinished run there is another one: " + said + ";"), message);
    }

    @ParameterizedTest @CsvSource({"39,40,true", "40,40,false"}) void longValuesAreOnlyNamed(int then, int now, boolean shown) {
        after(checkpoints(1, json("{'hash':'" + "a".repeat(then) + "'}")), 1);
        String message = assertThrows(AglException.class,
                () -> checkpoints(1, json("{'hash':'" + "b".repeat(now) + "'}")).restore(state -> { })).getMessage();
        assertEquals(shown, message.contains("hash is bbb"), message);
        assertEquals(!shown, message.contains("hash has changed"), message);
    }

    /** A whole number is the same one whatever its type in memory. */
    @Test void typesOfNumbersMakeNoDifference() {
        after(checkpoints(1, JsonNodeFactory.instance.objectNode().put("seed", 7L).put("x", 0.1f)), 1);
        assertEquals(1, checkpoints(1, JsonNodeFactory.instance.objectNode().put("seed", 7).put("x", 0.1)).restore(state -> { }));
    }
}
