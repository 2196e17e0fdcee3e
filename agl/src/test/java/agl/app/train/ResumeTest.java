package agl.app.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.TinyModel;
import agl.app.data.Example;
import agl.app.model.ModelBundle;
import agl.error.AglException;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A run that was interrupted and resumed ends with the bits of one that was not. */
class ResumeTest {
    private static final List<Example> TASK = IntStream.range(0, 12)
            .mapToObj(i -> new Example("tell me a story " + i, "the red fox sat on the mat " + i % 3)).toList();
    private static final List<Example> ALIGNMENT = IntStream.range(0, 6)
            .mapToObj(i -> new Example("about the dog " + i, i < 3 ? "I cannot help with " + i : "the cat and the dog " + i)).toList();

    @TempDir Path temp;
    private Path base;
    private Path unaligned;

    @BeforeEach void models() {
        base = TinyModel.write(temp.resolve("base"), 3);
        unaligned = TinyModel.write(temp.resolve("unaligned"), 4);
    }

    /** Thrown by an observer: the process is gone. */
    private static final class Killed extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    private static ObjectNode identity() {
        return JsonNodeFactory.instance.objectNode().put("run", "this");
    }

    private Checkpoints checkpoints(int every) {
        return new Checkpoints(temp.resolve("checkpoints"), identity(), every, "the same command");
    }

    private RunConfig config(String... sets) {
        List<String> all = new ArrayList<>(List.of("steps=24", "batch_size=4", "learning_rate=0.02", "r=2", "max_length=64",
                "fisher_examples=6", "lora_dropout=0.1", "eval_every=4", "weight_decay=0.01"));
        all.addAll(List.of(sets));
        return RunConfig.of(null, all);
    }

    /** Killed after so many steps; 0: runs to its end. */
    private FineTune.Result run(MethodChoice choice, RunConfig config, Checkpoints checkpoints, int killedAfter) {
        TrainData data = new TrainData(TASK.subList(0, 10), TASK.subList(10, 12), ALIGNMENT, unaligned, null);
        ModelBundle bundle = TinyModel.load(base);
        return new FineTune(bundle, config, new FisherSource(bundle), checkpoints).run(choice, data, null, null, (step, total, lora) -> {
            if (step == killedAfter) {
                throw new Killed();
            }
        });
    }

    private static int[] bits(FineTune.Result result) {
        return result.lora().parameters().stream()
                .flatMapToInt(t -> Arrays.stream(t.toArray()).mapToInt(x -> Float.floatToRawIntBits((float) x))).toArray();
    }

    static Stream<String> runs() {
        return Stream.concat(Arrays.stream(MethodKind.values()).map(MethodKind::title), Stream.of("agl agl.refresh_every=5",
                "agl agl.H=ema_grad_sq agl.lambda_T=1", "agl agl.refresh_every=7 agl.H=ema_grad_sq agl.lambda_T=1 agl.lambda_NC=0.1",
                "agl agl.backend=kfac agl.m=2", "lora use_dora=true", "lora recompute=true micro_batch_size=3",
                "kl micro_batch_size=1", "mix use_rslora=true", "lora neftune_noise_alpha=5 micro_batch_size=3", "kl neftune_noise_alpha=5",
                "lora loraplus_lr_ratio=8 lr_scheduler_type=linear use_dora=true",
                "lora keep_best=true learning_rate=0.2 eval_every=1"));
    }

    /** After 23 steps, behind the last refresh of every method; the checkpoint is of step 22. */
    @ParameterizedTest @MethodSource("runs") void everyMethodEndsWithTheSameBits(String run) {
        String[] words = run.split(" ");
        RunConfig config = config(Arrays.copyOfRange(words, 1, words.length));
        MethodKind kind = MethodKind.of(words[0]);
        MethodChoice choice = new MethodChoice(kind, kind == MethodKind.OPLORA ? 2 : kind == MethodKind.EARLYSTOP ? 1 : Double.NaN);
        FineTune.Result whole = run(choice, config, null, 0);
        assertThrows(Killed.class, () -> run(choice, config, checkpoints(11), 23));
        assertEquals(22, checkpoints(11).steps());
        FineTune.Result resumed = run(choice, config, checkpoints(11), 0);
        assertArrayEquals(bits(whole), bits(resumed));
        assertEquals(whole.history(), resumed.history());
    }

    /** From its first step, from between, from behind its last step. */
    @ParameterizedTest @ValueSource(ints = {1, 3, 9, 23, 24}) void fromWhereverItWasKilled(int after) {
        MethodChoice choice = MethodChoice.of("agl");
        RunConfig config = config("agl.refresh_every=4");
        assertThrows(Killed.class, () -> run(choice, config, checkpoints(1), after));
        assertArrayEquals(bits(run(choice, config, null, 0)), bits(run(choice, config, checkpoints(1), 0)));
    }

    /** Killed again and again. */
    @Test void asOftenAsItIsKilled() {
        MethodChoice choice = MethodChoice.of("kl");
        for (int after = 3; after < 24; after += 3) {
            int last = after;
            assertThrows(Killed.class, () -> run(choice, config(), checkpoints(2), last));
        }
        FineTune.Result resumed = run(choice, config(), checkpoints(2), 0);
        assertArrayEquals(bits(run(choice, config(), null, 0)), bits(resumed));
        assertEquals(24, resumed.history().size());
    }

