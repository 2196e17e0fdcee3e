package agl.app.report;

import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Colors and shapes by name. A method has one color in all reports, whatever its strength; methods of one family share a color and differ
 * by shape. Any other name gets a color that no method of this report has, and keeps it while the report lasts.
 */
final class Palette {
    /** Number of colors in {@code report.css}. */
    static final int COLORS = 12;
    /** Number of shapes in {@code figure.js}. */
    static final int SHAPES = 8;
    private static final int BASE = 7;
    private static final Map<String, Integer> METHODS = methods(List.of(List.of("agl"), List.of("lora"),
            List.of("kl", "kl_sparse", "kl_first", "kl_own"), List.of("ewc"),
            List.of("safegrad", "asft", "safeanchor"), List.of("der", "sbr"),
            List.of("mix", "lisa"), List.of("base"), List.of("contrast", "contrast_linear"),
            List.of("safelora", "safelora_number", "projection"), List.of("oplora", "scale", "ema", "earlystop"),
            List.of("first_tokens")));

    /**
     * @param color index of a color of {@code report.css}
     * @param shape index of a shape of {@code figure.js}; no two names of a report have both in common
     */
    record Style(int color, int shape) {
        String css() {
            return "var(--c" + color + ")";
        }
    }

    private final Map<String, Style> known = new LinkedHashMap<>();
    private final Map<String, String> methodOf = new HashMap<>();

    private static Map<String, Integer> methods(List<List<String>> byColor) {
        Map<String, Integer> methods = new HashMap<>();
        IntStream.range(0, byColor.size()).forEach(color -> byColor.get(color).forEach(method -> methods.put(method, color)));
        return Map.copyOf(methods);
    }

    /** "agl" of "AGL, lambda_A 10 [wrecked]", of "agl as set" and of a folder "adapter-agl"; empty if the name is of no method. */
    static String method(String name) {
        String plain = unmarked(name).replaceAll("(,| \\(| as set$).*", "").toLowerCase(Locale.ROOT);
        if (METHODS.containsKey(plain)) {
            return plain;
        }
        if (plain.equals("aligned base")) {
            return "base";
        }
        List<String> words = plain.contains(" ") ? List.of()
                : Arrays.stream(plain.split("[^a-z_]+")).filter(METHODS::containsKey).distinct().toList();
        return words.size() == 1 ? words.getFirst() : "";
    }

    /** Says of which method a model is whose name does not tell. */
    void method(String name, String method) {
        methodOf.put(name, method);
    }

    /** Without marks such as " [wrecked]". */
    static String unmarked(String name) {
        return name.replaceAll(" \\[.*", "");
    }

    /** Looks up the names together, so that those of methods come before others take their colors. */
    Map<String, Style> styles(Collection<String> names) {
        names.stream().filter(name -> !method(methodOf.getOrDefault(name, name)).isEmpty()).forEach(this::of);
        Map<String, Style> styles = new LinkedHashMap<>();
        names.forEach(name -> styles.put(name, of(name)));
        return styles;
    }

    Style of(String name) {
        return known.computeIfAbsent(unmarked(name), plain -> {
            String method = method(methodOf.getOrDefault(plain, plain));
            int color = method.isEmpty() ? leastUsed() : METHODS.get(method);
            return new Style(color, freeShape(color));
        });
    }

    /** Never those of AGL, LoRA and the base. */
    private int leastUsed() {
        return IntStream.range(2, COLORS).filter(c -> c != BASE).boxed()
                .min(Comparator.comparingLong(c -> known.values().stream().filter(s -> s.color == c).count())).orElseThrow();
    }

    private int freeShape(int color) {
        return IntStream.range(0, SHAPES).map(i -> (color + i) % SHAPES)
                .filter(shape -> !known.containsValue(new Style(color, shape))).findFirst().orElse(color % SHAPES);
    }
}
