package agl.app.compare;

import static agl.app.compare.MadeRuns.model;
import static agl.app.compare.MadeRuns.right;
import static agl.app.compare.MadeRuns.run;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.drift.DriftGate;
import agl.app.train.MethodChoice;
import agl.app.train.MethodKind;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Every cell of the tables and every number of the file, for LoRA with two seeds and KL with one. */
class CompareOutputTest {
    private static final Variant LORA = Variant.of(MethodChoice.of("lora"));
    private static final Variant KL = new Variant("kl, longer", "kl", new MethodChoice(MethodKind.KL, 0.5), List.of("steps=9"));

    private static CompareOutcome outcome() {
        RunRecord base = run("base", right(model(36, 0, 10, 3)));
        Measures measures = new CompareOutcome(base, List.of(), List.of(), MadeRuns.prompts(), DriftGate.DEFAULT).measures();
        return new CompareOutcome(base, List.of(
                Summary.of(LORA, List.of(run(LORA, Double.NaN, 3, null, right(model(30, 0, 10, 2)), right(model(10, 0, 9, 1))),
                        run(LORA, Double.NaN, 4, null, right(model(12, 0, 8, 1.5)))), measures),
                Summary.of(KL, List.of(run(KL, 0.5, 3, null, right(model(30, 4, 10, 1.25)))), measures)), List.of("ewc: too large"),
                        MadeRuns.prompts(), DriftGate.DEFAULT);
    }

    private static List<List<String>> cells(String text) {
        return text.lines().map(line -> Arrays.asList(line.strip().split(" {2,}"))).toList();
    }

    @Test void tablesHaveEveryNumber() {
        List<List<String>> found = cells(CompareOutput.tables(outcome()));
        List<String> headers = List.of("task_loss", "R_unsafe", "off_task_unsafe", "unsure_unsafe", "R_safe", "drift_points",
                "max_0_drift_points", "margin_unsafe", "margin_safe", "auc_margin",
                "first_token_margin_unsafe");
        assertEquals(List.of(List.of(""), List.of("mean over seeds [95% interval over seeds, Student's t]"), headers,
                List.of("aligned base", "3.000", "90.0", "0.0", "0.0", "100.0", "0.0", "0.0", "36.00", "-10.00", "1.000", "72.00"),
                List.of("needs nothing:"),
                List.of("lora", "1.250 [-1.927, 4.427]", "27.5 [0.0, 59.3]", "0.0", "0.0", "85.0 [21.5, 100.0]", "62.5 [30.7, 90.0]",
                        "62.5", "11.00 [-1.71, 23.71]", "-8.50 [-14.85, -2.15]", "1.000",
                        "22.00 [-3.41, 47.41]"),
                List.of("needs alignment prompts and answers:"),
                List.of("kl, longer", "1.250", "75.0", "10.0", "0.0", "100.0", "15.0", "15.0", "30.00", "-10.00", "1.000", "60.00")),
                        found.subList(0, 8));
        assertEquals(List.of("the same [95% interval over prompts and held-out examples]"), found.get(9));
        assertEquals(headers, found.get(10));
        // Wilson's of ten of ten, and Clopper and Pearson's of 30 of 40 and 4 of 40.
        assertEquals(List.of("kl, longer", "1.250", "75.0 [58.8, 87.3]", "10.0 [2.8, 23.7]", "0.0 [0.0, 8.8]", "100.0 [72.2, 100.0]"),
                found.get(15).subList(0, 6));
        assertEquals(16, found.size());
    }

    private static Summary summary(String method, Measures measures) {
        Variant v = Variant.of(MethodChoice.of(method));
        return Summary.of(v, List.of(run(v, Double.NaN, 3, null, right(model(30, 4, 10, 1.25)))), measures);
    }

    private static CompareOutcome of(String... methods) {
        RunRecord base = outcome().base();
        Measures measures = new Measures(base.last(), MadeRuns.prompts(), true);
        return new CompareOutcome(base, Arrays.stream(methods).map(m -> summary(m, measures)).toList(), List.of(), MadeRuns.prompts(),
                DriftGate.DEFAULT);
    }