    @Test void theLastTwoAreKeptAndADamagedOneIsPassedOver() throws IOException {
        MethodChoice choice = MethodChoice.of("lora");
        assertThrows(Killed.class, () -> run(choice, config(), checkpoints(5), 22));
        try (Stream<Path> files = Files.list(temp.resolve("checkpoints"))) {
            assertEquals(List.of("step-00000015.safetensors", "step-00000020.safetensors"),
                    files.map(f -> f.getFileName().toString()).sorted().toList());
        }
        Path newest = temp.resolve("checkpoints").resolve("step-00000020.safetensors");
        byte[] bytes = Files.readAllBytes(newest);
        bytes[bytes.length - 5] ^= 1;
        Files.write(newest, bytes);
        int[] from = {0};
        ModelBundle bundle = TinyModel.load(base);
        FineTune.Result resumed = new FineTune(bundle, config(), new FisherSource(bundle), checkpoints(5)).run(choice,
                new TrainData(TASK.subList(0, 10), TASK.subList(10, 12), List.of()), null, null, (step, total, lora) -> {
                    from[0] = from[0] == 0 ? step : from[0];
                });
        assertEquals(16, from[0]);
        assertArrayEquals(bits(run(choice, config(), null, 0)), bits(resumed));
    }

    /** The checksum does not cover the name: a copy under the name of a later step would leave steps out. */
    @Test void aCheckpointUnderTheNameOfAnotherStepIsPassedOver() throws IOException {
        assertThrows(Killed.class, () -> run(MethodChoice.of("lora"), config(), checkpoints(5), 12));
        Path folder = temp.resolve("checkpoints");
        Files.copy(folder.resolve("step-00000005.safetensors"), folder.resolve("step-00000020.safetensors"));
        assertThrows(Killed.class, () -> run(MethodChoice.of("lora"), config(), checkpoints(5), 11), "goes on after step 10");
    }

    /** With both damaged the run begins anew, and its checkpoints count although theirs have higher numbers. */
    @Test void damagedOnesDoNotCrowdOutNewOnes() throws IOException {
        MethodChoice choice = MethodChoice.of("lora");
        assertThrows(Killed.class, () -> run(choice, config(), checkpoints(5), 22));
        for (String name : List.of("step-00000015.safetensors", "step-00000020.safetensors")) {
            Files.write(temp.resolve("checkpoints").resolve(name), new byte[100]);
        }
        assertThrows(Killed.class, () -> run(choice, config(), checkpoints(2), 5));
        assertEquals(4, checkpoints(2).steps());
        assertArrayEquals(bits(run(choice, config(), null, 0)), bits(run(choice, config(), checkpoints(2), 0)));
    }

    @Test void anotherRunIsRefusedByNameOfTheDifference() {
        assertThrows(Killed.class, () -> run(MethodChoice.of("lora"), config(), checkpoints(5), 12));
        ObjectNode other = identity();
        other.putObject("settings").put("learning_rate", 1);
        String said = assertThrows(AglException.class, () -> run(MethodChoice.of("lora"), config(),
                new Checkpoints(temp.resolve("checkpoints"), other, 5, ""), 0)).getMessage();
        assertTrue(said.contains("settings has changed"), said);
        String long1 = "a".repeat(64);
        said = assertThrows(AglException.class, () -> run(MethodChoice.of("lora"), config(),
                new Checkpoints(temp.resolve("checkpoints"), identity().put("run", "that"), 5, ""), 0)).getMessage();
        assertTrue(said.contains("run is that now and was this"), said);
        said = assertThrows(AglException.class, () -> run(MethodChoice.of("lora"), config(),
                new Checkpoints(temp.resolve("checkpoints"), identity().put("run", long1 + long1), 5, ""), 0)).getMessage();
        assertTrue(said.contains("run has changed"), said);
    }

    /** The settings are part of what determines a run. */
    @ParameterizedTest @CsvSource({"lr_scheduler_type,linear,cosine", "loraplus_lr_ratio,4.0,1.0", "neftune_noise_alpha,5.0,0.0"})
    void anotherSettingIsRefusedByName(String name, String now, String then) {
        RunConfig changed = config(name + "=" + now);
        assertThrows(Killed.class, () -> run(MethodChoice.of("lora"), config(),
                new Checkpoints(temp.resolve("checkpoints"), config().toJson(), 5, ""), 12));
        String said = assertThrows(AglException.class, () -> run(MethodChoice.of("lora"), changed,
                new Checkpoints(temp.resolve("checkpoints"), changed.toJson(), 5, ""), 0)).getMessage();
        assertTrue(said.contains(name + " is " + now + " now and was " + then), said);
    }

    @Test void whatBelongsToTheRunBesidesIsSavedWithIt() {
        Checkpoints first = checkpoints(6);
        first.also(state -> state.text("mine", "x"));
        assertThrows(Killed.class, () -> run(MethodChoice.of("lora"), config(), first, 7));
        String[] found = {""};
        Checkpoints second = checkpoints(6);
        second.also(state -> found[0] = state.text("mine", "y"));
        run(MethodChoice.of("lora"), config(), second, 7 + 24);
        assertEquals("y", found[0], "saved again");
        Checkpoints third = checkpoints(6);
        third.also(state -> found[0] = state.text("mine", "z"));
        run(MethodChoice.of("lora"), config(), third, 0);
        assertEquals("y", found[0], "put back from the last step");
        third.delete();
        assertFalse(Files.exists(temp.resolve("checkpoints")));
        assertEquals(0, third.steps());
    }
}
