package agl.app.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.TinyModel;
import agl.app.data.EncodedExample;
import agl.app.data.Example;
import agl.app.io.AtomicFiles;
import agl.app.model.ModelBundle;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.lora.LoraModel;
import agl.nn.checkpoint.RunState;
import agl.nn.checkpoint.SafeTensors;
import agl.nn.checkpoint.SafeTensorsWriter;
import agl.regularizers.LoraFactors;
import agl.regularizers.method.Method;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import sun.misc.Signal;

/** The training loop with checkpoints: every part of its state counts, and is put back. {@link ResumeTest} does it with every method. */
class TrainerStateTest {
    private static final List<Example> TASK = IntStream.range(0, 5)
            .mapToObj(i -> new Example("tell me " + i, i < 3 ? "the red fox sat " + i : "cat dog cat dog")).toList();
    private static final int STEPS = 9;
    private static final int REFRESH = 3;

    @TempDir Path temp;
    private Path base;

    @BeforeEach void model() {
        base = TinyModel.write(temp.resolve("base"), 3);
    }

    /** Logs what it derived from A and B, from the first ones or from those of its last refresh, and how many steps it has seen. */
    private static final class Remembering implements Method {
        private double derived;
        private long steps;
        private int refreshes;

        @Override public String name() {
            return "remembering";
        }

        @Override public void start(Tape tape, List<LoraFactors> factors) {
            derived = sum(factors);
        }

        @Override public int refreshEvery() {
            return REFRESH;
        }

        @Override public void refresh(Tape tape, List<LoraFactors> factors) {
            derived = sum(factors);
            refreshes++;
        }

        @Override public SequencedMap<String, Double> addGradients(Tape tape, List<LoraFactors> factors, int step) {
            SequencedMap<String, Double> terms = new LinkedHashMap<>();
            terms.put("derived", derived);
            terms.put("steps", (double) ++steps);
            return terms;
        }

        @Override public void state(RunState state, List<LoraFactors> factors) {
            steps = state.number("remembering.steps", steps);
        }

        private static double sum(List<LoraFactors> factors) {
            return factors.stream().mapToDouble(f -> sum(f.a()) + 3 * sum(f.b())).sum();
        }

        private static double sum(Tensor t) {
            double sum = 0;
            for (double x : t.toArray()) {
                sum = 1.01 * sum + x;
            }
            return sum;
        }
    }

    private static final class Stop extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    /** A run of the loop: what it was told of before it went on, its steps, and what it ended with. */
    private record Ran(List<StepMetrics> earlier, List<StepMetrics> steps, double[][] parameters, int best, int refreshes) {
        List<StepMetrics> all() {
            List<StepMetrics> all = new ArrayList<>(earlier);
            all.addAll(steps);
            return all;
        }
    }

    private Path folder() {
        return temp.resolve("checkpoints");
    }

    private Checkpoints checkpoints(int every) {
        return new Checkpoints(folder(), JsonNodeFactory.instance.objectNode().put("run", "this"), every, "the same command");
    }

    /** @param after called after every step */
    private Ran run(Checkpoints checkpoints, Runnable after, int stop) {
        ModelBundle bundle = TinyModel.load(base);
        TrainSettings s = RunConfig.of(null, List.of("steps=" + STEPS, "batch_size=2", "learning_rate=0.1", "r=2", "lora_dropout=0.2",
                "max_length=32", "eval_every=2", "keep_best=true", "target_modules=v_proj")).train();
        LoraModel lora = LoraModel.attach(bundle.model(), FineTune.loraConfig(s), 1, DType.F32);
        Remembering method = new Remembering();
        List<EncodedExample> examples = bundle.encode(TASK, 32);
        Trainer trainer = new Trainer(bundle.model(), lora.parameters(), s);
        List<StepMetrics> earlier = new ArrayList<>();
        List<StepMetrics> steps = new ArrayList<>();
        Trainer.Job job = new Trainer.Job(examples.subList(0, 3), examples.subList(3, 5), List.of(), method, Adapters.factors(lora), STEPS);
        trainer.run(job, checkpoints, new Trainer.Listener() {
            @Override public void earlier(List<StepMetrics> before, int total) {
                assertEquals(STEPS, total);
                assertTrue(steps.isEmpty() && earlier.isEmpty(), "once, before the first step");
                earlier.addAll(before);
            }

            @Override public void step(StepMetrics metrics, int total) {
                steps.add(metrics);
                after.run();
                if (metrics.step() == stop) {
                    throw new Stop();
                }
            }
        });
        int best = trainer.keepBest(trainer.evaluate(examples.subList(3, 5)));
        return new Ran(earlier, steps, lora.parameters().stream().map(Tensor::toArray).toArray(double[][]::new), best, method.refreshes);
    }

