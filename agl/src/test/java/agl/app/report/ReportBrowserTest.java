package agl.app.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A report with every kind of block, opened in a real browser. */
class ReportBrowserTest {
    private static final Path SCREENSHOTS = Path.of("target", "screenshots");

    @Test
    void aReportIsDrawnWithoutErrorsOrNetworkInAnyColorAndWidth(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("report.html");
        ReportTest.everything().write(file);
        Set<String> inks = new HashSet<>();
        try (Browser browser = Browser.startOrSkip()) {
            for (boolean dark : new boolean[] {false, true}) {
                int width = dark ? 1000 : 390;
                try (Browser.Page page = browser.open(file.toUri(), width, 800, dark)) {
                    page.screenshot(SCREENSHOTS.resolve("report-" + width + ".png"));
                    assertEquals(List.of(), page.complaints());
                    assertEquals(List.of(file.toUri().toString()), page.requests());
                    assertEquals(6, page.eval("[...document.querySelectorAll('figure.chart .plot > svg, figure.chart .wide > svg')]"
                            + ".filter(s => s.getBoundingClientRect().height > 80 && s.getAttribute('aria-label')).length").asInt());
                    assertEquals(Set.of("base", "lora", "agl", "ewc", "L_task", "L_A", "lost", "layers.0.q_proj"),
                            PageChecks.check(page, "the report", width).keySet());
                    assertEquals(0, page.eval(
                            "[...document.querySelectorAll('.plot *')].filter(e => "
                            + "/NaN|undefined/.test(e.cloneNode(false).outerHTML)).length")
                            .asInt());
                    inks.add(page.eval("getComputedStyle(document.body).color").asText());
                    assertTrue(new String(page.print(), 0, 5).startsWith("%PDF"));
                }
            }
        }
        assertEquals(2, inks.size(), "dark is another color than light");
    }

    /** A table wider than its page shows at each edge that it goes on. */
    @Test
    void whatScrollsShowsWhere(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("report.html");
        List<String> headers = IntStream.range(0, 30).mapToObj(i -> "column " + i).toList();
        Report.of("Wide").table(Caption.of("Wide"), headers, List.of(headers)).write(file);
        try (Browser browser = Browser.startOrSkip(); Browser.Page page = browser.open(file.toUri(), 390, 800, false)) {
            PageChecks.check(page, "wide", 390);
            String box = "document.querySelector('.scroll')";
            String more = "(left => { const s = " + box + "; s.scrollLeft = left; return new Promise(r => setTimeout(() => "
                    + "r(s.dataset.more), 100)); })";
            assertEquals("right", page.eval(more + "(0)").asText());
            assertEquals("left right", page.eval(more + "(200)").asText());
            assertEquals("left", page.eval(more + "(99999)").asText());
        }
    }

    @Test
    void theReaderCanMoveAlongALineAndChangeItsScale(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("report.html");
        ReportTest.everything().write(file);
        try (Browser browser = Browser.startOrSkip(); Browser.Page page = browser.open(file.toUri(), 1000, 800, false)) {
            String first = "document.querySelector('figure.chart')";
            assertTrue(page.eval(first + ".querySelector('.legend').textContent").asText().startsWith("step 400"));
            page.eval("(() => { const s = " + first + ".querySelector('.plot > svg'), b = s.getBoundingClientRect();"
                    + "s.dispatchEvent(new PointerEvent('pointermove', {clientX: b.left + b.width / 2, clientY: b.top + 50})); })()");
            String moved = page.eval(first + ".querySelector('.legend').textContent").asText();
            assertTrue(moved.matches("step (19|20)\\d.*"), moved);
            String before = page.eval(first + ".querySelectorAll('.plot > svg path[fill=none]')[1].getAttribute('d')").asText();
            page.eval(first + ".querySelector('input').click()");
            assertNotEquals(before, page.eval(first + ".querySelectorAll('.plot > svg path[fill=none]')[1].getAttribute('d')").asText());
            assertEquals(List.of(), page.complaints());
        }
    }
}
