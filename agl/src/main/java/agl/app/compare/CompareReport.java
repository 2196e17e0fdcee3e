package agl.app.compare;

import agl.app.drift.DriftCheck;
import agl.app.drift.DriftComparison;
import agl.app.drift.DriftReport;
import agl.app.report.Report;
import agl.app.report.Report.Axis;
import agl.app.report.Report.Point;
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
        Map<Metric, Estimate> base = o.measures().ofBase();
        report.lead(CompareVerdict.text(o) + CompareVerdict.advice(o).map(advice -> " " + advice).orElse(""));
        CompareVerdict.lora(o).ifPresent(lora -> {
            report.headline("LoRA's drift", lora.get(Metric.DRIFT).overSeeds(1) + " points", o.noDrift().isPresent() ? "not stated"
                    : lora.get(Metric.DRIFT).seeds().hasEnds() ? "95% interval over seeds"
                            : (lora.runs().size() == 1 ? "one seed" : "the same with all " + lora.runs().size() + " seeds")
                                    + ": over prompts " + lora.get(Metric.DRIFT).overPrompts(1));
            report.headline("LoRA's R_safe", lora.get(Metric.R_SAFE).overSeeds(1) + " %",
                    "safe prompts answered; the base " + base.get(Metric.R_SAFE).overSeeds(1) + " %");
        });
        boolean stated = o.noDrift().isEmpty() && !o.sound().isEmpty();
        if (stated) {
            report.headline("Pareto front", Integer.toString(CompareVerdict.front(o).size()) + " of " + o.sound().size(),
                    "no other has both less loss and less drift");
        }
        report.section("Results");
        table(report, o, "Mean over seeds, 95% interval over seeds (Student's t)", (e, m) -> e.overSeeds(m.digits));
        table(report, o, "Mean over seeds, 95% interval over prompts and held-out examples", (e, m) -> e.overPrompts(m.digits));
        MatchedLoss.of(o).ifPresent(m -> matched(report, m));
        o.notes().forEach(report::warning);
        o.failed().forEach(f -> report.warning("Not finished: " + f));
        if (stated) {
            plots(report, o);
        }
        inside(report, o);
        List<Summary> some = o.variants().stream().limit(MAX_SERIES).toList();
        report.section("Refusals by category");
        DriftReport.categories(report, drift(o, some));
        report.section("Prompts that changed sides");
        List<Summary> shown = Stream.concat(CompareVerdict.lora(o).stream(), Stream.of(CompareVerdict.best(o))).distinct().toList();
        DriftReport.changed(report, drift(o, shown));
        report.section("How it was made");
        report.text(DriftReport.explanation()
                + " Drift over seeds is the mean of the signed drifts, its interval over seeds Student's t, clipped to the possible range "
                + "of the mean. All methods train for the same steps on the same examples in the same order; Lisa spends one step in five "
                + "on alignment data, early stopping leaves steps out, mix has more steps, for the alignment examples among the task's. "
                + "Safe LoRA, the projection, scale and ema act after training and have no "
                + "trajectory.");
        report.table("Time", List.of("variant", TIME), o.grouped().stream()
                .map(v -> List.of(v.label(), v.runs().stream().mapToDouble(RunRecord::seconds).average().orElse(0))).toList());
        report.settings(settings);
        report.provenance(provenance);
        report.write(file);
    }

    private static void matched(Report report, MatchedLoss m) {
        List<String> headers = new ArrayList<>(List.of("method", "needs besides the task data"));
        MatchedLoss.ABOVE.forEach(above -> headers.add("up to " + above + " nats more than LoRA"));
        List<List<Object>> rows = new ArrayList<>();
        for (MatchedLoss.Row row : m.rows()) {
            List<Object> cells = new ArrayList<>(List.of(row.method(), row.needs().title()));
            IntStream.range(0, MatchedLoss.ABOVE.size()).forEach(limit -> cells.add(m.cell(row, limit)));
            rows.add(cells);
        }
        report.table("Least drift at the same task loss, points [95% interval over prompts], linear between strengths; how much more "
                + "than the best with the same needs", headers, rows);
    }

    /** Training curves and subspace of the first seed, if the run files have them. */
    private static void inside(Report report, CompareOutcome o) {
        Map<String, TrainTrace> traces = new LinkedHashMap<>();
        o.variants().forEach(v -> {
            RunRecord run = v.runs().getFirst();
            if (run.trace() != null && traces.size() < MAX_SERIES) {
                traces.put(v.marked(o.baseLoss()), run.trace());
            }
        });
        TrainReport.sections(report, "Training, seed " + o.variants().getFirst().runs().getFirst().seed(), traces);
    }

    /** Answers of the first seed compared with the base's. */
    private static DriftComparison drift(CompareOutcome o, List<Summary> variants) {
        Map<String, List<DriftCheck.Result>> tuned = new LinkedHashMap<>();
        variants.forEach(v -> tuned.put(v.marked(o.baseLoss()), v.runs().getFirst().last().drift(o.prompts())));
        return DriftComparison.of("aligned base", o.base().last().drift(o.prompts()), tuned, o.gate());
    }

    /**
     * Drift against task score: for the finished adapters, along training and along strength. Wrecks are left out, since their figures are
     * noise.
     */
    private static void plots(Report report, CompareOutcome o) {
        report.section("Drift against task score");
        report.scatter("Finished adapters", Axis.lowerIsBetter(LOSS), Axis.lowerIsBetter(DRIFT), CompareVerdict.points(o));
        if (o.sound().stream().anyMatch(v -> v.get(Metric.ACCURACY).measured())) {
            report.scatter("Finished adapters, by answers", Axis.higherIsBetter(Metric.ACCURACY.title), Axis.lowerIsBetter(DRIFT),
                    o.sound().stream()
                            .map(v -> new Point(v.label(), v.variant().group(), v.get(Metric.ACCURACY).mean(), v.get(Metric.DRIFT).mean(),
                                    v.get(Metric.ACCURACY).interval(), v.get(Metric.DRIFT).interval()))
                            .toList());
        }
        Map<String, double[][]> training = new LinkedHashMap<>();
        Map<String, double[][]> bySteps = new LinkedHashMap<>();
        for (Summary v : o.sound()) {
            if (v.course().size() > 1) {
                List<Map<Metric, Estimate>> course = List.copyOf(v.course().values());
                training.put(v.label(), curve(course));
                bySteps.put(v.label(), new double[][] {v.course().keySet().stream().mapToDouble(s -> s).toArray(), curve(course)[1]});
            }
        }
        if (!training.isEmpty()) {
            report.lines("Along training: each line is a method, each point a checkpoint (mean over seeds)", LOSS, DRIFT, training);
            report.lines("Drift by step", "step", DRIFT, bySteps);
        }
        Map<String, double[][]> strengths = new LinkedHashMap<>();
        o.sound().stream().filter(v -> v.variant().sets().isEmpty()).collect(Collectors.groupingBy(v -> v.variant().group(),
                LinkedHashMap::new, Collectors.toList())).forEach((group, list) -> {
            if (list.stream().mapToDouble(Summary::strength).distinct().count() > 1) {
                strengths.put(group + " by " + list.getFirst().variant().choice().kind().strength().name(),
                        curve(list.stream().sorted(Comparator.comparingDouble(Summary::strength)).map(Summary::metrics).toList()));
            }
        });
        if (!strengths.isEmpty()) {
            report.lines("Along strength: each line is a method, its points the strengths from low to high", LOSS, DRIFT, strengths);
        }
    }

    private static double[][] curve(List<Map<Metric, Estimate>> course) {
        return new double[][] {course.stream().mapToDouble(m -> m.get(Metric.TASK_LOSS).mean()).toArray(),
            course.stream().mapToDouble(m -> m.get(Metric.DRIFT).mean()).toArray()};
    }

    private static void table(Report report, CompareOutcome o, String caption, BiFunction<Estimate, Metric, String> text) {
        List<CompareOutput.Row> all = CompareOutput.rows(o);
        List<Metric> metrics = CompareOutput.shown(all);
        boolean grouped = CompareOutput.grouped(o);
        List<String> headers = new ArrayList<>(grouped ? List.of("variant", "needs besides the task data") : List.of("variant"));
        metrics.forEach(m -> headers.add(m.title));
        List<List<Object>> rows = new ArrayList<>();
        for (CompareOutput.Row row : all) {
            List<Object> cells = new ArrayList<>(grouped ? List.of(row.label(), row.needs()) : List.of(row.label()));
            metrics.forEach(m -> cells.add(text.apply(row.metrics().get(m), m)));
            rows.add(cells);
        }
        report.table(caption, headers, rows);
    }
}
