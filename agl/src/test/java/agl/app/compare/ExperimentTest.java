package agl.app.compare;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import agl.app.TinyModel;
import agl.app.data.Batches;
import agl.app.data.EncodedExample;
import agl.app.data.Example;
import agl.app.data.PromptSet.Label;
import agl.app.data.PromptSet.Prompt;
import agl.app.drift.ClosedSet;
import agl.app.model.ModelBundle;
import agl.app.train.FineTune;
import agl.app.train.MethodChoice;
import agl.app.train.MethodKind;
import agl.app.train.RunConfig;
import agl.app.train.TrainData;
import agl.error.AglException;
import agl.nn.checkpoint.RunState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs of one to four steps on a tiny model, against the same training done by itself. */
class ExperimentTest {
    private static final List<Example> TASK = IntStream.range(0, 7).mapToObj(i -> new Example("tell me a story " + i,
            "the red fox sat on the mat" + " and the dog".repeat(i))).toList();
    private static final List<Example> HELD = List.of(new Example("tell me a story", "the red fox sat"),
            new Example("about the dog", "the dog sat on the mat"));
    private static final List<Example> ALIGNMENT = IntStream.range(0, 4).mapToObj(i -> new Example("about the dog " + i,
            "the cat and the dog " + i)).toList();
    private static final List<Prompt> PROMPTS = List.of(new Prompt("the cat", Label.UNSAFE, ""), new Prompt("the dog", Label.SAFE, ""));
    private static final TrainData DATA = new TrainData(TASK, HELD, ALIGNMENT);
    private static final Probe PROBE = new Probe(HELD, PROMPTS, 64, 0, AnswerMatch.EXACT, 3, null);

    @TempDir private static Path shared;
    private static Path base;
    @TempDir private Path out;

    @BeforeAll static void model() {
        base = TinyModel.write(shared.resolve("base"), 3);
    }

    private Experiment experiment(ModelBundle bundle, int checkpoints, boolean fisherShared) {
        return new Experiment(bundle, PROBE, new RunStore(out), origin("base", "b"), checkpoints,
                new Experiment.Fishers(fisherShared, null));
    }

    /** Another one without any runs yet. */
    private Experiment fresh(String folder, Path model) {
        return new Experiment(TinyModel.load(model), PROBE, new RunStore(out.resolve(folder)), origin(), 0,
                new Experiment.Fishers(false, null));
    }

    private static RunConfig config(String... sets) {
        return RunConfig.of(null, Stream.concat(Stream.of("steps=2", "batch_size=2", "learning_rate=0.01", "r=2", "max_length=64",
                "fisher_examples=3", "seed=1"), Stream.of(sets)).toList());
    }

    private static Variant variant(String method, double strength) {
        return Variant.of(new MethodChoice(MethodKind.of(method), strength));
    }

    private static Variant variant(String method) {
        return variant(method, Double.NaN);
    }

    private static Measured measured(ModelBundle bundle) {
        return PROBE.measure(bundle, true, ClosedSet.NONE);
    }

    private static void assertSameNumbers(Measured expected, Measured found) {
        assertArrayEquals(expected.loss(), found.loss(), 1e-12);
        assertArrayEquals(expected.margin(), found.margin(), 1e-12);
        assertEquals(expected.answers(), found.answers());
    }

    private int files() throws IOException {
        try (Stream<Path> files = Files.list(out.resolve("runs"))) {
            return (int) files.count();
        }
    }

    @Test void theBaseIsMeasuredOnceAndFoundAgain() throws IOException {
        ModelBundle bundle = TinyModel.load(base);
        Experiment experiment = experiment(bundle, 0, false);
        long start = System.nanoTime();
        RunRecord own = experiment.base();
        double elapsed = (System.nanoTime() - start) * 1e-9;
        assertTrue(own.seconds() > 0 && own.seconds() <= elapsed, own.seconds() + " of " + elapsed);
        assertSameNumbers(measured(bundle), own.last());
        assertEquals(2, own.last().answers().size());
        assertEquals(List.of("base", "base", List.of()), List.of(own.label(), own.group(), own.variant().sets()));
        assertEquals(List.of(0L, 0, 0L, 0, base.toString(), bundle.model().size()),
                List.of(own.seed(), own.examples(), own.taskTokens(), own.points().getFirst().step(), own.base(), own.parameters()));
        assertTrue(own.trace() == null && own.wreck() == null && Double.isNaN(own.strength()) && own.points().size() == 1);
        assertSame(own, experiment.base());
        assertEquals(1, files());
        assertEquals(own.seconds(), experiment(bundle, 3, true).base().seconds(), "read, not measured again");
        RunStore store = new RunStore(out);
        String hash = new Experiment(bundle, PROBE, store, origin("base", "b", "alignment", "x", "unaligned", "y"), 0,
                new Experiment.Fishers(false, null)).base().hash();
        assertEquals(own.hash(), hash, "alignment data do not change what the base is");
        assertNotEquals(hash, new Experiment(bundle, PROBE, store, origin("base", "c"), 0,
                new Experiment.Fishers(false, null)).base().hash());
    }

