package agl.app.explain;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.report.Browser;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What one can do on the pages: play with the figures, predict, light symbols, present. */
class PlayBrowserTest {
    private static final Path SCREENSHOTS = Path.of("target", "screenshots");
    private static final String NUMBERS_SEEN = "[...document.querySelectorAll('.show > .numbers table')]"
            + ".filter(e => e.getClientRects().length).length";

    private static Browser.Page open(Browser browser, String page, int width, boolean dark) {
        return browser.open(WrittenSite.folder().resolve(page + ".html").toUri(), width, 900, dark);
    }

    private static void key(Browser.Page page, String key) {
        page.eval("document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: '" + key + "', bubbles: true }))");
    }

    /** All that holds for each page, in one load of it: loading draws its formulas twice, which is most of these tests' time. */
    @Test void everyPageFitsAnyWidthAsksAndMoves() throws Exception {
        try (Browser browser = Browser.startOrSkip()) {
            int controls = 0;
            for (int i = 0; i < Site.TOPICS.size(); i++) {
                Topic topic = new Site().topics().get(i);
                try (Browser.Page page = open(browser, topic.id(), i % 2 == 0 ? 1920 : 1280, i % 4 < 2)) {
                    // The first of them as it was loaded; ExplainBrowserTest loads at 390.
                    for (int width : i % 2 == 0 ? new int[] {1920, 390, 1280} : new int[] {1280, 1920, 390, 1280}) {
                        noFormulaIsCut(page, topic.id(), width);
                    }
                    theNumbersAppearOnceOneHasPredicted(page, topic);
                    if (topic.opening().figure() != null) {
                        controls += everyControlMovesSomething(page, topic.id());
                    }
                    assertEquals(List.of(), page.complaints(), topic.id());
                }
            }
            assertTrue(controls > 40, controls + " controls");
        }
    }

    /** What does not fit is broken or made smaller. */
    private static void noFormulaIsCut(Browser.Page page, String name, int width) {
        page.resize(width, 900);
        assertEquals("[]", page.cutFormulas().toString(), name + " at " + width);
        assertTrue(page.eval("document.documentElement.scrollWidth").asInt() <= width, name + " scrolls sideways at " + width);
    }

    private static void theNumbersAppearOnceOneHasPredicted(Browser.Page page, Topic t) {
        if (t.opening().question() == null) {
            assertTrue(page.eval("document.querySelector('.covered')").isNull(), t.id());
            return;
        }
        assertEquals(0, page.eval(NUMBERS_SEEN).asInt(), t.id());
        int right = t.opening().question().choices().indexOf(
                t.opening().question().choices().stream().filter(Opening.Choice::right).findFirst().orElseThrow());
        page.eval("document.querySelectorAll('.ask li button')[" + right + "].click()");
        assertTrue(page.eval("document.querySelector('.verdict').textContent").asText().startsWith("Right"), t.id());
        assertTrue(page.eval(NUMBERS_SEEN).asInt() > 0, t.id());
    }

    /**
     * Every slider, list, point and button of the figure changes what the figure shows, with the keyboard alone.
     *
     * @return how many there are
     */
    private static int everyControlMovesSomething(Browser.Page page, String name) {
        String all = "document.querySelector('.stage').innerHTML + [...document.querySelectorAll('.stage select')].map(s => s.value)";
        int n = page.eval("document.querySelectorAll('.stage input, .stage select, .stage .handle').length").asInt();
        String before = page.eval(all).asText();
        for (int i = 0; i < n; i++) {
            // Backwards, so that no control is set before one that it makes idle.
            page.eval("(() => { const e = [...document.querySelectorAll('.stage input, .stage select, .stage .handle')]"
                    + ".at(-1 - " + i + "); e.focus(); if (e.matches('input')) { "
                    + "e.value = e.value === e.max ? e.min : e.max; e.dispatchEvent(new Event('input', { bubbles: true })); } "
                    + "else if (e.matches('select')) { e.selectedIndex = 1; "
                    + "e.dispatchEvent(new Event('change', { bubbles: true })); } "
                    + "else e.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowUp', bubbles: true })); })()");
            String after = page.eval(all).asText();
            assertNotEquals(before, after, name + ": control " + i + " from the end");
            before = after;
        }
        assertTrue(page.eval("document.querySelector('.agreement').textContent").asText().startsWith("Computed here"), name);
        assertEquals(0, page.eval("[...document.querySelectorAll('.stage *')].filter(e => /NaN|undefined|Infinity/.test("
                + "e.cloneNode(false).outerHTML + (e.children.length ? '' : e.textContent))).length").asInt(), name);
        assertEquals(0, page.eval("[...document.querySelectorAll('.stage input, .stage select')]"
                + ".filter(e => e.labels.length === 0).length").asInt(), name);
        return n;
    }

