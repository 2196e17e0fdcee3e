package agl.app.explain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.report.Browser;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The pages of {@code agl explain} in a real browser. */
class ExplainBrowserTest {
    private static final Path SCREENSHOTS = Path.of("target", "screenshots");
    private static final String WIDTH = "document.documentElement.scrollWidth";

    @Test void everyPageIsDrawnWithoutErrorsOrNetworkInAnyColorAndWidth() throws Exception {
        try (Browser browser = Browser.startOrSkip()) {
            Path folder = WrittenSite.folder();
            Set<String> inks = new HashSet<>();
            int formulas = 0;
            List<String> pages = new java.util.ArrayList<>(Site.TOPICS);
            pages.addFirst("index");
            for (int i = 0; i < pages.size(); i++) {
                boolean dark = i % 2 == 1;
                try (Browser.Page page = browser.open(folder.resolve(pages.get(i) + ".html").toUri(), 390, 844, dark)) {
                    assertTrue(page.eval(WIDTH).asInt() <= 390, pages.get(i) + " scrolls sideways at 390");
                    assertEquals("[]", page.cutFormulas().toString(), pages.get(i) + " when loaded at 390");
                    int drawn = page.eval(
                            "[...document.querySelectorAll('.tex')].filter(e => e.querySelector('.katex-html') && "
                            + "e.getBoundingClientRect().height > 8).length")
                            .asInt();
                    assertEquals(page.eval("document.querySelectorAll('.tex').length").asInt(), drawn, pages.get(i) + ": formulas drawn");
                    assertEquals(0, page.eval("document.querySelectorAll('.katex-error').length").asInt(), pages.get(i));
                    formulas += drawn;
                    inks.add(page.eval("getComputedStyle(document.body).color").asText());
                    page.screenshot(SCREENSHOTS.resolve("explain-" + pages.get(i) + "-390.png"));
                    page.eval("document.querySelectorAll('details').forEach(d => d.open = true)");
                    assertTrue(page.eval(WIDTH).asInt() <= 390, pages.get(i) + " scrolls sideways at 390 with everything open");
                    assertEquals(List.of(), page.complaints(), pages.get(i));
                    assertEquals(List.of(), page.requests().stream().filter(r -> !r.startsWith(folder.toUri().toString())).toList(),
                            pages.get(i));
                }
            }
            assertTrue(formulas > 100, formulas + " formulas");
            assertEquals(2, inks.size(), "dark is another color than light");
            try (Browser.Page page = browser.open(folder.resolve("fisher.html").toUri(), 1280, 900, false)) {
                page.screenshot(SCREENSHOTS.resolve("explain-fisher-1280.png"));
                assertTrue(page.eval(
                        "document.querySelector('.show').getBoundingClientRect().left > "
                        + "document.querySelector('.say').getBoundingClientRect().right")
                        .asBoolean(), "two columns");
                assertTrue(page.eval("[...document.fonts].some(f => f.family.startsWith('KaTeX') && f.status === 'loaded')").asBoolean(),
                        "KaTeX's own fonts");
                assertTrue(new String(page.print(), 0, 5).startsWith("%PDF"));
            }
        }
    }

    @Test void slidersChangeThePictureAndTheNumbersAndAgreeWithJava() throws Exception {
        try (Browser browser = Browser.startOrSkip()) {
            Path folder = WrittenSite.folder();
            try (Browser.Page page = browser.open(folder.resolve("move.html").toUri(), 1280, 900, false)) {
                page.screenshot(SCREENSHOTS.resolve("explain-move-1280.png"));
                double agreement = page.eval(
                        "largestDifference(JSON.parse(document.getElementById('problem').textContent).problem, "
                        + "JSON.parse(document.getElementById('problem').textContent).cases)")
                        .asDouble(1);
                assertTrue(agreement < 1e-9, "script and Java differ by " + agreement);
                assertTrue(page.eval("document.getElementById('agreement').textContent").asText().startsWith("40 settings"));
                String all = "['arrows', 'eta', 'deltaW', 'deltaA', 'deltaT', 'overlap'].map(id => document.getElementById(id).innerHTML)"
                        + ".concat([...document.querySelectorAll('.terms dd')].map(e => e.textContent)).join()";
                String before = page.eval(all).asText();
                for (Map.Entry<String, String> move : Map
                        .of("r", "4", "m", "6", "alpha", "1", "beta", "9", "kappa", "2.5", "tau", "0.05", "size", "0.3").entrySet()) {
                    move(page, move.getKey(), move.getValue());
                    String after = page.eval(all).asText();
                    assertNotEquals(before, after, move.getKey() + " moves something");
                    before = after;
                }
                // What the page shows for a known setting is Java's number for it.
                Sliders.Setting s = new Sliders.Setting(4, 6, 1, 9, Math.pow(10, 2.5), 0.05, 0.3, "exact", "diag_fisher");
                move(page, "metric", "diag_fisher");
                Map<String, Double> java = Sliders.java(new SmallProblem(), s);
                for (String term : List.of("L_A", "L_T", "E_RM", "E_geo")) {
                    double shown = Double
                            .parseDouble(page.eval("document.getElementById('value-" + term + "').textContent").asText().replace('−', '-'));
                    assertEquals(java.get(term), shown, 1e-3 * java.get(term), term);
                }
                move(page, "subspace", "diagonal");
                assertEquals("0", page.eval("document.getElementById('value-E_RM').textContent").asText());
                assertTrue(page.eval("document.getElementById('note').textContent").asText().contains("exactly 0"));
                move(page, "size", "0");
                assertTrue(page.eval("document.getElementById('note').textContent").asText().startsWith("ΔW = 0"));
                assertEquals(0, page.eval(
                        "[...document.querySelectorAll('main *')].filter(e => /NaN|undefined/.test(e.cloneNode(false).outerHTML)).length")
                        .asInt());
                assertEquals(0, page
                        .eval("[...document.querySelectorAll('#sliders input, #sliders select')].filter(e => e.labels.length === 0).length")
                        .asInt(), "every control has a label");
                assertEquals(List.of(), page.complaints());
            }
        }
    }

    private static void move(Browser.Page page, String name, String value) {
        page.eval("(() => { const e = document.getElementById('sliders').elements['" + name + "']; e.value = '" + value + "';"
                + "e.dispatchEvent(new Event('input', { bubbles: true })); })()");
    }
}
