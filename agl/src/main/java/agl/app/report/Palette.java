package agl.app.report;

import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** Gives a name the same color in every chart of a report while colors last; the usual methods have fixed colors in all reports. */
final class Palette {
    /** The number of colors in {@code page.css}. */
    static final int COLORS = 8;
    private final Map<String, Integer> known = new LinkedHashMap<>(Map.of("AGL", 0, "LoRA", 1, "base", 7));

    /** The colors of one chart; no two names share one unless there are more names than colors. */
    record Chart(Map<String, Integer> colors) {
        int of(String name) {
            return colors.get(name);
        }
    }

    Chart chart(Collection<String> names) {
        Map<String, Integer> used = new HashMap<>();
        for (String name : names) {
            Integer color = known.get(name);
            if (color != null) {
                used.put(name, color);
            }
        }
        for (String name : names) {
            if (!used.containsKey(name)) {
                int color = free(known.values(), used.values());
                used.put(name, color);
                if (known.size() < COLORS) {
                    known.put(name, color);
                }
            }
        }
        return new Chart(used);
    }

    private static int free(Collection<Integer> elsewhere, Collection<Integer> here) {
        for (int c = 0; c < COLORS; c++) {
            if (!elsewhere.contains(c) && !here.contains(c)) {
                return c;
            }
        }
        for (int c = 0; c < COLORS; c++) {
            if (!here.contains(c)) {
                return c;
            }
        }
        return here.size() % COLORS;
    }
}
