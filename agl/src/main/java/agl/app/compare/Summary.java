package agl.app.compare;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Summary of one variant's runs, one per seed.
 *
 * @param metrics of the finished adapters
 * @param course  metrics during training by step, including the last step
 */
public record Summary(Variant variant, double strength, List<RunRecord> runs, Map<Metric, Estimate> metrics,
        Map<Integer, Map<Metric, Estimate>> course) {

    public static Summary of(Variant variant, List<RunRecord> runs, Measures measures) {
        TreeMap<Integer, List<Measured>> steps = new TreeMap<>();
        for (RunRecord run : runs) {
            run.points().forEach(p -> steps.computeIfAbsent(p.step(), s -> new ArrayList<>()).add(p.measured()));
        }
        Map<Integer, Map<Metric, Estimate>> course = new LinkedHashMap<>();
        steps.forEach((step, measured) -> course.put(step, measures.of(measured)));
        List<Measured> last = last(runs);
        // Where all runs end at the same step, this is the end of the course.
        Map<Metric, Estimate> metrics = steps.lastEntry().getValue().equals(last) ? course.get(steps.lastKey()) : measures.of(last);
        return new Summary(variant, runs.getFirst().strength(), runs, metrics, course);
    }

    Estimate get(Metric metric) {
        return metrics.get(metric);
    }

    double mean(Metric metric) {
        return get(metric).mean();
    }

    /**
     * Whether training wrecked the model with some seed: then the mean over seeds is meaningless, and leaving that seed out would flatter
     * the variant.
     */
    boolean wrecked() {
        return runs.stream().anyMatch(RunRecord::wrecked);
    }

    /** "agl, lambda_A 10 [wrecked with 1 of 3 seeds]": its label with marks for wrecks and high loss. */
    String marked(double baseLoss) {
        long wrecks = runs.stream().filter(RunRecord::wrecked).count();
        return label() + (wrecks > 0 ? " [wrecked" + (runs.size() > 1 ? " with " + wrecks + " of " + runs.size() + " seeds" : "") + "]"
                : mean(Metric.TASK_LOSS) > baseLoss ? " [loss above the base's]" : "");
    }

    String label() {
        return variant.label();
    }

    /** Measurements of the finished adapters. */
    List<Measured> last() {
        return last(runs);
    }

    private static List<Measured> last(List<RunRecord> runs) {
        return runs.stream().map(RunRecord::last).toList();
    }
}
