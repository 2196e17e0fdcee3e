package agl.app.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.io.UsedSettings;
import agl.app.compare.Forgetting.Base;
import agl.app.compare.ForgettingLaw.Fit;
import agl.app.compare.ForgettingLaw.Observation;
import agl.app.drift.DriftGate;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is printed and written about a fit is what the fit says, of runs with known losses. */
class ForgettingOutputTest {
    private static final Map<String, Base> BEFORE = Map.of("small", new Base(3, 2, 5), "large", new Base(2.5, 2, 5));
    private static final Map<String, Base> SMALL = Map.of("small", new Base(3, 2, 5));

    /** 0.001 · D^0.5 + 0.01 nats more than the base had, N in two sizes that make no difference (α = 0), or in one. */
    private static List<RunRecord> runs(int seeds, String... bases) {
        List<RunRecord> runs = new ArrayList<>();
        for (long seed = 1; seed <= seeds; seed++) {
            for (String base : bases) {
                for (int examples : new int[] {10, 40, 90}) {
                    double loss = BEFORE.get(base).pretrain() + 0.001 * Math.sqrt(100 * examples) + 0.01;
                    Measured measured = new Measured(new double[] {1}, new int[] {1}, new boolean[0], List.of(), new double[0],
                            new double[0],
                            loss, List.of(), new int[0]);
                    runs.add(new RunRecord("hash", new RunRecord.Name("lora", "lora", Double.NaN, List.of()), seed, base, examples,
                            100L * examples, base.equals("small") ? 1000 : 8000, 1,
                            List.of(new RunRecord.Point(1, measured)), null, null));
                }
            }
        }
        return runs;
    }

    @Test void anIncreaseIsTheLossLessThatOfItsOwnBase() {
        List<Observation> found = Forgetting.observations(runs(2, "small", "large"), BEFORE);
        assertEquals(12, found.size());
        for (Observation o : found) {
            assertEquals(0.001 * Math.sqrt(o.tokens()) + 0.01, o.increase(), 1e-12);
        }
        assertEquals(new Observation("lora", 2, 9000, 8000, found.getLast().increase()), found.getLast());
    }

    @Test void theTableNamesWhatIsOpenAndWhatHasNoInterval() {
        String two = ForgettingOutput.table(ForgettingLaw.fit(Forgetting.observations(runs(3, "small", "large"), BEFORE)));
        assertTrue(two.contains("beta   0.5000 [0.5000, 0.5000]"), two);
        assertTrue(two.contains("E      0.01000 [0.01000, 0.01000]"), two);
        assertTrue(two.contains("A      0.001000 [0.001000, 0.001000]"), two);
        assertTrue(two.contains("over 3 seeds") && two.contains("18 runs") && !two.contains("not determined"), two);
        String one = ForgettingOutput.table(ForgettingLaw.fit(Forgetting.observations(runs(3, "small"), BEFORE)));
        assertTrue(one.contains("alpha  not determined: all models have one size") && one.contains("A stands for A / N^alpha"), one);
        String seed = ForgettingOutput.table(ForgettingLaw.fit(Forgetting.observations(runs(1, "small", "large"), BEFORE)));
        assertTrue(seed.contains("beta   0.5000 [no interval: one seed]"), seed);
    }

    @Test void theFileHoldsFitAndRuns() throws Exception {
        List<RunRecord> runs = runs(3, "small");
        Fit fit = ForgettingLaw.fit(Forgetting.observations(runs, BEFORE));
        JsonNode json = new ObjectMapper().readTree(ForgettingOutput.json(new Forgetting(fit, null, runs, BEFORE), List.of()));
        assertEquals(0.5, json.at("/law/beta/value").asDouble(), 1e-6);
        assertEquals("all models have one size", json.at("/law/alpha/note").asText());
        assertTrue(json.at("/law/curve").isMissingNode(), "numbers of constants that are open stay inside");
        assertEquals(2.5, json.at("/pretrain_loss_before/large").asDouble());
        assertEquals(9, json.at("/runs").size());
        JsonNode last = json.at("/runs/8");
        assertEquals(3 + 0.001 * Math.sqrt(9000) + 0.01, last.get("pretrain_loss").asDouble(), 1e-12);
        assertEquals(List.of(3, 90, 9000, 1000), List.of(last.get("seed").asInt(), last.get("examples").asInt(), last.get("tokens").asInt(),
                last.get("parameters").asInt()));
    }

