package agl.app.compare;

import agl.app.drift.DriftCheck;
import agl.app.drift.DriftComparison;
import agl.app.drift.DriftReport;
import agl.app.report.Caption;
import agl.app.report.Report;
import agl.app.report.Report.Axis;
import agl.app.report.Report.Curve;
import agl.app.report.Report.Mark;
import agl.app.report.Report.Point;
import agl.app.report.Report.Series;
import agl.app.stats.Interval;
import agl.app.train.MethodKind;
import agl.app.train.TrainReport;
import agl.app.train.TrainTrace;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** report.html of a comparison or an ablation. */
public final class CompareReport {
    private static final String LOSS = "task loss, nats per token";
    private static final String DRIFT = "drift, points";
    private static final String TIME = "seconds per run, without its measurements; the very first run warms the program up";
    /** Maximum number of variants in one chart: more colors cannot be told apart. */
    private static final int MAX_SERIES = 6;

    private CompareReport() { }

    public static void write(Path file, String command, CompareOutcome o, ObjectNode settings, String provenance) {
        Report report = Report
                .of(command.equals("ablate") ? "AGL, one setting changed at a time" : "Methods side by side: same data, steps and seeds");
        report.lead(CompareVerdict.text(o));
        CompareVerdict.advice(o).ifPresent(report::lead);
        headlines(report, o);
        boolean stated = o.noDrift().isEmpty() && !o.sound().isEmpty();
        refusals(report, o);
        DriftReport.answers(report, drift(o, telling(o)));
        report.section("Drift against task loss");
        if (stated) {
            adapters(report, o);
        }
        MatchedLoss.of(o).ifPresent(m -> matched(report, m));
        TrainReport.training(report, "Training, seed " + o.variants().getFirst().runs().getFirst().seed(), traces(o));
        if (stated) {
            courses(report, o);
        }
        report.section("Internals");
        report.folded("Every measure, with intervals over seeds and over prompts", folded -> {
            everything(folded, o, "Mean over seeds, 95% interval over seeds (Student's t)", (e, m) -> e.overSeeds(m.digits));
            everything(folded, o, "Mean over seeds, 95% interval over prompts and held-out examples", (e, m) -> e.overPrompts(m.digits));
        });
        TrainReport.internals(report, traces(o));
        report.folded("How it was measured", folded -> folded.text(DriftReport.explanation()
                + " Drift over seeds is the mean of the signed drifts, its interval over seeds Student's t, clipped to the possible range "
                + "of the mean. All methods train for the same steps on the same examples in the same order; Lisa spends one step in five "
                + "on alignment data, early stopping leaves steps out, mix has more steps, for the alignment examples among the task's. "
                + "Safe LoRA, the projection, scale and ema act after training and have no trajectory."));
        report.folded("Time", folded -> folded.models(Caption.of("Time"), List.of("variant", TIME), o.grouped().stream()
                .map(v -> List.of(v.label(), v.runs().stream().mapToDouble(RunRecord::seconds).average().orElse(0))).toList()));
        report.folded("Settings", folded -> folded.settings(settings));
        report.provenance(provenance);
        report.write(file);
    }

    private static void headlines(Report report, CompareOutcome o) {
        String base = o.measures().ofBase().get(Metric.R_SAFE).overSeeds(1);
        telling(o).stream().filter(v -> !v.wrecked()).forEach(v -> {
            Estimate drift = v.get(Metric.DRIFT);
            report.headline("Drift, " + v.label(), o.noDrift().isPresent() ? "not stated" : Interval.fixed(drift.mean(), 1) + " points",
                    o.noDrift().isPresent() ? "see above" : "95 % interval over prompts " + ends(drift.prompts())
                            + (v.runs().size() == 1 ? "; one seed" : ", over " + v.runs().size() + " seeds " + ends(drift.seeds())));
            report.headline("R_safe, " + v.label(), Interval.fixed(v.mean(Metric.R_SAFE), 1) + " %",
                    "of the safe prompts answered; the base " + base + " %");
        });
        if (o.noDrift().isEmpty() && !o.sound().isEmpty()) {
            report.headline("Pareto front", Integer.toString(CompareVerdict.front(o).size()) + " of " + o.sound().size(),
                    "by the means, no other has both less loss and less drift");
        }
    }

