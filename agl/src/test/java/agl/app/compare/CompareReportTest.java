package agl.app.compare;

import static agl.app.compare.MadeRuns.UNSAFE;
import static agl.app.compare.MadeRuns.model;
import static agl.app.compare.MadeRuns.right;
import static agl.app.compare.MadeRuns.run;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.io.UsedSettings;
import agl.app.data.PromptSet.Prompt;
import agl.app.drift.DriftGate;
import agl.app.train.MethodChoice;
import agl.app.train.MethodKind;
import agl.app.train.TrainTrace;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a comparison's page says of runs made by hand. */
class CompareReportTest {
    private static final String TRAINING = "Drift against task loss along training";
    private static final String STRENGTH = "Along strength";
    private static final String LOSSES = "Task loss while training";
    private static final String SEEDS = "Mean over seeds, 95% interval over seeds (Student's t)";
    private static final Variant LORA = Variant.of(MethodChoice.of("lora"));

    @TempDir private Path temp;

    /** Every second unsafe prompt is about violence, the others about privacy. */
    private static List<Prompt> prompts() {
        List<Prompt> plain = MadeRuns.prompts();
        return IntStream.range(0, plain.size()).mapToObj(i -> new Prompt(plain.get(i).prompt(), plain.get(i).label(), i < UNSAFE
                ? i % 2 == 0 ? "violence" : "privacy" : "")).toList();
    }

    private static Variant kl(double weight) {
        return Variant.of(new MethodChoice(MethodKind.KL, weight));
    }

    private static TrainTrace trace(double loss) {
        return new TrainTrace(Map.of("step", new double[] {1, 2}, "task_loss", new double[] {loss, loss / 2}), Map.of());
    }

    private static CompareOutcome outcome(Measured base, List<List<RunRecord>> runs, List<Variant> variants, String... failed) {
        RunRecord aligned = run("base", base);
        Measures measures = new CompareOutcome(aligned, List.of(), List.of(), prompts(), DriftGate.DEFAULT).measures();
        return new CompareOutcome(aligned, IntStream.range(0, runs.size()).mapToObj(i -> Summary.of(variants.get(i), runs.get(i), measures))
                .toList(), List.of(failed), prompts(),
                DriftGate.DEFAULT);
    }

    /** LoRA with two seeds and a checkpoint, KL with two strengths, one with a setting of its own, and a wreck. */
    private static CompareOutcome everything(Measured base) {
        Variant own = new Variant("kl, longer", "kl", MethodChoice.of("kl"), List.of("steps=9"));
        Variant noise = Variant.of(MethodChoice.of("oplora"));
        return outcome(base, List.of(
                List.of(run(LORA, Double.NaN, 3, trace(4), model(30, 0, 10, 2), right(model(10, 0, 9, 1), true)),
                        run(LORA, Double.NaN, 4, trace(9), model(28, 0, 10, 2), right(model(12, 0, 8, 1.5), false))),
                List.of(run(kl(10), 10, 3, null, right(model(30, 0, 10, 1.25), true))),
                List.of(run(kl(1), 1, 3, trace(5), right(model(20, 0, 10, 1.125), false))),
                List.of(run(own, 100, 3, null, right(model(24, 0, 10, 1.75), false))),
                List.of(MadeRuns.wreck(run(noise, Double.NaN, 3, null, right(model(40, 0, 0, 99), false))))),
                List.of(LORA, kl(10), kl(1), own, noise), "ewc, seed 3: too large");
    }

    private WrittenPage written(CompareOutcome o, String command) throws IOException {
        CompareReport.write(temp.resolve("report.html"), command, o,
                new UsedSettings().withAll(Map.of("config", Map.of("steps", 4))).json(), "{\"from\":\"here\"}");
        return WrittenPage.read(temp.resolve("report.html"));
    }

    private WrittenPage written(CompareOutcome o) throws IOException {
        return written(o, "compare");
    }

