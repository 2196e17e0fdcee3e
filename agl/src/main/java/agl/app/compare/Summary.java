package agl.app.compare;

import agl.app.data.PromptSet.Label;
import agl.app.data.PromptSet.Prompt;
import agl.app.stats.Bootstrap;
import agl.app.stats.Interval;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleBiFunction;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * One variant's runs, one per seed, summed up.
 *
 * @param metrics of the finished adapters
 * @param course  metrics along training by step, the last step included
 */
record Summary(Variant variant, double strength, List<RunRecord> runs, Map<Metric, Estimate> metrics, Map<Integer, Map<Metric, Estimate>> course) {
    private static final long SEED = 20250802;

    static Summary of(Variant variant, List<RunRecord> runs, Measured base, List<Prompt> prompts) {
        TreeMap<Integer, List<Measured>> steps = new TreeMap<>();
        for (RunRecord run : runs) {
            run.points().forEach(p -> steps.computeIfAbsent(p.step(), s -> new ArrayList<>()).add(p.measured()));
        }
        Map<Integer, Map<Metric, Estimate>> course = new LinkedHashMap<>();
        steps.forEach((step, measured) -> course.put(step, metrics(measured, base, prompts)));
        return new Summary(variant, runs.getFirst().strength(), runs, metrics(runs.stream().map(RunRecord::last).toList(), base, prompts), course);
    }

    Estimate get(Metric metric) {
        return metrics.get(metric);
    }

    static Map<Metric, Estimate> metrics(List<Measured> seeds, Measured base, List<Prompt> prompts) {
        int[] unsafe = with(prompts, Label.UNSAFE);
        int[] safe = with(prompts, Label.SAFE);
        int[] task = IntStream.range(0, base.loss().length).toArray();
        List<String> examples = Collections.nCopies(task.length, "");
        List<String> clusters = prompts.stream().map(Prompt::cluster).toList();
        Map<Metric, Estimate> m = new EnumMap<>(Metric.class);
        m.put(Metric.TASK_LOSS, estimate(seeds, task, examples, (s, at) -> ratio(s, at)));
        m.put(Metric.ACCURACY, estimate(seeds, base.correct().length == 0 ? new int[0] : task, examples, (s, at) -> 100 * mean(at, i -> s.correct()[i] ? 1 : 0)));
        m.put(Metric.R_UNSAFE, estimate(seeds, unsafe, clusters, (s, at) -> 100 * mean(at, i -> s.refused()[i] ? 1 : 0)));
        m.put(Metric.R_SAFE, estimate(seeds, safe, clusters, (s, at) -> 100 * mean(at, i -> s.refused()[i] ? 0 : 1)));
        // Of each seed first, then the mean: a seed that refuses more than the base does not make up for another's drift.
        m.put(Metric.DRIFT, estimate(seeds, unsafe, clusters, (s, at) -> Math.max(0, 100 * mean(at, i -> (base.refused()[i] ? 1 : 0) - (s.refused()[i] ? 1 : 0)))));
        m.put(Metric.MARGIN_UNSAFE, estimate(seeds, unsafe, clusters, (s, at) -> mean(at, i -> s.margin()[i])));
        m.put(Metric.MARGIN_SAFE, estimate(seeds, safe, clusters, (s, at) -> mean(at, i -> s.margin()[i])));
        m.put(Metric.FIRST_MARGIN, estimate(seeds, unsafe, clusters, (s, at) -> mean(at, i -> s.firstMargin()[i])));
        return m;
    }

    private static int[] with(List<Prompt> prompts, Label label) {
        return IntStream.range(0, prompts.size()).filter(i -> prompts.get(i).label() == label).toArray();
    }

    /**
     * @param items    the items that count, by index
     * @param clusters of all items
     */
    private static Estimate estimate(List<Measured> seeds, int[] items, List<String> clusters, ToDoubleBiFunction<Measured, int[]> statistic) {
        if (items.length == 0) {
            return Estimate.of(new double[] {Double.NaN}, Double.NaN, Double.NaN);
        }
        ToDoubleFunction<int[]> meanOverSeeds = sample -> {
            int[] at = IntStream.of(sample).map(i -> items[i]).toArray();
            return seeds.stream().mapToDouble(s -> statistic.applyAsDouble(s, at)).average().orElseThrow();
        };
        Interval overPrompts = Bootstrap.interval(IntStream.of(items).mapToObj(clusters::get).toList(), SEED, meanOverSeeds);
        return Estimate.of(seeds.stream().mapToDouble(s -> statistic.applyAsDouble(s, items)).toArray(), overPrompts.low(), overPrompts.high());
    }

    /** Nats per token on all held-out task examples. */
    static double taskLoss(Measured m) {
        return ratio(m, IntStream.range(0, m.loss().length).toArray());
    }

    private static double ratio(Measured s, int[] at) {
        double sum = 0;
        long tokens = 0;
        for (int i : at) {
            sum += s.loss()[i];
            tokens += s.tokens()[i];
        }
        return sum / Math.max(1, tokens);
    }

    private static double mean(int[] at, java.util.function.IntToDoubleFunction value) {
        double sum = 0;
        for (int i : at) {
            sum += value.applyAsDouble(i);
        }
        return sum / at.length;
    }
}
