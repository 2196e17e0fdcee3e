package agl.app.drift;

import agl.app.data.PromptSet.Label;
import agl.app.data.PromptSet.Prompt;
import agl.app.drift.DriftComparison.Model;
import agl.app.report.Caption;
import agl.app.report.Report;
import agl.app.report.Report.Answer;
import agl.app.report.Report.Axis;
import agl.app.report.Report.Point;
import agl.app.report.Report.Sample;
import agl.app.report.Report.Series;
import agl.app.stats.Interval;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The DriftCheck sections of a report. */
public final class DriftReport {
    /** Most prompts shown side by side. */
    private static final int SAMPLES = 18;

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

    /**
     * "lost 90.2 points of refusals (95 % interval 84.5 to 94.0): 12.1 became answers, 78.1 off-task, 0.0 unsure"; nothing is called lost
     * that the interval does not show to be.
     */
    public static String change(DriftChange change) {
        Interval d = change.drift();
        if (d.hasEnds() && d.high() < 0) {
            return String.format(Locale.ROOT, "gained %.1f points of refusals (%s): %s", -d.value(),
                    interval(new Interval(-d.value(), -d.high(), -d.low())), became(change));
        }
        return String.format(Locale.ROOT, switch (DriftEvidence.of(d)) {
            case DRIFTED -> "lost %.1f points of refusals (%s): %s";
            case DID_NOT -> "did not drift here, %.1f points of refusals (%s): %s";
            case OPEN -> "may or may not have drifted, by %.1f points of refusals (%s): %s";
        }, d.value() + 0.0, interval(d), became(change));
    }

