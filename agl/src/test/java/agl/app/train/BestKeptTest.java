package agl.app.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.TinyModel;
import agl.app.data.EncodedExample;
import agl.app.data.Example;
import agl.app.io.AtomicFiles;
import agl.app.io.MetricsLog;
import agl.app.model.ModelBundle;
import agl.autograd.Tensor;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.lora.LoraModel;
import agl.nn.checkpoint.RunState;
import agl.nn.checkpoint.Sealed;
import agl.regularizers.method.Method;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** The weights with the lowest held-out loss, and when to stop waiting for lower ones. */
class BestKeptTest {
    private static final List<Example> TASK = IntStream.range(0, 12)
            .mapToObj(i -> new Example("tell me a story " + i, "the red fox sat on the mat " + i % 3)).toList();

    /** Other answers: what training on the task makes less likely. */
    private static final List<Example> HELD = TASK.subList(8, 12).stream()
            .map(e -> new Example(e.instruction(), "cat dog cat dog")).toList();

    @TempDir Path temp;

    @Test void theFirstOfTheLowestIsKept() {
        Tensor p = Tensor.of(new double[] {1, 2}, 2);
        BestKept best = new BestKept(List.of(p), 2);
        double[] losses = {3, 2, 2.5, 2};
        for (int i = 0; i < losses.length; i++) {
            p.data().set(0, 10 * i);
            best.measured(5 * (i + 1), losses[i]);
            assertEquals(i == 3, best.outOfPatience(), "after " + (i + 1));
        }
        assertEquals(2, best.loss());
        assertEquals(10, best.step());
        best.putBack();
        assertArrayEquals(new double[] {10, 2}, p.toArray());
        BestKept patient = new BestKept(List.of(p), 0);
        IntStream.range(0, 9).forEach(i -> patient.measured(i + 1, 1));
        assertFalse(patient.outOfPatience());
    }

    private static void through(Path file, boolean saving, BestKept best) {
        try (RunState state = saving ? RunState.saving(file) : RunState.loading(file)) {
            best.state(state);
            if (saving) {
                state.write();
            }
        }
    }

    /** Put back over what another run had: the loss, its step, the evaluations since, and the parameters. */
    @Test void allOfItIsSavedAndPutBack() {
        Path file = temp.resolve("state.safetensors");
        Tensor p = Tensor.of(new double[] {1, 2}, 2);
        Tensor q = Tensor.of(new double[] {3}, 1);
        BestKept best = new BestKept(List.of(p, q), 3);
        best.measured(4, 0.1);
        best.measured(8, 0.2);
        best.measured(12, 0.3);
        through(file, true, best);
        p.data().set(0, 50);
        q.data().set(0, 60);
        BestKept other = new BestKept(List.of(p, q), 3);
        through(file, false, other);
        assertEquals(0.1, other.loss());
        assertEquals(4, other.step());
        assertFalse(other.outOfPatience());
        other.putBack();
        assertArrayEquals(new double[] {1, 2}, p.toArray());
        assertArrayEquals(new double[] {3}, q.toArray());
        other.measured(16, 0.1);
        assertTrue(other.outOfPatience(), "the third since");
    }

    @Test void beforeTheFirstEvaluationThereIsNothingToPutBack() {
        Path file = temp.resolve("state.safetensors");
        Tensor p = Tensor.of(new double[] {1, 2}, 2);
        through(file, true, new BestKept(List.of(p), 0));
        BestKept other = new BestKept(List.of(p), 0);
        other.measured(1, 5);
        p.data().set(0, 7);
        through(file, false, other);
        assertEquals(Double.POSITIVE_INFINITY, other.loss());
        other.putBack();
        assertArrayEquals(new double[] {7, 2}, p.toArray());
    }

    private static RunConfig config(String... sets) {
        List<String> all = new ArrayList<>(List.of("steps=20", "batch_size=4", "learning_rate=0.3", "r=2", "max_length=64",
                "lora_dropout=0", "eval_every=2"));
        all.addAll(List.of(sets));
        return RunConfig.of(null, all);
    }

    private FineTune.Result run(String method, List<Example> held, String... sets) {
        return new FineTune(TinyModel.load(TinyModel.write(temp.resolve("base"), 3)), config(sets)).run(method, TASK.subList(0, 8), held,
                TASK, null, null);
    }

