package agl.app.drift;

import agl.app.drift.DriftCheck.Result;
import agl.app.drift.DriftComparison.Model;
import agl.app.io.AtomicFiles;
import agl.app.io.Csv;
import agl.app.io.Notes;
import agl.app.io.TextTable;
import agl.app.stats.Interval;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
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

    /** The key of the notes in drift.json; no model may have this name. */
    public static final String NOTES = "notes";

    private DriftOutput() { }

    /**
     * One row per model: rates in percent, drift in points, margins in nats, each with its 95 % interval; then the outcomes of the answers,
     * and notes.
     */
    public static String table(DriftComparison c) {
        List<String> header = new ArrayList<>(List.of("model", "R_unsafe %", "R_safe %", "drift (points)", "max(0, drift)"));
        header.addAll(shown(c.base()).keySet());
        TextTable rates = new TextTable(1, header).gap(1).widths(14, 22, 22, 22, 16, 24, 24, 24, 24, 24, 24);
        TextTable outcomes = new TextTable(2, List.of("% of prompts", "", "refused", "answered", "off-task", "unsure")).gap(1)
                .widths(14, 8, 10, 10, 10, 10);
        for (Model m : c.models()) {
            DriftSummary d = m.summary();
            List<String> row = new ArrayList<>(List.of(m.name(), percent(d.unsafeRefused()), percent(d.safeAnswered()), drift(m),
                    m.change() == null ? "-" : String.format(Locale.ROOT, "%.1f", m.change().paper())));
            shown(m).values().forEach(mean -> row.add(mean.text(2)));
            rates.row(row);
            d.byLabel().forEach((label, shares) -> {
                if (shares.get(Outcome.REFUSED).measured()) {
                    outcomes.row(List.of(m.name(), label.name().toLowerCase(Locale.ROOT), one(shares, Outcome.REFUSED),
                            one(shares, Outcome.ANSWERED), one(shares, Outcome.OFF_TASK), one(shares, Outcome.UNSURE)));
                }
            });
        }
        StringBuilder s = new StringBuilder(rates.text()).append(System.lineSeparator()).append(outcomes.text());
        for (Model m : c.models()) {
            if (m.change() != null && m.change().became().get(Outcome.OFF_TASK) + m.change().became().get(Outcome.UNSURE) > 0) {
                s.append(m.name()).append(", refusals lost: ").append(DriftReport.became(m.change())).append(System.lineSeparator());
            }
        }
        c.notes().forEach(note -> s.append(note).append(System.lineSeparator()));
        return s.toString();
    }

    /** The means that fit into the table: of scores available for both kinds of prompt. */
    private static Map<String, Interval> shown(Model m) {
        Map<String, Interval> means = new LinkedHashMap<>();
        m.summary().safeScores().forEach((score, mean) -> {
            means.put(score.title() + " unsafe (" + score.unit() + ")", m.summary().unsafeScores().get(score));
            means.put(score.title() + " safe (" + score.unit() + ")", mean);
        });
        return means;
    }

    private static String one(Map<Outcome, Interval> shares, Outcome outcome) {
        return String.format(Locale.ROOT, "%.1f", 100 * shares.get(outcome).value());
    }

    /** Drift with its interval; a dash if there is none. */
    static String drift(Model m) {
        return m.change() == null ? "-" : m.change().drift().text(1);
    }

    /** A share in percent: "91.3 [88.0, 94.1]". */
    public static String percent(Interval i) {
        return i.times(100).text(1);
    }

    /** The measures of every model by its name, as in drift.json, beside {@link #NOTES}. Unmeasured values are null. */
    public static ObjectNode json(DriftComparison c, List<String> said) {
        ObjectNode models = JSON.createObjectNode();
        for (Model m : c.models()) {
            DriftSummary d = m.summary();
            ObjectNode one = models.putObject(m.name()).put("prompts", m.results().size());
            put(one, "R_unsafe", d.unsafeRefused());
            put(one, "R_safe", d.safeAnswered());
            ObjectNode outcomes = one.putObject("outcomes");
            d.byLabel().forEach((label, shares) -> {
                ObjectNode of = outcomes.putObject(label.name().toLowerCase(Locale.ROOT));
                shares.forEach((outcome, share) -> put(of, outcome.name().toLowerCase(Locale.ROOT), share));
            });
            if (m != c.base()) {
                change(one, m.change());
            }
            c.noDrift().ifPresent(reason -> one.put("no_drift_because", reason));
            d.scoresByName().forEach((name, mean) -> put(one, name, mean));
            ObjectNode right = one.putObject("right_by_category");
            d.categories().forEach((category, share) -> put(right, category, share));
        }
        models.set(NOTES, JSON.valueToTree(Notes.all(said, c.notes())));
        return models;
    }

    private static void change(ObjectNode one, DriftChange change) {
        if (change == null) {
            one.putNull("drift_points").putNull("max_0_drift_points");
            return;
        }
        put(one, "drift_points", change.drift());
        one.put("max_0_drift_points", change.paper());
        ObjectNode became = one.putObject("refusals_became_points");
        change.became().forEach((outcome, points) -> became.put(outcome.name().toLowerCase(Locale.ROOT), points));
        one.put("newly_refused_points", change.gained());
        put(one, "R_safe_lost_points", change.safeLost());
    }

    private static void put(ObjectNode into, String name, Interval i) {
        if (!i.measured()) {
            into.putNull(name);
            return;
        }
        ObjectNode m = into.putObject(name).put("value", i.value());
        m.put("low", i.hasEnds() ? i.low() : null).put("high", i.hasEnds() ? i.high() : null);
    }

    /** The files that {@link #write} writes. */
    public static final List<String> FILES = List.of("drift.json", "drift.csv", "answers.csv");

    /**
     * Writes drift.json, drift.csv (a row per model and measure) and answers.csv (a row per prompt and model).
     *
     * @param said what the command had to say about data and settings
     */
    public static void write(Path folder, DriftComparison c, List<String> said) {
        try {
            AtomicFiles.writeText(folder.resolve("drift.json"), JSON.writeValueAsString(json(c, said)) + "\n");
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
        List<Object[]> measures = new ArrayList<>();
        List<Object[]> answers = new ArrayList<>();
        for (Model m : c.models()) {
            measures(measures, m);
            for (Result r : m.results()) {
                List<Object> row = new ArrayList<>(List.of(m.name(), r.prompt().label().name().toLowerCase(Locale.ROOT),
                        r.prompt().category(), r.prompt().prompt(), r.answer(),
                        r.outcome().title()));
                row.addAll(r.scores().values());
                answers.add(row.toArray());
            }
        }
        List<String> columns = new ArrayList<>(List.of("model", "label", "category", "prompt", "answer", "outcome"));
        c.base().summary().unsafeScores().keySet().forEach(score -> columns.add(score.name()));
        Csv.write(folder.resolve("drift.csv"), measures, "model", "measure", "category", "value", "low", "high");
        Csv.write(folder.resolve("answers.csv"), answers, columns.toArray(String[]::new));
    }

    private static void measures(List<Object[]> rows, Model m) {
        DriftSummary d = m.summary();
        row(rows, m, "R_unsafe", "", d.unsafeRefused());
        row(rows, m, "R_safe", "", d.safeAnswered());
        d.byLabel().forEach((label, shares) -> shares.forEach((outcome, share) ->
                row(rows, m, label.name().toLowerCase(Locale.ROOT) + "_" + outcome.name().toLowerCase(Locale.ROOT), "", share)));
        d.scoresByName().forEach((name, mean) -> row(rows, m, name, "", mean));
        if (m.change() != null) {
            row(rows, m, "drift_points", "", m.change().drift());
            row(rows, m, "max_0_drift_points", "", Interval.none(m.change().paper()));
            row(rows, m, "R_safe_lost_points", "", m.change().safeLost());
        }
        d.categories().forEach((category, value) -> row(rows, m, "right", category, value));
    }

    /** Adds a row; missing values become empty cells. */
    private static void row(List<Object[]> rows, Model m, String measure, String category, Interval i) {
        if (i.measured()) {
            rows.add(new Object[] {m.name(), measure, category, i.value(), i.hasEnds() ? i.low() : null, i.hasEnds() ? i.high() : null});
        }
    }
}
