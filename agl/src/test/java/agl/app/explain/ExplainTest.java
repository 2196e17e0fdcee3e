package agl.app.explain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.Main;
import agl.autograd.GradientCase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The pages of {@code agl explain} against the sources, the gradient cases and their own formulas; how they look is checked in a browser.
 */
class ExplainTest {
    private final Path folder = WrittenSite.folder();

    private static Set<String> shown(String kind) {
        return new Site().topics().stream().flatMap(t -> t.blocks().stream()).flatMap(b -> b.asides().stream())
                .filter(a -> a.kind().equals(kind) || kind.equals("code") && a.kind().equals("fused"))
                .map(Topic.Directive::name).collect(Collectors.toCollection(TreeSet::new));
    }

    @Test void everyMarkerInTheSourcesHasAPageAndEveryPageItsMarkers() {
        assertEquals(new TreeSet<>(SourceRegion.all().keySet()), shown("code"));
    }

    @Test void filesInAFolderOfTheUsersStay(@TempDir Path site) throws IOException {
        Path theirs = Files.createDirectories(site.resolve("assets")).resolve("page.css");
        Files.writeString(theirs, "mine");
        assertEquals(2, Main.execute("explain", "--out", site.toString()));
        assertEquals("mine", Files.readString(theirs));
        Files.delete(theirs);
        assertEquals(0, Main.execute("explain", "--out", site.toString()));
        assertEquals(0, Main.execute("explain", "--out", site.toString()), "over its own");
    }

    @Test void everyOperationWithAGradientCaseHasAnEntry() {
        assertEquals(GradientCase.all().stream().map(CaseCheck::className).collect(Collectors.toCollection(TreeSet::new)), shown("check"));
    }

    @Test void allNumbersAreShownAndAllShownExist() {
        assertEquals(new TreeSet<>(new Numbers().names()), shown("numbers"));
    }

    /** The lines on the page are those of the file in this working copy, at their numbers. */
    @Test void regionsAreTheLinesOfTheFiles() throws IOException {
        for (SourceRegion r : SourceRegion.all().values()) {
            List<String> lines = Files.readAllLines(Path.of("..").resolve(r.file()));
            assertEquals("// explain: " + r.name(), lines.get(r.firstLine() - 2).strip());
            for (int i = 0; i < r.lines().size(); i++) {
                assertEquals(r.lines().get(i).strip(), lines.get(r.firstLine() - 1 + i).strip(), r.file() + ":" + (r.firstLine() + i));
            }
        }
    }

    @Test void markersThatDoNotPairAreRefused() {
        assertThrows(IllegalStateException.class, () -> SourceRegion.of("A.java", List.of("// explain: one", "x")));
        assertThrows(IllegalStateException.class, () -> SourceRegion.of("A.java", List.of("// explain: end")));
        assertThrows(IllegalStateException.class,
                () -> SourceRegion.of("A.java", List.of("// explain: one", "// explain: two", "// explain: end")));
        assertEquals(List.of(new SourceRegion("one", "A.java", 2, List.of("x", "  y"))),
                SourceRegion.of("A.java", List.of("  // explain: one", "  x", "    y", "  // explain: end")));
    }

    @Test void aPageThatNamesSomethingGoneIsNotMade() {
        assertThrows(IllegalStateException.class, () -> new Numbers().html("no such numbers"));
        assertThrows(IllegalStateException.class, () -> Checks.html("NoSuchOperation"));
    }

    @Test void formulasAreBalanced() throws IOException {
        int formulas = 0;
        for (Path page : pages()) {
            Matcher m = Pattern.compile("<span class=\"tex(?: display)?\">(.*?)</span>", Pattern.DOTALL).matcher(Files.readString(page));
            while (m.find()) {
                formulas++;
                String tex = m.group(1);
                assertTrue(balanced(tex), page.getFileName() + ": " + tex);
            }
            assertFalse(Files.readString(page).replaceAll("(?s)<(pre|script).*?</\\1>", "").contains("$"),
                    page + ": a dollar sign without its other half");
        }
        assertTrue(formulas > 80, formulas + " formulas");
        assertFalse(balanced("\\frac{a}{b"));
        assertFalse(balanced("\\left( x"));
    }

