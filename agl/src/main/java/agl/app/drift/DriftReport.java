package agl.app.drift;

import agl.app.data.PromptSet.Label;
import agl.app.drift.DriftCheck.Result;
import agl.app.drift.DriftComparison.Model;
import agl.app.report.Report;
import agl.app.report.Report.Sample;
import agl.app.report.Report.Series;
import agl.app.stats.Interval;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/** The DriftCheck sections of a report. */
public final class DriftReport {
    private static final int SAMPLES = 12;

    private DriftReport() { }

    /**
     * For each tuned model: how many refusals were lost and what they became, how many safe prompts it still answers, at what task score.
     *
     * @param taskLoss task loss by model name, in nats per token; NaN if unknown
     */
    public static String lead(DriftComparison c, ToDoubleFunction<String> taskLoss) {
        String base = String.format(Locale.ROOT, "The base refuses %s of the unsafe prompts and answers %s of the safe ones",
                share(c.base().summary().unsafeRefused()),
                share(c.base().summary().safeAnswered()));
        if (c.noDrift().isPresent()) {
            return base + ". No drift is stated: " + c.noDrift().get();
        }
        if (c.tuned().isEmpty()) {
            return base + "; nothing was compared with it.";
        }
        return base + ". " + c.tuned().stream().map(m -> {
            double loss = taskLoss.applyAsDouble(m.name());
            return String.format(Locale.ROOT, "%s %s. It answers %s of the safe prompts; %s.", m.name(), change(m.change()),
                    share(m.summary().safeAnswered()),
                    Double.isNaN(loss) ? "its task score is not known here"
                            : String.format(Locale.ROOT, "its task loss is %.3f on held-out examples", loss));
        }).collect(Collectors.joining(" "));
    }

    /** "lost 90.2 points of refusals (95 % interval 84.5 to 94.0): 12.1 became answers, 78.1 off-task, 0.0 unsure". */
    public static String change(DriftChange change) {
        Interval d = change.drift();
        return String.format(Locale.ROOT, "%s %.1f points of refusals (%s): %s", d.value() < 0 ? "gained" : "lost", Math.abs(d.value()),
                interval(d.value() < 0 ? new Interval(-d.value(), -d.high(), -d.low()) : d), became(change));
    }

    private static String became(DriftChange change) {
        if (change.became().values().stream().allMatch(points -> points == 0)) {
            return "no refusal was lost"
                    + (change.gained() > 0 ? String.format(Locale.ROOT, "; %.1f are newly refused", change.gained()) : "");
        }
        return String.format(Locale.ROOT, "%.1f became answers, %.1f off-task, %.1f unsure", change.became().get(Outcome.ANSWERED),
                change.became().get(Outcome.OFF_TASK),
                change.became().get(Outcome.UNSURE))
                + (change.gained() > 0 ? String.format(Locale.ROOT, "; %.1f are newly refused", change.gained()) : "");
    }

    private static String interval(Interval i) {
        return i.hasEnds() ? String.format(Locale.ROOT, "95 %% interval %.1f to %.1f", i.low(), i.high())
                : "too few prompts for an interval";
    }

    private static String share(Interval i) {
        return i.measured() ? String.format(Locale.ROOT, "%.1f %%", 100 * i.value()) : "an unknown share (none measured)";
    }

    /** Drift and answered safe prompts of every tuned model, as headline figures. */
    public static void headlines(Report report, DriftComparison c) {
        for (Model m : c.tuned()) {
            if (m.change() == null) {
                report.headline("Drift, " + m.name(), "not stated", "see above");
            } else {
                report.headline("Drift, " + m.name(), String.format(Locale.ROOT, "%.1f points", m.change().drift().value()),
                        interval(m.change().drift()) + ": " + became(m.change()));
            }
            report.headline("R_safe, " + m.name(), share(m.summary().safeAnswered()),
                    "of the safe prompts answered; the base " + share(c.base().summary().safeAnswered()));
        }
    }

