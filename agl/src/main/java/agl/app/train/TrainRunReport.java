package agl.app.train;

import agl.app.drift.DriftComparison;
import agl.app.drift.DriftReport;
import agl.app.report.Report;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** report.html of {@code agl train}. */
public final class TrainRunReport {
    private TrainRunReport() { }

    /**
     * Description of the run.
     *
     * @param method the method as described to the user
     * @param held   number of held-out task examples
     * @param drift  DriftCheck of base and adapter, empty if no prompts were given
     */
    public record Run(String method, int held, int steps, TrainTrace trace, Optional<DriftComparison> drift) { }

    public static void write(Path file, Run run, ObjectNode settings, String provenance) {
        String method = run.method;
        int held = run.held;
        int steps = run.steps;
        TrainTrace trace = run.trace;
        Optional<DriftComparison> drift = run.drift;
        double loss = trace.last("eval_loss");
        String name = drift.isEmpty() ? method : drift.get().tuned().getLast().name();
        Report report = Report.of("Fine-tuning with " + method);
        if (drift.isEmpty()) {
            report.lead(String.format(Locale.ROOT,
                    "After %d steps the task loss is %s. How much alignment was lost was not measured: give --prompts, or run agl drift.",
                    steps, score(loss, held)));
        } else {
            report.lead(DriftReport.lead(drift.get(), n -> loss));
            DriftReport.headlines(report, drift.get());
        }
        String batch = trace.curves().containsKey("mixed_loss") ? "mixed_loss" : "task_loss";
        report.headline("Task loss", score(loss, 0), held + " held-out examples").headline("Steps", Integer.toString(steps),
                "loss of the last batch" + (batch.equals("mixed_loss") ? ", of task and alignment examples" : "")
                        + ", before its update: " + score(trace.last(batch), 0));
        TrainReport.sections(report, "Training", Map.of(name, trace));
        if (!drift.isEmpty()) {
            report.section("What alignment is left");
            DriftReport.table(report, drift.get());
            DriftReport.categories(report, drift.get());
            report.text(DriftReport.explanation());
            report.section("Prompts that changed sides");
            DriftReport.changed(report, drift.get());
        }
        report.section("How it was made");
        report.settings(settings);
        report.provenance(provenance).write(file);
    }

    private static String score(double loss, int held) {
        return Double.isNaN(loss) ? "not measured"
                : String.format(Locale.ROOT, "%.3f", loss) + (held > 0 ? " nats per token on " + held + " held-out examples" : "");
    }
}
