package agl.app.compare;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.compare.RunRecord.Name;
import agl.app.compare.RunRecord.Point;
import agl.app.drift.Outcome;
import agl.app.train.MethodChoice;
import agl.app.train.TrainTrace;
import agl.error.AglException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What may be a run's record, and what not: one field at a time. */
class RunRecordTest {
    private static final Name LORA = new Name("lora", "group", 2, List.of("r=4"));
    private static final Measured MEASURED = new Measured(new double[] {1.5, 0}, new int[] {3, 0}, new boolean[] {true, false},
            List.of(Outcome.REFUSED), new double[] {2}, new double[] {1},
            Double.NaN, List.of("No."), new int[] {0});
    private static final Point POINT = new Point(0, MEASURED);

    private static RunRecord record(Name name, List<Point> points) {
        return new RunRecord("hash", name, 3, "base", 0, 0, 1, 0, points, null, null);
    }

    private static RunRecord points(Point... points) {
        return record(LORA, Arrays.asList(points));
    }

    private static void assertRefused(RunRecord r) {
        String said = assertThrows(AglException.class, r::require).getMessage();
        assertEquals("the record of run \"" + (r.variant() == null ? null : r.label())
                + "\", seed 3, is not a run's: fields are missing or out of range", said);
    }

    @Test void theLeastOfAllNumbersIsOne() {
        assertDoesNotThrow(() -> points(POINT).require());
        assertDoesNotThrow(() -> points(POINT, new Point(1, MEASURED), new Point(5, MEASURED)).require());
    }

    @Test void everyFieldIsLookedAt() {
        List<Point> one = List.of(POINT);
        assertRefused(new RunRecord(null, LORA, 3, "base", 0, 0, 1, 0, one, null, null));
        assertRefused(new RunRecord("hash", null, 3, "base", 0, 0, 1, 0, one, null, null));
        assertRefused(new RunRecord("hash", LORA, 3, null, 0, 0, 1, 0, one, null, null));
        assertRefused(new RunRecord("hash", LORA, 3, "base", -1, 0, 1, 0, one, null, null));
        assertRefused(new RunRecord("hash", LORA, 3, "base", 0, -1, 1, 0, one, null, null));
        assertRefused(new RunRecord("hash", LORA, 3, "base", 0, 0, 0, 0, one, null, null));
        assertRefused(new RunRecord("hash", LORA, 3, "base", 0, 0, 1, -1e-9, one, null, null));
        assertRefused(new RunRecord("hash", LORA, 3, "base", 0, 0, 1, Double.NaN, one, null, null));
        assertRefused(record(new Name(null, "group", 2, List.of()), one));
        assertRefused(record(new Name("lora", null, 2, List.of()), one));
        assertRefused(record(new Name("lora", "group", 2, null), one));
        assertRefused(record(LORA, null));
        assertRefused(points());
        assertRefused(points((Point) null));
        assertRefused(points(new Point(0, null)));
        assertRefused(points(new Point(-1, MEASURED)));
        assertRefused(points(POINT, new Point(0, MEASURED)));
        assertRefused(points(new Point(2, MEASURED), new Point(4, MEASURED), new Point(3, MEASURED)));
        assertRefused(points(POINT, null));
    }

    @Test void whatItHoldsIsLookedAtToo() {
        TrainTrace none = new TrainTrace(Map.of(), Map.of());
        assertThrows(AglException.class, () -> new RunRecord("hash", LORA, 3, "base", 0, 0, 1, 0, List.of(POINT), none, null).require());
        Measured bad = measured(Map.of("loss", new double[] {Double.NaN, 0}));
        assertEquals("lora, seed 3, step 7: a loss or margin is not a number: the model is broken, its training diverged",
                assertThrows(AglException.class, () -> points(POINT, new Point(7, bad)).require()).getMessage());
    }

    /** The sound measurement with other parts. */
    private static Measured measured(Map<String, Object> other) {
        Map<String, Object> m = new TreeMap<>(Map.of("loss", MEASURED.loss(), "tokens", MEASURED.tokens(), "correct", MEASURED.correct(),
                "outcomes", MEASURED.outcomes(),
                "margin", MEASURED.margin(), "first", MEASURED.firstMargin(), "pretrain", MEASURED.pretrainLoss(), "answers",
                        MEASURED.answers(), "cut", MEASURED.cutAfter()));
        m.putAll(other);
        @SuppressWarnings("unchecked") List<Outcome> outcomes = (List<Outcome>) m.get("outcomes");
        @SuppressWarnings("unchecked") List<String> answers = (List<String>) m.get("answers");
        return new Measured((double[]) m.get("loss"), (int[]) m.get("tokens"), (boolean[]) m.get("correct"), outcomes,
                (double[]) m.get("margin"), (double[]) m.get("first"),
                (double) m.get("pretrain"), answers, (int[]) m.get("cut"));
    }

    private static void assertSound(String part, Object value) {
        assertDoesNotThrow(() -> measured(Map.of(part, value)).require("it"));
    }