    /** The base is what it was before and after, also where nobody has measured it before the first run. */
    @Test void aRunIsThatTrainingAndLeavesTheBase() throws IOException {
        ModelBundle plain = TinyModel.load(base);
        Measured before = measured(plain);
        FineTune.Result alone = new FineTune(plain, config()).run(MethodChoice.of("lora"), DATA, null, null, (step, total, lora) -> { });
        Measured after = alone.lora().whileMerged(() -> measured(plain));
        assertNotEquals(Measures.taskLoss(before), Measures.taskLoss(after), 1e-4);

        ModelBundle bundle = TinyModel.load(base);
        Experiment experiment = experiment(bundle, 0, false);
        long start = System.nanoTime();
        RunRecord run = experiment.run(variant("lora"), config(), DATA);
        double elapsed = (System.nanoTime() - start) * 1e-9;
        assertTrue(run.seconds() > 0 && run.seconds() <= elapsed, run.seconds() + " of " + elapsed);
        assertSameNumbers(after, run.last());
        assertEquals(2, run.last().answers().size());
        assertSameNumbers(before, experiment.base().last());
        assertSameNumbers(before, measured(bundle));
        assertEquals(List.of("lora", "lora", List.of(), 1L, 7, base.toString(), bundle.model().size()),
                List.of(run.label(), run.group(), run.variant().sets(), run.seed(), run.examples(), run.base(), run.parameters()));
        assertEquals(List.of(2), run.points().stream().map(RunRecord.Point::step).toList());
        assertNull(run.wreck());
        assertArrayEquals(new double[] {1, 2}, run.trace().curves().get("step"));
        assertEquals(Map.of(), run.trace().layers());
        Batches batches = new Batches(bundle.encode(TASK, 64), 2, 1);
        assertEquals(batches.examplesOf(0).stream().mapToInt(EncodedExample::lossTokens).sum() + batches.examplesOf(1).stream()
                .mapToInt(EncodedExample::lossTokens).sum(), run.taskTokens());
        assertEquals(2, files(), "the base and the run");

        RunRecord again = experiment(bundle, 0, false).run(new Variant("other", "g", MethodChoice.of("lora"), List.of("x=1")), config(),
                DATA);
        assertEquals(List.of("other", "g", List.of("x=1"), run.seconds(), run.hash()),
                List.of(again.label(), again.group(), again.variant().sets(), again.seconds(), again.hash()));
        assertEquals(2, files(), "the same run by another name");
    }

    /** A look on the way changes nothing; what acts after training, and the last step, are looked at once. */
    @Test void checkpointsAreMeasuredOnTheWay() {
        RunRecord end = experiment(TinyModel.load(base), 0, false).run(variant("lora"), config("steps=4"), DATA);
        RunRecord run = experiment(TinyModel.load(base), 2, false).run(variant("lora"), config("steps=4"), DATA);
        assertNotEquals(end.hash(), run.hash());
        assertEquals(List.of(2, 4), run.points().stream().map(RunRecord.Point::step).toList());
        assertSameNumbers(end.last(), run.last());
        assertEquals(List.of(), run.points().getFirst().measured().answers(), "kept of the last alone");
        assertNotEquals(Measures.taskLoss(run.last()), Measures.taskLoss(run.points().getFirst().measured()), 1e-4);
        Experiment often = experiment(TinyModel.load(base), 1, false);
        assertNotEquals(Measures.taskLoss(often.base().last()), Measures.taskLoss(run.points().getFirst().measured()), 1e-4);
        for (String after : List.of("projection", "ema", "scale")) {
            assertEquals(List.of(3),
                    often.run(variant(after), config("steps=3"), DATA).points().stream().map(RunRecord.Point::step).toList(), after);
        }
        RunRecord early = often.run(variant("earlystop", 0.5), config("steps=4"), DATA);
        assertEquals(List.of(1, 2), early.points().stream().map(RunRecord.Point::step).toList());
        assertEquals(0.5, early.strength());
    }