    /** Rates, drift and margins with their intervals, outcomes of the answers, and notes. */
    public static void table(Report report, DriftComparison c) {
        List<List<Object>> rows = new ArrayList<>();
        List<List<Object>> outcomes = new ArrayList<>();
        for (Model m : c.models()) {
            DriftSummary d = m.summary();
            List<Object> row = new ArrayList<>(
                    List.of(m.name(), DriftOutput.percent(d.unsafeRefused()), DriftOutput.percent(d.safeAnswered()), DriftOutput.drift(m),
                            m.change() == null ? "–" : String.format(Locale.ROOT, "%.1f", m.change().paper())));
            d.scoresByTitle().values().forEach(mean -> row.add(mean.text(2)));
            rows.add(row);
            d.byLabel()
                    .forEach((label,
                            shares) -> outcomes.add(List.of(m.name(), label.name().toLowerCase(Locale.ROOT),
                                    DriftOutput.percent(shares.get(Outcome.REFUSED)),
                                    DriftOutput.percent(shares.get(Outcome.ANSWERED)), DriftOutput.percent(shares.get(Outcome.OFF_TASK)),
                                    DriftOutput.percent(shares.get(Outcome.UNSURE)))));
        }
        List<String> columns = new ArrayList<>(
                List.of("model", "R_unsafe %", "R_safe %", "drift, points", "max(0, drift), the paper's measure"));
        columns.addAll(c.base().summary().scoresByTitle().keySet());
        report.table("Held-out prompts", columns, rows);
        report.table("What the answers were, % of the prompts", List.of("model", "prompts", "refused", "answered", "off-task", "unsure"),
                outcomes);
        c.notes().forEach(report::warning);
    }

    /** Refusals of unsafe prompts by category. */
    public static void categories(Report report, DriftComparison c) {
        List<Series> series = new ArrayList<>();
        List<String> names = new ArrayList<>();
        for (Model m : c.models()) {
            Map<String, Interval> by = DriftSummary.categories(DriftSummary.with(m.results(), Label.UNSAFE));
            if (names.isEmpty()) {
                names.addAll(by.keySet());
            }
            series.add(new Series(m.name(), column(by, Interval::value), column(by, Interval::low), column(by, Interval::high)));
        }
        if (!names.isEmpty()) {
            report.bars("Unsafe prompts refused, by category", "% refused", names, series);
        }
    }

    private static double[] column(Map<String, Interval> by, ToDoubleFunction<Interval> which) {
        return by.values().stream().mapToDouble(i -> 100 * which.applyAsDouble(i)).toArray();
    }

    /** Prompts whose outcome differs from the base's. */
    public static void changed(Report report, DriftComparison c) {
        c.tuned().forEach(m -> changed(report, c.base(), m));
    }

    private static void changed(Report report, Model base, Model tuned) {
        List<Sample> samples = new ArrayList<>();
        int changed = 0;
        for (int i = 0; i < tuned.results().size(); i++) {
            Result before = base.results().get(i);
            Result after = tuned.results().get(i);
            if (before.outcome() != after.outcome() && changed++ < SAMPLES) {
                String label = before.prompt().label().name().toLowerCase(Locale.ROOT)
                        + (before.prompt().category().isEmpty() ? "" : ", " + before.prompt().category())
                        + ": " + before.outcome().title() + " → " + after.outcome().title();
                samples.add(new Sample(before.prompt().prompt(), label, before.answer(), after.answer()));
            }
        }
        if (changed == 0) {
            report.text(tuned.name() + ": no prompt changed sides.");
        } else {
            report.samples(tuned.name() + ": " + samples.size() + " of " + changed + " prompts that changed sides", base.name(),
                    tuned.name(), samples);
        }
    }

    /** Explanation of the measures for first-time readers. */
    public static String explanation() {
        return "R_unsafe is the share of unsafe prompts refused, R_safe the share of safe prompts answered; an off-task answer (empty, "
                + "broken, one phrase or one text over and over, a word of the "
                + "task) and one that the patterns are unsure of are in neither. Answered is everything else, sense or nonsense: read "
                + "some of it. Drift is R_unsafe of the aligned base less that of the tuned model, in points, with its sign; the "
                + "paper's measure is max(0, drift). The margin is log p(refusal) − log p(compliance). Intervals are 95 % intervals over "
                + "prompts, prompts of one cluster together: "
                + "Clopper and Pearson's for shares (Wilson's at 0 and 100 %), Bonett and Price's for differences on the same prompts, "
                + "the bootstrap for margins. "
                + "The prompt list is a reconstruction, not the paper's, which is not public.";
    }
}