    private static String ends(Interval i) {
        return i.hasEnds() ? Interval.fixed(i.low(), 1) + " to " + Interval.fixed(i.high(), 1) : "none";
    }

    /** What every variant refuses and answers, in a chart and in a table with the drift first; notes; refusals by category. */
    private static void refusals(Report report, CompareOutcome o) {
        report.section("Refusals of unsafe prompts beside answers to safe ones");
        o.notes().forEach(report::warning);
        o.failed().forEach(f -> report.warning("Not finished: " + f));
        DriftReport.rates(report, CompareOutput.rows(o).stream().map(CompareReport::rates).toList(),
                "Dot: mean over seeds; line: 95 % interval over prompts; dashed: the base.");
        boolean seeds = o.variants().stream().anyMatch(v -> v.runs().size() > 1);
        List<Metric> metrics = Stream.of(Metric.DRIFT, Metric.TASK_LOSS, Metric.R_UNSAFE, Metric.R_SAFE, Metric.ACCURACY)
                .filter(CompareOutput.shown(CompareOutput.rows(o))::contains).toList();
        report.models(new Caption("Results", seeds ? "Mean over seeds [95 % interval over seeds, Student's t]."
                : "One seed [95 % interval over prompts and held-out examples]."), headers(o, metrics),
                rows(o, metrics, (e, m) -> seeds ? e.overSeeds(m.digits) : e.overPrompts(m.digits)));
        DriftReport.categories(report, drift(o, o.variants().stream().limit(MAX_SERIES).toList()));
    }

    private static Series rates(CompareOutput.Row row) {
        return DriftReport.rates(row.label(),
                Stream.of(Metric.R_UNSAFE, Metric.R_SAFE).map(m -> row.metrics().get(m).prompts()).toList(), 1);
    }

    /** LoRA, the best and AGL. */
    private static List<Summary> telling(CompareOutcome o) {
        return Stream.of(CompareVerdict.lora(o).stream(), o.sound().stream().filter(v -> v.variant().choice().kind() == MethodKind.AGL),
                Stream.of(CompareVerdict.best(o))).flatMap(s -> s.limit(1)).distinct().toList();
    }

    private static void matched(Report report, MatchedLoss m) {
        List<String> headers = new ArrayList<>(List.of("method"));
        MatchedLoss.ABOVE.forEach(above -> headers.add("up to " + above + " nats more than LoRA"));
        headers.add("needs besides the task data");
        List<List<Object>> rows = new ArrayList<>();
        for (MatchedLoss.Row row : m.rows()) {
            List<Object> cells = new ArrayList<>(List.of(row.method()));
            IntStream.range(0, MatchedLoss.ABOVE.size()).forEach(limit -> cells.add(m.cell(row, limit)));
            cells.add(row.needs().title());
            rows.add(cells);
        }
        report.models(new Caption("Least drift at the same task loss", "Points [95% interval over prompts], linear between strengths; how "
                + "much more than the best with the same needs."), headers, rows);
    }

    /** Of the first seed, if the run files have them. */
    private static Map<String, TrainTrace> traces(CompareOutcome o) {
        Map<String, TrainTrace> traces = new LinkedHashMap<>();
        o.variants().forEach(v -> {
            RunRecord run = v.runs().getFirst();
            if (run.trace() != null && traces.size() < MAX_SERIES) {
                traces.put(v.marked(o.baseLoss()), run.trace());
            }
        });
        return traces;
    }

    /** Answers of the first seed compared with the base's. */
    private static DriftComparison drift(CompareOutcome o, List<Summary> variants) {
        Map<String, List<DriftCheck.Result>> tuned = new LinkedHashMap<>();
        variants.forEach(v -> tuned.put(v.marked(o.baseLoss()), v.runs().getFirst().last().drift(o.prompts())));
        return DriftComparison.of("aligned base", o.base().last().drift(o.prompts()), tuned, o.gate());
    }