    @Test void theVerdictIsTheCurveInTheMiddleOfTheData() {
        List<RunRecord> runs = runs(3, "small");
        Fit fit = ForgettingLaw.fit(Forgetting.observations(runs, BEFORE));
        double d0 = Math.cbrt(1000.0 * 4000 * 9000);
        String verdict = ForgettingOutput.verdict(new Forgetting(fit, null, runs, BEFORE));
        assertTrue(verdict.contains(String.format(java.util.Locale.ROOT, "After %.0f tokens", d0)), verdict);
        assertTrue(verdict.contains(String.format(java.util.Locale.ROOT, "%.4f nats per token for lora", 0.001 * Math.sqrt(d0) + 0.01)),
                verdict);
    }

    /** A straight line through three amounts that are all but equal: any β goes through it. */
    @Test void ofALawThatIsOpenOnlyWhatWasMeasuredIsStated(@TempDir Path temp) throws Exception {
        List<RunRecord> runs = new ArrayList<>();
        for (RunRecord r : runs(3, "small")) {
            runs.add(new RunRecord("hash", new RunRecord.Name("lora", "lora", Double.NaN, List.of()), r.seed(), "small", r.examples(),
                    10000 + r.examples(),
                    1000, 1, r.points(), null, null));
        }
        Fit fit = ForgettingLaw.fit(Forgetting.observations(runs, BEFORE));
        assertFalse(fit.methods().get("lora").determined(), fit.toString());
        String most = "Measured 0.1049 nats per token for lora (task loss 1.000 with the most data), each after its 90 examples.";
        assertEquals("The runs do not determine the law. " + most, ForgettingOutput.verdict(new Forgetting(fit, null, runs, BEFORE)));
        assertEquals("no fit. " + most, ForgettingOutput.verdict(new Forgetting(null, "no fit", runs, BEFORE)));
        ForgettingOutput.Drift none = new ForgettingOutput.Drift(Map.of(), List.of(), DriftGate.DEFAULT);
        ForgettingReport.write(temp.resolve("open.html"), new Forgetting(fit, null, runs, SMALL), none,
                new UsedSettings().withAll(Map.of()).json(), "{}");
        String html = Files.readString(temp.resolve("open.html"));
        assertTrue(html.contains("not determined") && !html.contains("forgotten at"), "no value for what is open");
        ForgettingReport.write(temp.resolve("none.html"), new Forgetting(null, "no fit", runs, SMALL), none,
                new UsedSettings().withAll(Map.of()).json(), "{}");
        assertTrue(Files.readString(temp.resolve("none.html")).contains("no fit"));
        JsonNode json = new ObjectMapper().readTree(ForgettingOutput.json(new Forgetting(null, "no fit", runs, BEFORE), List.of()));
        assertTrue(json.get("law").isNull() && json.get("no_law_because").asText().equals("no fit") && json.get("runs").size() == 9);
        String table = ForgettingOutput.measured(new Forgetting(fit, null, runs, SMALL));
        assertTrue(table.contains(String.format("%9d %12d %10.4f %+10.6f", 90, 10090, 3.1049, 0.104868)), table);
    }

    private static RunRecord wreck(RunRecord r) {
        Measured m = new Measured(new double[] {80}, new int[] {1}, new boolean[0], List.of(), new double[0], new double[0], 70, List.of(),
                new int[0]);
        return new RunRecord(r.hash(), r.variant(), r.seed(), r.base(), r.examples(), r.taskTokens(),
                r.parameters(), r.seconds(),
                List.of(new RunRecord.Point(1, m)), null, "training wrecked the model: the loss rose");
    }