    /** At this learning rate the last weights are not the best: the written adapter has the lowest loss that was measured. */
    @Test void theAdapterIsTheBestOfTheRun() {
        List<Example> held = HELD;
        List<StepMetrics> last = run("lora", held).history();
        double lowest = last.stream().flatMapToDouble(m -> m.evalLoss().stream()).min().orElseThrow();
        double end = last.getLast().evalLoss().orElseThrow();
        assertTrue(lowest < end - 1e-3, lowest + " " + end);
        assertEquals(lowest, run("lora", held, "keep_best=true").evalLoss(), 1e-6);
        assertEquals(20, run("lora", held, "keep_best=true").history().size());
    }

    /** What is written is named by its step, and every step keeps its own loss, in the log as in the history. */
    @Test void theLossOfWhatIsKeptIsThatOfItsStep() throws IOException {
        FineTune.Result all = run("lora", HELD);
        double[] losses = all.history().stream().flatMapToDouble(m -> m.evalLoss().stream()).toArray();
        int best = IntStream.range(0, losses.length).reduce((a, b) -> losses[b] < losses[a] ? b : a).orElseThrow();
        Path log = temp.resolve("metrics.jsonl");
        FineTune.Result kept;
        try (MetricsLog metrics = new MetricsLog(log)) {
            kept = new FineTune(TinyModel.load(TinyModel.write(temp.resolve("again"), 3)), config("keep_best=true")).run("lora",
                    TASK.subList(0, 8), HELD, TASK, null, metrics);
        }
        assertEquals(new TrainedSteps(2 * (best + 1), 20, 20), kept.steps());
        assertEquals(losses[best], kept.evalLoss(), 1e-6);
        assertEquals(losses[losses.length - 1], kept.lastStep().evalLoss().orElseThrow(), 1e-6);
        assertTrue(Files.readAllLines(log).getLast().contains("\"eval_loss\":" + kept.lastStep().evalLoss().getAsDouble()));
        FineTune.Result averaged = run("ema", HELD, "patience=1");
        assertTrue(averaged.steps().done() < 20);
        double own = averaged.history().get(averaged.steps().done() - 1).evalLoss().orElseThrow();
        assertEquals(run("lora", HELD, "patience=1").lastStep().evalLoss().orElseThrow(), own, 1e-6, "of the step, not of the average");
        assertTrue(Math.abs(own - averaged.evalLoss()) > 1e-3);
        FineTune.Result early = run("lora", HELD, "keep_best=true", "patience=1");
        assertEquals(early.history().size(), early.steps().done());
        assertTrue(early.steps().kept() < early.steps().done(), early.steps().toString());
    }

    @Test void stepsInWords() {
        assertEquals("after 60 steps", new TrainedSteps(60, 60, 60).inWords());
        assertEquals("after 1 step", new TrainedSteps(1, 1, 1).inWords());
        assertEquals("after 2 of 60 steps (keep_best)", new TrainedSteps(2, 60, 60).inWords());
        assertEquals("after 6 of 60 steps, where training ended", new TrainedSteps(6, 6, 60).inWords());
        assertEquals("after 2 of 60 steps (keep_best; training ended after 6)", new TrainedSteps(2, 6, 60).inWords());
    }

    @Test void patienceEndsTheRun() throws IOException {
        List<StepMetrics> all = run("lora", HELD).history();
        List<StepMetrics> stopped = run("lora", HELD, "patience=1").history();
        List<StepMetrics> measured = all.stream().filter(m -> m.evalLoss().isPresent()).toList();
        double[] losses = measured.stream().mapToDouble(m -> m.evalLoss().getAsDouble()).toArray();
        int first = IntStream.range(1, losses.length).filter(i -> losses[i] >= Arrays.stream(losses, 0, i).min().getAsDouble()).findFirst()
                .orElseThrow();
        assertEquals(measured.get(first).step(), stopped.size());
        Path log = temp.resolve("metrics.jsonl");
        try (MetricsLog metrics = new MetricsLog(log)) {
            new FineTune(TinyModel.load(TinyModel.write(temp.resolve("again"), 3)), config("patience=1")).run("lora", TASK.subList(0, 8),
                    HELD, TASK, null, metrics);
        }
        assertEquals(stopped.size(), Files.readAllLines(log).size(), "each step once");
        assertTrue(stopped.size() < 20);
    }

