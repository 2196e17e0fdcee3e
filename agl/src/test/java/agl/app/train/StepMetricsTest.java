package agl.app.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import agl.error.AglException;
import agl.regularizers.method.Method;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;

/** The line that a step has in metrics.jsonl: others read it, so names and order stay. */
class StepMetricsTest {
    private static final JsonMapper JSON = new JsonMapper();

    private static StepMetrics step(Method.Source source, OptionalDouble evalLoss) {
        SequencedMap<String, Double> terms = new LinkedHashMap<>();
        terms.put("L_T", 0.5);
        terms.put("E_RM", 0.25);
        terms.put("penalty", 2.0);
        StepMetrics step = new StepMetrics(3, source, 1.5, terms, 0.75, 0.001, 40, evalLoss);
        terms.put("L_A", 9.0);
        return step;
    }

    @Test void aLineHasNamesAndOrderOfItsOwn() throws Exception {
        assertEquals(
                "{\"step\":3,\"task_loss\":1.5,\"L_T\":0.5,\"E_RM\":0.25,\"penalty\":2.0,\"grad_norm\":0.75,\"lr\":0.001,\"tokens\":40}",
                JSON.writeValueAsString(step(Method.Source.TASK, OptionalDouble.empty()).line()));
        assertEquals(
                "{\"step\":3,\"alignment_loss\":1.5,\"L_T\":0.5,\"E_RM\":0.25,\"penalty\":2.0,\"grad_norm\":0.75,\"lr\":0.001,\"tokens\":40,"
                        + "\"eval_loss\":1.25}",
                JSON.writeValueAsString(step(Method.Source.ALIGNMENT, OptionalDouble.empty()).withEvalLoss(1.25).line()));
    }

    @Test void theLossOfAMixedBatchIsNotTheTasks() {
        StepMetrics mixed = step(Method.Source.MIXED, OptionalDouble.empty());
        assertEquals(List.of("step", "mixed_loss"), List.copyOf(mixed.line().keySet()).subList(0, 2));
        assertEquals(false, mixed.onTask());
    }

    /** What a checkpoint holds of a step. */
    @Test void aLineIsReadAsTheStepThatWroteIt() {
        for (Method.Source source : Method.Source.values()) {
            for (OptionalDouble held : List.of(OptionalDouble.empty(), OptionalDouble.of(1.25), OptionalDouble.of(Double.NaN))) {
                StepMetrics step = step(source, held);
                assertEquals(step, StepMetrics.ofLine(step.line()));
            }
        }
    }

    /** A held-out loss that came out as NaN was measured: it is not the same as none. */
    @Test void aMeasuredNaNIsWritten() throws Exception {
        String line = JSON.writeValueAsString(step(Method.Source.TASK, OptionalDouble.of(Double.NaN)).line());
        assertEquals("\"NaN\"", JSON.readTree(line).get("eval_loss").toString());
    }

    @Test void theTermsOfAStepDoNotChangeAfterwards() {
        assertThrows(UnsupportedOperationException.class, () -> step(Method.Source.TASK, OptionalDouble.empty()).terms().put("L_A", 1.0));
    }

    @Test void linesOfSomethingElseAreRefused() {
        SequencedMap<String, Number> line = new LinkedHashMap<>(
                Map.of("step", 1, "task_loss", 2.0, "grad_norm", 1, "lr", 0.1, "tokens", 3));
        assertEquals(1, StepMetrics.ofLine(line).step());
        for (String name : List.copyOf(line.keySet())) {
            SequencedMap<String, Number> without = new LinkedHashMap<>(line);
            without.remove(name);
            assertThrows(AglException.class, () -> StepMetrics.ofLine(without), name);
            without.put(name, null);
            assertThrows(AglException.class, () -> StepMetrics.ofLine(without), name);
        }
        assertThrows(AglException.class, () -> StepMetrics.ofLine(null));
    }
}