    /** Law, verdict and curves are those without the wrecks, which are marked. */
    @Test void aWreckIsMarkedAndLeftOutOfTheLaw(@TempDir Path temp) throws Exception {
        List<RunRecord> runs = new ArrayList<>(runs(3, "small"));
        Forgetting before = Forgetting.of(List.copyOf(runs), SMALL);
        runs.add(wreck(new RunRecord("hash", new RunRecord.Name("lora", "lora", Double.NaN, List.of()), 2, "small", 200, 20000, 1000, 1,
                List.of(), null, null)));
        runs.add(wreck(new RunRecord("hash", new RunRecord.Name("agl", "agl", Double.NaN, List.of()), 2, "small", 90, 9000, 1000, 1,
                List.of(), null, null)));
        Forgetting f = Forgetting.of(runs, SMALL);
        assertEquals(before.fit().methods(), f.fit().methods());
        assertEquals(before.fit().beta(), f.fit().beta());
        assertEquals(ForgettingOutput.verdict(before) + " Training wrecked 2 of 11 runs: left out here, see the notes.",
                ForgettingOutput.verdict(f));
        assertTrue(ForgettingOutput.verdict(before).contains("(task loss 1.000 with the most data)"), ForgettingOutput.verdict(before));
        String table = ForgettingOutput.measured(f);
        assertEquals(2, table.lines().filter(l -> l.endsWith(" [wrecked] [above guessing]")).count(), table);
        assertTrue(table.contains("Wrecked: lora, 200 examples, seed 2: training wrecked the model: the loss rose"), table);
        JsonNode json = new ObjectMapper().readTree(ForgettingOutput.json(f, List.of()));
        assertEquals("training wrecked the model: the loss rose", json.at("/runs/9/wrecked_because").asText());
        assertTrue(json.at("/runs/0/wrecked_because").isNull() && json.get("notes").size() == 2, json.toString());
        ForgettingOutput.Drift none = new ForgettingOutput.Drift(Map.of(), List.of(), DriftGate.DEFAULT);
        ForgettingReport.write(temp.resolve("r.html"), f, none, new UsedSettings().withAll(Map.of()).json(), "{}");
        String html = Files.readString(temp.resolve("r.html"));
        assertTrue(html.contains("Wrecked: agl, 90 examples, seed 2") && !html.contains("agl, measured") && html.contains("lora, measured"),
                "no curve of a wreck");
        Forgetting all = Forgetting.of(runs.stream().map(ForgettingOutputTest::wreck).toList(), SMALL);
        assertEquals("training wrecked every run: lora, 10 examples, seed 1: training wrecked the model: the loss rose.",
                ForgettingOutput.verdict(all));
        ForgettingReport.write(temp.resolve("all.html"), all, none, new UsedSettings().withAll(Map.of()).json(), "{}");
        List<RunRecord> few = new ArrayList<>(runs(1, "small"));
        few.set(2, wreck(few.get(2)));
        assertTrue(Forgetting.of(few, SMALL).noLaw().endsWith(" (1 of 3 runs are wrecks and left out)"), Forgetting.of(few, SMALL).noLaw());
        assertTrue(ForgettingOutput.verdict(Forgetting.of(few, SMALL))
                .contains(" for lora (task loss 1.000 with the most data), each after its 40 examples. Training wrecked 1 of 3"),
                ForgettingOutput.verdict(Forgetting.of(few, SMALL)));
    }

    /** ln V is what knowing nothing gives. */
    @Test void aTextThatTellsNothingIsSaid() throws Exception {
        List<RunRecord> runs = runs(3, "small");
        Forgetting f = Forgetting.of(runs, Map.of("small", new Base(3, 2, Math.log(20))));
        String said = "The plain text tells nothing about small: its own loss on it, 3.000 nats per token, is above that of guessing, "
                + "all tokens alike, 2.996; name a text like that of its "
                + "pre-training.";
        assertTrue(ForgettingOutput.verdict(f).startsWith(said + " After "), ForgettingOutput.verdict(f));
        assertEquals(List.of(said), f.notes());
        assertEquals(4, ForgettingOutput.measured(f).lines().filter(l -> l.endsWith(" [above guessing]")).count(),
                ForgettingOutput.measured(f));
        assertEquals(2.9957, new ObjectMapper().readTree(ForgettingOutput.json(f, List.of()))
                .at("/pretrain_loss_of_guessing/small").asDouble(), 1e-4);
        Forgetting last = Forgetting.of(runs, Map.of("small", new Base(3, 2, 3.1)));
        assertEquals(List.of(
                "The loss of lora after 90 examples on the plain text, up to 3.105, is above that of guessing, 3.100: it does not show "
                + "how much more was forgotten."),
                last.notes());
        assertEquals(1, ForgettingOutput.measured(last).lines().filter(l -> l.endsWith(" [above guessing]")).count());
        assertEquals(List.of(), Forgetting.of(runs, SMALL).notes());
    }

    @Test void aTaskLossAboveTheBasesIsSaid() {
        Forgetting f = Forgetting.of(runs(3, "small"), Map.of("small", new Base(3, 0.9, 5)));
        assertTrue(ForgettingOutput.verdict(f).contains("(task loss 1.000 with the most data, above the base's own 0.900)"),
                ForgettingOutput.verdict(f));
        assertEquals(List.of(
                "The task loss of lora after 10, 40, 90 examples, up to 1.000, is above the base's own, 0.900: training made it worse at "
                + "the task."),
                f.notes());
    }
}