    /** A list with something done whenever its first element is looked at. */
    private static <T> List<T> watched(List<T> list, Runnable look) {
        return new AbstractList<>() {
            @Override public T get(int i) {
                if (i == 0) {
                    look.run();
                }
                return list.get(i);
            }

            @Override public int size() {
                return list.size();
            }
        };
    }

    private static Probe watched(Runnable look) {
        return new Probe(HELD, watched(PROMPTS, look), 64, 0, AnswerMatch.EXACT, 3, null);
    }

    /** Adds the seconds to those slept so far. */
    private static void sleep(double seconds, double[] slept) {
        long start = System.nanoTime();
        LockSupport.parkNanos((long) (seconds * 1e9));
        slept[0] += (System.nanoTime() - start) * 1e-9;
    }

    private Experiment watched(Probe probe) {
        return new Experiment(TinyModel.load(base), probe, new RunStore(out, 1), origin("base", "b"), 2,
                new Experiment.Fishers(false, null));
    }

    private static final class Killed extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    /**
     * Killed when it was to be measured after step 4, with a checkpoint of step 3: the same command goes on, and comes to what a run comes
     * to that nothing happened to. The seconds before it count, here of a slow look at the data; those of measuring do not.
     */
    @Test void aRunGoesOnWhereItWasKilled() throws IOException {
        int[] looks = {0};
        watched(() -> looks[0]++).measure(TinyModel.load(base), true, ClosedSet.NONE);
        int left = 2 * looks[0];
        int[] seen = {0};
        double[] measuring = {0};
        Experiment killed = watched(watched(() -> {
            sleep(0.02, measuring);
            if (seen[0]++ == left) {
                throw new Killed();
            }
        }));
        killed.base();
        measuring[0] = 0;
        double[] preparing = {0};
        boolean[] hashed = {false};
        TrainData slow = new TrainData(watched(TASK, () -> {
            if (hashed[0]) { // the clock starts when the run's hash is known
                sleep(0.1, preparing);
            }
            hashed[0] = true;
        }), HELD, ALIGNMENT);
        long start = System.nanoTime();
        assertThrows(Killed.class, () -> killed.run(variant("lora"), config("steps=6"), slow));
        double elapsed = (System.nanoTime() - start) * 1e-9;
        Path unfinished;
        try (Stream<Path> files = Files.list(out.resolve("runs"))) {
            unfinished = files.filter(Files::isDirectory).findFirst().orElseThrow();
        }
        double[] before = {0};
        try (RunState state = RunState.loading(unfinished.resolve("step-00000003.safetensors"))) {
            state.array("seconds", before);
        }
        assertTrue(before[0] >= preparing[0] && preparing[0] > 0.1 && before[0] <= elapsed - measuring[0],
                before[0] + " of " + elapsed + ", of which measuring " + measuring[0] + " and preparing " + preparing[0]);

        Experiment again = watched(watched(() -> sleep(0.02, measuring)));
        again.base();
        measuring[0] = 0;
        start = System.nanoTime();
        RunRecord run = again.run(variant("lora"), config("steps=6"), DATA);
        elapsed = (System.nanoTime() - start) * 1e-9;
        assertEquals(List.of(2, 4, 6), run.points().stream().map(RunRecord.Point::step).toList());
        assertTrue(run.seconds() > before[0] && run.seconds() <= before[0] + elapsed - measuring[0],
                run.seconds() + " of " + before[0] + " and " + elapsed + ", of which measuring " + measuring[0]);
        assertFalse(Files.exists(unfinished));

        RunRecord whole = new Experiment(TinyModel.load(base), PROBE, new RunStore(out.resolve("whole")), origin("base", "b"), 2,
                new Experiment.Fishers(false, null)).run(variant("lora"), config("steps=6"), DATA);
        assertEquals(whole.hash(), run.hash());
        for (int i = 0; i < 3; i++) {
            assertSameNumbers(whole.points().get(i).measured(), run.points().get(i).measured());
        }
    }