    @Test void theTapeIsReadBackwardToTheGradientOfX() throws Exception {
        try (Browser browser = Browser.startOrSkip(); Browser.Page page = open(browser, "differentiation", 1280, false)) {
            String gradients = "[...document.querySelectorAll('.node .grad')].map(e => e.textContent)";
            assertEquals("[\"1\"]", page.eval(gradients).toString(), "only that of L");
            for (int i = 0; i < 5; i++) {
                page.eval("document.querySelector('.buttons button').click()");
            }
            assertEquals(8, page.eval(gradients + ".length").asInt());
            assertTrue(page.eval("document.querySelector('.buttons button').disabled").asBoolean());
            // The table below has the same gradient of x, from the tape itself.
            double inTable = Double.parseDouble(page.eval("[...document.querySelectorAll('.numbers tbody tr')].find(r => "
                    + "r.cells[0].textContent === 'x').cells[3].textContent").asText().replace('−', '-'));
            assertEquals(inTable, Double.parseDouble(page.eval(gradients + "[1]").asText().replace('−', '-')), 5e-3 * Math.abs(inTable));
        }
    }

    @Test void theNumbersCanBeSeenWithoutAnAnswerAndAWrongOneIsSaid() throws Exception {
        try (Browser browser = Browser.startOrSkip(); Browser.Page page = open(browser, "L_A", 1280, false)) {
            page.eval("document.querySelector('.cover button').click()");
            assertTrue(page.eval(NUMBERS_SEEN).asInt() > 0, "without an answer");
            page.eval("document.querySelector('.ask li button:not([data-right])').click()");
            assertTrue(page.eval("document.querySelector('.verdict').textContent").asText().startsWith("Not so"));
        }
    }

    @Test void aSymbolLightsItsFormulaItsCodeAndItsNumbersAndEachOfThemTheOthers() throws Exception {
        try (Browser browser = Browser.startOrSkip(); Browser.Page page = open(browser, "decomposition", 1280, true)) {
            page.eval("document.querySelector('.ask [data-right]').click()");
            List<String> places = List.of(".katex [data-sym=\"1\"]", ".line .name[data-sym=\"1\"]", "table.matrix[data-sym=\"1\"]",
                    ".symbols [data-sym=\"1\"]");
            for (String place : places) {
                page.eval("document.querySelector('h1').dispatchEvent(new PointerEvent('pointerover', { bubbles: true }))");
                assertEquals(0, page.eval("document.querySelectorAll('.lit').length").asInt());
                page.eval("document.querySelector('" + place + "').dispatchEvent(new PointerEvent('pointerover', { bubbles: true }))");
                for (String other : places) {
                    assertTrue(page.eval("document.querySelector('" + other + "').classList.contains('lit')").asBoolean(),
                            place + " lights " + other);
                }
                assertEquals(0, page.eval("document.querySelectorAll('.lit:not([data-sym=\"1\"])').length").asInt(), place);
            }
            page.eval("document.querySelector('.line .name[data-sym=\"0\"]').focus()");
            assertTrue(page.eval("document.querySelectorAll('.katex .lit').length").asInt() > 0, "the keyboard's focus does the same");
            page.eval("document.querySelector('table.matrix[data-sym=\"0\"]').focus()");
            key(page, "ArrowRight");
            key(page, "ArrowRight");
            assertEquals("[[0,1],[0,1],[0,1]]",
                    page.eval("[...document.querySelectorAll('.same')].map(c => [c.parentNode.rowIndex, c.cellIndex])").toString(),
                    "the cell of ΔW and of its two parts");
            page.screenshot(SCREENSHOTS.resolve("explain-decomposition-lit-1280.png"));
        }
    }

