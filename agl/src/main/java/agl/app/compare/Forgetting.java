package agl.app.compare;

import agl.app.compare.ForgettingLaw.Fit;
import agl.app.compare.ForgettingLaw.Observation;
import agl.error.AglException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/**
 * The results of all runs.
 *
 * @param fit    the law fitted to the runs that training did not wreck; null if there is none
 * @param noLaw  why there is no law; null if there is one
 * @param runs   every run, including wrecks
 * @param before each base's own losses
 */
public record Forgetting(Fit fit, String noLaw, List<RunRecord> runs, Map<String, Base> before) {

    /**
     * A base's own losses, in nats per token.
     *
     * @param pretrain on the plain text
     * @param task     on the held-out task examples
     * @param uniform  of guessing uniformly over the vocabulary
     */
    public record Base(double pretrain, double task, double uniform) {
        public static Base of(RunRecord base, int vocabulary) {
            return new Base(base.last().pretrainLoss(), Measures.taskLoss(base.last()), Math.log(vocabulary));
        }

        /** Reports that the plain text is uninformative for this base, whose loss on it is above uniform guessing; empty otherwise. */
        public String saysNothing(String name) {
            return pretrain <= uniform ? "" : String.format(Locale.ROOT,
                    "The plain text tells nothing about %s: its own loss on it, %.3f nats per token, "
                    + "is above that of guessing, all tokens alike, %.3f; name a text like that of its pre-training.",
                    Path.of(name).getFileName(), pretrain, uniform);
        }
    }

    /** The law fitted to these runs, without wrecks, or the reason why there is none. */
    public static Forgetting of(List<RunRecord> runs, Map<String, Base> before) {
        if (runs.stream().allMatch(RunRecord::wrecked)) {
            return new Forgetting(null, "training wrecked every run: " + line(runs.getFirst()), runs, before);
        }
        long wrecks = runs.stream().filter(RunRecord::wrecked).count();
        try {
            return new Forgetting(ForgettingLaw.fit(observations(runs, before)), null, runs, before);
        } catch (AglException e) {
            return new Forgetting(null, e.getMessage() + (wrecks == 0 ? "" : " (" + wrecks + " of " + runs.size()
                    + " runs are wrecks and left out)"), runs, before);
        }
    }

    static List<Observation> observations(List<RunRecord> runs, Map<String, Base> before) {
        return runs.stream().filter(r -> !r.wrecked())
                .map(r -> new Observation(r.label(), r.seed(), r.taskTokens(), r.parameters(),
                        r.last().pretrainLoss() - before.get(r.base()).pretrain())).toList();
    }

    /** The runs that training did not wreck: law, curves and verdict use only these. */
    List<RunRecord> sound() {
        return runs.stream().filter(r -> !r.wrecked()).toList();
    }

    boolean aboveUniform(RunRecord r) {
        return r.last().pretrainLoss() > before.get(r.base()).uniform();
    }

    boolean aboveBase(RunRecord r) {
        return Measures.taskLoss(r.last()) > before.get(r.base()).task();
    }

    /** For a wrecked run: "lora, 90 examples, seed 1: training wrecked the model: ...". */
    public static String line(RunRecord r) {
        return r.label() + ", " + r.examples() + " examples, seed " + r.seed() + ": " + r.wreck();
    }

    /** Marks for a row over seeds, each in brackets after a space; empty if there are none. */
    String marks(List<RunRecord> seeds) {
        long wrecks = seeds.stream().filter(RunRecord::wrecked).count();
        return (wrecks == 0 ? "" : " [wrecked" + (seeds.size() == 1 ? "" : " with " + wrecks + " of " + seeds.size() + " seeds") + "]")
                + (seeds.stream().anyMatch(this::aboveUniform) ? " [above guessing]" : "")
                + (wrecks == 0 && seeds.stream().anyMatch(this::aboveBase) ? " [task loss above the base's]" : "");
    }

    /** What the figures alone do not show, one sentence each. */
    List<String> notes() {
        List<String> notes = new ArrayList<>();
        before.forEach((name, base) -> notes.add(base.saysNothing(name)));
        runs.stream().filter(RunRecord::wrecked).forEach(r -> notes.add("Wrecked: " + line(r)));
        above(notes,
                sound().stream().filter(r -> aboveUniform(r) && before.get(r.base()).pretrain() <= before.get(r.base()).uniform()).toList(),
                "The loss of %s on the plain text, up to %.3f, is above that of guessing, %.3f: "
                + "it does not show how much more was forgotten.",
                r -> r.last().pretrainLoss(), Base::uniform);
        above(notes, sound().stream().filter(this::aboveBase).toList(),
                "The task loss of %s, up to %.3f, is above the base's own, %.3f: training made it worse at the task.",
                r -> Measures.taskLoss(r.last()), Base::task);
        notes.removeIf(String::isEmpty);
        return notes;
    }

    /** A sentence per base and method. */
    private void above(List<String> notes, List<RunRecord> which, String text, ToDoubleFunction<RunRecord> loss,
            ToDoubleFunction<Base> limit) {
        which.stream().collect(Collectors.groupingBy(r -> List.of(r.base(), r.label()), LinkedHashMap::new,
                Collectors.toList())).forEach((key, list) -> {
                    String sizes = list.stream().map(RunRecord::examples).distinct().sorted().map(String::valueOf)
                            .collect(Collectors.joining(", "));
                    String who = key.get(1) + " after " + sizes + " examples"
                            + (before.size() > 1 ? " on " + Path.of(key.get(0)).getFileName() : "");
                    notes.add(String.format(Locale.ROOT, text, who, list.stream().mapToDouble(loss).max().orElseThrow(),
                            limit.applyAsDouble(before.get(key.get(0)))));
                });
    }
}