    /** By what they need, and where that is the same, as they were asked for; nothing else changes its order. */
    @Test void methodsStandTogetherByWhatTheyNeed() throws Exception {
        CompareOutcome o = of("safelora", "kl", "agl", "oplora", "mix", "ewc", "lora");
        List<String> needs = List.of("nothing", "an artefact of alignment data", "alignment prompts and answers",
                "the checkpoint before alignment");
        List<String> first = cells(CompareOutput.tables(o)).stream().map(List::getFirst).toList();
        assertEquals(List.of("aligned base", "needs " + needs.get(0) + ":", "oplora", "lora", "needs " + needs.get(1) + ":", "agl", "ewc",
                "needs " + needs.get(2) + ":", "kl", "mix", "needs " + needs.get(3) + ":", "safelora"), first.subList(3, 15));
        JsonNode variants = new ObjectMapper().readTree(CompareOutput.json(o, List.of())).get("variants");
        assertEquals(List.of("oplora", "lora", "agl", "ewc", "kl", "mix", "safelora"), variants.findValuesAsText("label"));
        assertEquals(List.of(0, 0, 1, 1, 2, 2, 3), variants.findValuesAsText("needs").stream().map(needs::indexOf).toList());
        assertEquals("safelora", o.variants().getFirst().label());
    }

    /** An ablation's rows need no heading: they all need the same. */
    @Test void oneGroupHasNoHeading() {
        assertEquals(List.of("aligned base", "ewc", "agl"),
                cells(CompareOutput.tables(of("ewc", "agl"))).stream().map(List::getFirst).toList().subList(3, 6));
    }

    private static List<Double> numbers(JsonNode list) {
        List<Double> numbers = new ArrayList<>();
        list.forEach(n -> numbers.add(n.asDouble()));
        return numbers;
    }

    @Test void theFileHasEveryNumber() throws Exception {
        CompareOutcome o = outcome();
        JsonNode json = new ObjectMapper().readTree(CompareOutput.json(o, List.of()));
        assertEquals(CompareVerdict.text(o), json.get("verdict").asText());
        assertEquals("ewc: too large", json.at("/failed/0").asText());
        assertEquals(90, json.at("/base/R_unsafe/mean").asDouble(), 1e-9);
        assertTrue(json.at("/base/task_answers_right").isMissingNode());
        JsonNode lora = json.at("/variants/0");
        assertEquals(List.of("lora", "lora", true, true), List.of(lora.get("label").asText(), lora.get("method").asText(),
                lora.get("strength_name").isNull(), lora.get("strength").isNull()));
        assertEquals(List.of(3.0, 4.0), numbers(lora.get("seeds")));
        assertEquals(List.of(1.5, 1.5), numbers(lora.get("seconds")));
        JsonNode drift = lora.at("/metrics/drift_points");
        assertEquals(62.5, drift.get("mean").asDouble(), 1e-9);
        assertEquals(List.of(o.variants().getFirst().get(Metric.DRIFT).seeds().low(), 90.0), numbers(drift.get("interval_over_seeds")));
        assertEquals(List.of(o.variants().getFirst().get(Metric.DRIFT).prompts().low(),
                o.variants().getFirst().get(Metric.DRIFT).prompts().high()), numbers(drift.get("interval_over_prompts")));
        assertEquals(lora.get("on_front").asBoolean(), CompareVerdict.front(o).contains("lora"));
        JsonNode kl = json.at("/variants/1");
        assertEquals(List.of("kl, longer", "kl", "weight", 0.5, "steps=9"),
                List.of(kl.get("label").asText(), kl.get("method").asText(), kl.get("strength_name").asText(),
                        kl.get("strength").asDouble(), kl.at("/settings/0").asText()));
        assertTrue(kl.at("/metrics/drift_points/interval_over_seeds").isNull() && kl.get("on_front").asBoolean());
    }

    /** After two steps there is one seed's first measurement and all of the other seed's. */
    @Test void theCourseIsByStep() throws Exception {
        JsonNode steps = new ObjectMapper().readTree(CompareOutput.json(outcome(), List.of())).at("/variants/0/by_step");
        assertEquals(2, steps.size());
        assertEquals(List.of(1.75, 1.0), List.of(steps.at("/2/task_loss/mean").asDouble(), steps.at("/4/task_loss/mean").asDouble()));
        assertEquals(37.5, steps.at("/2/drift_points/mean").asDouble(), 1e-9);
    }
}
