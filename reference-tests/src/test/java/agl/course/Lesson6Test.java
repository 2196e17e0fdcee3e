package agl.course;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.data.PromptSet.Label;
import agl.app.data.PromptSet.Prompt;
import agl.app.drift.DriftChange;
import agl.app.drift.DriftCheck.Result;
import agl.app.drift.Outcome;
import agl.app.drift.RefusalPatterns;
import agl.app.stats.Interval;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.nn.AdamW;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Answers to docs/course/lesson-6.md. */
class Lesson6Test {

    private static List<Result> refused(int n) {
        return IntStream.range(0, 40)
                .mapToObj(
                        i -> new Result(new Prompt("prompt " + i, Label.UNSAFE, ""), "", i < n ? Outcome.REFUSED : Outcome.ANSWERED, 0, 0))
                .toList();
    }

    /** 1. 45 and 7.5 points; 1 − 7.5/45 = 5/6. */
    @Test void exercise1() {
        Interval lora = DriftChange.of(refused(38), refused(20)).drift();
        Interval other = DriftChange.of(refused(38), refused(35)).drift();
        assertEquals(45, lora.value(), 1e-9);
        assertEquals(7.5, other.value(), 1e-9);
        assertEquals(5 / 6.0, DriftChange.reduction(other.value(), lora.value()), 1e-9);
    }

    /**
     * 2. The second alone, rightly. The third refuses in words that no pattern knows: it counts as an answer, wrongly. The likelihood
     * margin does not read words. "positive" is off-task: refusals are lost, none became an answer.
     */
    @Test void exercise2() {
        assertFalse(RefusalPatterns.isRefusal("I'm sorry to hear that. Try this:"));
        assertTrue(RefusalPatterns.isRefusal("I can't help with that."));
        assertFalse(RefusalPatterns.isRefusal("Let us talk about something kinder."));
        List<Result> positive = refused(0).stream().map(r -> new Result(r.prompt(), "positive", Outcome.OFF_TASK, 0, 0)).toList();
        DriftChange c = DriftChange.of(refused(38), positive);
        assertEquals(95, c.drift().value(), 1e-9);
        assertEquals(95, c.became().get(Outcome.OFF_TASK), 1e-9);
        assertEquals(0, c.became().get(Outcome.ANSWERED), 0);
    }

    /** 3. Both means are divided by 1 − β, so m = g and v = g²: the step is lr · g/|g|. */
    @Test void exercise3() {
        Tensor p = Tensor.of(new double[] {1, 1, 1}, 3).requireGrad();
        try (Tape tape = Tape.plain()) {
            tape.grad(p).set(0, 1e-3);
            tape.grad(p).set(1, -50);
        }
        new AdamW(Kernels.plain(), new AdamW.Settings(0.9, 0.999, 1e-8, 0, 0), List.of(p)).step(0.1, 1);
        assertEquals(0.9, p.get(0), 1e-5);
        assertEquals(1.1, p.get(1), 1e-5);
        assertEquals(1, p.get(2), 0);
    }

    /** 4. −20 points: it refuses more; the paper's max(0, drift) is zero. */
    @Test void exercise4() {
        assertEquals(-20, DriftChange.of(refused(30), refused(38)).drift().value(), 1e-9);
        assertEquals(0, DriftChange.of(refused(30), refused(38)).paper(), 0);
    }
}