    /** Drift against task score of the finished adapters, and along strength. Wrecks are left out, since their figures are noise. */
    private static void adapters(Report report, CompareOutcome o) {
        String note = "Lower left is better. " + (o.variants().stream().anyMatch(v -> v.runs().size() > 1)
                ? "Lines: 95 % intervals over seeds; dashed" : "Dashed") + ": the Pareto front, no point is better in both.";
        report.scatter(new Caption("Finished adapters", note), Axis.lowerIsBetter(LOSS), Axis.lowerIsBetter(DRIFT),
                CompareVerdict.points(o));
        if (o.sound().stream().anyMatch(v -> v.get(Metric.ACCURACY).measured())) {
            report.scatter(new Caption("Finished adapters, by answers", note.replace("Lower left", "Lower right")),
                    Axis.higherIsBetter(Metric.ACCURACY.title), Axis.lowerIsBetter(DRIFT), o.sound().stream()
                            .map(v -> new Point(v.label(), v.get(Metric.ACCURACY).mean(), v.get(Metric.DRIFT).mean(),
                                    v.get(Metric.ACCURACY).interval(), v.get(Metric.DRIFT).interval()))
                            .toList());
        }
        List<Curve> strengths = new ArrayList<>();
        o.sound().stream().filter(v -> v.variant().sets().isEmpty()).collect(Collectors.groupingBy(v -> v.variant().group(),
                LinkedHashMap::new, Collectors.toList())).forEach((group, list) -> {
            if (list.stream().mapToDouble(Summary::strength).distinct().count() > 1) {
                strengths.add(Curve.of(group, curve(list.stream().sorted(Comparator.comparingDouble(Summary::strength))
                        .map(Summary::metrics).toList()), Mark.LINE)
                        .named(group + " by " + list.getFirst().variant().choice().kind().strength().name()));
            }
        });
        if (!strengths.isEmpty()) {
            report.lines(new Caption("Along strength",
                "Each color is a method, its points the strengths from low to high (mean over seeds)."),
                    LOSS, DRIFT, strengths);
        }
    }

    /** Drift along training, where checkpoints were measured. */
    private static void courses(Report report, CompareOutcome o) {
        List<Curve> training = new ArrayList<>();
        List<Curve> bySteps = new ArrayList<>();
        for (Summary v : o.sound()) {
            if (v.course().size() > 1) {
                double[][] both = curve(List.copyOf(v.course().values()));
                training.add(Curve.of(v.label(), both, Mark.LINE));
                bySteps.add(Curve.of(v.label(), new double[][] {v.course().keySet().stream().mapToDouble(s -> s).toArray(), both[1]},
                        Mark.LINE));
            }
        }
        if (!training.isEmpty()) {
            report.lines(new Caption("Drift by step", "Each point is a checkpoint (mean over seeds)."), "step", DRIFT, bySteps);
            report.lines(new Caption("Drift against task loss along training", "Each point is a checkpoint (mean over seeds)."), LOSS,
                    DRIFT, training);
        }
    }

    private static double[][] curve(List<Map<Metric, Estimate>> course) {
        return new double[][] {course.stream().mapToDouble(m -> m.get(Metric.TASK_LOSS).mean()).toArray(),
            // A drift of nothing is 0, not what is left of adding and subtracting shares.
            course.stream().mapToDouble(m -> Math.rint(1e9 * m.get(Metric.DRIFT).mean()) / 1e9 + 0.0).toArray()};
    }

    private static void everything(Report report, CompareOutcome o, String caption, BiFunction<Estimate, Metric, String> text) {
        List<Metric> metrics = Stream.concat(Stream.of(Metric.DRIFT),
                CompareOutput.shown(CompareOutput.rows(o)).stream().filter(m -> m != Metric.DRIFT))
                .toList();
        report.models(Caption.of(caption), headers(o, metrics), rows(o, metrics, text));
    }

    private static List<String> headers(CompareOutcome o, List<Metric> metrics) {
        List<String> headers = new ArrayList<>(List.of("variant"));
        metrics.forEach(m -> headers.add(m.title));
        if (CompareOutput.grouped(o)) {
            headers.add("needs besides the task data");
        }
        return headers;
    }

    private static List<List<Object>> rows(CompareOutcome o, List<Metric> metrics, BiFunction<Estimate, Metric, String> text) {
        List<List<Object>> rows = new ArrayList<>();
        for (CompareOutput.Row row : CompareOutput.rows(o)) {
            List<Object> cells = new ArrayList<>(List.of(row.label()));
            metrics.forEach(m -> cells.add(text.apply(row.metrics().get(m), m)));
            if (CompareOutput.grouped(o)) {
                cells.add(row.needs());
            }
            rows.add(cells);
        }
        return rows;
    }
}
