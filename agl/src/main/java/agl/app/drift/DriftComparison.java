package agl.app.drift;

import agl.app.data.PromptSet.Label;
import agl.app.data.PromptSet.Prompt;
import agl.app.drift.DriftCheck.Result;
import agl.app.stats.Clusters;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * An aligned base and models tuned from it, measured on the same prompts.
 *
 * @param base    the aligned base
 * @param tuned   the others, in their order
 * @param noDrift why drift cannot be stated; empty when it can
 */
public record DriftComparison(Model base, List<Model> tuned, Optional<String> noDrift) {

    /**
     * @param results in the order of the prompts
     * @param change  against the base; null for the base itself, and where drift cannot be stated
     */
    public record Model(String name, List<Result> results, DriftSummary summary, DriftChange change) { }

    /** @param tuned results by name */
    public static DriftComparison of(String baseName, List<Result> base, Map<String, List<Result>> tuned, DriftGate gate) {
        Optional<String> noDrift = gate.reason(base);
        List<Model> models = new ArrayList<>();
        tuned.forEach((name, results) -> models.add(new Model(name, results, DriftSummary.of(results), noDrift.isPresent() ? null : DriftChange.of(base, results))));
        return new DriftComparison(new Model(baseName, base, DriftSummary.of(base), null), List.copyOf(models), noDrift);
    }

    /** The base and then the others. */
    public List<Model> models() {
        List<Model> all = new ArrayList<>(List.of(base));
        all.addAll(tuned);
        return all;
    }

    /** The model of that name. */
    public Optional<Model> model(String name) {
        return models().stream().filter(m -> m.name().equals(name)).findFirst();
    }

    /** What a reader has to know to trust the figures, a sentence each. */
    public List<String> notes() {
        List<String> notes = new ArrayList<>();
        noDrift.ifPresent(reason -> notes.add("No drift is stated: " + reason));
        notes.addAll(notes(base.results().stream().map(Result::prompt).toList()));
        return notes;
    }

    /** What there are too few prompts for, a sentence each. */
    public static List<String> notes(List<Prompt> prompts) {
        List<String> notes = new ArrayList<>();
        for (Label label : List.of(Label.UNSAFE, Label.SAFE)) {
            Clusters clusters = Clusters.of(prompts.stream().filter(p -> p.label() == label).map(Prompt::cluster).toList());
            String name = label.name().toLowerCase(Locale.ROOT);
            if (clusters.items() == 0) {
                notes.add("There are no " + name + " prompts: what they would show was not measured.");
            } else if (clusters.few()) {
                notes.add("Too few " + (clusters.independent() ? "" : "clusters of ") + name + " prompts (" + clusters.count() + ") for "
                        + (clusters.count() < 2 ? "any interval." : "an interval of the margins; intervals of shares are wide."));
            }
        }
        return notes;
    }
}