    private static void assertRefused(String why, String part, Object value) {
        Map<String, Object> other = new TreeMap<>();
        other.put(part, value);
        assertEquals("it: " + why, assertThrows(AglException.class, () -> measured(other).require("it"), part).getMessage());
    }

    @Test void listsOfAMeasurementFit() {
        String why = "what was measured is not whole: its lists differ in length";
        for (String part : List.of("loss", "tokens", "correct", "outcomes", "margin", "first", "answers", "cut")) {
            assertRefused(why, part, null);
        }
        assertRefused(why, "tokens", new int[1]);
        assertRefused(why, "correct", new boolean[1]);
        assertRefused(why, "outcomes", List.of());
        assertRefused(why, "outcomes", Arrays.asList((Outcome) null));
        assertRefused(why, "margin", new double[2]);
        assertRefused(why, "first", new double[2]);
        assertRefused(why, "answers", List.of("No.", "Yes."));
        assertRefused(why, "cut", new int[2]);
        assertSound("correct", new boolean[0]);
        assertSound("answers", List.of());
    }

    /** A loss may be a little below 0 by rounding. */
    @Test void numbersOfAMeasurementAreNumbers() {
        String why = "a loss or margin is not a number: the model is broken, its training diverged";
        for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY, -1e-3}) {
            assertRefused(why, "loss", new double[] {1, bad});
        }
        for (double bad : new double[] {Double.NaN, Double.NEGATIVE_INFINITY}) {
            assertRefused(why, "margin", new double[] {bad});
            assertRefused(why, "first", new double[] {bad});
        }
        assertRefused(why, "tokens", new int[] {3, -1});
        assertRefused(why, "pretrain", Double.POSITIVE_INFINITY);
        assertSound("loss", new double[] {1, -9e-4});
        assertSound("pretrain", 3.0);
    }

    @Test void anotherNameChangesNothingElse() {
        RunRecord run = new RunRecord("hash", LORA, 3, "base", 4, 5, 6, 7, List.of(POINT), null, "wrecked");
        RunRecord named = run.named("a", "b", List.of("c=1"), "d");
        assertEquals(new RunRecord("hash", new Name("a", "b", 2, List.of("c=1")), 3, "d", 4, 5, 6, 7, List.of(POINT), null, "wrecked"),
                named);
        assertEquals(List.of("lora", "group", 2.0), List.of(run.label(), run.group(), run.strength()));
        assertEquals("a, seed 3: wrecked", named.wreckLine());
    }

    @Test void aVariantIsNamedByItsMethod() {
        assertEquals(new Variant("lora", "lora", MethodChoice.of("lora"), List.of()), Variant.of(MethodChoice.of("lora")));
        assertTrue(Variant.of(MethodChoice.of("agl")).usesFisher() && Variant.of(MethodChoice.of("ewc")).usesFisher());
        assertFalse(Variant.of(MethodChoice.of("lora")).usesFisher() || Variant.of(MethodChoice.of("kl")).usesFisher()
                || Variant.of(MethodChoice.of("asft")).usesFisher());
    }

    /** Two seeds, measured after two steps and after four; the strength is the first's. */
    @Test void aSummaryHasTheCourseAndTheEnd() {
        Variant variant = Variant.of(MethodChoice.of("lora"));
        List<RunRecord> runs = List.of(MadeRuns.run(variant, 0.5, 1, null, MadeRuns.model(30, 0, 10, 2), MadeRuns.model(10, 0, 10, 1)),
                MadeRuns.run(variant, 0.5, 2, null, MadeRuns.model(32, 0, 10, 4), MadeRuns.model(12, 0, 10, 2)));
        Summary s = Summary.of(variant, runs, new Measures(MadeRuns.model(36, 0, 10, 3), MadeRuns.prompts(), true));
        assertEquals(List.of(2, 4), new ArrayList<>(s.course().keySet()));
        assertEquals(List.of(3.0, 12.5), List.of(s.course().get(2).get(Metric.TASK_LOSS).mean(),
                s.course().get(2).get(Metric.DRIFT).mean()));
        assertEquals(s.metrics(), s.course().get(4));
        assertEquals(List.of(1.5, 62.5), List.of(s.mean(Metric.TASK_LOSS), s.mean(Metric.DRIFT)));
        assertEquals(0.5, s.strength());
        assertEquals("lora", s.marked(1.5));
        assertEquals("lora [loss above the base's]", s.marked(1.49));
        RunRecord wreck = MadeRuns.wreck(runs.getFirst());
        assertEquals("lora [wrecked]", Summary.of(variant, List.of(wreck), new Measures(MadeRuns.model(36, 0, 10, 3), MadeRuns.prompts(),
                true)).marked(0));
        assertEquals("lora [wrecked with 1 of 2 seeds]", Summary.of(variant, List.of(wreck, runs.get(1)),
                new Measures(MadeRuns.model(36, 0, 10, 3), MadeRuns.prompts(), true)).marked(0));
    }
}
