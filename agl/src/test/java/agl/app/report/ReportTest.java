package agl.app.report;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.io.UsedSettings;
import agl.app.train.MethodKind;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What stands in a report's file; how it looks in a browser is checked in {@code BrowserTest}. */
class ReportTest {
    private static final Pattern JSON = Pattern.compile("<script type=\"application/json\">(.*?)</script>", Pattern.DOTALL);

    private static JsonNode chart(Report report) throws IOException {
        Matcher m = JSON.matcher(report.toHtml());
        assertTrue(m.find());
        return new ObjectMapper().readTree(m.group(1));
    }

    /** One of every kind of block, with hostile text and missing numbers. */
    static Report everything() {
        double[] steps = new double[400];
        double[] task = new double[400];
        double[] term = new double[400];
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 400; i++) {
            steps[i] = i + 1;
            task[i] = 2.1 * Math.exp(-i / 120.0) + 0.4 + 0.08 * random.nextGaussian();
            term[i] = i == 0 ? 0 : 1e-6 * i * Math.exp(0.5 * random.nextGaussian());
        }
        List<Report.Curve> terms = List.of(Report.Curve.of("L_task", new double[][] {steps, task}, Report.Mark.LINE),
                Report.Curve.of("L_A", new double[][] {steps, term}, Report.Mark.LINE));
        double[][] overlap = new double[8][7];
        for (double[] row : overlap) {
            java.util.Arrays.setAll(row, j -> random.nextDouble());
        }
        overlap[2][3] = Double.NaN;
        return Report.of("Drift after fine-tuning: <script>alert(1)</script>")
                .lead("AGL kept 91 % of the refusals & LoRA \"kept\" 32 %.")
                .headline("Drift, AGL", "3.1 points", "95 % interval 1.0 to 5.4").headline("Drift, LoRA", "66.3 points", "of 98.0")
                .headline("Task accuracy", "0.94", "LoRA: 0.95").headline("Drift reduction", "0.95", "1 − AGL / LoRA")
                .models(new Caption("Held-out prompts", "Shares."), List.of("method", "task loss", "R_unsafe", "R_safe", "drift"),
                        List.of(List.of("base", 2.5034, "0.98 [0.94, 1.00]", 0.81, 0),
                                List.of("LoRA", 0.41, "0.32 [0.25, 0.40]", 0.95, 66.3),
                                List.of("AGL", 0.44, "0.95 [0.90, 0.98]", Double.NaN, 3.1)))
                .section("While training").text("Every term is logged unweighted.")
                .warning("E_geo is identically zero here: P_A is orthogonal.")
                .lines(Caption.of("Loss terms"), "step", "value", terms)
                .linesLog(Caption.of("Fisher spectrum"), "k", "eigenvalue", List.of(new Report.Curve("layers.0.q_proj", "layers.0.q_proj",
                        new double[][] {{1, 2, 3, 4, 5}, {0.7, 0.2, 0.07, 0.02, 1e-7}}, Report.Mark.LINE, 0)))
                .section("After training")
                .bars(Caption.of("Refusals by category"), "share refused", List.of("violence", "hate speech", "illegal activity"),
                        List.of(new Report.Series("base", new double[] {0.98, 0.97, 1}, new double[] {0.93, 0.9, 0.97},
                                new double[] {1, 1, 1}),
                                new Report.Series("LoRA", new double[] {0.4, 0.25, 0.31}, new double[] {0.3, 0.2, 0.2},
                                        new double[] {0.5, 0.3, 0.4}),
                                new Report.Series("AGL", new double[] {0.95, Double.NaN, 0.96}, new double[] {0.9, Double.NaN, 0.9},
                                        new double[] {0.98, Double.NaN, 1})))
                .scatter(new Caption("Drift against task score", "Lower right is better."), Report.Axis.lowerIsBetter("drift, points"),
                        Report.Axis.higherIsBetter("task accuracy"),
                        List.of(new Report.Point("LoRA", 66.3, 0.95),
                                new Report.Point("AGL, λ 300", 9, 0.945, new double[] {5, 13}, new double[] {0.93, 0.96}),
                                new Report.Point("AGL, λ 1000", 3.1, 0.94), new Report.Point("EWC", 12, 0.93),
                                new Report.Point("lost", Double.NaN, 0.9)))
                .heatMap(Caption.of("Overlap of the updates with the alignment subspace"),
                        List.of("layer 0", "layer 1", "layer 2", "layer 3", "layer 4", "layer 5", "layer 6", "layer 7"),
                        List.of("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"), overlap)
                .rates(Caption.of("Refused and answered"), List.of("R_unsafe", "R_safe"), List.of(
                        new Report.Series("base", new double[] {98, 81}, new double[] {94, 70}, new double[] {100, 88}),
                        new Report.Series("AGL, λ 1000 [loss above the base's]", new double[] {95, Double.NaN},
                                new double[] {90, Double.NaN}, new double[] {98, Double.NaN})))
                .samples(Caption.of("Answers"), List.of(new Report.Sample("How do I pick <b>a lock</b>?", "unsafe, illegal activity",
                        List.of(new Report.Answer("base", "refused", "I can't help with that."),
                                new Report.Answer("LoRA", "answered", "Sure! First\nyou \u0007take")))), 1)
                .formula("L = L_task + λ_A · ‖F^½ P_A ΔW‖² + λ_T · ‖H^½ ΔW_T‖² + λ_NC · (α · E_RM + (1 − α) · E_geo)")
                .section("Nothing").section("Folded").folded("Empty", folded -> { }).folded("Full", folded -> folded.text("inside"))
                .section("Settings").settings(new UsedSettings().withAll(Map.of("lora", Map.of("r", 8, "alpha", 16.0))).json())
                .provenance("{\"seed\": 1}\n");
    }

    @Test
    void textIsEscapedEverywhere() {
        String html = everything().toHtml();
        assertFalse(html.contains("<script>alert"));
        assertFalse(html.contains("<b>a lock"));
        assertTrue(html.contains("&lt;b&gt;a lock&lt;/b&gt;"));
        assertFalse(html.contains("\u0007"));
        Report hostile = Report.of("x").lines(Caption.of("y"), "x", "y",
                List.of(line("</script><script>alert(1)//", new double[][] {{1}, {2}})));
        assertFalse(hostile.toHtml().contains("</script><script>alert"));
    }

    @Test
    void nothingInThePageAsksForTheNetwork() {
        String own = everything().toHtml().replace(Assets.webjarText("d3", "dist/d3.min.js"), "");
        assertFalse(Pattern.compile("(src|href)=\"(?!data:)").matcher(own).find());
        assertFalse(own.contains("@import") || own.contains("url("));
        assertTrue(own.contains("default-src 'none'"));
    }

    @Test
    void everyChartHasItsNumbersAsATable() {
        String html = everything().toHtml();
        assertEquals(6, html.split("<figure class=\"chart\">", -1).length - 1);
        assertEquals(6, html.split("<details><summary>Table</summary>", -1).length - 1);
        assertTrue(html.contains("<td class=\"n\">66.3</td>"));
        assertTrue(html.contains("<td class=\"n\">–</td>"), "NaN is a dash");
        assertTrue(html.contains("<th scope=\"row\">lora.alpha</th><td class=\"n\">16</td>"));
    }

    @Test
    void numbersAreShortAndNaNIsADash() {
        assertEquals("–", Html.number(Double.NaN));
        assertEquals("−∞", Html.number(Double.NEGATIVE_INFINITY));
        assertEquals("0", Html.number(0));
        assertEquals("−3", Html.number(-3));
        assertEquals("0.4346", Html.number(0.434567));
        assertEquals("66.3", Html.number(66.3));
        assertEquals("12346", Html.number(12345.678));
        assertEquals("1.235e−07", Html.number(1.2345e-7));
        assertArrayEquals(new String[] {"66.3", "3.1", "0.0", "–", "−0.4"}, Html.column(new double[] {66.3, 3.1, 0, Double.NaN, -0.4}));
        assertArrayEquals(new String[] {"0.81", "0.95"}, Html.column(new double[] {0.81, 0.95}));
        assertArrayEquals(new String[] {"1", "20"}, Html.column(new double[] {1, 20}));
        assertArrayEquals(new String[] {"3.5", "1.000e−07"}, Html.column(new double[] {3.5, 1e-7}));
    }

    @Test
    void aLongLineKeepsItsSpikesAndMissingNumbersBecomeGaps() throws IOException {
        int n = 50_000;
        double[] x = new double[n];
        double[] y = new double[n];
        for (int i = 0; i < n; i++) {
            x[i] = i;
        }
        y[31_234] = 7;
        y[31_300] = -7;
        y[100] = Double.NaN;
        JsonNode points = chart(Report.of("t").lines(Caption.of("c"), "x", "y", List.of(line("line", new double[][] {x, y}))))
                .at("/series/0/points");
        assertTrue(points.size() <= Chart.MAX_POINTS);
        boolean up = false;
        boolean down = false;
        double last = -1;
        for (JsonNode p : points) {
            up |= p.get(0).asInt() == 31_234 && p.get(1).asDouble() == 7;
            down |= p.get(0).asInt() == 31_300 && p.get(1).asDouble() == -7;
            assertTrue(p.get(0).asDouble() >= last, "in order");
            last = p.get(0).asDouble();
        }
        assertTrue(up && down);
        JsonNode gap = chart(Report.of("t").lines(Caption.of("c"), "x", "y",
                List.of(line("line", new double[][] {{1, 2}, {Double.NaN, Double.POSITIVE_INFINITY}}))));
        assertTrue(gap.at("/series/0/points/0/1").isNull() && gap.at("/series/0/points/1/1").isNull());
    }

    @Test void theFrontHoldsThePointsThatNoneBeats() {
        List<Report.Point> points = List.of(new Report.Point("a", 1, 1), new Report.Point("b", 2, 3),
                new Report.Point("c", 3, 2),
                new Report.Point("d", Double.NaN, 9), new Report.Point("e", 5, 4));
        assertEquals(List.of("a", "b", "e"),
                Pareto.front(points, Report.Better.LOWER, Report.Better.HIGHER).stream().map(Report.Point::label).toList());
        assertEquals(List.of("a"),
                Pareto.front(points, Report.Better.LOWER, Report.Better.LOWER).stream().map(Report.Point::label).toList());
        assertTrue(Pareto.front(points, Report.Better.NEITHER, Report.Better.LOWER).isEmpty());
    }

    @Test void aMethodHasOneColorWhateverItsStrengthAndInWhateverReport() {
        Map<String, Palette.Style> first = new Palette().styles(List.of("L_A", "base", "LoRA", "AGL"));
        Map<String, Palette.Style> second = new Palette().styles(List.of("agl, lambda_A 10", "kl, weight 1", "agl, lambda_A 300 [wrecked]",
                "lora (10 of 20 steps)", "aligned base", "agl as set", "adapter-agl"));
        for (String agl : List.of("agl, lambda_A 10", "agl, lambda_A 300 [wrecked]", "agl as set", "adapter-agl")) {
            assertEquals(first.get("AGL").color(), second.get(agl).color(), agl);
        }
        assertEquals(first.get("LoRA"), second.get("lora (10 of 20 steps)"));
        assertEquals(first.get("base"), second.get("aligned base"));
        assertEquals(second.size(), second.values().stream().distinct().count(), "two of one color differ in shape");
        assertFalse(first.values().stream().filter(s -> s.color() == first.get("L_A").color()).count() > 1, "a term has no method's color");
        Palette palette = new Palette();
        palette.method("run7", "agl");
        assertEquals(first.get("AGL"), palette.of("run7"));
        assertEquals(palette.of("run7"), palette.of("run7 [wrecked]"));
        List<String> many = IntStream.range(0, 40).mapToObj(i -> "x" + i).toList();
        assertEquals(40, palette.styles(many).values().stream().distinct().count());
        assertEquals("", Palette.method("fisher_data contrast"), "a setting's value is no method");
    }

    /** A method that has no color of its own would get another one in each report. */
    @Test void everyMethodHasAColor() {
        for (MethodKind kind : MethodKind.values()) {
            assertEquals(kind.title(), Palette.method(kind.title()));
        }
    }

    @Test void whatHasNoContentDoesNotAppear() {
        String html = everything().toHtml();
        assertFalse(html.contains("<h2>Nothing</h2>") || html.contains("<h3>Empty</h3>"));
        assertTrue(html.contains("<section><h2>Folded</h2>\n<details class=\"fold\"><summary><h3>Full</h3></summary>\n<p>inside</p>"));
        assertEquals(html.split("<section>", -1).length, html.split("</section>", -1).length);
    }

    private static Report.Curve line(String name, double[][] values) {
        return Report.Curve.of(name, values, Report.Mark.LINE);
    }

    @Test
    void shapesThatDoNotFitAreRefused() {
        Report report = Report.of("t");
        Caption c = Caption.of("c");
        assertThrows(IllegalArgumentException.class, () -> report.lines(c, "x", "y", List.of(line("l", new double[][] {{1, 2}, {1}}))));
        assertThrows(IllegalArgumentException.class, () -> report.table(c, List.of("a", "b"), List.of(List.of(1))));
        assertThrows(IllegalArgumentException.class, () -> report.bars(c, "v", List.of("a"), List.of(new Report.Series("s", 1, 2))));
        assertThrows(IllegalArgumentException.class, () -> report.rates(c, List.of("a"), List.of(new Report.Series("s", 1, 2))));
        assertThrows(IllegalArgumentException.class, () -> report.heatMap(c, List.of("a"), List.of("b"), new double[][] {{1, 2}}));
    }

    @Test
    void theFileAppearsWhole(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("runs/report.html");
        everything().write(file);
        assertTrue(Files.readString(file).endsWith("</html>\n"));
        try (var files = Files.list(file.getParent())) {
            assertEquals(1, files.count());
        }
    }
}
