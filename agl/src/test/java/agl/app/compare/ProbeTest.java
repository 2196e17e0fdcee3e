package agl.app.compare;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.TinyModel;
import agl.app.data.Example;
import agl.app.data.PromptSet.Label;
import agl.app.data.PromptSet.Prompt;
import agl.app.drift.ClosedSet;
import agl.app.drift.DriftCheck;
import agl.app.drift.Outcome;
import agl.app.model.ModelBundle;
import agl.app.train.TaskMeasure;
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

        ClosedSet said = ClosedSet.of(Collections.nCopies(5, drift.getFirst().answer()).stream().flatMap(a -> java.util.stream.Stream.of(a, a)).toList());
        assertEquals(Outcome.OFF_TASK, new Probe(task, prompts, 64, 0, AnswerMatch.EXACT, 3, null).measure(bundle, false, said).outcomes().getFirst());
        assertEquals(List.of(), new Probe(task, List.of(), 64, 0, AnswerMatch.EXACT, 3, null).measure(bundle, false, ClosedSet.NONE).outcomes());
    }
}
