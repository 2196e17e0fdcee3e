package agl.app.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.report.Report;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/** What the page says of hand-made traces: which curves there are, their numbers, and which are left out. */
class TrainReportTest {
    private static final Pattern FIGURE = Pattern.compile(
            "<figcaption>(.*?)</figcaption>.*?<script type=\"application/json\">(.*?)</script>", Pattern.DOTALL);
    private static final String Q0 = "model.layers.0.self_attn.q_proj";
    private static final String Q1 = "model.layers.1.self_attn.q_proj";
    private static final String LOSS = "Task loss while training";
    private static final String SPECTRUM = "Eigenvalues of the Fisher information, as shares of its trace";
    private static final String SHARES = "Share of ‖ΔW‖² in the alignment subspace after training, by layer";

    private static String page(Map<String, TrainTrace> runs) {
        Report report = Report.of("Test");
        TrainReport.training(report, "Training & more", runs);
        report.section("Internals");
        TrainReport.internals(report, runs);
        String html = report.toHtml();
        return html.substring(html.indexOf("<main>"), html.indexOf("</main>"));
    }

    /** The data of every figure by its caption, in order. */
    private static Map<String, JsonNode> figures(Map<String, TrainTrace> runs) throws IOException {
        Map<String, JsonNode> figures = new LinkedHashMap<>();
        Matcher m = FIGURE.matcher(page(runs));
        while (m.find()) {
            figures.put(m.group(1), new JsonMapper().readTree(m.group(2)));
        }
        return figures;
    }

    private static List<String> names(JsonNode figure) {
        return StreamSupport.stream(figure.get("series").spliterator(), false).map(s -> s.get("name").asText()).toList();
    }

    private static String points(JsonNode figure, int series) {
        return figure.get("series").get(series).get("points").toString();
    }