    @Test void presentingShowsOneStepAtATimeAndGoesOnToTheNextPage() throws Exception {
        try (Browser browser = Browser.startOrSkip(); Browser.Page page = open(browser, "L_A", 1920, false)) {
            String shown = "[...document.querySelectorAll('.opening, .ask, .block')].filter(e => e.getClientRects().length).map(e => e.id)";
            double size = page.eval("parseFloat(getComputedStyle(document.body).fontSize)").asDouble();
            key(page, "p");
            assertEquals("[\"top\"]", page.eval(shown).toString());
            assertTrue(page.eval("parseFloat(getComputedStyle(document.body).fontSize)").asDouble() >= 1.4 * size);
            key(page, "ArrowRight");
            assertEquals("[\"predict\"]", page.eval(shown).toString());
            key(page, "1");
            assertTrue(page.eval("document.querySelector('.verdict').textContent").asText().length() > 0, "a digit answers");
            key(page, "PageDown");
            assertEquals("[\"the-term\"]", page.eval(shown).toString());
            assertEquals(1, page.eval("[...document.querySelectorAll('.show > *')].filter(e => e.getClientRects().length).length").asInt());
            assertTrue(page.eval("document.documentElement.scrollWidth").asInt() <= 1920);
            page.screenshot(SCREENSHOTS.resolve("explain-L_A-present-1920.png"));
            key(page, "ArrowLeft");
            assertEquals("[\"predict\"]", page.eval(shown).toString());
            key(page, "Escape");
            assertEquals(4, page.eval(shown + ".length").asInt());
            key(page, "p");
            key(page, "End");
            key(page, "ArrowRight");
            for (int i = 0; i < 50 && !page.eval("location.href").asText().endsWith("L_T.html#present"); i++) {
                page.eval("new Promise(done => setTimeout(() => done(true), 100))");
            }
            assertTrue(page.eval("location.href").asText().endsWith("L_T.html#present"));
        }
    }

    @Test void theLineAtTheTopStaysAndSaysWhereOneIs() throws Exception {
        try (Browser browser = Browser.startOrSkip(); Browser.Page page = open(browser, "E_RM", 1280, false)) {
            page.eval("document.querySelector('.bar nav a[href=\"#in-training\"]').click()");
            page.eval("new Promise(done => setTimeout(() => done(true), 300))");
            assertEquals(0, page.eval("Math.round(document.querySelector('.bar').getBoundingClientRect().top)").asInt());
            assertEquals("[\"#in-training\"]", page.eval("[...document.querySelectorAll('.bar nav a.here')].map(a => a.hash)").toString());
            assertTrue(page.eval("document.getElementById('in-training').getBoundingClientRect().top >= "
                    + "document.querySelector('.bar').offsetHeight - 1").asBoolean(), "the title is not under the bar");
            page.eval("document.querySelector('.contents summary').click()");
            assertEquals(Site.TOPICS.size(),
                    page.eval("[...document.querySelectorAll('.contents a')].filter(a => a.getClientRects().length).length").asInt());
            assertEquals("E_RM.html", page.eval("document.querySelector('.contents [aria-current]').getAttribute('href')").asText());
            page.screenshot(SCREENSHOTS.resolve("explain-E_RM-contents-1280.png"));
            key(page, "Escape");
            assertEquals(0, page.eval("document.querySelectorAll('.contents[open]').length").asInt());
        }
    }

    /** On the map a term of the loss and its card light each other. */
    @Test void theMapOfTheLossLeadsToEveryPage() throws Exception {
        try (Browser browser = Browser.startOrSkip(); Browser.Page page = open(browser, "index", 1920, true)) {
            assertEquals(Site.TOPICS.size(), page.eval("new Set([...document.querySelectorAll('.card')].map(a => a.href)).size").asInt());
            page.eval("document.querySelector('.loss a[href=\"L_T.html\"]').focus()");
            assertEquals("[\"L_T.html\",\"L_T.html\"]",
                    page.eval("[...document.querySelectorAll('.lit')].map(a => a.getAttribute('href'))").toString());
            page.screenshot(SCREENSHOTS.resolve("explain-index-1920.png"));
        }
    }
}
