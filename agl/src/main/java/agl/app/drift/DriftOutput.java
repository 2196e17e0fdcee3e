package agl.app.drift;

import agl.app.drift.DriftCheck.Result;
import agl.app.drift.DriftComparison.Model;
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

/** DriftCheck's results as a table, as JSON and as CSV. */
public final class DriftOutput {
    private static final JsonMapper JSON = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private DriftOutput() { }

    /** One row per model: rates in percent, drift in points, margins in nats, each with its 95 % interval; then what the answers were, and notes. */
    public static String table(DriftComparison c) {
        StringBuilder s = new StringBuilder();
        String line = "%-14s %-22s %-22s %-22s %-16s %-24s %-24s%n";
        s.append(String.format(Locale.ROOT, line, "model", "R_unsafe %", "R_safe %", "drift (points)", "max(0, drift)", "margin unsafe (nats)", "margin safe (nats)"));
        for (Model m : c.models()) {
            DriftSummary d = m.summary();
            s.append(String.format(Locale.ROOT, line, m.name(), percent(d.unsafeRefused()), percent(d.safeAnswered()), drift(m),
                    m.change() == null ? "-" : String.format(Locale.ROOT, "%.1f", m.change().paper()), d.unsafeMargin().text(2), d.safeMargin().text(2)));
        }
        String outcomes = "%-14s %-8s %-10s %-10s %-10s %-10s%n";
        s.append(String.format(Locale.ROOT, "%n" + outcomes, "% of prompts", "", "refused", "answered", "off-task", "unsure"));
        for (Model m : c.models()) {
            m.summary().byLabel().forEach((label, shares) -> {
                if (shares.get(Outcome.REFUSED).measured()) {
                    s.append(String.format(Locale.ROOT, outcomes, m.name(), label.name().toLowerCase(Locale.ROOT), one(shares, Outcome.REFUSED), one(shares, Outcome.ANSWERED),
                            one(shares, Outcome.OFF_TASK), one(shares, Outcome.UNSURE)));
                }
            });
        }
        c.notes().forEach(note -> s.append(note).append(System.lineSeparator()));
        return s.toString();
    }

    private static String one(Map<Outcome, Interval> shares, Outcome outcome) {
        return String.format(Locale.ROOT, "%.1f", 100 * shares.get(outcome).value());
    }

    /** Drift with its interval; a dash where there is none. */
    static String drift(Model m) {
        return m.change() == null ? "-" : m.change().drift().text(1);
    }

    /** "91.3 [88.0, 94.1]" from a share. */
    public static String percent(Interval i) {
        return i.times(100).text(1);
    }

    /** The measures of every model, as drift.json has them. What was not measured is null. */
    public static Map<String, Object> json(DriftComparison c) {
        Map<String, Object> models = new LinkedHashMap<>();
        for (Model m : c.models()) {
            DriftSummary d = m.summary();
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("prompts", m.results().size());
            one.put("R_unsafe", json(d.unsafeRefused()));
            one.put("R_safe", json(d.safeAnswered()));
            Map<String, Object> outcomes = new LinkedHashMap<>();
            d.byLabel().forEach((label, shares) -> {
                Map<String, Object> of = new LinkedHashMap<>();
                shares.forEach((outcome, share) -> of.put(outcome.name().toLowerCase(Locale.ROOT), json(share)));
                outcomes.put(label.name().toLowerCase(Locale.ROOT), of);
            });
            one.put("outcomes", outcomes);
            if (m != c.base()) {
                change(one, m.change());
            }
            c.noDrift().ifPresent(reason -> one.put("no_drift_because", reason));
            one.put("margin_unsafe", json(d.unsafeMargin()));
            one.put("margin_safe", json(d.safeMargin()));
            one.put("first_token_margin_unsafe", json(d.firstMargin()));
            Map<String, Object> right = new LinkedHashMap<>();
            d.categories().forEach((category, share) -> right.put(category, json(share)));
            one.put("right_by_category", right);
            models.put(m.name(), one);
        }
        return models;
    }

    private static void change(Map<String, Object> one, DriftChange change) {
        one.put("drift_points", change == null ? null : json(change.drift()));
        one.put("max_0_drift_points", change == null ? null : change.paper());
        if (change != null) {
            Map<String, Object> became = new LinkedHashMap<>();
            change.became().forEach((outcome, points) -> became.put(outcome.name().toLowerCase(Locale.ROOT), points));
            one.put("refusals_became_points", became);
            one.put("newly_refused_points", change.gained());
            one.put("R_safe_lost_points", json(change.safeLost()));
        }
    }

    private static Map<String, Object> json(Interval i) {
        if (!i.measured()) {
            return null;
        }
        Map<String, Object> m = new LinkedHashMap<>();
        m.put("value", i.value());
        m.put("low", i.hasEnds() ? i.low() : null);
        m.put("high", i.hasEnds() ? i.high() : null);
        return m;
    }

    /** What {@link #write} leaves in a folder. */
    public static final List<String> FILES = List.of("drift.json", "drift.csv", "answers.csv");

    /** Writes drift.json, drift.csv (a row per model and measure) and answers.csv (a row per prompt and model). */
    public static void write(Path folder, DriftComparison c) {
        try {
            AtomicFiles.writeText(folder.resolve("drift.json"), JSON.writeValueAsString(json(c)) + "\n");
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
        List<Object[]> measures = new ArrayList<>();
        List<Object[]> answers = new ArrayList<>();
        for (Model m : c.models()) {
            measures(measures, m);
            for (Result r : m.results()) {
                answers.add(new Object[] {m.name(), r.prompt().label().name().toLowerCase(Locale.ROOT), r.prompt().category(), r.prompt().prompt(), r.answer(),
                    r.outcome().title(), r.margin(), r.firstMargin()});
            }
        }
        Csv.write(folder.resolve("drift.csv"), measures, "model", "measure", "category", "value", "low", "high");
        Csv.write(folder.resolve("answers.csv"), answers, "model", "label", "category", "prompt", "answer", "outcome", "margin", "first_token_margin");
    }

    private static void measures(List<Object[]> rows, Model m) {
        DriftSummary d = m.summary();
        row(rows, m, "R_unsafe", "", d.unsafeRefused());
        row(rows, m, "R_safe", "", d.safeAnswered());
        d.byLabel().forEach((label, shares) -> shares.forEach((outcome, share) ->
                row(rows, m, label.name().toLowerCase(Locale.ROOT) + "_" + outcome.name().toLowerCase(Locale.ROOT), "", share)));
        row(rows, m, "margin_unsafe", "", d.unsafeMargin());
        row(rows, m, "margin_safe", "", d.safeMargin());
        row(rows, m, "first_token_margin_unsafe", "", d.firstMargin());
        if (m.change() != null) {
            row(rows, m, "drift_points", "", m.change().drift());
            row(rows, m, "max_0_drift_points", "", Interval.none(m.change().paper()));
            row(rows, m, "R_safe_lost_points", "", m.change().safeLost());
        }
        d.categories().forEach((category, value) -> row(rows, m, "right", category, value));
    }

    /** An empty cell where there is no number. */
    private static void row(List<Object[]> rows, Model m, String measure, String category, Interval i) {
        if (i.measured()) {
            rows.add(new Object[] {m.name(), measure, category, i.value(), i.hasEnds() ? i.low() : null, i.hasEnds() ? i.high() : null});
        }
    }
}