    /** Each of five runs on one estimate took as long as if it had made the estimate itself, which the first one did. */
    @Test void theEstimatesSecondsCountInEveryRunThatUsesIt() {
        Experiment experiment = experiment(TinyModel.load(base), 0, false);
        RunRecord first = experiment.run(variant("agl", 1), config("steps=1"), DATA);
        for (int lambda = 2; lambda <= 5; lambda++) {
            long start = System.nanoTime();
            RunRecord next = experiment.run(variant("agl", lambda), config("steps=1"), DATA);
            double elapsed = (System.nanoTime() - start) * 1e-9;
            assertTrue(next.seconds() > 0 && next.seconds() <= elapsed + first.seconds(), next.seconds() + " of " + elapsed + " and "
                    + first.seconds());
        }
    }

    /** A process that was killed when it had saved its run leaves checkpoints: whoever finds the run deletes them. */
    @Test void whatIsLeftOfAFinishedRunIsDeleted() throws IOException {
        Experiment experiment = experiment(TinyModel.load(base), 0, false);
        RunRecord run = experiment.run(variant("lora"), config(), DATA);
        Path left = Files.createDirectories(out.resolve("runs/unfinished-" + run.hash().substring(0, 12)));
        Files.writeString(left.resolve("step-00000001.safetensors"), "");
        experiment.run(variant("lora"), config(), DATA);
        assertFalse(Files.exists(left));
    }

    /** Lisa's last two steps of ten are on alignment data: its task examples are those of eight. */
    @Test void stepsOnAlignmentDataComeToNoTaskExamples() {
        ModelBundle bundle = TinyModel.load(base);
        RunRecord run = experiment(bundle, 0, false).run(variant("lisa"), config("steps=10", "batch_size=1"),
                new TrainData(List.of(TASK.get(0), TASK.get(1), TASK.get(2),
                TASK.get(3), TASK.get(4), TASK.get(5), TASK.get(6), HELD.get(0), HELD.get(1)), HELD, ALIGNMENT));
        List<Example> nine = new ArrayList<>(TASK);
        nine.addAll(HELD);
        Batches batches = new Batches(bundle.encode(nine, 64), 1, 1);
        assertEquals(IntStream.range(0, 8).map(i -> batches.examplesOf(i).getFirst().lossTokens()).sum(), run.taskTokens());
    }

    /** What is mixed in does not count: the record has the task tokens of plain LoRA's run. */
    @Test void mixedInExamplesComeToNoTaskExamples() {
        RunRecord plain = experiment(TinyModel.load(base), 0, false).run(variant("lora"), config("steps=3", "batch_size=2"), DATA);
        RunRecord mixed = experiment(TinyModel.load(base), 0, false).run(variant("mix", 0.5), config("steps=3", "batch_size=2"), DATA);
        assertEquals(6, mixed.points().getLast().step());
        assertEquals(plain.taskTokens(), mixed.taskTokens());
    }

    @Test void aTraceHasASubspaceWhereSomeMethodNeedsOne() {
        assertFalse(experiment(TinyModel.load(base), 0, true).run(variant("lora"), config("steps=1"), DATA).trace().layers().isEmpty());
        RunRecord agl = experiment(TinyModel.load(base), 0, false).run(variant("agl", 10), config("steps=1"), DATA);
        assertFalse(agl.trace().layers().isEmpty(), "its own");
        assertTrue(agl.trace().curves().containsKey("L_A"));
        assertEquals(10, agl.strength());
        assertEquals("agl, lambda_A 10", agl.label());
    }

    @Test void aWreckIsKeptWithItsReasonAndWhatToChange() {
        Experiment experiment = experiment(TinyModel.load(base), 0, false);
        RunConfig wild = config("steps=3", "learning_rate=30", "lora_alpha=1e30");
        RunRecord run = experiment.run(variant("lora"), wild, DATA);
        assertTrue(run.wreck().startsWith("the trained model gives the same next token")
                && run.wreck().endsWith("; try a lower learning rate than 30.0, or a lower lora_alpha than 1.0E30"), run.wreck());
        assertEquals(run.wreck(), experiment.run(variant("lora"), wild, DATA).wreck());
        assertNull(experiment.run(variant("lora"), config(), DATA).wreck());
    }