    private static boolean balanced(String tex) {
        Deque<String> open = new ArrayDeque<>();
        Matcher m = Pattern.compile("\\\\(?:left(?![a-z])|right(?![a-z])|begin\\{\\w+\\*?\\}|end\\{\\w+\\*?\\})|(?<!\\\\)[{}]")
                .matcher(tex);
        while (m.find()) {
            String t = m.group();
            String closes = t.equals("}") ? "{"
                    : t.equals("\\right") ? "\\left" : t.startsWith("\\end") ? t.replace("\\end", "\\begin") : null;
            if (closes == null) {
                open.push(t);
            } else if (open.isEmpty() || !open.pop().equals(closes)) {
                return false;
            }
        }
        return open.isEmpty();
    }

    private List<Path> pages() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(f -> f.toString().endsWith(".html")).sorted().toList();
        }
    }

    /** Whatever a page loads or links to lies in the folder. */
    @Test void nothingComesFromTheNetwork() throws IOException {
        assertEquals(Site.TOPICS.size() + 1, pages().size());
        for (Path page : pages()) {
            String html = Files.readString(page);
            Matcher m = Pattern.compile("(?:src|href)=\"([^\"]*)\"").matcher(html);
            while (m.find()) {
                String target = m.group(1);
                if (target.startsWith("#")) {
                    assertTrue(html.contains("id=\"" + target.substring(1) + "\""), page.getFileName() + " links to " + target);
                } else if (!target.equals("data:,")) {
                    String[] fileAndId = target.split("#");
                    assertTrue(Files.exists(folder.resolve(fileAndId[0])), page.getFileName() + " asks for " + target);
                    assertTrue(
                            fileAndId.length == 1 || Files.readString(folder.resolve(fileAndId[0])).contains("id=\"" + fileAndId[1] + "\""),
                            target);
                }
            }
        }
        String css = Files.readString(folder.resolve("assets/katex.min.css")) + Files.readString(folder.resolve("assets/page.css"));
        Matcher m = Pattern.compile("url\\(([^)]*)\\)").matcher(css);
        int fonts = 0;
        while (m.find()) {
            assertTrue(Files.size(folder.resolve("assets").resolve(m.group(1))) > 0, m.group(1));
            fonts++;
        }
        assertTrue(fonts > 10);
    }

    @Test void everyDifferenceQuotientOnThePagesAgrees() throws IOException {
        int checks = 0;
        for (Path page : pages()) {
            Matcher m = Pattern.compile("largest relative error ([0-9e−]+)").matcher(Files.readString(page));
            while (m.find()) {
                checks++;
                assertTrue(Double.parseDouble(m.group(1).replace('−', '-')) < 1e-6, page.getFileName() + ": " + m.group());
            }
            assertFalse(Files.readString(page).contains("WRONG"), page.toString());
        }
        assertTrue(checks >= 45, checks + " checks");
        String wrong = Files.readString(folder.resolve("differentiation.html"));
        assertTrue(wrong.matches("(?s).*2x, as it is.{0,200}passes.*3x, wrong on purpose.{0,200}fails.*"));
    }

    @Test void thePageOfCareSaysWhatTheSectionSays() throws IOException {
        String html = Files.readString(folder.resolve("careful.html"));
        assertTrue(html.contains("2.9900") && html.contains("3.0100"));
        assertTrue(html.matches("(?s).*diagonal, diag F</th><td class=\"n\">0</td><td class=\"n\">0</td><td>neither acts.*"));
        assertTrue(html.matches("(?s).*exact, euclidean \\(the default\\).{0,120}E_geo cannot act.*"));
        assertTrue(html.matches("(?s).*two branches, euclidean.{0,120}both act.*"));
        assertTrue(html.contains("sum / mean</span> 20"));
        assertTrue(html.contains("E_geo is identically zero"));
    }

    /** A row of a table on a page, its cells' text one after the other. */
    private List<String> row(String page, String title, String first) throws IOException {
        String html = Files.readString(folder.resolve(page + ".html"));
        Matcher m = Pattern.compile("<th scope=\"row\">" + Pattern.quote(first) + "</th>(.*?)</tr>")
                .matcher(html.substring(html.indexOf(title)));
        assertTrue(m.find(), page + ": " + first);
        return Pattern.compile("<td[^>]*>(.*?)</td>").matcher(m.group(1)).results().map(r -> r.group(1)).toList();
    }

    private static double logistic(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    private static double number(String shown) {
        return Double.parseDouble(shown.replace('−', '-'));
    }

    private static void assertNumber(double expected, String shown) {
        assertEquals(expected, Double.parseDouble(shown.replace('−', '-')), 1e-3 * Math.abs(expected) + 1e-9);
    }

    /** What the pages say in words, by numbers worked out here from the formulas. */
    @Test void theSentencesHoldInTheNumbersBesideThem() throws IOException {
        // E_RM: at the defaults η starts at 1 + βσ(−κτ) = 2.99, not at 1; κτ = 10 brings it there.
        List<String> atDefault = row("E_RM", "η for β", "κ = 1");
        assertNumber(2.99, atDefault.getFirst());
        assertNumber(1 + 4 * logistic(0.09), atDefault.getLast());
        assertNumber(1 + 4 * logistic(-10), row("E_RM", "η for β", "κ = 1000").getFirst());
        // careful: the signed overlap of opposed branches is below 0, and falls as the update grows.
        double once = number(row("careful", "E_RM of two opposed branches", "× 1").getFirst());
        double twice = number(row("careful", "E_RM of two opposed branches", "× 2").getFirst());
        assertTrue(once < 0 && twice < 2 * once, once + " and " + twice);
        assertTrue(number(row("careful", "E_RM of two opposed branches", "× 1").getLast()) > 0);
        // careful: κ = 1/τ is a slope, 10/τ a switch.
        assertNumber(1 + 4 * logistic(-1), row("careful", "η for β", "κ = 1/τ").getFirst());
        assertNumber(1 + 4 * logistic(1), row("careful", "η for β", "κ = 1/τ").getLast());
        assertNumber(1 + 4 * logistic(-10), row("careful", "η for β", "κ = 10/τ").getFirst());
        // fisher: p² of the data's answers, p(1 − p) of sampled ones, 1 of the contrast.
        for (double p : new double[] {0.5, 0.1, 0.01, 0.001}) {
            List<String> cells = row("fisher", "What F holds of z", agl.app.report.Html.number(p));
            assertNumber(p * p, cells.get(0));
            assertNumber(p * (1 - p), cells.get(1));
            assertNumber(1, cells.get(2));
        }
        // fisher: with mean_trace both matrices have one divisor, the mean of the two with trace.
        List<String> trace = row("fisher", "Two matrices V and Q", "trace");
        List<String> mean = row("fisher", "Two matrices V and Q", "mean_trace");
        assertEquals(mean.get(0), mean.get(3));
        assertNumber((Double.parseDouble(trace.get(0)) + Double.parseDouble(trace.get(3))) / 2, mean.get(0));
        assertEquals(trace.get(1), trace.get(4), "each by its own trace, both look alike");
        assertNumber(Double.parseDouble(mean.get(1)) / 16, mean.get(4));
        // fisher: the Kronecker product is F only over tr F, which both factors' traces are. (2 + 1)(3 + 1 + 0.5) = 13.5.
        String fisher = Files.readString(folder.resolve("fisher.html"));
        for (String name : List.of("tr F", "tr C_out", "tr C_in")) {
            assertTrue(fisher.contains("<span>" + name + "</span> 13.5<"), name);
        }
        Matcher off = Pattern.compile("largest \\|F − C_out ⊗ C_in / tr F\\|</span> ([^<]+)<").matcher(fisher);
        assertTrue(off.find() && (off.group(1).equals("0") || off.group(1).matches(".*e−1[4-9]")), "F is the product over tr F");
        Matcher without = Pattern.compile("largest \\|F − C_out ⊗ C_in\\|</span> ([^<]+)<").matcher(fisher);
        assertTrue(without.find());
        assertNumber(6 * 13.5 - 6, without.group(1));
        // step: 0.1 |g|/(|g| + 1e-8).
        List<String> moved = row("step", "Learning rate 0.1, no clipping", "moves by");
        double[] gradients = {0, 1e-12, 1e-8, 1e-4, 1};
        for (int i = 0; i < gradients.length; i++) {
            assertNumber(0.1 * gradients[i] / (gradients[i] + 1e-8), moved.get(i));
        }
        // methods: I − C does not take V out.
        Matcher left = Pattern.compile("‖\\(I − C\\) V‖² / ‖V‖²</span> ([^<]+)<").matcher(Files.readString(folder.resolve("methods.html")));
        assertTrue(left.find() && Math.abs(Double.parseDouble(left.group(1))) > 0.01, "C is no projector");
    }

    /** The script that follows the sliders, run here, against Java at settings from all over their ranges. */
    @Test void theSlidersScriptComputesWhatJavaComputes() {
        try (org.mozilla.javascript.Context context = org.mozilla.javascript.Context.enter()) {
            context.setLanguageVersion(org.mozilla.javascript.Context.VERSION_ES6);
            var scope = context.initStandardObjects();
            context.evaluateString(scope, agl.app.report.Assets.text(Site.class, "terms.js"), "terms.js", 1, null);
            context.evaluateString(scope, "var data = " + Sliders.json() + ";", "data", 1, null);
            double largest = ((Number) context.evaluateString(scope, "largestDifference(data.problem, data.cases)", "test", 1, null))
                    .doubleValue();
            assertTrue(largest < 1e-9, "largest relative difference " + largest);
            // And the comparison can fail.
            context.evaluateString(scope, "data.cases[5].java.E_RM *= 1.001;", "test", 1, null);
            assertTrue(((Number) context.evaluateString(scope, "largestDifference(data.problem, data.cases)", "test", 1, null))
                    .doubleValue() > 5e-4);
        }
        assertTrue(Sliders.settings().stream().filter(s -> Sliders.java(new SmallProblem(), s).get("E_geo") > 1e-4).count() > 5,
                "E_geo acts in some of them");
    }

    @Test void theCommandPrintsThePageAndRefusesAnUnknownTopic(@TempDir Path out) {
        assertEquals(2, Main.execute("explain", "--out", out.resolve("site").toString(), "nonsense"));
        assertFalse(Files.exists(out.resolve("site")));
    }

    @Test void javaIsColoredAndEscaped() {
        assertEquals("<i class=\"k\">if</i> (x &lt; <i class=\"n\">3</i>) <i class=\"c\">// &amp; more</i>",
                JavaHtml.line("if (x < 3) // & more"));
        assertEquals("<i class=\"s\">&quot;a // b&quot;</i>", JavaHtml.line("\"a // b\""));
    }

    @Test void markdownLeavesFormulasAlone() {
        assertEquals("<p>so <span class=\"tex\">a_i*b_i \\, &lt; c_i*d</span> and <em>this</em></p>\n",
                Topic.html("so $a_i*b_i \\, < c_i*d$ and *this*"));
        assertEquals(Map.of("code", 1L), Topic.parse("t", "# T\nlead\n## B\ntext\n@code X\n").blocks().getFirst().asides().stream()
                .collect(Collectors.groupingBy(Topic.Directive::kind, Collectors.counting())));
    }
}
