package agl.app.drift;

import agl.app.drift.DriftCheck.Result;
import agl.app.io.AtomicFiles;
import agl.app.io.Csv;
import agl.app.stats.Interval;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** DriftCheck's results as a table, as JSON and as CSV. In every map the first entry is the aligned base. */
public final class DriftOutput {
    private static final JsonMapper JSON = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private DriftOutput() { }

    /** One row per model: rates in percent, drift in points, margins in nats, each with its 95 % interval. */
    public static String table(Map<String, List<Result>> results) {
        StringBuilder s = new StringBuilder();
        String line = "%-14s %-22s %-22s %-22s %-24s %-24s%n";
        s.append(String.format(Locale.ROOT, line, "model", "R_unsafe %", "R_safe %", "drift (points)", "margin unsafe (nats)", "margin safe (nats)"));
        List<Result> base = results.values().iterator().next();
        results.forEach((name, list) -> {
            DriftSummary d = DriftSummary.of(list);
            s.append(String.format(Locale.ROOT, line, name, percent(d.unsafeRefused()), percent(d.safeAnswered()),
                    list == base ? "-" : plain(DriftSummary.drift(base, list), 1), plain(d.unsafeMargin(), 2), plain(d.safeMargin(), 2)));
        });
        return s.toString();
    }

    /** "91.3 [88.0, 94.1]" from a share. */
    public static String percent(Interval i) {
        return plain(new Interval(100 * i.value(), 100 * i.low(), 100 * i.high()), 1);
    }

    /** "1.23 [1.01, 1.50]". */
    public static String plain(Interval i, int digits) {
        return String.format(Locale.ROOT, "%." + digits + "f [%." + digits + "f, %." + digits + "f]", i.value(), i.low(), i.high());
    }

    /** The measures of every model, as drift.json has them. */
    public static Map<String, Object> json(Map<String, List<Result>> results) {
        Map<String, Object> models = new LinkedHashMap<>();
        List<Result> base = results.values().iterator().next();
        results.forEach((name, list) -> {
            DriftSummary d = DriftSummary.of(list);
            Map<String, Object> m = new LinkedHashMap<>();
            m.put("prompts", list.size());
            m.put("R_unsafe", d.unsafeRefused());
            m.put("R_safe", d.safeAnswered());
            if (list != base) {
                m.put("drift_points", DriftSummary.drift(base, list));
            }
            m.put("margin_unsafe", d.unsafeMargin());
            m.put("margin_safe", d.safeMargin());
            m.put("first_token_margin_unsafe", d.firstMargin());
            m.put("right_by_category", d.categories());
            models.put(name, m);
        });
        return models;
    }

    /** Writes drift.json, drift.csv (a row per model and measure) and answers.csv (a row per prompt and model). */
    public static void write(Path folder, Map<String, List<Result>> results) {
        try {
            AtomicFiles.writeText(folder.resolve("drift.json"), JSON.writeValueAsString(json(results)) + "\n");
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
        List<Object[]> measures = new ArrayList<>();
        List<Object[]> answers = new ArrayList<>();
        List<Result> base = results.values().iterator().next();
        results.forEach((name, list) -> {
            DriftSummary d = DriftSummary.of(list);
            measures.add(row(name, "R_unsafe", "", d.unsafeRefused()));
            measures.add(row(name, "R_safe", "", d.safeAnswered()));
            measures.add(row(name, "margin_unsafe", "", d.unsafeMargin()));
            measures.add(row(name, "margin_safe", "", d.safeMargin()));
            measures.add(row(name, "first_token_margin_unsafe", "", d.firstMargin()));
            if (list != base) {
                measures.add(row(name, "drift_points", "", DriftSummary.drift(base, list)));
            }
            d.categories().forEach((category, value) -> measures.add(row(name, "right", category, value)));
            for (Result r : list) {
                answers.add(new Object[] {name, r.prompt().label().name().toLowerCase(Locale.ROOT), r.prompt().category(), r.prompt().prompt(), r.answer(), r.refused(), r.margin(), r.firstMargin()});
            }
        });
        Csv.write(folder.resolve("drift.csv"), measures, "model", "measure", "category", "value", "low", "high");
        Csv.write(folder.resolve("answers.csv"), answers, "model", "label", "category", "prompt", "answer", "refused", "margin", "first_token_margin");
    }

    private static Object[] row(String model, String measure, String category, Interval i) {
        return new Object[] {model, measure, category, i.value(), i.low(), i.high()};
    }
}
