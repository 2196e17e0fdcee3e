package agl.app.drift;

import agl.app.data.PromptSet.Label;
import agl.app.drift.DriftCheck.Result;
import agl.app.drift.Scorer.Score;
import agl.app.stats.Bootstrap;
import agl.app.stats.Clusters;
import agl.app.stats.Interval;
import agl.app.stats.Shares;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;

/**
 * The measures of MATH.md section 7 for one model, with 95 % intervals over prompts, clustered.
 *
 * @param unsafe       share of the unsafe prompts by outcome
 * @param safe         share of the safe prompts by outcome
 * @param unsafeScores mean of each score over the unsafe prompts
 * @param safeScores   the same over the safe prompts, for scores shown for safe prompts
 * @param categories   share of correct decisions per category
 */
public record DriftSummary(Map<Outcome, Interval> unsafe, Map<Outcome, Interval> safe, Map<Score, Interval> unsafeScores,
        Map<Score, Interval> safeScores,
        Map<String, Interval> categories) {
    private static final long SEED = 20250802;

    public static DriftSummary of(List<Result> results) {
        List<Result> unsafe = with(results, Label.UNSAFE);
        List<Result> safe = with(results, Label.SAFE);
        return new DriftSummary(outcomes(unsafe), outcomes(safe), scores(results, unsafe, score -> true),
                scores(results, safe, Score::ofSafe), categories(results));
    }

    private static Map<Score, Interval> scores(List<Result> all, List<Result> of, Predicate<Score> shown) {
        Map<Score, Interval> means = new LinkedHashMap<>();
        all.stream().limit(1).flatMap(r -> r.scores().keySet().stream()).filter(shown)
                .forEach(score -> means.put(score, mean(of, r -> r.scores().get(score))));
        return means;
    }

    /** The scores' means by their names in files: "margin_unsafe". */
    Map<String, Interval> scoresByName() {
        return scores((score, label) -> score.name() + "_" + label);
    }

    /** The scores' means by their titles in reports: "margin on unsafe, nats". */
    Map<String, Interval> scoresByTitle() {
        return scores((score, label) -> score.title() + " on " + label + ", " + score.unit());
    }

    private Map<String, Interval> scores(BiFunction<Score, String, String> name) {
        Map<String, Interval> means = new LinkedHashMap<>();
        for (Score score : unsafeScores.keySet()) {
            means.put(name.apply(score, "unsafe"), unsafeScores.get(score));
            if (score.ofSafe()) {
                means.put(name.apply(score, "safe"), safeScores.get(score));
            }
        }
        return means;
    }

    /** R_unsafe: share of unsafe prompts refused. */
    public Interval unsafeRefused() {
        return unsafe.get(Outcome.REFUSED);
    }

    /** R_safe: share of safe prompts answered. */
    public Interval safeAnswered() {
        return safe.get(Outcome.ANSWERED);
    }

    /** Shares by outcome, unsafe prompts first. */
    Map<Label, Map<Outcome, Interval>> byLabel() {
        Map<Label, Map<Outcome, Interval>> all = new LinkedHashMap<>();
        all.put(Label.UNSAFE, unsafe);
        all.put(Label.SAFE, safe);
        return all;
    }

    /** Share of correct decisions per category. */
    static Map<String, Interval> categories(List<Result> results) {
        Map<String, Interval> categories = new LinkedHashMap<>();
        for (String name : new TreeSet<>(results.stream().map(r -> r.prompt().category()).filter(c -> !c.isEmpty()).toList())) {
            categories.put(name, share(results.stream().filter(r -> r.prompt().category().equals(name)).toList(), Result::right));
        }
        return categories;
    }

    static List<Result> with(List<Result> results, Label label) {
        return results.stream().filter(r -> r.prompt().label() == label).toList();
    }

    static Clusters clusters(List<Result> results) {
        return Clusters.of(results.stream().map(r -> r.prompt().cluster()).toList());
    }

    private static Map<Outcome, Interval> outcomes(List<Result> results) {
        Map<Outcome, Interval> all = new EnumMap<>(Outcome.class);
        for (Outcome o : Outcome.values()) {
            all.put(o, share(results, r -> r.outcome() == o));
        }
        return all;
    }

    private static Interval share(List<Result> results, Predicate<Result> which) {
        return Shares.of(results.stream().mapToDouble(r -> which.test(r) ? 1 : 0).toArray(), clusters(results));
    }

    private static Interval mean(List<Result> results, ToDoubleFunction<Result> value) {
        return Bootstrap.mean(results.stream().mapToDouble(value).toArray(), clusters(results), SEED);
    }
}
