package agl.app.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** What holds for every report in a browser, at any width: nothing is cut, hidden without a mark, empty, or in two colors. */
final class PageChecks {
    private PageChecks() { }

    /** The colors in which each series is drawn or named, by series; one each, with everything unfolded. */
    static Map<String, String> check(Browser.Page page, String what, int width) {
        page.eval("(() => { document.querySelectorAll('details').forEach(d => d.open = true);"
                + "return new Promise(r => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(r, 50)))); })()");
        assertTrue(page.eval("document.documentElement.scrollWidth").asInt() <= width, what + " scrolls sideways at " + width);
        assertEquals(List.of(), texts(page.eval("[...document.querySelectorAll('.formula')]"
                + ".filter(f => f.scrollWidth > f.clientWidth + 1 || f.getBoundingClientRect().right > innerWidth)"
                + ".map(f => f.textContent)")), what + " cuts a formula at " + width);
        assertEquals(List.of(), texts(page.eval("[...document.querySelectorAll('.plot text')]"
                + ".filter(t => t.textContent && !t.closest('.wide'))"
                + ".filter(t => { const b = t.getBoundingClientRect(), p = t.closest('.plot').getBoundingClientRect();"
                + "return b.width > 0 && (b.left < p.left - 2 || b.right > p.right + 6); }).map(t => t.textContent)")),
                what + " cuts a chart's text at " + width);
        assertEquals(List.of(), texts(page.eval("[...document.querySelectorAll('th, td, .wide svg')].filter(c => "
                + "c.getBoundingClientRect().right > innerWidth + 1).map(c => c.closest('.scroll'))"
                + ".filter((s, i, all) => all.indexOf(s) === i)"
                + ".filter(s => !s || !/right/.test(s.dataset.more) || getComputedStyle(s).boxShadow === 'none')"
                + ".map(s => s ? s.textContent.slice(0, 60) : 'not in a box that scrolls')")),
                what + " has a column off the screen without a mark at " + width);
        assertEquals(List.of(), texts(page.eval("[...document.querySelectorAll('section, details, figure')].filter(s => "
                + "s.children.length < 2 || s.getBoundingClientRect().height < 30).map(s => s.textContent.slice(0, 60))")),
                what + " has a part without content");
        return colors(page, what);
    }

    private static Map<String, String> colors(Browser.Page page, String what) {
        Map<String, TreeSet<String>> all = new LinkedHashMap<>();
        for (JsonNode one : page.eval("[...document.querySelectorAll('[data-series]')]"
                + ".map(e => { const drawn = e.querySelector('[fill], [stroke]');"
                + "return [e.dataset.series, drawn ? "
                + "getComputedStyle(drawn)[drawn.hasAttribute('fill') ? 'fill' : 'stroke'] : 'nothing']; })")) {
            String method = Palette.method(one.get(0).asText());
            all.computeIfAbsent(method.isEmpty() ? one.get(0).asText() : method, name -> new TreeSet<>()).add(one.get(1).asText());
        }
        Map<String, String> colors = new LinkedHashMap<>();
        all.forEach((series, drawn) -> {
            assertEquals(1, drawn.size(), what + ": " + series + " is drawn in " + drawn);
            colors.put(series, drawn.first());
        });
        return colors;
    }

    private static List<String> texts(JsonNode list) {
        List<String> texts = new ArrayList<>();
        list.forEach(t -> texts.add(t.asText()));
        return texts;
    }
}
