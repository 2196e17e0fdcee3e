package agl.app;

import agl.app.drift.DriftCheck;
import agl.app.drift.DriftReport;
import agl.app.report.Report;
import agl.app.train.TrainReport;
import agl.app.train.TrainTrace;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** report.html of {@code agl train}. */
final class TrainRunReport {
    private TrainRunReport() { }

    /**
     * @param method how the method was described to the user
     * @param held   number of held-out task examples
     * @param drift  DriftCheck before and after, empty when no prompts were given
     */
    static void write(Path file, String method, int held, int steps, TrainTrace trace, Map<String, List<DriftCheck.Result>> drift, Map<String, Object> settings, String provenance) {
        double loss = trace.last("eval_loss");
        String name = drift.isEmpty() ? method : List.copyOf(drift.keySet()).getLast();
        Report report = Report.of("Fine-tuning with " + method);
        if (drift.isEmpty()) {
            report.lead(String.format(Locale.ROOT, "After %d steps the task loss is %s. How much alignment was lost was not measured: give --prompts, or run agl drift.", steps, score(loss, held)));
        } else {
            report.lead(DriftReport.lead(drift, n -> loss));
            DriftReport.headlines(report, drift);
        }
        report.headline("Task loss", score(loss, 0), held + " held-out examples").headline("Steps", Integer.toString(steps), "loss of the last batch, before its update: " + score(trace.last("task_loss"), 0));
        TrainReport.sections(report, "Training", Map.of(name, trace));
        if (!drift.isEmpty()) {
            report.section("What alignment is left");
            DriftReport.table(report, drift);
            DriftReport.categories(report, drift);
            report.text(DriftReport.explanation());
            report.section("Prompts that changed sides");
            DriftReport.changed(report, drift);
        }
        report.section("How it was made");
        report.settings(new JsonMapper().convertValue(settings, new TypeReference<Map<String, Object>>() { }));
        report.provenance(provenance).write(file);
    }

    private static String score(double loss, int held) {
        return Double.isNaN(loss) ? "not measured" : String.format(Locale.ROOT, "%.3f", loss) + (held > 0 ? " nats per token on " + held + " held-out examples" : "");
    }
}
