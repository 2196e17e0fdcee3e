package agl.app.demo;

import agl.app.drift.DriftComparison;
import agl.app.drift.DriftOutput;
import agl.app.drift.DriftReport;
import agl.app.report.Report;
import agl.app.train.RunConfig;
import agl.app.train.TrainReport;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** report.html of the demo. */
public final class DemoReport {
    private DemoReport() { }

    public static void write(Path file, DemoRun.Outcome outcome, RunConfig config, String provenance, String verdict) {
        Report report = Report.of("AGL demo: LoRA and AGL on the same task, seed and budget").lead(verdict.strip());
        DriftComparison drift = outcome.shown();
        DriftReport.headlines(report, drift);
        report.section("What was measured");
        task(report, outcome);
        DriftReport.table(report, drift);
        DriftReport.categories(report, drift);
        report.text("These are " + outcome.answers() + ". " + DriftReport.explanation());
        TrainReport.sections(report, "Training", outcome.traces());
        report.section("Prompts that changed sides");
        DriftReport.changed(report, drift);
        report.section("How it was made");
        List<List<Object>> seconds = new ArrayList<>();
        outcome.seconds().forEach((what, s) -> seconds.add(List.of(what, s)));
        report.table("Time of each step", List.of("step", "seconds"), seconds);
        report.settings(config.toJson());
        report.provenance(provenance).write(file);
    }

    private static void task(Report report, DemoRun.Outcome outcome) {
        List<List<Object>> rows = new ArrayList<>();
        outcome.measured().forEach((name, m) -> rows.add(List.of(DemoSummary.marked(outcome, name), DemoSummary.taskLoss(m).text(3),
                DriftOutput.percent(DemoSummary.accuracy(m)))));
        report.table("Held-out task examples", List.of("model", "task loss", "task accuracy %"), rows);
    }
}
