package agl.app.compare;

import agl.app.io.Notes;
import agl.app.io.TextTable;
import agl.app.stats.Interval;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;

/** A comparison as tables and as JSON. */
public final class CompareOutput {
    private static final JsonMapper JSON = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private CompareOutput() { }

    /**
     * A row of a table.
     *
     * @param label with marks for wrecks and high losses
     * @param needs what the variant's method needs besides the task data; empty for the base
     */
    record Row(String label, String needs, Map<Metric, Estimate> metrics) { }

    /** The base's row and one per variant, grouped by what the methods need. */
    static List<Row> rows(CompareOutcome o) {
        List<Row> rows = new ArrayList<>(List.of(new Row("aligned base", "", o.measures().ofBase())));
        o.grouped().forEach(v -> rows.add(new Row(v.marked(o.baseLoss()), v.variant().needs().title(), v.metrics())));
        return rows;
    }

    /** Whether the methods differ in what they need. */
    static boolean grouped(CompareOutcome o) {
        return o.variants().stream().map(v -> v.variant().needs()).distinct().count() > 1;
    }

    /** The metrics that were measured for some of these rows. */
    static List<Metric> shown(List<Row> rows) {
        return Arrays.stream(Metric.values()).filter(m -> rows.stream().anyMatch(r -> r.metrics().get(m).measured())).toList();
    }

    public static String tables(CompareOutcome o) {
        return table(o, "mean over seeds [95% interval over seeds, Student's t]", (e, m) -> e.overSeeds(m.digits))
                + table(o, "the same [95% interval over prompts and held-out examples]", (e, m) -> e.overPrompts(m.digits))
                + MatchedLoss.of(o).map(MatchedLoss::table).orElse("");
    }

    /** What was seen of each method at the same task loss. */
    private static ArrayNode matched(MatchedLoss matched) {
        ArrayNode all = JSON.createArrayNode();
        for (MatchedLoss.Row row : matched.rows()) {
            ArrayNode at = all.addObject().put("method", row.method()).put("needs", row.needs().title()).putArray("at");
            for (int limit = 0; limit < MatchedLoss.ABOVE.size(); limit++) {
                ObjectNode one = at.addObject().put("task_loss_above_lora", MatchedLoss.ABOVE.get(limit));
                if (row.at().get(limit).isPresent()) {
                    MatchedLoss.At value = row.at().get(limit).get();
                    one.put("variant", value.label()).put("share_of_the_next_strength", value.weight())
                            .put("drift_points", matched.drift(value).value());
                    one.set("interval_over_prompts", JSON.valueToTree(ends(matched.drift(value))));
                    ObjectNode more = one.putObject("more_than");
                    for (MatchedLoss.Row other : matched.rows()) {
                        if (other != row && other.at().get(limit).isPresent()) {
                            Interval d = matched.more(value, other.at().get(limit).get());
                            ObjectNode than = more.putObject(other.method()).put("points", d.value());
                            than.set("interval_over_prompts", JSON.valueToTree(ends(d)));
                        }
                    }
                } else {
                    one.putNull("drift_points");
                }
            }
        }
        return all;
    }

    private static String table(CompareOutcome o, String caption, BiFunction<Estimate, Metric, String> text) {
        List<Row> rows = rows(o);
        List<Metric> metrics = shown(rows);
        List<String> header = new ArrayList<>(List.of(""));
        metrics.forEach(m -> header.add(m.key));
        TextTable table = new TextTable(1, header);
        String group = "";
        for (Row row : rows) {
            if (grouped(o) && !row.needs.equals(group)) {
                table.heading("needs " + row.needs + ":");
                group = row.needs;
            }
            List<String> cells = new ArrayList<>(List.of(row.label));
            metrics.forEach(m -> cells.add(text.apply(row.metrics.get(m), m)));
            table.row(cells);
        }
        return "\n" + caption + "\n" + table.text();
    }

    /** @param said what the command had to say about data and settings */
    public static String json(CompareOutcome o, List<String> said) {
        ObjectNode all = JSON.createObjectNode();
        all.put("verdict", CompareVerdict.text(o)).put("no_drift_because", o.noDrift().orElse(null));
        all.set("notes", JSON.valueToTree(Notes.all(said, o.notes())));
        all.set("base", metrics(o.measures().ofBase()));
        ArrayNode variants = all.putArray("variants");
        List<String> front = CompareVerdict.front(o);
        for (Summary v : o.grouped()) {
            ObjectNode one = variants.addObject();
            one.put("label", v.variant().label()).put("method", v.variant().choice().kind().title())
                    .put("needs", v.variant().needs().title());
            one.put("strength_name", v.variant().choice().kind().strength().name());
            one.put("strength", Double.isNaN(v.strength()) ? null : v.strength());
            one.set("settings", JSON.valueToTree(v.variant().sets()));
            one.set("seeds", JSON.valueToTree(v.runs().stream().map(RunRecord::seed).toList()));
            one.set("seconds", JSON.valueToTree(v.runs().stream().map(RunRecord::seconds).toList()));
            ObjectNode wrecked = one.putObject("wrecked_by_seed");
            v.runs().stream().filter(RunRecord::wrecked).forEach(r -> wrecked.put(Long.toString(r.seed()), r.wreck()));
            one.put("task_loss_above_base", o.aboveBase(v)).put("on_front", front.contains(v.variant().label()));
            one.set("metrics", metrics(v.metrics()));
            ObjectNode course = one.putObject("by_step");
            v.course().forEach((step, m) -> course.set(Integer.toString(step), metrics(m)));
        }
        MatchedLoss.of(o).ifPresent(m -> {
            all.set("at_matched_task_loss", matched(m));
            all.put("to_take", m.advice().orElse(null));
        });
        all.set("failed", JSON.valueToTree(o.failed()));
        try {
            return JSON.writeValueAsString(all) + "\n";
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static ObjectNode metrics(Map<Metric, Estimate> metrics) {
        ObjectNode all = JSON.createObjectNode();
        metrics.forEach((m, e) -> {
            if (e.measured()) {
                ObjectNode one = all.putObject(m.key).put("mean", e.mean());
                one.set("interval_over_seeds", JSON.valueToTree(ends(e.seeds())));
                one.set("interval_over_prompts", JSON.valueToTree(ends(e.prompts())));
            } else if (m == Metric.DRIFT) {
                all.putNull(m.key);
            }
        });
        return all;
    }

    private static List<Double> ends(Interval i) {
        return i.hasEnds() ? List.of(i.low(), i.high()) : null;
    }
}
