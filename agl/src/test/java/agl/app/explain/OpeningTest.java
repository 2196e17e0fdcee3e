package agl.app.explain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.drift.DriftChange;
import agl.app.report.Assets;
import agl.regularizers.AglSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.mozilla.javascript.Context;
import org.mozilla.javascript.Scriptable;

/** How the pages open: what the figures compute, whether the right answers are right, and whether symbols are where they are said to be. */
class OpeningTest {
    private static final List<Topic> TOPICS = new Site().topics();

    /** Every figure's formula, run here, against the Java classes. */
    @Test void theFiguresComputeWhatJavaComputes() {
        Set<String> shown = TOPICS.stream().map(t -> t.opening().figure()).filter(f -> f != null).map(Opening.Figure::name)
                .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(new TreeSet<>(FigureCases.names()), shown);
        try (Context context = Context.enter()) {
            context.setLanguageVersion(Context.VERSION_ES6);
            Scriptable scope = context.initStandardObjects();
            context.evaluateString(scope, Assets.text(Site.class, "formulas.js"), "formulas.js", 1, null);
            for (String name : shown) {
                context.evaluateString(scope, "var cases = " + FigureCases.json(name) + ";", "cases", 1, null);
                String difference = "largestFigureDifference(Formulas." + name + ", cases)";
                double largest = ((Number) context.evaluateString(scope, difference, "test", 1, null)).doubleValue();
                assertTrue(largest < 1e-9, name + ": the script and Java differ by " + largest);
                // And the comparison can fail.
                context.evaluateString(scope, "var java = cases[7].java, last = Object.keys(java).pop();"
                        + "java[last] = [].concat(java[last]).map(function (v) { return v + 0.01 * (1 + Math.abs(v)); });",
                        "test", 1, null);
                assertTrue(((Number) context.evaluateString(scope, difference, "test", 1, null)).doubleValue() > 5e-4, name);
            }
        }
    }

    private static String right(String topic) {
        return TOPICS.stream().filter(t -> t.id().equals(topic)).findFirst().orElseThrow().opening().question().choices().stream()
                .filter(Opening.Choice::right).map(c -> c.text() + ": " + c.why()).findFirst().orElseThrow();
    }

    private static String page(String topic) throws IOException {
        return Files.readString(WrittenSite.folder().resolve(topic + ".html"));
    }

    /** What the right answers say in numbers, from the classes or from the page below the question. */
    @Test void theRightAnswersAreRight() throws IOException {
        assertTrue(right("decomposition").contains("0.15. Here it is 0.127") && page("decomposition").contains("subspace</span> 0.127<"));
        assertTrue(right("fisher").startsWith("6:"));
        assertEquals(6, new SmallProblem().gradients().examples());
        AglSettings s = AglSettings.DEFAULT;
        double moved = 1 + s.beta() / (1 + Math.exp(-s.kappa() * (0.1 - s.tau())));
        double still = 1 + s.beta() / (1 + Math.exp(s.kappa() * s.tau()));
        assertEquals(0.03, moved / still - 1, 0.005);
        assertTrue(right("E_RM").startsWith("3 % more: 3.09 against 2.99"));
        assertEquals("3.09 2.99", String.format(java.util.Locale.ROOT, "%.2f %.2f", moved, still));
        assertTrue(right("careful").startsWith("20 times") && page("careful").contains("sum / mean</span> 20"));
        assertTrue(right("task-loss").startsWith("ln 3 = 1.0986"));
        assertEquals(1.0986, Math.log(3), 5e-5);
        assertTrue(right("lora").startsWith("only B") && page("lora").contains("∂L/∂A, zero because B is"));
        assertTrue(right("attention").startsWith("1, 0, 0"));
        FigureCases.Case unchanged = FigureCases.drift(0, 0, 38);
        assertTrue(right("driftcheck").contains("from about −7 to 7 points"));
        assertEquals(0.0, unchanged.java().get("drift"));
        assertEquals(7, (double) unchanged.java().get("high"), 0.5);
        assertEquals(-7, (double) unchanged.java().get("low"), 0.5);
        assertEquals(1, DriftChange.reduction(0, 1));
        // L_A is 0 at a right angle to u_1 however long the update: two entries, one gradient along the first.
        assertTrue(right("L_A").startsWith("0:"));
        List<double[]> one = List.of(new double[] {1, 0});
        assertEquals(0, (double) FigureCases.plane(one, new double[] {0, 10}, 1, false).java().get("L_A"), 1e-20);
        // Of two updates of the same length the one nearer to u_1 has the smaller L_T.
        assertTrue(right("L_T").startsWith("it falls"));
        assertTrue((double) FigureCases.plane(one, new double[] {0.8, 0.6}, 1, false).java().get("L_T")
                < (double) FigureCases.plane(one, new double[] {0.6, 0.8}, 1, false).java().get("L_T"));
    }

    /** A renamed variable or a changed formula must not leave a symbol that lights nothing. */
    @Test void everySymbolIsInTheFormulasTheCodeAndTheNumbers() throws IOException {
        for (Topic t : TOPICS) {
            String html = page(t.id());
            String formulas = find(html, "<span class=\"tex(?: display)?\">(.*?)</span>");
            String code = find(html, "<span class=\"line\"[^>]*>(.*?)\n</span>").replaceAll("<i class=\"[cs]\">.*?</i>|<[^>]*>", " ");
            String numbers = find(html, "<caption>(.*?)</caption>|<p class=\"value\"><span>(.*?)</span>"
                    + "|<th scope=\"(?:col|row)\"[^>]*>(.*?)</th>");
            for (Opening.Symbol symbol : t.opening().symbols()) {
                for (String tex : symbol.tex().split(" ; ")) {
                    String escaped = agl.app.report.Html.escape(tex);
                    assertTrue(formulas.replace("\n" + escaped + "\n", "").contains(escaped), t.id() + ": no formula has " + tex);
                }
                for (String word : symbol.java().isEmpty() ? new String[0] : symbol.java().split(" ")) {
                    assertTrue(code.matches("(?s).*\\b" + word + "\\b.*"), t.id() + ": no code has " + word);
                }
                for (String name : symbol.name().isEmpty() ? new String[0] : symbol.name().split(" ; ")) {
                    assertTrue(numbers.contains("\n" + agl.app.report.Html.escape(name)), t.id() + ": no numbers are named " + name);
                }
            }
        }
    }

    private static String find(String html, String pattern) {
        return java.util.regex.Pattern.compile(pattern, java.util.regex.Pattern.DOTALL).matcher(html).results()
                .map(m -> java.util.stream.IntStream.rangeClosed(1, m.groupCount()).mapToObj(m::group).filter(g -> g != null)
                        .collect(Collectors.joining()))
                .collect(Collectors.joining("\n", "\n", "\n"));
    }

    @Test void aQuestionWithoutOneRightAnswerIsRefused() {
        assertThrows(IllegalStateException.class, () -> Topic.parse("t", "# T\n@ask Why?\n@wrong a | b\n@wrong c | d\n## B\nx\n"));
        assertThrows(IllegalStateException.class, () -> Topic.parse("t", "# T\n@asks Why?\n## B\nx\n"));
        Opening o = Topic.parse("t", "# T\nlead\n@figure plane L_A | a\n  caption\n@ask Why?\n@right a | b\n@wrong c | d\n"
                + "@symbol x | | y | z\n## B\nx\n").opening();
        assertEquals(new Opening.Figure("plane", "L_A", "a caption"), o.figure());
        assertEquals(List.of(new Opening.Symbol("x", "", "y", "z")), o.symbols());
        assertEquals(2, o.question().choices().size());
    }
}
