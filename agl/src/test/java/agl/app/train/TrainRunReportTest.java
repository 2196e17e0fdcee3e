package agl.app.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.io.UsedSettings;
import agl.app.data.PromptSet.Label;
import agl.app.data.PromptSet.Prompt;
import agl.app.drift.DriftCheck.Result;
import agl.app.drift.DriftComparison;
import agl.app.drift.DriftGate;
import agl.app.drift.DriftReport;
import agl.app.drift.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the page of one run says first, and which parts it has. */
class TrainRunReportTest {
    private static final double NONE = Double.NaN;

    @TempDir Path temp;

    private static TrainTrace trace(double task, double held) {
        Map<String, double[]> curves = new LinkedHashMap<>();
        curves.put("step", new double[] {1, 2});
        curves.put("task_loss", new double[] {3, task});
        curves.put("eval_loss", new double[] {2, held});
        if (Double.isNaN(held)) {
            curves.remove("eval_loss");
        }
        return new TrainTrace(curves, Map.of());
    }

    private String page(TrainRunReport.Run run) throws IOException {
        Path file = temp.resolve("report.html");
        TrainRunReport.write(file, run, new UsedSettings().withAll(Map.of("config", Map.of("r", 8, "seed", 7))).json(),
                "{\"commit\": \"abc\"}");
        String html = Files.readString(file);
        assertTrue(html.contains("<title>Fine-tuning with " + run.method() + "</title>"), html);
        return html.substring(html.indexOf("<main>"), html.indexOf("</main>"));
    }

    private static String lead(String page) {
        return text(page.replaceAll("(?s).*<p class=\"lead\">(.*?)</p>.*", "$1"));
    }

    private static String text(String html) {
        return html.replaceAll("<[^>]+>", " ").replace("&#39;", "'").strip();
    }

    /** Label, value and detail of each number under the lead. */
    private static List<String> headlines(String page) {
        return all(page, "<dt>(.*?)</dt><dd>(.*?)<small>(.*?)</small>").stream()
                .map(m -> m.group(1) + ": " + m.group(2) + ", " + m.group(3)).toList();
    }

    private static List<String> sections(String page) {
        return all(page, "<h2>(.*?)</h2>").stream().map(m -> m.group(1)).toList();
    }

    private static List<MatchResult> all(String page, String pattern) {
        return Pattern.compile(pattern, Pattern.DOTALL).matcher(page).results().toList();
    }

    @Test void aRunWithoutPrompts() throws IOException {
        String page = page(new TrainRunReport.Run("kl, weight 2", 14, 2.5, 1.75, new TrainedSteps(50, 50, 50), trace(1.25, 1.75),
                Optional.empty()));
        assertEquals("The task loss after 50 steps is 1.750 nats per token on 14 held-out examples. How much alignment was lost was not "
                + "measured: give --prompts, or run agl drift.", lead(page));
        assertEquals(List.of("Task loss: 1.750, 14 held-out examples; the base 2.500",
                "Steps: 50, loss of the last batch, before its update: 1.250"),
                headlines(page));
        assertEquals(List.of("Training", "Internals"), sections(page));
        assertTrue(page.contains("{\"name\":\"kl, weight 2\""), "the curve has the method's name");
        String settings = text(page.substring(page.indexOf("Internals"))).replaceAll("\\s+", " ");
        assertTrue(settings.contains("config.r 8") && settings.contains("config.seed 7") && settings.contains("commit"), settings);
    }

    @Test void whatWasNotMeasuredIsSaid() throws IOException {
        TrainTrace nothing = new TrainTrace(Map.of("step", new double[] {1, 2}), Map.of());
        String page = page(new TrainRunReport.Run("lisa", 0, NONE, NONE, new TrainedSteps(2, 2, 2), nothing, Optional.empty()));
        assertTrue(lead(page).startsWith("The task loss after 2 steps is not measured. How much"), lead(page));
        assertEquals(List.of("Task loss: not measured, 0 held-out examples",
                "Steps: 2, loss of the last batch, before its update: not measured"), headlines(page));
        page = page(new TrainRunReport.Run("lora", 1, NONE, 0.5, new TrainedSteps(1, 1, 1), trace(NONE, 0.5), Optional.empty()));
        assertTrue(lead(page).startsWith("The task loss after 1 step is 0.500 nats per token on 1 held-out example."), lead(page));
        assertTrue(headlines(page).getLast().endsWith(": 3.000"), "the last that was measured");
    }

    private static List<Result> results(String outcomes) {
        List<Result> results = new ArrayList<>();
        for (int i = 0; i < outcomes.length(); i++) {
            Outcome outcome = Outcome.values()["RAOU".indexOf(outcomes.charAt(i))];
            Prompt prompt = new Prompt("prompt " + i, i < 8 ? Label.UNSAFE : Label.SAFE, i < 4 ? "theft" : "fraud");
            results.add(new Result(prompt, outcome.title() + " to " + i, outcome, 1, 1));
        }
        return results;
    }

    @Test void aRunWithPrompts() throws IOException {
        Map<String, List<Result>> tuned = Map.of("adapter", results("RRRRRAAAAR"));
        DriftComparison drift = DriftComparison.of("base", results("RRRRRRRRAA"), tuned, DriftGate.DEFAULT);
        String page = page(new TrainRunReport.Run("kl, weight 2", 14, 2.5, 1.75, new TrainedSteps(50, 50, 50), trace(1.25, 1.75),
                Optional.of(drift)));
        assertEquals(DriftReport.lead(drift, name -> 1.75), lead(page));
        assertTrue(lead(page).contains("adapter may or may not have drifted, by 37.5 points of refusals"), lead(page));
        assertTrue(lead(page).contains("its task loss is 1.750 on held-out examples"), lead(page));
        List<String> headlines = headlines(page);
        assertTrue(headlines.getFirst().startsWith("Drift, adapter: 37.5 points, 95 % interval "), headlines.toString());
        assertTrue(headlines.contains("Task loss: 1.750, 14 held-out examples; the base 2.500"), headlines.toString());
        assertEquals(List.of("Refusals of unsafe prompts beside answers to safe ones", "The same prompts, side by side",
                "Drift against task loss", "Training", "Internals"), sections(page));
        assertTrue(page.contains("{\"name\":\"adapter\""), "the curve has the adapter's name");
        String left = page.substring(page.indexOf("Refusals of unsafe"), page.indexOf("The same prompts"));
        assertTrue(left.contains("theft") && left.contains("fraud"), "the categories");
        assertTrue(text(left).contains("R_unsafe %") && text(left).contains("62.5 ["), "the rates: five of eight refused");
        String answers = page.substring(page.indexOf("The same prompts"), page.indexOf("Drift against"));
        for (int i : new int[] {5, 6, 7, 9, 0, 8}) {
            assertTrue(answers.contains("prompt " + i), "prompt " + i);
        }
        assertFalse(answers.contains("prompt 1"), "one unsafe prompt whose outcome is the same is enough");
        assertTrue(text(page.substring(page.indexOf("Internals"))).contains(DriftReport.explanation().substring(0, 40)),
                "what the figures mean");
    }
}
