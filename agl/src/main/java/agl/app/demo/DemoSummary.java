package agl.app.demo;

import agl.app.data.PromptSet.Label;
import agl.app.drift.DriftChange;
import agl.app.drift.DriftComparison;
import agl.app.drift.DriftComparison.Model;
import agl.app.drift.DriftEvidence;
import agl.app.drift.DriftOutput;
import agl.app.stats.Bootstrap;
import agl.app.stats.Clusters;
import agl.app.stats.Interval;
import agl.app.stats.Shares;
import agl.app.train.TaskMeasure;
import agl.regularizers.Fisher;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** The demo's results as text: spectrum, table and verdict. */
public final class DemoSummary {
    private DemoSummary() {
    }

    /** The leading eigenvalues of each layer's Fisher, as shares of its trace. */
    public static String spectrum(Map<String, Fisher> fisher) {
        StringBuilder s = new StringBuilder("\nFisher of the alignment data: leading eigenvalues as shares of the trace\n");
        fisher.forEach((name, f) -> {
            s.append(String.format(Locale.ROOT, "  %-36s", name.replace("model.layers.", "").replace("self_attn.", "")));
            double held = 0;
            for (int k = 0; k < Math.min(6, f.spectrum().length); k++) {
                s.append(String.format(Locale.ROOT, " %.3f", f.spectrum()[k] / f.trace()));
            }
            int directions = 0;
            while (directions < f.spectrum().length && held < 0.9 * f.trace()) {
                held += f.spectrum()[directions++];
            }
            s.append(String.format(Locale.ROOT, " …  90%% of the trace in %d of %d%n", directions, f.spectrum().length));
        });
        return s.toString();
    }

    public static String table(DemoRun.Outcome outcome) {
        StringBuilder s = new StringBuilder();
        String line = "%-" + outcome.measured().keySet().stream().mapToInt(name -> Math.max(6, marked(outcome, name).length())).max()
                .orElse(6) + "s %-22s %-22s%n";
        s.append(String.format(Locale.ROOT, line, "", "task loss", "task accuracy %"));
        outcome.measured().forEach((name, m) -> s.append(String.format(Locale.ROOT, line, marked(outcome, name), taskLoss(m).text(3),
                DriftOutput.percent(accuracy(m)))));
        return s.append('\n').append(DriftOutput.table(outcome.shown()))
                .append("value [95% interval over prompts, those about the same verb and object together], of ")
                .append(outcome.answers()).append('\n').toString();
    }

    /** A model's name with a mark if it is wrecked or its loss is above the base's. */
    static String marked(DemoRun.Outcome outcome, String name) {
        return name + (outcome.wrecks().containsKey(name) ? " [wrecked]" : aboveBase(outcome, name) ? " [loss above the base's]" : "");
    }

    private static boolean aboveBase(DemoRun.Outcome outcome, String name) {
        return outcome.measured().get(name).taskLoss() > outcome.measured().get("base").taskLoss();
    }

    public static String wrecked(DemoRun.Outcome outcome) {
        return outcome.wrecks().entrySet().stream().map(e -> e.getKey() + ": " + e.getValue()).collect(Collectors.joining("; "));
    }

    /** A sentence for each model that is worse at the task than the base. */
    private static String above(DemoRun.Outcome outcome) {
        return outcome.measured().keySet().stream().filter(name -> aboveBase(outcome, name)).map(name -> String.format(Locale.ROOT,
                " But the task loss of %s, %.3f, is above the base's own, %.3f: it is worse at the task than before.", name,
                outcome.measured().get(name).taskLoss(), outcome.measured().get("base").taskLoss())).collect(Collectors.joining());
    }

    static Interval taskLoss(DemoRun.Measured m) {
        return Bootstrap.interval(Clusters.alone(m.task().size()), 1, sample -> TaskMeasure.loss(m.task(), sample));
    }

    static Interval accuracy(DemoRun.Measured m) {
        return Shares.of(TaskMeasure.correct(m.task()), Clusters.alone(m.task().size()));
    }

    /** What happened to the drift, and whether a model got worse at the task. Wrecks are not compared. */
    public static String verdict(DemoRun.Outcome outcome) {
        return (outcome.wrecks().isEmpty() ? comparison(outcome) + above(outcome) : "No drift is compared: " + wrecked(outcome) + ".")
                + System.lineSeparator();
    }

    private static String comparison(DemoRun.Outcome outcome) {
        DriftComparison drift = outcome.drift();
        if (drift.noDrift().isPresent()) {
            return "No drift is stated: " + drift.noDrift().get();
        }
        Model lora = drift.model("LoRA").orElseThrow();
        Model agl = drift.model("AGL").orElseThrow();
        double before = lora.change().drift().value();
        double after = agl.change().drift().value();
        DriftEvidence evidence = DriftEvidence.of(lora.change().drift());
        String doubt = evidence.sentence("LoRA", lora.change().drift(),
                (int) lora.results().stream().filter(r -> r.prompt().label() == Label.UNSAFE).count());
        if (before <= 0) {
            return doubt + (evidence == DriftEvidence.DID_NOT ? ", so there was nothing to reduce." : ".")
                    + (after > 0 ? " AGL drifted by " + agl.change().drift().text(1) + " points." : "");
        }
        Interval less = DriftChange.of(agl.results(), lora.results()).drift();
        // Report the loss as well: while a model answers nothing right, its accuracy is uninformative.
        double difference = 100 * (accuracy(outcome.measured().get("AGL")).value() - accuracy(outcome.measured().get("LoRA")).value());
        String score = String.format(Locale.ROOT,
                "task loss %.3f against LoRA's %.3f, task accuracy %+.1f points against LoRA; "
                + "safe prompts answered %.1f %% against LoRA's %.1f %% and the base's %.1f %%%s",
                taskLoss(outcome.measured().get("AGL")).value(), taskLoss(outcome.measured().get("LoRA")).value(), difference,
                100 * agl.summary().safeAnswered().value(), 100 * lora.summary().safeAnswered().value(),
                100 * drift.base().summary().safeAnswered().value(), doubt.isEmpty() ? "" : ". " + doubt);
        if (!less.hasEnds() || less.low() <= 0 && less.high() >= 0) {
            return String.format(Locale.ROOT, "It cannot be told whether AGL drifts less than LoRA here (%.1f points, LoRA %.1f, a "
                    + "difference of %s, so it may be chance); %s.", after, before, less.text(1), score);
        }
        if (after < before) {
            return String.format(Locale.ROOT, "AGL removed %.0f%% of LoRA's drift (%.1f instead of %.1f points, a difference of %s); %s.",
                    100 * DriftChange.reduction(after, before), after, before, less.text(1), score);
        }
        Interval more = new Interval(-less.value(), -less.high(), -less.low());
        return String.format(Locale.ROOT, "AGL drifted more than LoRA here (%.1f points, LoRA %.1f, a difference of %s); %s.", after,
                before, more.text(1), score);
    }
}
