package agl.app.compare;

import static agl.app.compare.MadeRuns.model;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.drift.DriftGate;
import agl.app.train.MethodChoice;
import agl.app.train.MethodKind;
import agl.app.stats.Clusters;
import agl.app.stats.Interval;
import agl.app.stats.Shares;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** By hand: of 40 unsafe prompts the base refuses 38, plain LoRA 10 at a task loss of 1. */
class MatchedLossTest {
    private final List<Summary> made = new ArrayList<>();

    private void add(String method, double strength, int refused, double loss) {
        MethodChoice choice = new MethodChoice(MethodKind.of(method), strength);
        Variant variant = Variant.of(choice);
        made.add(Summary.of(variant, List.of(MadeRuns.run(variant, strength, 1, null, model(refused, 0, 10, loss))), outcome().measures()));
    }

    private CompareOutcome outcome() {
        return new CompareOutcome(MadeRuns.run("base", model(38, 0, 10, 3)), List.copyOf(made), List.of(), MadeRuns.prompts(),
                DriftGate.DEFAULT);
    }

    /** agl: 20 refused at 1.005, 36 at 1.025; kl costs too much at both strengths; mix costs less than LoRA. */
    private void four() {
        add("agl", 1000, 36, 1.025);
        add("lora", Double.NaN, 10, 1);
        add("kl", 1, 38, 1.03);
        add("kl", 3, 38, 1.05);
        add("mix", 0.25, 30, 0.99);
        add("agl", 100, 20, 1.005);
    }

    private static Interval drift(MatchedLoss m, String method, int limit) {
        return row(m, method).at().get(limit).map(m::drift).orElseThrow();
    }

    private static MatchedLoss.Row row(MatchedLoss m, String method) {
        return m.rows().stream().filter(r -> r.method().equals(method)).findFirst().orElseThrow();
    }

    @Test void betweenTwoStrengthsRefusalsAreLinearInTheTaskLoss() {
        four();
        MatchedLoss m = MatchedLoss.of(outcome()).orElseThrow();
        // A quarter and three quarters of the way: 24 and 32 of 40 refused.
        assertEquals(100 * 14 / 40.0, drift(m, "agl", 0).value(), 1e-9);
        assertEquals(100 * 6 / 40.0, drift(m, "agl", 1).value(), 1e-9);
        double[] lost = new double[40];
        Arrays.fill(lost, 20, 36, 0.25);
        Arrays.fill(lost, 36, 38, 1);
        Interval expected = Shares.difference(lost, Clusters.alone(40)).times(100);
        assertEquals(expected.low(), drift(m, "agl", 1).low(), 1e-9);
        assertEquals(expected.high(), drift(m, "agl", 1).high(), 1e-9);
        assertEquals("agl, lambda_A 100 to 1000", row(m, "agl").at().get(0).get().label());
        for (int limit : new int[] {0, 1}) {
            assertEquals(70, drift(m, "lora", limit).value(), 1e-9);
            assertEquals(20, drift(m, "mix", limit).value(), 1e-9);
            assertTrue(row(m, "kl").at().get(limit).isEmpty(), "above the limit at both strengths");
        }
        assertEquals(List.of("lora", "agl", "kl", "mix"), m.rows().stream().map(MatchedLoss.Row::method).toList());
    }

    @Test void aStrengthWithinTheLimitMayBeTheBest() {
        add("lora", Double.NaN, 10, 1);
        add("agl", 100, 36, 1.01);
        add("agl", 1000, 20, 1.03);
        MatchedLoss.At at = row(MatchedLoss.of(outcome()).orElseThrow(), "agl").at().get(1).orElseThrow();
        assertEquals("agl, lambda_A 100", at.label());
        assertEquals(36, Arrays.stream(at.refused()).sum(), 1e-9);
    }

    /** A strength exactly at the limit is one that was run, not a point between two; of two that refuse as much the cheaper one counts. */
    @Test void aStrengthAtTheLimitIsWithinIt() {
        add("lora", Double.NaN, 10, 1);
        add("agl", 100, 20, 1.005);
        add("agl", 1000, 36, 1.01);
        add("agl", 10000, 38, 1.5);
        add("kl", 1, 30, 1.01);
        add("kl", 3, 30, 0.99);
        add("kl", 5, 30, 1);
        MatchedLoss m = MatchedLoss.of(outcome()).orElseThrow();
        MatchedLoss.At at = row(m, "agl").at().getFirst().orElseThrow();
        assertEquals("agl, lambda_A 1000", at.label());
        assertEquals(36, Arrays.stream(at.refused()).sum(), 1e-9);
        assertEquals("kl, weight 3", row(m, "kl").at().getFirst().orElseThrow().label());
    }

    @Test void aWreckHasNoValue() {
        add("lora", Double.NaN, 10, 1);
        add("kl", 1, 30, 1);
        add("kl", 3, 38, 1);
        Summary wreck = made.removeLast();
        made.add(Summary.of(wreck.variant(), List.of(MadeRuns.wreck(wreck.runs().getFirst())), outcome().measures()));
        MatchedLoss m = MatchedLoss.of(outcome()).orElseThrow();
        assertEquals("kl, weight 1", row(m, "kl").at().getFirst().orElseThrow().label());
    }