    @Test void theAnswerComesFirst() throws IOException {
        CompareOutcome o = everything(model(36, 0, 10, 3));
        WrittenPage page = written(o);
        assertEquals("Methods side by side: same data, steps and seeds", page.title());
        assertEquals(CompareVerdict.text(o), page.lead());
        // LoRA's drifts are 65 and 60: mean 62.5, half width 12.706 · 2.5.
        List<String> headlines = page.headlines();
        assertTrue(headlines.getFirst().matches("Drift, lora 62\\.5 points 95 % interval over prompts 4\\d\\.\\d to 7\\d\\.\\d, "
                + "over 2 seeds 30\\.7 to 90\\.0"), headlines.toString());
        assertEquals("R_safe, lora 85.0 % of the safe prompts answered; the base 100.0 %", headlines.get(1));
        assertTrue(headlines.get(2).startsWith("Drift, kl, weight 10 15.0 points ") && headlines.get(2).endsWith("; one seed"),
                headlines.toString());
        assertEquals("Pareto front 2 of 4 by the means, no other has both less loss and less drift", headlines.getLast());
        assertEquals(List.of("Refusals of unsafe prompts beside answers to safe ones", "The same prompts, side by side",
                "Drift against task loss", "Training, seed 3", "Internals"), page.sections());
        assertEquals(List.of("Every measure, with intervals over seeds and over prompts", "How it was measured", "Time", "Settings",
                "Provenance"), page.folds(), "no fold without content");
        List<String> notes = new ArrayList<>(o.notes());
        notes.add("Not finished: ewc, seed 3: too large");
        assertEquals(notes, page.warnings());
        assertTrue(page.html().contains("{&quot;from&quot;:&quot;here&quot;}"));
        assertEquals(List.of(List.of("setting", "value"), List.of("config.steps", "4")), page.table("Settings"));
        String measured = page.texts().getLast();
        assertTrue(measured.startsWith("R_unsafe is the share of unsafe prompts refused")
                && measured.contains("Lisa spends one step in five on alignment data"), page.texts().toString());
        assertEquals("AGL, one setting changed at a time", written(o, "ablate").title());
    }

    @Test void tablesHaveARowForEach() throws IOException {
        WrittenPage page = written(everything(model(36, 0, 10, 3)));
        List<List<String>> results = page.table("Results");
        assertEquals(List.of("variant", "drift, points", "task loss, nats per token", "R_unsafe, %", "R_safe, %", "task answers right, %",
                "needs besides the task data"), results.getFirst());
        assertEquals(List.of("lora", "62.5 [30.7, 90.0]"), results.get(2).subList(0, 2));
        List<List<String>> seeds = page.table(SEEDS);
        assertEquals(List.of("variant", "drift, points", "task loss, nats per token", "task answers right, %", "R_unsafe, %",
                "off-task on unsafe, %", "unsure on unsafe, %", "R_safe, %", "max(0, drift), the paper's measure, points",
                "margin on unsafe, nats", "margin on safe, nats", "AUC of the margin, unsafe against safe",
                "first-token margin on unsafe, nats", "needs besides the task data"), seeds.getFirst());
        assertEquals(List.of("aligned base", "lora", "oplora [wrecked]", "kl, weight 10", "kl, weight 1", "kl, longer"),
                seeds.stream().skip(1).map(List::getFirst).toList());
        String both = "alignment prompts and answers";
        assertEquals(List.of("", "nothing", "nothing", both, both, both), seeds.stream().skip(1).map(List::getLast).toList());
        assertEquals(List.of("0.0", "3.000", "0.0", "90.0", "0.0", "0.0", "100.0"), seeds.get(1).subList(1, 8));
        assertEquals(List.of("1.125", "0.0", "50.0"), seeds.get(5).subList(2, 5));
        assertEquals("62.5 [30.7, 90.0]", seeds.get(2).get(1));
        List<String> prompts = page.table("Mean over seeds, 95% interval over prompts and held-out examples").get(2);
        assertEquals("lora", prompts.getFirst());
        assertTrue(prompts.get(1).startsWith("62.5 [4"), prompts.toString());
        String time = "seconds per run, without its measurements; the very first run warms the program up";
        assertEquals(List.of(List.of("variant", time), List.of("lora", "1.5"),
                List.of("oplora", "1.5"),
                List.of("kl, weight 10", "1.5"), List.of("kl, weight 1", "1.5"), List.of("kl, longer", "1.5")),
                page.table("Time"));
    }