    /** The next run starts from the base again. */
    @Test void aFailureNamesItsRunAndLeavesTheBase() throws IOException {
        Experiment experiment = experiment(TinyModel.load(base), 0, false);
        String said = assertThrows(AglException.class, () -> experiment.run(variant("kl", 1e300), config(), DATA)).getMessage();
        assertTrue(said.startsWith("kl, weight 1.0E300, seed 1: "), said);
        assertEquals(1, files(), "the base alone");
        RunRecord next = experiment.run(variant("lora"), config("seed=2"), DATA);
        assertSameNumbers(fresh("other", base).run(variant("lora"), config("seed=2"), DATA).last(), next.last());
    }

    /** A run record is found again by its base's hash: none is kept of a base that was written over meanwhile. */
    @Test void aBaseThatIsWrittenOverLeavesNoRecord() throws IOException {
        Path own = TinyModel.write(out.resolve("base"), 3);
        Experiment experiment = new Experiment(TinyModel.load(own), PROBE, new RunStore(out), origin(), 0,
                new Experiment.Fishers(false, null));
        Path weights = own.resolve("model.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        bytes[bytes.length - 1] ^= 1;
        Files.write(weights, bytes);
        String said = assertThrows(AglException.class, experiment::base).getMessage();
        assertTrue(said.contains(weights + ": was written over while this run read its weights"), said);
        assertFalse(Files.exists(out.resolve("runs")) && files() > 0);
    }

    @Test void onlyExamplesThatStepsComeToCountAndEachOnce() {
        List<EncodedExample> all = TinyModel.load(base).encode(TASK, 64);
        int tokens = all.stream().mapToInt(EncodedExample::lossTokens).sum();
        Batches batches = new Batches(all, 2, 1);
        assertEquals(tokens, Experiment.trainedOn(batches, 4));
        assertEquals(tokens, Experiment.trainedOn(batches, 9), "each once");
        assertEquals(tokens - batches.examplesOf(3).getFirst().lossTokens(), Experiment.trainedOn(batches, 3));
        assertEquals(0, Experiment.trainedOn(batches, 0));
    }

    /** @param rolesAndHashes in turns */
    private static ObjectNode origin(String... rolesAndHashes) {
        ObjectNode origin = JsonNodeFactory.instance.objectNode();
        for (int i = 0; i < rolesAndHashes.length; i += 2) {
            origin.put(rolesAndHashes[i], rolesAndHashes[i + 1]);
        }
        return origin;
    }

    /** Hashes of one method's run where one thing differs from the first. */
    private final class Hashes {
        private final MethodChoice choice;
        private final ObjectNode origin = origin();
        private final ModelBundle bundle = TinyModel.load(base);

        Hashes(String method, double strength) {
            choice = variant(method, strength).choice();
            List.of("base", "alignment", "unaligned").forEach(role -> origin.put(role, role));
        }

        String of(ObjectNode from, int checkpoints, List<Example> task, String... sets) {
            return new Experiment(bundle, PROBE, new RunStore(out), from, checkpoints, new Experiment.Fishers(false, null))
                    .hash(Variant.of(choice), config(sets), new TrainData(task, HELD, ALIGNMENT));
        }

        String with(String... sets) {
            return of(origin, 0, TASK, sets);
        }

        /** What of all this makes the run another one. */
        Set<String> decides() {
            Set<String> decides = new TreeSet<>();
            for (String set : List.of("steps=3", "seed=2", "weight_decay=0.5", "fisher_examples=2", "agl.lambda_A=77", "agl.lambda_T=0.3",
                    "agl.beta=3", "agl.m=5", "agl.fisher_tokens=3",
                    "agl.fisher_norm=max", "agl.exact_storage=dense", "preset=as-read")) {
                if (!with(set).equals(with())) {
                    decides.add(set.substring(0, set.indexOf('=')));
                }
            }
            origin.fieldNames().forEachRemaining(role -> {
                ObjectNode other = origin.deepCopy();
                other.put(role, "other");
                if (!of(other, 0, TASK).equals(with())) {
                    decides.add(role);
                }
            });
            if (!of(origin, 2, TASK).equals(with())) {
                decides.add("checkpoints");
            }
            if (!of(origin, 0, TASK.subList(0, 6)).equals(with())) {
                decides.add("task");
            }
            return decides;
        }
    }

    private static Set<String> all(String... more) {
        Set<String> all = new TreeSet<>(List.of("steps", "seed", "weight_decay", "base", "checkpoints", "task"));
        all.addAll(Arrays.asList(more));
        return all;
    }

    /** Another λ of AGL does not make LoRA run again, nor alignment data that it does not see. */
    @Test void whatDecidesARun() {
        assertEquals(all(), new Hashes("lora", Double.NaN).decides());
        assertEquals(all("fisher_examples", "alignment"), new Hashes("kl", Double.NaN).decides());
        assertEquals(all("fisher_examples", "alignment"), new Hashes("mix", Double.NaN).decides());
        assertEquals(all("fisher_examples", "alignment"), new Hashes("kl_first", Double.NaN).decides());
        assertEquals(all(), new Hashes("first_tokens", Double.NaN).decides());
        assertEquals(all("unaligned"), new Hashes("asft", Double.NaN).decides());
        assertEquals(all("unaligned"), new Hashes("safelora", Double.NaN).decides());
        // The preset as-read has another estimate.
        assertEquals(all("fisher_examples", "alignment", "agl.m", "agl.fisher_tokens", "agl.fisher_norm", "preset"),
                new Hashes("ewc", Double.NaN).decides());
        assertEquals(all("fisher_examples", "alignment", "agl.m", "agl.fisher_tokens", "agl.fisher_norm", "preset"),
                new Hashes("safeanchor", Double.NaN).decides());
        assertEquals(all("fisher_examples", "alignment", "agl.lambda_A", "agl.lambda_T", "agl.beta", "agl.m", "agl.fisher_tokens",
                "agl.fisher_norm", "agl.exact_storage", "preset"),
                new Hashes("agl", Double.NaN).decides());
    }

    /**
     * Where a method beside it has Fisher information, a run's record keeps where its update lies in it: with another estimate it is
     * another record.
     */
    @Test void aSharedFisherDecidesWhatIsKept() {
        for (String method : List.of("lora", "kl", "asft")) {
            Function<String, String> hash = set -> new Experiment(TinyModel.load(base), PROBE, new RunStore(out),
                    origin("base", "b", "alignment", "a"), 0, new Experiment.Fishers(true, null))
                    .hash(variant(method, Double.NaN), config(set), new TrainData(TASK, HELD, ALIGNMENT));
            assertNotEquals(hash.apply("seed=1"), hash.apply("agl.fisher_data=task"), method);
            assertEquals(hash.apply("seed=1"), hash.apply("agl.lambda_A=77"), method);
        }
    }

    /** Of methods that read no alignment data beside it, whatever the file was made from. */
    @Test void aFileWithFisherInformationStandsForItsExamples() {
        String one = "fisher=" + "a".repeat(64);
        String two = "fisher=" + "b".repeat(64);
        for (String method : List.of("agl", "ewc", "lora", "kl")) {
            Hashes hashes = new Hashes(method, Double.NaN);
            ObjectNode other = hashes.origin.deepCopy().put("alignment", "other");
            boolean uses = method.equals("agl") || method.equals("ewc");
            assertEquals(uses, !hashes.with(one).equals(hashes.with(two)), method);
            assertEquals(uses, !hashes.with(one).equals(hashes.with()), method);
            assertEquals(!method.equals("kl"), hashes.with(one).equals(hashes.of(other, 0, TASK, one, "fisher_examples=2")), method);
        }
    }

    @Test void aStrengthIsPartOfTheRun() {
        assertNotEquals(new Hashes("kl", 2).with(), new Hashes("kl", 3).with());
        assertEquals(new Hashes("kl", 1).with(), new Hashes("kl", Double.NaN).with(), "the default");
        assertNotEquals(new Hashes("lora", Double.NaN).with(), new Hashes("earlystop", 1).with());
        assertEquals(new Hashes("agl", Double.NaN).with("agl.lambda_A=5"), new Hashes("agl", 5).with(), "as a setting or as a strength");
        assertNotEquals(new Hashes("agl", 6).with(), new Hashes("agl", 5).with());
    }
}