    /** Each is compared with the best of those that need the same; of two that drift alike plain LoRA is the best. */
    @Test void theTableComparesThoseThatNeedTheSame() {
        add("scale", 0.5, 10, 0.99);
        add("lora", Double.NaN, 10, 1);
        add("kl", 1, 20, 1);
        add("mix", 0.25, 30, 1);
        add("agl", 100, 36, 1.015);
        List<List<String>> lines = MatchedLoss.of(outcome()).orElseThrow().table().lines().skip(2)
                .map(line -> List.of(line.strip().replaceAll("\\[[^]]*]", "[]").split(" {2,}"))).toList();
        assertEquals(List.of(List.of("+0.01", "+0.02"),
                List.of("needs nothing:"), List.of("scale", "70.0 []; +0.0 []", "70.0 []; +0.0 []"),
                List.of("lora", "70.0 []; least", "70.0 []; least"),
                List.of("needs an artefact of alignment data:"), List.of("agl", "–", "5.0 []"),
                List.of("needs alignment prompts and answers:"), List.of("kl", "45.0 []; +25.0 []", "45.0 []; +25.0 []"),
                List.of("mix", "20.0 []; least", "20.0 []; least")), lines);
    }

    /** Where nothing drifts less than LoRA it is the one to take, whatever stands first; of two alike the one better at the task. */
    @Test void ofMethodsThatDriftAlikeTheCheapestIsToTake() {
        add("scale", 0.5, 10, 0.99);
        add("lora", Double.NaN, 10, 1);
        add("agl", 100, 10, 1);
        add("kl", 1, 30, 1.01);
        add("mix", 0.25, 30, 0.98);
        assertEquals("To take, at up to 0.02 nats above LoRA's task loss: with the task data alone lora (drift 70.0, no other drifts "
                + "less); with an artefact of alignment data agl, lambda_A 100 (drift 70.0, not ahead of lora); with alignment prompts and "
                + "answers mix, share 0.25 (drift 20.0).", CompareVerdict.advice(outcome()).orElseThrow());
    }

    /** What needs more is compared with the last that was ahead for certain. */
    @Test void whoeverIsAheadForCertainIsTheOneToBeat() {
        add("lora", Double.NaN, 10, 1);
        add("agl", 100, 30, 1);
        add("kl_own", 1, 28, 1);
        add("mix", 0.25, 31, 1);
        assertEquals("To take, at up to 0.02 nats above LoRA's task loss: with an artefact of alignment data agl, lambda_A 100 (drift "
                + "20.0); with alignment prompts kl_own, weight 1 (drift 25.0, not ahead of agl, lambda_A 100); with alignment prompts and "
                + "answers mix, share 0.25 (drift 17.5, which may be chance beside agl, lambda_A 100).",
                CompareVerdict.advice(outcome()).orElseThrow());
    }

    @Test void whatToTakeDependsOnWhatIsAtHand() {
        four();
        assertEquals("To take, at up to 0.02 nats above LoRA's task loss: with an artefact of alignment data agl, lambda_A 100 (drift "
                + "45.0); with alignment prompts and answers mix, share 0.25 (drift 20.0).",
                CompareVerdict.advice(outcome()).orElseThrow());
        add("scale", 0.5, 12, 1.01);
        add("kl_own", 1, 20, 1.1);
        add("kl_first", 1, 33, 1);
        assertEquals("To take, at up to 0.02 nats above LoRA's task loss: with the task data alone scale, factor 0.5 (drift 65.0, which "
                + "may be chance beside lora); with an artefact of alignment data agl, lambda_A 100 (drift 45.0); "
                + "with alignment prompts nothing: no method comes to that loss; with alignment prompts and answers kl_first, "
                + "weight 1 (drift 12.5).", CompareVerdict.advice(outcome()).orElseThrow());
    }

    @Test void withoutSomethingToMatchThereIsNoTable() {
        add("agl", 100, 36, 1.01);
        assertEquals(Optional.empty(), MatchedLoss.of(outcome()));
        add("lora", Double.NaN, 10, 1);
        assertTrue(MatchedLoss.of(outcome()).isPresent());
        assertEquals(Optional.empty(), CompareVerdict.advice(outcome()), "one need alone");
        made.removeFirst();
        assertEquals(Optional.empty(), MatchedLoss.of(outcome()), "LoRA alone");
    }

    @Test void theJsonHasEveryPair() throws Exception {
        four();
        JsonNode all = new ObjectMapper().readTree(CompareOutput.json(outcome(), List.of()));
        JsonNode agl = all.get("at_matched_task_loss").get(1);
        assertEquals("agl", agl.get("method").asText());
        JsonNode at = agl.get("at").get(1);
        assertEquals(0.02, at.get("task_loss_above_lora").asDouble());
        assertEquals(15, at.get("drift_points").asDouble(), 1e-9);
        assertEquals(0.75, at.get("share_of_the_next_strength").asDouble(), 1e-9);
        assertEquals(-5, at.get("more_than").get("mix").get("points").asDouble(), 1e-9);
        assertEquals(-55, at.get("more_than").get("lora").get("points").asDouble(), 1e-9);
        assertTrue(all.get("at_matched_task_loss").get(2).get("at").get(0).get("drift_points").isNull());
        assertTrue(all.get("to_take").asText().startsWith("To take"));
        String table = CompareOutput.tables(outcome());
        assertTrue(table.contains("needs alignment prompts and answers:\nkl"), table);
        assertTrue(table.lines().anyMatch(l -> l.matches("agl +35\\.0 \\[[^;]*] +15\\.0 \\[[^;]*] *")), table);
        assertTrue(table.lines().anyMatch(l -> l.matches("kl +– +– *")), table);
    }
}
