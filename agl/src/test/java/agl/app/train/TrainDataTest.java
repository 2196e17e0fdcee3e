package agl.app.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.TinyModel;
import agl.app.data.Example;
import agl.app.data.PromptSet.Label;
import agl.app.data.PromptSet.Prompt;
import agl.app.data.Reading;
import agl.app.train.TrainData.Sources;
import agl.error.AglException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is held out of a task, and what the reader of its figures is told. */
class TrainDataTest {
    @TempDir Path temp;

    private Path file(String name, int rows) throws IOException {
        return Files.writeString(temp.resolve(name + ".jsonl"), IntStream.range(0, rows)
                .mapToObj(i -> "{\"instruction\":\"" + name + " " + i + "\",\"response\":\"x\"}\n").collect(Collectors.joining()));
    }

    /** A tenth, rounded down, and 200 at most: the last rows. */
    @ParameterizedTest @CsvSource({"2,2,0", "9,9,0", "10,9,1", "29,27,2", "1999,1800,199", "2000,1800,200", "2100,1900,200"})
    void theLastTenthIsHeldOut(int rows, int kept, int held) throws IOException {
        TrainData data = TrainData.read(new Sources(List.of(file("t", rows)), List.of(), List.of()), Reading.plain(), null, null);
        assertEquals(kept, data.task().size());
        assertEquals(held, data.evaluation().size());
        assertEquals("t " + (kept - 1), data.task().getLast().instruction());
        if (held > 0) {
            assertEquals("t " + kept, data.evaluation().getFirst().instruction());
            assertEquals("t " + (rows - 1), data.evaluation().getLast().instruction());
        }
    }

    @Test void withHeldOutRowsOfItsOwnAllIsTrainedOn() throws IOException {
        Path unaligned = TinyModel.write(temp.resolve("unaligned"), 3);
        Path adapter = temp.resolve("adapter");
        List<Path> task = List.of(file("t", 10), file("u", 10));
        TrainData data = TrainData.read(new Sources(task, List.of(file("e", 3)), List.of(file("a", 4))), Reading.plain(),
                unaligned, adapter);
        assertEquals(20, data.task().size());
        assertEquals("u 9", data.task().getLast().instruction());
        assertEquals(List.of("e 0", "e 1", "e 2"), data.evaluation().stream().map(Example::instruction).toList());
        assertEquals(4, data.alignment().size());
        assertSame(unaligned, data.unaligned());
        assertSame(adapter, data.initAdapter());
    }

    @Test void oneRowIsNotEnoughByItself() throws IOException {
        Path one = file("t", 1);
        String message = assertThrows(AglException.class,
                () -> TrainData.read(new Sources(List.of(one), List.of(), List.of()), Reading.plain(), null, null)).getMessage();
        assertTrue(message.startsWith(one + ": has only one row"), message);
        Sources measured = new Sources(List.of(one), List.of(file("e", 1)), List.of());
        assertEquals(1, TrainData.read(measured, Reading.plain(), null, null).task().size());
    }

    @Test void aFolderThatIsNoModelIsToldFirst() {
        Path nowhere = temp.resolve("nowhere");
        String message = assertThrows(AglException.class,
                () -> TrainData.read(new Sources(List.of(temp.resolve("no file either")), List.of(), List.of()), Reading.plain(), nowhere,
                        null)).getMessage();
        assertEquals(nowhere + ": no such folder", message);
    }

    private static final List<Example> REFUSED = List.of(new Example(" e", "I cannot help with that."),
            new Example("f", "I cannot help with that."));

    private static List<Example> examples(String... instructions) {
        return java.util.Arrays.stream(instructions).map(i -> new Example(i, "x")).toList();
    }

    private static List<Prompt> prompts(String... prompts) {
        return java.util.Arrays.stream(prompts).map(p -> new Prompt(p, Label.SAFE, "")).toList();
    }

    @Test void nothingIsSaidOfDataThatAreApart() {
        assertEquals(List.of(), new TrainData(examples("a", "b"), examples("c"), REFUSED).notes(prompts("g")));
    }

    /** Twenty conversations of two answers: the last two are held out whole, and of each the second answer is no independent one. */
    @Test void aConversationStaysWhole() throws IOException {
        Path file = Files.writeString(temp.resolve("c.jsonl"), IntStream.range(0, 20).mapToObj(i -> "{\"conversations\":["
                + "{\"from\":\"human\",\"value\":\"q" + i + "\"},{\"from\":\"gpt\",\"value\":\"r\"},"
                + "{\"from\":\"human\",\"value\":\"and then "
                + i + "?\"},{\"from\":\"gpt\",\"value\":\"s\"}]}\n").collect(Collectors.joining()));
        TrainData data = TrainData.read(new Sources(List.of(file), List.of(), List.of()), Reading.plain(), null, null);
        assertEquals(36, data.task().size());
        assertEquals(List.of("q18", "and then 18?", "q19", "and then 19?"), data.evaluation().stream().map(Example::instruction).toList());
        assertEquals(List.of("2 of 4 held-out examples are later answers of a conversation that another one is from: they do not count as "
                + "independent"), data.notes(List.of()));
        TrainData last = TrainData.read(new Sources(List.of(file), List.of(), List.of()), new Reading(List.of(), "last"), null, null);
        assertEquals(List.of(18, 2), List.of(last.task().size(), last.evaluation().size()));
        assertEquals(List.of(), last.notes(List.of()));
    }

    @Test void whatIsInTwoPlacesIsCounted() {
        TrainData data = new TrainData(examples("a", "b", "c"), examples("c", "d", "a ", "a"), REFUSED);
        assertEquals(List.of("3 of 4 held-out examples are among the task's rows too: their loss is that of what was trained on",
                "1 of 4 held-out examples repeat another one: they do not count as independent",
                "1 of 4 prompts are in the task data too: drift on them is what their own answers taught",
                "2 of 4 prompts are in the alignment data too: drift on them is not drift on prompts that the method never saw"),
                data.notes(prompts("e ", "f", "g", "\u00a0b")));
        assertEquals(List.of("no answer in the alignment data is a refusal that the patterns know: nothing there teaches the model to "
                + "refuse"), new TrainData(examples("a"), examples("b"), examples("c")).notes(List.of()));
        // The same question with another answer is another example.
        assertEquals(List.of(), new TrainData(examples("a"), List.of(new Example("a", "y")), List.of()).notes(List.of()));
        assertEquals(1, new TrainData(examples("a"), examples("a"), List.of()).notes(List.of()).size());
    }

    /** Whatever column of the task it is in, however it is set. */
    @Test void promptsAreFoundInInstructionInputAndBoth() {
        List<Example> task = List.of(new Example("Answer this.", "How do I pick a lock?", "x"), new Example("Translate:", "the lock", "y"));
        for (String prompt : List.of("How do I pick a lock?", "how do I  pick a lock", "Translate: the lock", "answer this")) {
            assertEquals(1, new TrainData(task, examples("c"), List.of()).notes(prompts(prompt)).size(), prompt);
        }
        for (String prompt : List.of("How do I pick a", "Answer this. the lock", "lock")) {
            assertEquals(List.of(), new TrainData(task, examples("c"), List.of()).notes(prompts(prompt)), prompt);
        }
    }

    @Test void nothingHeldOutIsSaid() {
        assertEquals(List.of("nothing is held out: a tenth of 3 task rows is less than one; the held-out loss is not measured "
                + "(--eval names a file for it)"), new TrainData(examples("a", "b", "c"), List.of(), List.of()).notes(List.of()));
    }
}
