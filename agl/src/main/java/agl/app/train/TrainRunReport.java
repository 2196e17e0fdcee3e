package agl.app.train;

import agl.app.drift.DriftComparison;
import agl.app.drift.DriftReport;
import agl.app.report.Report;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/** report.html of {@code agl train}. */
public final class TrainRunReport {
    private TrainRunReport() { }

    /**
     * Description of the run.
     *
     * @param method the method as described to the user
     * @param held   number of held-out task examples
     * @param before the base's loss on them, in nats per token; NaN if it was not measured
     * @param loss   the written adapter's, likewise
     * @param drift  DriftCheck of base and adapter, empty if no prompts were given
     */
    public record Run(String method, int held, double before, double loss, TrainedSteps steps, TrainTrace trace,
                      Optional<DriftComparison> drift) { }

    public static void write(Path file, Run run, ObjectNode settings, String provenance) {
        TrainTrace trace = run.trace;
        Optional<DriftComparison> drift = run.drift;
        double loss = run.loss;
        String name = drift.isEmpty() ? run.method : drift.get().tuned().getLast().name();
        Report report = Report.of("Fine-tuning with " + run.method);
        if (drift.isEmpty()) {
            report.lead(String.format(Locale.ROOT,
                    "The task loss %s is %s. How much alignment was lost was not measured: give --prompts, or run agl drift.",
                    run.steps.inWords(), score(loss, run.held)));
        } else {
            report.lead(DriftReport.lead(drift.get(), n -> loss));
            DriftReport.headlines(report, drift.get());
        }
        String batch = trace.curves().containsKey("mixed_loss") ? "mixed_loss" : "task_loss";
        report.headline("Task loss", score(loss, 0), run.held + " held-out examples"
                + (Double.isNaN(run.before) ? "" : "; the base " + score(run.before, 0)));
        report.headline("Steps", Integer.toString(run.steps.done()),
                (run.steps.isWhole() ? "" : "written: the weights " + run.steps.inWords() + "; ") + "loss of the last batch"
                + (batch.equals("mixed_loss") ? ", of task and alignment examples" : "")
                + ", before its update: " + score(trace.last(batch), 0));
        drift.ifPresent(d -> {
            ToDoubleFunction<String> losses = n -> n.equals(d.base().name()) ? run.before : loss;
            DriftReport.refusals(report, d, losses);
            DriftReport.answers(report, d);
            DriftReport.against(report, d, losses);
        });
        TrainReport.training(report, "Training", Map.of(name, trace));
        report.section("Internals");
        TrainReport.internals(report, Map.of(name, trace));
        drift.ifPresent(d -> {
            DriftReport.internals(report, d, "How it was measured", DriftReport.explanation());
        });
        report.folded("Settings", folded -> folded.settings(settings));
        report.provenance(provenance).write(file);
    }

    private static String score(double loss, int held) {
        return Double.isNaN(loss) ? "not measured"
                : String.format(Locale.ROOT, "%.3f", loss)
                        + (held == 0 ? "" : " nats per token on " + held + (held == 1 ? " held-out example" : " held-out examples"));
    }
}
