package agl.app.compare;

import agl.app.report.Pareto;
import agl.app.report.Report;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;

/** A comparison as tables, as JSON and in a sentence. */
final class CompareOutput {
    /** Task losses this near to LoRA's, in nats per token, count as the same score. */
    static final double SAME_LOSS = 0.02;
    private static final JsonMapper JSON = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private CompareOutput() { }

    /** The base's row and one per variant. */
    static Map<String, Map<Metric, Estimate>> rows(Comparison.Outcome o) {
        Map<String, Map<Metric, Estimate>> rows = new LinkedHashMap<>();
        rows.put("aligned base", Summary.metrics(List.of(o.base().last()), o.base().last(), o.prompts()));
        o.variants().forEach(v -> rows.put(v.variant().label(), v.metrics()));
        return rows;
    }

    /** Metrics that were measured. */
    static List<Metric> shown(Comparison.Outcome o) {
        return Arrays.stream(Metric.values()).filter(m -> rows(o).values().stream().anyMatch(r -> !Double.isNaN(r.get(m).mean()))).toList();
    }

    static String tables(Comparison.Outcome o) {
        return table(o, "mean over seeds [95% interval over seeds, Student's t]", (e, m) -> e.overSeeds(m.digits))
                + table(o, "the same [95% interval over prompts and held-out examples, bootstrap]", (e, m) -> e.overPrompts(m.digits));
    }

    private static String table(Comparison.Outcome o, String caption, BiFunction<Estimate, Metric, String> text) {
        List<Metric> metrics = shown(o);
        int width = rows(o).keySet().stream().mapToInt(String::length).max().orElse(8) + 2;
        StringBuilder s = new StringBuilder("\n" + caption + "\n" + " ".repeat(width));
        metrics.forEach(m -> s.append(String.format("%-27s", m.key)));
        rows(o).forEach((name, row) -> {
            s.append(String.format("%n%-" + width + "s", name));
            metrics.forEach(m -> s.append(String.format("%-27s", text.apply(row.get(m), m))));
        });
        return s.append("\n").toString();
    }

    static List<Report.Point> points(Comparison.Outcome o) {
        return o.variants().stream().map(v -> new Report.Point(v.variant().label(), v.variant().group(), v.get(Metric.TASK_LOSS).mean(), v.get(Metric.DRIFT).mean(),
                v.get(Metric.TASK_LOSS).interval(), v.get(Metric.DRIFT).interval())).toList();
    }

    static List<String> front(Comparison.Outcome o) {
        return Pareto.front(points(o), Report.Better.LOWER, Report.Better.LOWER).stream().map(Report.Point::label).toList();
    }

    static Optional<Summary> lora(Comparison.Outcome o) {
        return o.variants().stream().filter(v -> v.variant().label().equals("lora")).findFirst();
    }

    /** Who lost least at LoRA's task score; without LoRA, who lost least. */
    static Summary best(Comparison.Outcome o) {
        double limit = lora(o).map(l -> l.get(Metric.TASK_LOSS).mean() + SAME_LOSS).orElse(Double.POSITIVE_INFINITY);
        return o.variants().stream().filter(v -> v.get(Metric.TASK_LOSS).mean() <= limit).min(Comparator.comparingDouble(v -> v.get(Metric.DRIFT).mean())).orElse(o.variants().getFirst());
    }

    /** One sentence: how much drift, at what task score, compared with what. */
    static String verdict(Comparison.Outcome o) {
        Optional<Summary> lora = lora(o);
        if (lora.isEmpty()) {
            return "On the Pareto front of task loss and drift: " + String.join("; ", front(o)) + ".";
        }
        double loss = lora.get().get(Metric.TASK_LOSS).mean();
        double drift = lora.get().get(Metric.DRIFT).mean();
        if (drift <= 0) {
            return String.format(Locale.ROOT, "Plain LoRA did not drift here, at a task loss of %.3f, so there was nothing to reduce.", loss);
        }
        Summary best = best(o);
        if (best == lora.get()) {
            return String.format(Locale.ROOT, "Nothing drifted less than plain LoRA (%.1f points) at its task loss of %.3f (up to %.2f more).", drift, loss, SAME_LOSS);
        }
        double less = best.get(Metric.DRIFT).mean();
        return String.format(Locale.ROOT, "At plain LoRA's task loss of %.3f (up to %.2f more), %s drifted least: %.1f points instead of %.1f, %.0f%% less.",
                loss, SAME_LOSS, best.variant().label(), less, drift, 100 * (1 - less / drift));
    }

    static String json(Comparison.Outcome o) {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("verdict", verdict(o));
        all.put("base", metrics(rows(o).get("aligned base")));
        List<Object> variants = new ArrayList<>();
        List<String> front = front(o);
        for (Summary v : o.variants()) {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("label", v.variant().label());
            one.put("method", v.variant().choice().kind().title());
            one.put("strength_name", v.variant().choice().kind().strengthName());
            one.put("strength", Double.isNaN(v.strength()) ? null : v.strength());
            one.put("settings", v.variant().sets());
            one.put("seeds", v.runs().stream().map(RunRecord::seed).toList());
            one.put("seconds", v.runs().stream().map(RunRecord::seconds).toList());
            one.put("on_front", front.contains(v.variant().label()));
            one.put("metrics", metrics(v.metrics()));
            Map<String, Object> course = new LinkedHashMap<>();
            v.course().forEach((step, m) -> course.put(Integer.toString(step), metrics(m)));
            one.put("by_step", course);
            variants.add(one);
        }
        all.put("variants", variants);
        all.put("failed", o.failed());
        try {
            return JSON.writeValueAsString(all) + "\n";
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Map<String, Object> metrics(Map<Metric, Estimate> metrics) {
        Map<String, Object> all = new LinkedHashMap<>();
        metrics.forEach((m, e) -> {
            if (!Double.isNaN(e.mean())) {
                Map<String, Object> one = new LinkedHashMap<>();
                one.put("mean", e.mean());
                one.put("interval_over_seeds", Double.isNaN(e.low()) ? null : List.of(e.low(), e.high()));
                one.put("interval_over_prompts", List.of(e.promptLow(), e.promptHigh()));
                all.put(m.key, one);
            }
        });
        return all;
    }
}
