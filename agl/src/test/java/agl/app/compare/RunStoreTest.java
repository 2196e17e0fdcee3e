package agl.app.compare;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.StandardError;
import agl.app.data.Example;
import agl.app.data.Request;
import agl.app.drift.Outcome;
import agl.app.io.SealedJson;
import agl.app.train.TrainTrace;
import agl.error.AglException;
import agl.nn.checkpoint.RunState;
import agl.nn.tokenizer.ChatTemplate.Message;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunStoreTest {
    private static final String HASH = RunStore.hash("settings");

    @TempDir
    private Path folder;

    /** Runs on rows in Alpaca form keep their names, whatever else an example can be: sha256sum of the JSON with just these fields. */
    @Test void examplesInAlpacaFormKeepTheirHash() {
        List<Example> examples = List.of(new Example("a", "b"), new Example("c", "d", "e"));
        assertEquals("183a8ab1481d1919f9b9a60c2c88902ab02960ca97153550291d874b750e9309", RunStore.hash(examples));
        Request placed = new Request("a", "", List.of(), "file, row 1");
        assertEquals(RunStore.hash(new Example("a", "b")), RunStore.hash(new Example(placed, "b")));
        List<Message> turns = List.of(new Message("system", "s"), new Message("user", "a"));
        assertNotEquals(RunStore.hash(new Example("a", "b")), RunStore.hash(new Example(new Request("a", "", turns, ""), "b")));
    }

    private static Measured measured(double loss, double margin) {
        return new Measured(new double[] {loss, 2.5}, new int[] {3, 4}, new boolean[0],
                List.of(Outcome.REFUSED, Outcome.ANSWERED, Outcome.REFUSED), new double[] {margin, -1, 2},
                new double[] {0.5, 0.25, 1}, Double.NaN, List.of("No.", "Yes.", "I cannot."), new int[] {0, 4, 0});
    }

    private static RunRecord record(Measured m, TrainTrace trace) {
        return new RunRecord(HASH, new RunRecord.Name("lora", "lora", Double.NaN, List.of()), 1, "base", 10, 100, 1000, 1.5,
                List.of(new RunRecord.Point(5, m)),
                trace, null);
    }

    private static TrainTrace trace(double share) {
        return new TrainTrace(Map.of("step", new double[] {1, 2}), Map.of("q", new TrainTrace.Layer(new double[] {0.7}, share,
                new double[] {0.1}, 1)));
    }

    /** A record comes back as it was, or not at all and with one line: never with another number in it. */
    @Test
    void noDamageChangesARun() throws Exception {
        RunStore store = new RunStore(folder);
        store.save(record(measured(1.5, 3), trace(0.5)));
        Path file;
        try (var files = Files.list(folder.resolve("runs"))) {
            file = files.findFirst().orElseThrow();
        }
        byte[] bytes = Files.readAllBytes(file);
        assertEquals(1.5, store.find(HASH).orElseThrow().last().loss()[0]);
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 600; i++) {
            int at = random.nextInt(bytes.length);
            byte[] damaged = bytes.clone();
            switch (i % 6) {
                case 0, 1, 2 -> damaged[i * bytes.length / 600] ^= (byte) (1 << random.nextInt(8));
                case 3 -> damaged[at] = (byte) (damaged[at] == '7' ? '8' : '7');
                case 4 -> damaged = Arrays.copyOf(bytes, at);
                default -> {
                    damaged = Arrays.copyOf(bytes, 2 * bytes.length - at);
                    System.arraycopy(bytes, at, damaged, bytes.length, bytes.length - at);
                }
            }
            Files.write(file, damaged);
            String said = StandardError.during(() -> assertTrue(store.find(HASH).isEmpty()));
            assertEquals(1, said.lines().count(), said);
            assertTrue(said.startsWith("agl: this run is made again: "), said);
        }
        Files.write(file, bytes);
        assertTrue(store.find(HASH).isPresent());
    }

    @Test
    void aRunOfAnEarlierVersionIsMadeAgain() throws Exception {
        Files.createDirectories(folder.resolve("runs"));
        Files.writeString(folder.resolve("runs/run-" + HASH.substring(0, 12) + ".json"), "{\"hash\":\"" + HASH + "\",\"label\":\"lora\"}");
        String said = StandardError.during(() -> assertTrue(new RunStore(folder).find(HASH).isEmpty()));
        assertTrue(said.contains("has no checksum"), said);
    }

    @Test
    void numbersThatNoRunGivesAreNotKept() {
        RunStore store = new RunStore(folder);
        Measured good = measured(1.5, 3);
        for (Measured bad : List.of(measured(Double.NaN, 3), measured(Double.POSITIVE_INFINITY, 3), measured(-1, 3),
                measured(1.5, Double.NaN),
                new Measured(good.loss(), new int[] {3}, good.correct(), good.outcomes(), good.margin(), good.firstMargin(), 1,
                        good.answers(), good.cutAfter()),
                new Measured(good.loss(), good.tokens(), good.correct(), good.outcomes(), good.margin(), good.firstMargin(), 1,
                        good.answers(), new int[2]),
                new Measured(good.loss(), good.tokens(), good.correct(), List.of(Outcome.REFUSED), good.margin(), good.firstMargin(), 1,
                        good.answers(), good.cutAfter()),
                new Measured(good.loss(), good.tokens(), good.correct(), good.outcomes(), good.margin(), good.firstMargin(), 1,
                        List.of("one"), good.cutAfter()),
                new Measured(good.loss(), good.tokens(), good.correct(), Arrays.asList(Outcome.REFUSED, null, Outcome.REFUSED),
                        good.margin(), good.firstMargin(), 1, good.answers(), good.cutAfter()))) {
            assertThrows(AglException.class, () -> store.save(record(bad, null)));
        }
        assertThrows(AglException.class, () -> store.save(record(good, trace(1.5))));
        assertThrows(AglException.class, () -> store.save(record(good, trace(Double.NaN))));
        assertThrows(AglException.class,
                () -> store.save(record(good, new TrainTrace(Map.of("step", new double[1], "loss", new double[2]), Map.of()))));
        store.save(record(good, null));
    }

    @Test
    void aDamagedTraceLeavesTheReportWithoutCurves() throws Exception {
        trace(0.5).writeInto(folder);
        assertEquals(0.5, TrainTrace.read(folder).orElseThrow().layers().get("q").share());
        Path file = folder.resolve(TrainTrace.FILE);
        Files.writeString(file, Files.readString(file).replace("0.5", "0.9"));
        String said = StandardError.during(() -> {
            assertTrue(TrainTrace.read(folder).isEmpty());
        });
        assertTrue(said.contains("its checksum does not match its content"), said);
    }

    /** SHA-256 of "settings" in quotes, by sha256sum. */
    @Test
    void theHashIsThatOfTheJson() {
        assertEquals("aeda63a77ff2f84c5158082feee429dd1d50dd2818c62bfb28883c53448300f1", RunStore.hash("settings"));
    }

    @Test
    void aRunThatIsNotThereIsNoDamage() {
        assertEquals("", StandardError.during(() -> assertTrue(new RunStore(folder).find(HASH).isEmpty())));
    }

    /** The file's name has twelve digits of the hash alone. */
    @Test
    void anotherHashIsAnotherRun() {
        new RunStore(folder).save(record(measured(1.5, 3), null));
        String other = HASH.substring(0, 12) + "0".repeat(52);
        assertEquals("", StandardError.during(() -> assertTrue(new RunStore(folder).find(other).isEmpty())));
    }

    /** Whole by its checksum, and no run's all the same: of a version that checked less. */
    @Test
    void numbersThatNoRunGivesAreNotReadEither() {
        SealedJson.write(folder.resolve("runs/run-" + HASH.substring(0, 12) + ".json"), record(measured(-1, 3), null));
        String said = StandardError.during(() -> assertTrue(new RunStore(folder).find(HASH).isEmpty()));
        assertTrue(said.startsWith("agl: this run is made again: lora, seed 1, step 5: a loss or margin is not a number"), said);
    }

    @Test
    void aFolderWithARunIsAComparisons() throws Exception {
        assertFalse(RunStore.isOne(folder));
        RunStore store = new RunStore(folder);
        Files.createDirectories(folder.resolve("runs"));
        Files.writeString(folder.resolve("runs/notes.json"), "{}");
        Files.writeString(folder.resolve("runs/run-0123456789ab.json.old"), "{}");
        assertFalse(RunStore.isOne(folder), "none of these is a run's file");
        store.save(record(measured(1.5, 3), null));
        assertTrue(RunStore.isOne(folder));
    }

    /** What was measured on the way is saved with an unfinished run, and replaces what the list held. */
    @Test
    void measurementsOnTheWayComeBack() {
        Path file = folder.resolve("state.safetensors");
        List<RunRecord.Point> saved = List.of(new RunRecord.Point(2, measured(1.5, 3)), new RunRecord.Point(4, measured(1.25, -2)));
        try (RunState state = RunState.saving(file)) {
            RunStore.through(state, new ArrayList<>(saved));
            state.write();
        }
        List<RunRecord.Point> back = new ArrayList<>(List.of(new RunRecord.Point(9, measured(7, 7))));
        try (RunState state = RunState.loading(file)) {
            RunStore.through(state, back);
        }
        assertEquals(List.of(2, 4), back.stream().map(RunRecord.Point::step).toList());
        for (int i = 0; i < 2; i++) {
            Measured expected = saved.get(i).measured();
            Measured found = back.get(i).measured();
            assertArrayEquals(expected.loss(), found.loss());
            assertArrayEquals(expected.margin(), found.margin());
            assertEquals(expected.outcomes(), found.outcomes());
            assertTrue(Double.isNaN(found.pretrainLoss()));
        }
    }

    @Test
    void measurementsOfNoRunAreRefused() {
        for (String text : List.of("null", "[null]", "[{\"step\":1}]", "[", "{}")) {
            Path file = folder.resolve("state.safetensors");
            try (RunState state = RunState.saving(file)) {
                state.text("points", text);
                state.write();
            }
            List<RunRecord.Point> before = new ArrayList<>(List.of(new RunRecord.Point(9, measured(7, 7))));
            try (RunState state = RunState.loading(file)) {
                String said = assertThrows(AglException.class, () -> RunStore.through(state, before), text).getMessage();
                assertTrue(said.contains("the checkpoint's measurements"), said);
            }
            assertEquals(9, before.getFirst().step());
        }
    }

    @Test
    void aFolderThatCannotBeWrittenIsToldBeforeTheWork() throws Exception {
        Files.writeString(folder.resolve("runs"), "a file");
        assertThrows(AglException.class, () -> new RunStore(folder));
        assertFalse(Files.isDirectory(folder.resolve("runs")));
    }
}
