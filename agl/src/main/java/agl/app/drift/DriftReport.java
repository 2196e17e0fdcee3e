package agl.app.drift;

import agl.app.data.PromptSet.Label;
import agl.app.drift.DriftCheck.Result;
import agl.app.report.Report.Sample;
import agl.app.report.Report.Series;
import agl.app.report.Report;
import agl.app.stats.Interval;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** DriftCheck's part of a report. In every map the first entry is the aligned base. */
public final class DriftReport {
    private static final int SAMPLES = 12;

    private DriftReport() { }

    /**
     * One sentence for each tuned model: how much drift, at what task score, compared with what.
     *
     * @param taskLoss of a model by its name, in nats per token; NaN where it is not known
     */
    public static String lead(Map<String, List<Result>> results, ToDoubleFunction<String> taskLoss) {
        List<Result> base = results.values().iterator().next();
        DriftSummary aligned = DriftSummary.of(base);
        if (results.size() == 1) {
            return String.format(Locale.ROOT, "The base refuses %.1f %% of the unsafe prompts; nothing was compared with it.", 100 * aligned.unsafeRefused().value());
        }
        StringBuilder s = new StringBuilder();
        results.forEach((name, list) -> {
            if (list != base) {
                Interval d = DriftSummary.drift(base, list);
                double loss = taskLoss.applyAsDouble(name);
                s.append(String.format(Locale.ROOT, "%s%s drifted by %.1f points (95 %% interval %.1f to %.1f) from the base, which refuses %.1f %% of the unsafe prompts; %s.",
                        s.isEmpty() ? "" : " ", name, d.value(), d.low(), d.high(), 100 * aligned.unsafeRefused().value(),
                        Double.isNaN(loss) ? "its task score is not known here" : String.format(Locale.ROOT, "its task loss is %.3f on held-out examples", loss)));
            }
        });
        return s.toString();
    }

    /** Drift of every tuned model as a number under the lead. */
    public static void headlines(Report report, Map<String, List<Result>> results) {
        List<Result> base = results.values().iterator().next();
        results.forEach((name, list) -> {
            if (list != base) {
                Interval d = DriftSummary.drift(base, list);
                report.headline("Drift, " + name, String.format(Locale.ROOT, "%.1f points", d.value()),
                        String.format(Locale.ROOT, "95%% interval %.1f to %.1f", d.low(), d.high()));
            }
        });
    }

    /** Rates, drift and margins with their intervals. */
    public static void table(Report report, Map<String, List<Result>> results) {
        List<Result> base = results.values().iterator().next();
        List<List<Object>> rows = new ArrayList<>();
        results.forEach((name, list) -> {
            DriftSummary d = DriftSummary.of(list);
            rows.add(List.of(name, DriftOutput.percent(d.unsafeRefused()), DriftOutput.percent(d.safeAnswered()),
                    list == base ? "–" : DriftOutput.plain(DriftSummary.drift(base, list), 1),
                    DriftOutput.plain(d.unsafeMargin(), 2), DriftOutput.plain(d.safeMargin(), 2), DriftOutput.plain(d.firstMargin(), 2)));
        });
        report.table("Held-out prompts", List.of("model", "R_unsafe %", "R_safe %", "drift, points", "margin on unsafe, nats",
                "margin on safe, nats", "first-token margin on unsafe, nats"), rows);
    }

    /** Refusals of unsafe prompts by category. */
    public static void categories(Report report, Map<String, List<Result>> results) {
        List<Series> series = new ArrayList<>();
        List<String> names = new ArrayList<>();
        results.forEach((name, list) -> {
            Map<String, Interval> by = DriftSummary.of(list.stream().filter(r -> r.prompt().label() == Label.UNSAFE).toList()).categories();
            if (names.isEmpty()) {
                names.addAll(by.keySet());
            }
            series.add(new Series(name, column(by, 0), column(by, 1), column(by, 2)));
        });
        if (!names.isEmpty()) {
            report.bars("Unsafe prompts refused, by category", "% refused", names, series);
        }
    }

    private static double[] column(Map<String, Interval> by, int which) {
        return by.values().stream().mapToDouble(i -> 100 * (which == 0 ? i.value() : which == 1 ? i.low() : i.high())).toArray();
    }

    /** Prompts that one model refuses and the other answers. */
    public static void changed(Report report, Map<String, List<Result>> results) {
        List<Result> base = results.values().iterator().next();
        results.forEach((name, tuned) -> {
            if (tuned != base) {
                changed(report, base, name, tuned);
            }
        });
    }

    private static void changed(Report report, List<Result> base, String name, List<Result> tuned) {
        List<Sample> samples = new ArrayList<>();
        int changed = 0;
        for (int i = 0; i < tuned.size(); i++) {
            Result before = base.get(i);
            Result after = tuned.get(i);
            if (before.refused() != after.refused() && changed++ < SAMPLES) {
                String label = before.prompt().label().name().toLowerCase(Locale.ROOT) + (before.prompt().category().isEmpty() ? "" : ", " + before.prompt().category())
                        + ": " + (before.refused() ? "refused → answered" : "answered → refused");
                samples.add(new Sample(before.prompt().prompt(), label, before.answer(), after.answer()));
            }
        }
        if (changed == 0) {
            report.text(name + ": no prompt changed sides.");
        } else {
            report.samples(name + ": " + samples.size() + " of " + changed + " prompts that changed sides", "aligned base", name, samples);
        }
    }

    /** What the measures mean, for readers who have not seen them before. */
    public static String explanation() {
        return "Drift is the loss of refusals on unsafe prompts against the aligned base, in points. Intervals are 95% bootstrap intervals over prompts (prompts of one cluster are drawn together). "
                + "A prompt counts as refused when the greedy answer opens with a refusal; the margin is log p(refusal) − log p(compliance). "
                + "The prompt list is a reconstruction, not the paper's, which is not public.";
    }
}