    /** Drift of 36 refusals less those that are left, in points of forty prompts; wrecks are on no axis. */
    @Test void chartsAreTheMeans() throws IOException {
        WrittenPage page = written(everything(model(36, 0, 10, 3)));
        JsonNode points = page.chart("Finished adapters").get("points");
        assertEquals(4, points.size());
        assertEquals(List.of("lora", 1.25, 62.5), List.of(points.get(0).get("label").asText(), points.get(0).get("x").asDouble(),
                points.get(0).get("y").asDouble()));
        JsonNode answers = page.chart("Finished adapters, by answers").get("points");
        assertEquals(List.of("lora", 50.0, 62.5), List.of(answers.get(0).get("label").asText(), answers.get(0).get("x").asDouble(),
                answers.get(0).get("y").asDouble()));
        assertEquals(30.735, answers.get(0).get("yi").get(0).asDouble(), 1e-3);
        assertEquals(List.of("kl, weight 10", 100.0, 15.0), List.of(answers.get(1).get("label").asText(),
                answers.get(1).get("x").asDouble(), answers.get(1).get("y").asDouble()));
        assertEquals(List.of("lora"), page.names(TRAINING));
        assertArrayEquals(new double[][] {{2, 17.5}, {1.25, 62.5}}, page.line(TRAINING, "lora"));
        assertArrayEquals(new double[][] {{2, 17.5}, {4, 62.5}}, page.line("Drift by step", "lora"));
        assertEquals(List.of("kl by weight"), page.names(STRENGTH));
        assertArrayEquals(new double[][] {{1.125, 40}, {1.25, 15}}, page.line(STRENGTH, "kl by weight"));
        assertEquals(List.of("lora, each batch", "lora", "kl, weight 1, each batch", "kl, weight 1"), page.names(LOSSES));
        assertArrayEquals(new double[][] {{1, 4}, {2, 2}}, page.line(LOSSES, "lora, each batch"));
        assertArrayEquals(new double[][] {{1, 3}, {2, 3}}, page.line(LOSSES, "lora"), "the running mean");
    }

    /** The first seed's answers: of LoRA's first seed ten of the twenty refusals of each kind are left, less the odd one. */
    @Test void refusalsByCategoryAndPromptsThatChangedSides() throws IOException {
        WrittenPage page = written(everything(model(36, 0, 10, 3)));
        String caption = "Unsafe prompts refused, by category";
        assertEquals(List.of("aligned base", "lora", "kl, weight 10", "kl, weight 1", "kl, longer", "oplora [wrecked]"),
                page.names(caption));
        assertEquals(List.of("privacy", "violence"), List.of(page.chart(caption).get("labels").get(0).asText(),
                page.chart(caption).get("labels").get(1).asText()));
        assertEquals(25, page.chart(caption).get("series").get(1).get("values").get(0).get(0).asDouble(), 1e-9);
        assertEquals(75, page.chart(caption).get("series").get(2).get("values").get(0).get(0).asDouble(), 1e-9);
        // 36 − 10 refusals lost and one safe prompt refused; of the best, at LoRA's loss of 1.25, 36 − 30 lost.
        assertEquals(1, page.samples().size());
        assertTrue(page.samples().getFirst().startsWith("Of 50 prompts, so many changed sides: lora 27, kl, weight 10 6. "),
                page.samples().toString());
        assertEquals(List.of("aligned base", "lora", "kl, weight 10"), page.answering().subList(0, 3));
        // Unsafe ones that differ, a safe one that differs, one of each kind that does not; then more that differ.
        assertEquals(18, page.prompts().size());
        List<String> labels = page.prompts().stream().limit(7).map(p -> p.split("[, ]")[0]).toList();
        assertEquals(List.of("unsafe", "unsafe", "unsafe", "safe", "unsafe", "safe", "unsafe"), labels, page.prompts().toString());
    }

    @Test void whereDriftIsNotStatedNothingIsPlotted() throws IOException {
        CompareOutcome o = everything(model(4, 0, 10, 3));
        WrittenPage page = written(o);
        assertEquals("Drift, lora not stated see above", page.headlines().getFirst());
        assertFalse(page.sections().contains("Drift against task loss"));
        assertEquals(List.of("What each model refuses and what it answers", "Unsafe prompts refused, by category", LOSSES), page.charts());
    }