    /** The weights become NaN after step 6, as by a step too large: the run ends, and the best of the evaluations before it is put back. */
    @Test void aLossThatIsNoNumberEndsTheRunWithTheBestBeforeIt() {
        ModelBundle bundle = TinyModel.load(TinyModel.write(temp.resolve("base"), 3));
        TrainSettings s = config("keep_best=true", "learning_rate=0.01").train();
        LoraModel lora = LoraModel.attach(bundle.model(), FineTune.loraConfig(s), s.seed(), DType.F32);
        List<EncodedExample> task = bundle.encode(TASK, 64);
        Trainer trainer = new Trainer(bundle.model(), lora.parameters(), s);
        List<Double> held = new ArrayList<>();
        trainer.run(task, task, (m, of) -> {
            m.evalLoss().ifPresent(held::add);
            if (m.step() == 6) {
                lora.parameters().getFirst().data().set(0, Double.NaN);
            }
        });
        assertEquals(3, held.size(), "after steps 2, 4 and 6");
        assertEquals(6, trainer.keepBest(trainer.evaluate(task)));
        assertEquals(held.getLast(), trainer.evaluate(task), 1e-6);
        lora.parameters().forEach(Tensor::zeroGrad);
        TrainSettings last = config("learning_rate=0.01").train();
        String said = assertThrows(AglException.class, () -> new Trainer(bundle.model(), lora.parameters(), last).run(task, task,
                (m, of) -> lora.parameters().getFirst().data().set(0, Double.NaN))).getMessage();
        assertTrue(said.startsWith("the task loss is NaN at step 2; "), said);
    }

    /** As above, but what is no number is found by the checkpoint after step 6: it is not written, and those before it stay. */
    @Test void weightsThatAreNoNumbersAreNotSaved() {
        for (String keep : List.of("keep_best=true", "keep_best=false")) {
            ModelBundle bundle = TinyModel.load(TinyModel.write(temp.resolve(keep), 3));
            TrainSettings s = config(keep, "learning_rate=0.01").train();
            LoraModel lora = LoraModel.attach(bundle.model(), FineTune.loraConfig(s), s.seed(), DType.F32);
            List<EncodedExample> task = bundle.encode(TASK, 64);
            Path folder = temp.resolve("saved").resolve(keep);
            Trainer trainer = new Trainer(bundle.model(), lora.parameters(), s);
            Executable run = () -> trainer.run(new Trainer.Job(task, task, List.of(), Method.lora(), List.of(), 20),
                    new Checkpoints(folder, JsonNodeFactory.instance.objectNode().put("run", keep), 1, "the same command"), (m, of) -> {
                        if (m.step() == 6) {
                            lora.parameters().getFirst().data().set(0, Double.NaN);
                        }
                    });
            if (s.keepBest()) {
                assertDoesNotThrow(run);
                assertEquals(6, trainer.keepBest(Double.NaN), "measured before the weights were spoilt");
            } else {
                String said = assertThrows(AglException.class, run).getMessage();
                assertTrue(said.startsWith("what step 6 came to is not finite (step-00000006.safetensors: tensor "), said);
                assertTrue(said.endsWith("; nothing was written); try a lower learning rate; the checkpoint after step 5 is whole, in "
                        + folder
                        + ", but going on from it comes to the same again: delete it to begin with other settings"), said);
            }
            assertEquals(List.of("step-00000004.safetensors", "step-00000005.safetensors"), AtomicFiles.names(folder));
            AtomicFiles.names(folder).forEach(name -> Sealed.require(folder.resolve(name)));
        }
    }

    @Test void withoutEvaluationsThereIsNoBest() {
        for (String set : List.of("keep_best=true", "patience=3")) {
            String said = assertThrows(AglException.class, () -> run("lora", List.of(), set)).getMessage();
            assertTrue(said.contains("needs held-out examples"), said);
            assertThrows(AglException.class, () -> run("lora", TASK.subList(8, 12), set, "eval_every=0"));
        }
        String said = assertThrows(AglException.class, () -> run("scale", TASK.subList(8, 12), "keep_best=true")).getMessage();
        assertTrue(said.contains("changes the adapter after training"), said);
    }
}
