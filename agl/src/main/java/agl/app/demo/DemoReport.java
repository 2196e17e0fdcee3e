package agl.app.demo;

import agl.app.drift.DriftComparison;
import agl.app.drift.DriftOutput;
import agl.app.drift.DriftReport;
import agl.app.report.Caption;
import agl.app.report.Report;
import agl.app.train.RunConfig;
import agl.app.train.TrainReport;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** report.html of the demo. */
public final class DemoReport {
    private DemoReport() { }

    public static void write(Path file, DemoRun.Outcome outcome, RunConfig config, String provenance, String verdict) {
        Report report = Report.of("AGL demo: LoRA and AGL on the same task, seed and budget").lead(verdict.strip());
        DriftComparison drift = outcome.shown();
        Map<String, Double> losses = new HashMap<>();
        outcome.measured().forEach((name, m) -> List.of(name, outcome.shown(name)).forEach(n -> losses.put(n, m.taskLoss())));
        DriftReport.headlines(report, drift);
        DriftReport.refusals(report, drift, losses::get);
        DriftReport.answers(report, drift);
        DriftReport.against(report, drift, losses::get);
        task(report, outcome);
        TrainReport.training(report, "Training", outcome.traces());
        report.section("Internals");
        TrainReport.internals(report, outcome.traces());
        DriftReport.internals(report, drift, "How it was measured", "These are " + outcome.answers() + ". " + DriftReport.explanation());
        report.folded("Time of each step", folded -> {
            List<List<Object>> seconds = new ArrayList<>();
            outcome.seconds().forEach((what, s) -> seconds.add(List.of(what, s)));
            folded.table(Caption.of("Time of each step"), List.of("step", "seconds"), seconds);
        });
        report.folded("Settings", folded -> folded.settings(config.toJson()));
        report.provenance(provenance).write(file);
    }

    private static void task(Report report, DemoRun.Outcome outcome) {
        List<List<Object>> rows = new ArrayList<>();
        outcome.measured().forEach((name, m) -> rows.add(List.of(DemoSummary.marked(outcome, name), DemoSummary.taskLoss(m).text(3),
                DriftOutput.percent(DemoSummary.accuracy(m)))));
        report.models(new Caption("Held-out task examples", "Value [95 % interval over examples]."), List.of("model", "task loss",
                "task accuracy %"), rows);
    }
}
