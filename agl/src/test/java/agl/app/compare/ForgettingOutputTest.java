package agl.app.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
    private static final Map<String, Double> BEFORE = Map.of("small", 3.0, "large", 2.5);

    /** 0.001 · D^0.5 + 0.01 nats more than the base had, N in two sizes that make no difference (α = 0), or in one. */
    private static List<RunRecord> runs(int seeds, String... bases) {
        List<RunRecord> runs = new ArrayList<>();
        for (long seed = 1; seed <= seeds; seed++) {
            for (String base : bases) {
                for (int examples : new int[] {10, 40, 90}) {
                    double loss = BEFORE.get(base) + 0.001 * Math.sqrt(100 * examples) + 0.01;
                    Measured measured = new Measured(new double[] {1}, new int[] {1}, new boolean[0], List.of(), new double[0], new double[0], loss, List.of());
                    runs.add(new RunRecord("hash", "lora", "lora", Double.NaN, List.of(), seed, base, examples, 100L * examples, base.equals("small") ? 1000 : 8000, 1,
                            List.of(new RunRecord.Point(1, measured)), null, null));
                }
            }
        }
        return runs;
    }

    @Test void anIncreaseIsTheLossLessThatOfItsOwnBase() {
        List<Observation> found = ForgettingOutput.observations(runs(2, "small", "large"), BEFORE);
        assertEquals(12, found.size());
        for (Observation o : found) {
            assertEquals(0.001 * Math.sqrt(o.tokens()) + 0.01, o.increase(), 1e-12);
        }
        assertEquals(new Observation("lora", 2, 9000, 8000, found.getLast().increase()), found.getLast());
    }

    @Test void theTableNamesWhatIsOpenAndWhatHasNoInterval() {
        String two = ForgettingOutput.table(ForgettingLaw.fit(ForgettingOutput.observations(runs(3, "small", "large"), BEFORE)));
        assertTrue(two.contains("beta   0.5000 [0.5000, 0.5000]"), two);
        assertTrue(two.contains("E      0.01000 [0.01000, 0.01000]"), two);
        assertTrue(two.contains("A      0.001000 [0.001000, 0.001000]"), two);
        assertTrue(two.contains("over 3 seeds") && two.contains("18 runs") && !two.contains("not determined"), two);
        String one = ForgettingOutput.table(ForgettingLaw.fit(ForgettingOutput.observations(runs(3, "small"), BEFORE)));
        assertTrue(one.contains("alpha  not determined: all models have one size") && one.contains("A stands for A / N^alpha"), one);
        String seed = ForgettingOutput.table(ForgettingLaw.fit(ForgettingOutput.observations(runs(1, "small", "large"), BEFORE)));
        assertTrue(seed.contains("beta   0.5000 [no interval: one seed]"), seed);
    }

    @Test void theFileHoldsFitAndRuns() throws Exception {
        List<RunRecord> runs = runs(3, "small");
        Fit fit = ForgettingLaw.fit(ForgettingOutput.observations(runs, BEFORE));
        JsonNode json = new ObjectMapper().readTree(ForgettingOutput.json(fit, null, runs, BEFORE));
        assertEquals(0.5, json.at("/law/beta/value").asDouble(), 1e-6);
        assertEquals("all models have one size", json.at("/law/alpha/note").asText());
        assertTrue(json.at("/law/curve").isMissingNode(), "numbers of constants that are open stay inside");
        assertEquals(2.5, json.at("/pretrain_loss_before/large").asDouble());
        assertEquals(9, json.at("/runs").size());
        JsonNode last = json.at("/runs/8");
        assertEquals(3 + 0.001 * Math.sqrt(9000) + 0.01, last.get("pretrain_loss").asDouble(), 1e-12);
        assertEquals(List.of(3, 90, 9000, 1000), List.of(last.get("seed").asInt(), last.get("examples").asInt(), last.get("tokens").asInt(), last.get("parameters").asInt()));
    }

    @Test void theVerdictIsTheCurveInTheMiddleOfTheData() {
        List<RunRecord> runs = runs(3, "small");
        Fit fit = ForgettingLaw.fit(ForgettingOutput.observations(runs, BEFORE));
        double d0 = Math.cbrt(1000.0 * 4000 * 9000);
        String verdict = ForgettingOutput.verdict(fit, null, runs, BEFORE);
        assertTrue(verdict.contains(String.format(java.util.Locale.ROOT, "After %.0f tokens", d0)), verdict);
        assertTrue(verdict.contains(String.format(java.util.Locale.ROOT, "%.4f nats per token for lora", 0.001 * Math.sqrt(d0) + 0.01)), verdict);
    }

    /** A straight line through three amounts that are all but equal: any β goes through it. */
    @Test void ofALawThatIsOpenOnlyWhatWasMeasuredIsStated(@TempDir Path temp) throws Exception {
        List<RunRecord> runs = new ArrayList<>();
        for (RunRecord r : runs(3, "small")) {
            runs.add(new RunRecord("hash", "lora", "lora", Double.NaN, List.of(), r.seed(), "small", r.examples(), 10000 + r.examples(), 1000, 1, r.points(), null, null));
        }
        Fit fit = ForgettingLaw.fit(ForgettingOutput.observations(runs, BEFORE));
        assertFalse(fit.methods().get("lora").determined(), fit.toString());
        String most = "Measured 0.1049 nats per token for lora (task loss 1.000 with the most data), each after its 90 examples.";
        assertEquals("The runs do not determine the law. " + most, ForgettingOutput.verdict(fit, null, runs, BEFORE));
        assertEquals("no fit. " + most, ForgettingOutput.verdict(null, "no fit", runs, BEFORE));
        ForgettingOutput.Drift none = new ForgettingOutput.Drift(Map.of(), List.of(), DriftGate.DEFAULT);
        ForgettingOutput.report(temp.resolve("open.html"), fit, null, runs, Map.of("small", 3.0), none, Map.of(), "{}");
        String html = Files.readString(temp.resolve("open.html"));
        assertTrue(html.contains("not determined") && !html.contains("forgotten at"), "no value for what is open");
        ForgettingOutput.report(temp.resolve("none.html"), null, "no fit", runs, Map.of("small", 3.0), none, Map.of(), "{}");
        assertTrue(Files.readString(temp.resolve("none.html")).contains("no fit"));
        JsonNode json = new ObjectMapper().readTree(ForgettingOutput.json(null, "no fit", runs, BEFORE));
        assertTrue(json.get("law").isNull() && json.get("no_law_because").asText().equals("no fit") && json.get("runs").size() == 9);
        String table = ForgettingOutput.measured(runs, Map.of("small", 3.0));
        assertTrue(table.contains(String.format("%9d %12d %10.4f %+10.6f", 90, 10090, 3.1049, 0.104868)), table);
    }
}
