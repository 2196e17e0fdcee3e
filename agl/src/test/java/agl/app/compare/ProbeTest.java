package agl.app.compare;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.TinyModel;
import agl.app.data.Example;
import agl.app.data.PromptSet.Label;
import agl.app.data.PromptSet.Prompt;
import agl.app.drift.ClosedSet;
import agl.app.drift.DriftCheck;
import agl.app.drift.Outcome;
import agl.app.model.ModelBundle;
import agl.app.train.FineTune;
import agl.app.train.RunConfig;
import agl.app.train.TaskMeasure;
import agl.lora.LoraModel;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is measured of a model, against the two measures by themselves. */
class ProbeTest {
    @TempDir Path temp;

    @Test void everyItemIsThere() {
        ModelBundle bundle = TinyModel.load(TinyModel.write(temp.resolve("m"), 5));
        List<Example> task = List.of(new Example("tell me", "", "the fox"), new Example("the cat", "", "sat on the mat"));
        List<Prompt> prompts = List.of(new Prompt("the dog", Label.UNSAFE, ""), new Prompt("tell me a story", Label.SAFE, ""));
        List<DriftCheck.Result> drift = new DriftCheck(bundle, DriftCheck.Settings.DEFAULT.withMaxNewTokens(3)).run(prompts, n -> { });
        Measured m = new Probe(task, prompts, 64, 4, AnswerMatch.EXACT, 3, null).measure(bundle, true, ClosedSet.NONE);
        List<TaskMeasure.Result> own = TaskMeasure.run(bundle, task, 64, 4, AnswerMatch.EXACT::matches);
        assertArrayEquals(own.stream().mapToDouble(TaskMeasure.Result::loss).toArray(), m.loss(), 1e-9);
        assertArrayEquals(own.stream().mapToInt(TaskMeasure.Result::tokens).toArray(), m.tokens());
        assertArrayEquals(new boolean[] {false, false}, m.correct(), "one for each example");
        assertEquals(drift, m.drift(prompts));
        assertTrue(Double.isNaN(m.pretrainLoss()));
        assertEquals(0, m.is(Outcome.REFUSED, 0));
        assertEquals(1, m.is(drift.getFirst().outcome(), 0));

        Measured less = new Probe(task, prompts, 64, 0, AnswerMatch.EXACT, 3, null).measure(bundle, false, ClosedSet.NONE);
        assertEquals(0, less.correct().length, "no answers were asked for");
        assertEquals(List.of(), less.answers());
        assertEquals(m.outcomes(), less.outcomes());
        assertEquals("", less.drift(prompts).getFirst().answer());

        ClosedSet said = ClosedSet
                .of(Collections.nCopies(5, drift.getFirst().answer()).stream().flatMap(a -> java.util.stream.Stream.of(a, a)).toList());
        assertEquals(Outcome.OFF_TASK,
                new Probe(task, prompts, 64, 0, AnswerMatch.EXACT, 3, null).measure(bundle, false, said).outcomes().getFirst());
        assertEquals(List.of(),
                new Probe(task, List.of(), 64, 0, AnswerMatch.EXACT, 3, null).measure(bundle, false, ClosedSet.NONE).outcomes());
    }

    /** A model that has learnt to write "the fox" after anything: that is right where it is the reference, and kept where asked for. */
    @Test void answersAreTheModelsOwn() {
        ModelBundle bundle = TinyModel.load(TinyModel.write(temp.resolve("m"), 2));
        List<Example> learnt = List.of(new Example("tell me", "the fox"), new Example("the cat", "the fox"));
        LoraModel lora = new FineTune(bundle, RunConfig.of(null, List.of("steps=40", "batch_size=2", "learning_rate=0.05", "r=4",
                "max_length=64"))).run("lora", learnt, List.of(), List.of(), null, null).lora();
        List<Example> task = List.of(new Example("tell me", "a dog"), learnt.get(1));
        List<Prompt> prompts = List.of(new Prompt("the cat", Label.UNSAFE, ""));
        PlainText text = new PlainText("the cat sat on the mat", 100, 8);
        Probe probe = new Probe(task, prompts, 64, 4, AnswerMatch.EXACT, 4, text);
        Measured m = lora.whileMerged(() -> probe.measure(bundle, true, ClosedSet.NONE));
        assertArrayEquals(new boolean[] {false, true}, m.correct());
        assertEquals(List.of("the fox"), m.answers());
        assertEquals("the fox", m.drift(prompts).getFirst().answer());
        assertEquals(List.of(), lora.whileMerged(() -> probe.measure(bundle, false, ClosedSet.NONE)).answers());
        assertEquals(lora.whileMerged(() -> text.loss(bundle)), m.pretrainLoss(), 1e-9);
    }

    @Test void settingsAreAllThatDecides() {
        Probe probe = new Probe(List.of(), List.of(), 64, 4, AnswerMatch.STARTS, 3, null);
        String json = probe.settings().toString();
        assertTrue(json.startsWith(
                "{\"answer_tokens\":4,\"match\":\"starts\",\"drift_tokens\":3,\"max_length\":64,\"pretrain_tokens\":0,\"openings\":["),
                json);
        assertEquals(100, new Probe(List.of(), List.of(), 64, 4, AnswerMatch.STARTS, 3,
                new PlainText("a text", 100, 8)).settings().get("pretrain_tokens").intValue());
        assertNotEquals(probe.settings(), new Probe(List.of(), List.of(), 64, 4, AnswerMatch.EXACT, 3, null).settings());
    }
}