    /** "12.1 became answers, 78.1 off-task, 0.0 unsure", in points of all unsafe prompts. */
    static String became(DriftChange change) {
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
                Interval drift = m.change().drift();
                report.headline("Drift, " + m.name(), String.format(Locale.ROOT, "%.1f points", drift.value()), interval(drift)
                        + (DriftEvidence.of(drift) == DriftEvidence.OPEN ? ", not told from 0" : "") + ": " + became(m.change()));
            }
            report.headline("R_safe, " + m.name(), share(m.summary().safeAnswered()),
                    "of the safe prompts answered; the base " + share(c.base().summary().safeAnswered()));
        }
    }

    /**
     * Refusals of unsafe prompts beside answers to safe ones, as a chart and a table with the drift first; then by category, and notes.
     *
     * @param taskLoss task loss by model name, in nats per token; NaN if unknown
     */
    public static void refusals(Report report, DriftComparison c, ToDoubleFunction<String> taskLoss) {
        report.section("Refusals of unsafe prompts beside answers to safe ones");
        c.notes().forEach(report::warning);
        rates(report, c.models().stream().map(m -> rates(m.name(),
                List.of(m.summary().unsafeRefused(), m.summary().safeAnswered()), 100)).toList(),
                "Dot: share; line: 95 % interval over prompts; dashed: the base.");
        List<String> columns = new ArrayList<>(List.of("model", "drift, points", "R_unsafe %", "R_safe %"));
        boolean losses = c.models().stream().anyMatch(m -> !Double.isNaN(taskLoss.applyAsDouble(m.name())));
        if (losses) {
            columns.add("task loss");
        }
        List<List<Object>> rows = new ArrayList<>();
        for (Model m : c.models()) {
            List<Object> row = new ArrayList<>(List.of(m.name(), drift(m), DriftOutput.percent(m.summary().unsafeRefused()),
                    DriftOutput.percent(m.summary().safeAnswered())));
            if (losses) {
                double loss = taskLoss.applyAsDouble(m.name());
                row.add(Double.isNaN(loss) ? "–" : String.format(Locale.ROOT, "%.3f", loss));
            }
            rows.add(row);
        }
        report.models(new Caption("Held-out prompts", "Value [95 % interval over prompts]. Drift is what the base refuses and the tuned "
                + "model does not; R_unsafe is the share of unsafe prompts refused, R_safe that of safe prompts answered"
                + (losses ? "; the task loss is in nats per token" : "") + "."), columns, rows);
        categories(report, c);
    }

    private static String drift(Model m) {
        return m.change() == null ? "–" : m.change().drift().text(1);
    }

    /**
     * A model's rates, for {@link #rates(Report, List, String)}.
     *
     * @param scale what makes them per cent: 100 for shares
     */
    public static Series rates(String name, List<Interval> rates, double scale) {
        return new Series(name, scaled(rates, scale, Interval::value), scaled(rates, scale, Interval::low),
                scaled(rates, scale, Interval::high));
    }

    private static double[] scaled(List<Interval> rates, double scale, ToDoubleFunction<Interval> which) {
        return rates.stream().mapToDouble(i -> scale * which.applyAsDouble(i)).toArray();
    }

    /** @param models R_unsafe and R_safe of each in percent, the base first */
    public static void rates(Report report, List<Series> models, String note) {
        report.rates(new Caption("What each model refuses and what it answers", note),
                List.of("unsafe prompts refused (R_unsafe)", "safe prompts answered (R_safe)"), models);
    }

    /** Folded: every measure, and how they were made. */
    public static void internals(Report report, DriftComparison c, String title, String explanation) {
        report.folded("Margins and outcomes", folded -> measures(folded, c));
        report.folded(title, folded -> folded.text(explanation));
    }

    /** Every measure of every model, and what the answers were. */
    static void measures(Report report, DriftComparison c) {
        List<List<Object>> rows = new ArrayList<>();
        List<List<Object>> outcomes = new ArrayList<>();
        for (Model m : c.models()) {
            DriftSummary d = m.summary();
            List<Object> row = new ArrayList<>(List.of(m.name(), drift(m),
                    m.change() == null ? "–" : String.format(Locale.ROOT, "%.1f", m.change().paper())));
            d.scoresByTitle().values().forEach(mean -> row.add(mean.text(2)));
            rows.add(row);
            d.byLabel().forEach((label, shares) -> outcomes.add(List.of(m.name(), label.name().toLowerCase(Locale.ROOT),
                    DriftOutput.percent(shares.get(Outcome.REFUSED)), DriftOutput.percent(shares.get(Outcome.ANSWERED)),
                    DriftOutput.percent(shares.get(Outcome.OFF_TASK)), DriftOutput.percent(shares.get(Outcome.UNSURE)))));
        }
        List<String> columns = new ArrayList<>(List.of("model", "drift, points", "max(0, drift), the paper's measure"));
        columns.addAll(c.base().summary().scoresByTitle().keySet());
        report.models(new Caption("Margins",
                "A margin is log p(refusal) − log p(compliance); value [95 % interval over prompts]."), columns,
                rows);
        report.models(Caption.of("What the answers were, % of the prompts"),
                List.of("model", "prompts", "refused", "answered", "off-task", "unsure"), outcomes);
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
            series.add(rates(m.name(), List.copyOf(by.values()), 100));
        }
        if (!names.isEmpty()) {
            report.bars(new Caption("Unsafe prompts refused, by category",
                    "Value [95 % interval over the category's prompts]."), "% refused",
                    names, series);
        }
    }

    /**
     * Drift against task loss, if two models at least have both. The base has drift 0; it is drawn where only one model was tuned, since
     * its loss is far from the others'.
     */
    public static void against(Report report, DriftComparison c, ToDoubleFunction<String> taskLoss) {
        List<Point> points = new ArrayList<>();
        double own = taskLoss.applyAsDouble(c.base().name());
        if (c.noDrift().isEmpty() && c.tuned().size() == 1 && !Double.isNaN(own)) {
            points.add(new Point(c.base().name(), own, 0));
        }
        for (Model m : c.tuned()) {
            double loss = taskLoss.applyAsDouble(m.name());
            if (m.change() != null && !Double.isNaN(loss)) {
                Interval d = m.change().drift();
                points.add(new Point(m.name(), loss, d.value(), null, d.hasEnds() ? new double[] {d.low(), d.high()} : null));
            }
        }
        if (points.size() > 1) {
            report.section("Drift against task loss");
            report.scatter(new Caption("What the task cost",
                    "Lower left is better. Lines: 95 % intervals of the drift over prompts; dashed: the "
                    + "Pareto front, no point is better in both."),
                    Axis.lowerIsBetter("task loss, nats per token"), Axis.lowerIsBetter("drift, points"), points);
        }
    }

    /**
     * The same prompts with every model's answer: first some whose outcome differs from the base's and one of each kind where it does not,
     * then, folded, more that differ.
     */
    public static void answers(Report report, DriftComparison c) {
        if (c.tuned().isEmpty()) {
            return;
        }
        int[] all = IntStream.range(0, c.base().results().size()).toArray();
        List<Integer> open = new ArrayList<>();
        first(all, i -> unsafe(c, i) && differs(c, i), 3, open);
        first(all, i -> !unsafe(c, i) && differs(c, i), 1, open);
        first(all, i -> unsafe(c, i) && !differs(c, i), 1, open);
        first(all, i -> !unsafe(c, i) && !differs(c, i), 1, open);
        List<Integer> shown = new ArrayList<>(open);
        first(all, i -> differs(c, i) && !open.contains(i), SAMPLES - open.size(), shown);
        String changed = c.tuned().stream().map(m -> m.name() + " " + IntStream.of(all)
                .filter(i -> m.results().get(i).outcome() != c.base().results().get(i).outcome()).count())
                .collect(Collectors.joining(", "));
        report.section("The same prompts, side by side");
        report.samples(new Caption("What each model writes", "Of " + all.length + " prompts, so many changed sides: " + changed
                + ". First such prompts, in the file's order, then one unsafe and one safe prompt that did not."),
                shown.stream().map(i -> sample(c, i)).toList(), open.size());
    }

    private static void first(int[] all, IntPredicate which, int limit, List<Integer> into) {
        IntStream.of(all).filter(which).limit(Math.max(0, limit)).forEach(into::add);
    }

    private static boolean unsafe(DriftComparison c, int prompt) {
        return c.base().results().get(prompt).prompt().label() == Label.UNSAFE;
    }

    private static boolean differs(DriftComparison c, int prompt) {
        return c.tuned().stream().anyMatch(m -> m.results().get(prompt).outcome() != c.base().results().get(prompt).outcome());
    }

    private static Sample sample(DriftComparison c, int prompt) {
        Prompt p = c.base().results().get(prompt).prompt();
        return new Sample(p.prompt(), p.label().name().toLowerCase(Locale.ROOT) + (p.category().isEmpty() ? "" : ", " + p.category()),
                c.models().stream().map(m -> new Answer(m.name(),
                        m.results().get(prompt).outcome().title(), m.results().get(prompt).answer()))
                        .toList());
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
