package agl.app.compare;

import agl.app.data.PromptSet.Prompt;
import agl.app.drift.DriftCheck;
import agl.app.drift.DriftComparison;
import agl.app.drift.DriftGate;
import agl.app.stats.Clusters;
import agl.app.train.Needs;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The results; {@code failed} are the runs that could not be finished, with the reason. */
public record CompareOutcome(RunRecord base, List<Summary> variants, List<String> failed, List<Prompt> prompts, DriftGate gate) {
    Optional<String> noDrift() {
        return gate.reason(base.last().drift(prompts));
    }

    /** Notes: too few prompts or held-out examples, doubtful answers, wrecked runs with the reason, task losses above the base's. */
    public List<String> notes() {
        List<String> notes = new ArrayList<>(DriftComparison.notes(prompts));
        List<DriftCheck.Result> own = base.last().drift(prompts);
        notes.addAll(DriftComparison.doubts("base", own));
        int held = base.last().loss().length;
        if (Clusters.alone(held).few()) {
            notes.add("Too few held-out task examples (" + held + ") for an interval of the task loss over examples.");
        }
        sound().forEach(v -> v.runs()
                .forEach(r -> notes.addAll(DriftComparison.doubts(v.label() + ", seed " + r.seed(), own, r.last().drift(prompts)))));
        variants.forEach(v -> v.runs().stream().filter(RunRecord::wrecked).forEach(r -> notes.add("Wrecked: " + r.wreckLine())));
        sound().stream().filter(this::aboveBase).forEach(v -> notes.add(String.format(Locale.ROOT,
                "The task loss of %s, %.3f, is above the base's own, %.3f: training made it worse at the task.", v.label(),
                v.mean(Metric.TASK_LOSS), baseLoss())));
        return notes;
    }

    /** The variants that training did not wreck with any seed; the verdict covers only these. */
    public List<Summary> sound() {
        return variants.stream().filter(v -> !v.wrecked()).toList();
    }

    /** The variants by what their methods need, in the order of {@link Needs}; in each group in their own order. */
    List<Summary> grouped() {
        return variants.stream().sorted(Comparator.comparing(v -> v.variant().needs())).toList();
    }

    /** The base's own task loss, on the same held-out examples. */
    double baseLoss() {
        return Measures.taskLoss(base.last());
    }

    boolean aboveBase(Summary v) {
        return v.mean(Metric.TASK_LOSS) > baseLoss();
    }

    public Measures measures() {
        return new Measures(base.last(), prompts, noDrift().isEmpty());
    }
}