    /** One seed, one strength of each, no checkpoints, no answers to task examples: no lines and no chart of them. */
    @Test void whatWasNotMeasuredIsNotPlotted() throws IOException {
        WrittenPage page = written(outcome(model(36, 0, 10, 3), List.of(List.of(run(LORA, Double.NaN, 1, null, right(model(10, 0, 9, 1)))),
                List.of(run(kl(1), 1, 1, null, right(model(30, 0, 9, 1))))),
                List.of(LORA, kl(1))));
        // 26 of 40 lost: 26/42 ± t(39) √((28/42 − (26/42)²)/42).
        assertEquals("Drift, lora 65.0 points 95 % interval over prompts 45.3 to 78.5; one seed", page.headlines().getFirst());
        assertEquals(List.of("What each model refuses and what it answers", "Unsafe prompts refused, by category", "Finished adapters"),
                page.charts());
        assertFalse(page.sections().stream().anyMatch(s -> s.startsWith("Training")), "without traces");
        // One seed has no interval over seeds; those over prompts stand in its place.
        assertEquals("65.0 [45.3, 78.5]", page.table("Results").get(2).get(1));
    }

    /** KL's 20 refused at 1.005 and 32 at 1.025 are 23 at 1.01 and 29 at 1.02: 13 and 7 of 40 fewer than the base's 36. */
    @Test void driftAtTheSameTaskLossIsShown() throws IOException {
        Variant agl = Variant.of(new MethodChoice(MethodKind.AGL, 100));
        CompareOutcome o = outcome(model(36, 0, 10, 3), List.of(
                List.of(run(LORA, Double.NaN, 1, null, right(model(10, 0, 9, 1)))),
                List.of(run(kl(1), 1, 1, null, right(model(20, 0, 9, 1.005)))),
                List.of(run(kl(3), 3, 1, null, right(model(32, 0, 9, 1.025)))),
                List.of(run(agl, 100, 1, null, right(model(30, 0, 9, 1.01))))), List.of(LORA, kl(1), kl(3), agl));
        WrittenPage page = written(o);
        assertEquals(List.of(CompareVerdict.text(o), "To take, at up to 0.02 nats above LoRA's task loss: with an artefact of alignment "
                + "data agl, lambda_A 100 (drift 15.0); with alignment prompts and answers kl, weight 1 (drift 40.0, not ahead "
                + "of agl, lambda_A 100)."), page.leads());
        List<List<String>> rows = page.table("Least drift at the same task loss");
        assertEquals(List.of("method", "up to 0.01 nats more than LoRA", "up to 0.02 nats more than LoRA", "needs besides the task data"),
                rows.getFirst());
        assertEquals(List.of(List.of("lora", "65.0", "65.0", "nothing"), List.of("agl", "15.0", "15.0", "an artefact of alignment data"),
                List.of("kl", "32.5", "17.5", "alignment prompts and answers")),
                rows.stream().skip(1).map(row -> row.stream().map(cell -> cell.replaceAll(" \\[.*]", "")).toList()).toList());
    }

    @Test void ofWrecksAloneThereIsNoFront() throws IOException {
        WrittenPage page = written(outcome(model(36, 0, 10, 3), List.of(List.of(MadeRuns.wreck(run(LORA, Double.NaN, 1, null,
                model(10, 0, 9, 1))))), List.of(LORA)));
        assertTrue(page.lead().startsWith("Training wrecked every variant"), page.lead());
        assertEquals(List.of(), page.headlines());
        assertFalse(page.sections().contains("Drift against task loss"));
        assertTrue(page.samples().getFirst().contains(": lora [wrecked] 27. "), page.samples().toString());
    }

    /** Six lines in one chart are told apart. */
    @Test void sixVariantsAreShown() throws IOException {
        List<Variant> variants = IntStream.rangeClosed(1, 8).mapToObj(CompareReportTest::kl).toList();
        List<List<RunRecord>> runs = IntStream.range(0, 8).mapToObj(i -> List.of(run(variants.get(i), i + 1, 1, i == 0 ? null : trace(i),
                model(20 + i, 0, 9, 1)))).toList();
        WrittenPage page = written(outcome(model(36, 0, 10, 3), runs, variants));
        assertEquals(IntStream.rangeClosed(2, 7).mapToObj(i -> "kl, weight " + i).toList(),
                page.names(LOSSES).stream().filter(name -> !name.endsWith("each batch")).toList());
        assertEquals(7, page.names("Unsafe prompts refused, by category").size(), "the base and six");
        assertEquals(9, page.table("Time").size(), "the tables have all");
    }
}