    private Ran run(Checkpoints checkpoints) {
        return run(checkpoints, () -> { }, 0);
    }

    /** Before the first refresh, at one, behind one and behind the last. */
    @ParameterizedTest @CsvSource({"2,2", "3,2", "4,2", "8,1"}) void aRunThatGoesOnIsTheSameRun(int saved, int refreshes) {
        Ran whole = run(null);
        assertEquals(2, whole.refreshes);
        assertEquals(3, whole.steps.stream().map(m -> m.terms().get("derived")).distinct().count(), "at the start and twice anew");
        assertThrows(Stop.class, () -> run(checkpoints(saved), () -> { }, saved + 1));
        Ran resumed = run(checkpoints(saved));
        assertEquals(whole.steps.subList(0, saved), resumed.earlier);
        assertEquals(whole.steps, resumed.all());
        assertEquals(whole.best, resumed.best);
        assertTrue(whole.best > 0 && whole.best < STEPS, "the best is not the last: " + whole.best);
        for (int i = 0; i < whole.parameters.length; i++) {
            assertArrayEquals(whole.parameters[i], resumed.parameters[i]);
        }
        assertEquals(refreshes, resumed.refreshes, "the last one again, and those to come");
    }

    /** Checkpoints change nothing in a run, and hold its steps. */
    @Test void aRunWithCheckpointsIsTheSameRun() {
        Ran whole = run(null);
        Ran saving = run(checkpoints(1));
        assertEquals(whole.steps, saving.steps);
        assertEquals(List.of(), saving.earlier);
        Ran again = run(checkpoints(1));
        assertEquals(whole.steps, again.earlier, "nothing is left to do");
        assertEquals(List.of(), again.steps);
        assertEquals(List.of("step-00000008.safetensors", "step-00000009.safetensors"), AtomicFiles.names(folder()));
    }

    /** As SIGTERM does: the step is finished, saved whatever the interval, and the message says how to go on. */
    @Test void aSignalStopsTheRunWithACheckpoint() {
        Signal signal = new Signal("TERM");
        PrintStream old = System.err;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
        StoppedException stopped;
        try {
            stopped = assertThrows(StoppedException.class, () -> run(checkpoints(100), () -> {
                Signal.raise(signal);
                // It comes in a thread of its own, and is taken note of before this is said.
                while (!said.toString(StandardCharsets.UTF_8).contains("stopping after this step")) {
                    Thread.yield();
                }
            }, 0));
        } finally {
            System.setErr(old);
        }
        assertEquals("stopped after step 1 of 9, with a checkpoint: the same command goes on from there", stopped.getMessage());
        assertEquals(128 + signal.getNumber(), stopped.exitCode());
        assertEquals(1, checkpoints(100).steps());
        assertEquals(run(null).steps, run(checkpoints(100)).all());
    }

    /** The checkpoint with another text in place of one of its own, and a checksum that fits. */
    private void rewrite(String name, String text) throws IOException {
        Path file = folder().resolve("step-00000002.safetensors");
        Path made = temp.resolve("made.safetensors");
        try (SafeTensors in = SafeTensors.open(file)) {
            SafeTensorsWriter out = new SafeTensorsWriter();
            Map<String, String> metadata = new TreeMap<>(in.metadata());
            assertTrue(metadata.containsKey(name));
            metadata.put(name, text);
            metadata.forEach(out::metadata);
            in.names().forEach(n -> out.add(in.info(n)));
            out.writeSealed(made);
        }
        Files.move(made, file, StandardCopyOption.REPLACE_EXISTING);
    }

    @ParameterizedTest @ValueSource(strings = {"null", "{}", "[1", "[{\"step\":1}]"})
    void stepsThatAreNoneAreRefused(String history) throws IOException {
        assertThrows(Stop.class, () -> run(checkpoints(2), () -> { }, 3));
        rewrite("history", history);
        String said = assertThrows(AglException.class, () -> run(checkpoints(2))).getMessage();
        assertTrue(said.contains("step"), said);
    }
}