    private static TrainTrace curves(Object... namesAndValues) {
        Map<String, double[]> curves = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            curves.put((String) namesAndValues[i], (double[]) namesAndValues[i + 1]);
        }
        return new TrainTrace(curves, Map.of());
    }

    private static double[] of(double... values) {
        return values;
    }

    private static Map<String, TrainTrace> runs(Object... namesAndTraces) {
        Map<String, TrainTrace> runs = new LinkedHashMap<>();
        for (int i = 0; i < namesAndTraces.length; i += 2) {
            runs.put((String) namesAndTraces[i], (TrainTrace) namesAndTraces[i + 1]);
        }
        return runs;
    }

    @Test void withoutARunNothingIsSaid() {
        assertFalse(page(Map.of()).contains("<section>"));
    }

    @Test void lossesOfEachRun() throws IOException {
        double nan = Double.NaN;
        Map<String, TrainTrace> runs = runs(
                "plain", curves("step", of(2, 4, 6), "task_loss", of(3, 2.5, 2), "eval_loss", of(nan, 2.75, 2.25)),
                "once", curves("step", of(2, 4), "task_loss", of(1.5, 1), "eval_loss", of(nan, 9)),
                "other", curves("step", of(2), "alignment_loss", of(7)));
        Map<String, JsonNode> figures = figures(runs);
        assertEquals(List.of(LOSS), List.copyOf(figures.keySet()));
        JsonNode loss = figures.get(LOSS);
        assertEquals(List.of("plain", "plain, each batch", "once, each batch", "once"), names(loss),
                "a run that measured none has no line");
        assertEquals("[[4.0,2.75],[6.0,2.25]]", points(loss, 0));
        assertEquals("[[2.0,3.0],[4.0,2.5],[6.0,2.0]]", points(loss, 1));
        assertEquals("[[2.0,1.5],[4.0,1.0]]", points(loss, 2));
        assertEquals("[[2.0,1.25],[4.0,1.25]]", points(loss, 3), "one held-out value is no curve: the running mean");
        assertEquals("line, noise, noise, fit", StreamSupport.stream(loss.get("series").spliterator(), false)
                .map(s -> s.get("mark").asText()).collect(Collectors.joining(", ")));
        assertEquals(loss.get("series").get(0).get("color"), loss.get("series").get(1).get("color"), "one color for one run");
        assertEquals("step, nats per token, false", loss.get("x").asText() + ", " + loss.get("y").asText() + ", " + loss.get("log"));
        String page = page(runs);
        assertTrue(page.contains("<h2>Training &amp; more</h2>"), page);
        assertFalse(page.contains("<h2>Internals</h2>"), "no section without content");
    }

    @Test void withoutHeldOutLossesNoSuchPicture() throws IOException {
        assertEquals(List.of(LOSS), List.copyOf(figures(runs("a", curves("step", of(1), "task_loss", of(1)))).keySet()));
    }

    private static String termsOf(String run) {
        return "The terms of " + run + ", unweighted";
    }

    @Test void termsThatAreNotZero() throws IOException {
        TrainTrace trace = curves("step", of(1, 2, 3), "task_loss", of(1, 1, 1), "L_A", of(0, 0.5, 0.25), "L_T", of(0, 0, 0),
                "E_RM", of(4, Double.NaN, 2), "E_geo", of(-1, 0, 0), "weighted_L_A", of(1, 1, 1));
        Map<String, JsonNode> figures = figures(runs("agl", trace, "lora", curves("step", of(1), "task_loss", of(1)),
                "still", curves("step", of(1), "task_loss", of(1), "KL", of(0))));
        assertEquals(List.of(LOSS, termsOf("agl")), List.copyOf(figures.keySet()), "neither without terms nor with zeros alone");
        JsonNode terms = figures.get(termsOf("agl"));
        assertEquals(List.of("L_A", "E_RM"), names(terms));
        assertEquals("[[1.0,0.0],[2.0,0.5],[3.0,0.25]]", points(terms, 0));
        assertEquals("[[1.0,4.0],[3.0,2.0]]", points(terms, 1));
        assertTrue(terms.get("log").asBoolean());
    }

    @Test void termsOfFourRunsAtMost() throws IOException {
        Map<String, TrainTrace> runs = new LinkedHashMap<>();
        runs.put("lora", curves("step", of(1), "task_loss", of(1)));
        IntStream.range(0, 6).forEach(i -> runs.put("kl " + i, curves("step", of(1), "task_loss", of(1), "KL", of(2))));
        List<String> expected = new ArrayList<>(List.of(LOSS));
        IntStream.range(0, 4).forEach(i -> expected.add(termsOf("kl " + i)));
        assertEquals(expected, List.copyOf(figures(runs).keySet()), "a run without terms takes nobody's place");
    }

    private static TrainTrace.Layer layer(double share, int directions, double... along) {
        return new TrainTrace.Layer(new double[] {0.5, 0.25}, share, along, directions);
    }

    private static TrainTrace layers(Map<String, TrainTrace.Layer> layers) {
        return new TrainTrace(Map.of("step", of(1), "task_loss", of(1)), layers);
    }

    private static TrainTrace layers(String one, TrainTrace.Layer first, String two, TrainTrace.Layer second) {
        Map<String, TrainTrace.Layer> both = new LinkedHashMap<>();
        both.put(one, first);
        both.put(two, second);
        return layers(both);
    }

    private static String overlapOf(String run) {
        return run + ": overlap of ΔW with the Fisher eigenvectors k, % of ‖ΔW‖²";
    }

    @Test void whereTheUpdateLies() throws IOException {
        Map<String, JsonNode> figures = figures(runs("lora", curves("step", of(1), "task_loss", of(1)),
                "agl", layers(Q0, layer(0.5, 6, 0.25, 0.125, 0.0625, 0.03125), Q1, layer(0.125, 2, 0.5, 0.25)),
                "ewc", layers(Map.of(Q1, layer(0.25, 1, 0.75))),
                "none", layers(Map.of(Q0, layer(0, 0)))));
        assertEquals(List.of(LOSS, SPECTRUM, SHARES, overlapOf("agl"), overlapOf("ewc")), List.copyOf(figures.keySet()));
        JsonNode spectrum = figures.get(SPECTRUM);
        assertEquals(List.of("0.q_proj", "1.q_proj"), names(spectrum));
        assertEquals("[[1.0,0.5],[2.0,0.25]]", points(spectrum, 1));
        assertTrue(spectrum.get("log").asBoolean());
        JsonNode shares = figures.get(SHARES);
        assertEquals("[\"0.q_proj\",\"1.q_proj\"]", shares.get("labels").toString());
        assertEquals(List.of("agl", "ewc", "none"), names(shares));
        assertEquals("[[50.0,null,null],[12.5,null,null]]", shares.get("series").get(0).get("values").toString());
        assertEquals("[[null,null,null],[25.0,null,null]]", shares.get("series").get(1).get("values").toString());
        JsonNode agl = figures.get(overlapOf("agl"));
        assertEquals("[\"0.q_proj\",\"1.q_proj\"]", agl.get("rows").toString());
        assertEquals("[\"1\",\"2\",\"3–4\",\"5–6\"]", agl.get("columns").toString(), "six directions end the last group");
        assertEquals("[[25.0,12.5,6.25,3.125],[50.0,25.0,null,null]]", agl.get("values").toString());
        assertEquals("[[null],[75.0]]", figures.get(overlapOf("ewc")).get("values").toString());
    }

    @Test void subspacesOfFourRunsAtMost() throws IOException {
        Map<String, TrainTrace> runs = new LinkedHashMap<>();
        runs.put("lora", curves("step", of(1), "task_loss", of(1)));
        IntStream.range(0, 5).forEach(i -> runs.put("agl " + i, layers(Map.of(Q0, layer(0.5, 1, 0.5)))));
        assertEquals(List.of("agl 0", "agl 1", "agl 2", "agl 3"), names(figures(runs).get(SHARES)));
    }

    /** Of more than eight layers the first, the last and six between, as even as whole numbers allow; their shares are all shown. */
    @Test void spectraOfEightLayersAtMost() throws IOException {
        for (int count : new int[] {1, 8, 17}) {
            Map<String, TrainTrace.Layer> layers = new LinkedHashMap<>();
            IntStream.range(0, count).forEach(i -> layers.put("transformer.h." + i + ".attn.c_attn",
                    new TrainTrace.Layer(new double[] {1.0 / (i + 1)}, 0.5, new double[] {0.5}, 1)));
            Map<String, JsonNode> figures = figures(runs("agl", layers(layers)));
            int[] shown = switch (count) {
                case 1 -> new int[] {0};
                case 8 -> IntStream.range(0, 8).toArray();
                // i · 16/7, rounded.
                default -> new int[] {0, 2, 5, 7, 9, 11, 14, 16};
            };
            JsonNode spectrum = figures.get(SPECTRUM);
            assertEquals(IntStream.of(shown).mapToObj(i -> i + ".attn.c_attn").toList(), names(spectrum));
            int last = shown[shown.length - 1];
            assertEquals("[[1.0," + Float.toString(1f / (last + 1)) + "]]", points(spectrum, shown.length - 1));
            assertEquals(count, figures.get(SHARES).get("labels").size());
        }
    }
}
