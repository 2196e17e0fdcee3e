package agl.app.train;

import agl.app.report.Report;
import agl.app.report.Report.Series;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** The training sections of a report, from each run's trace. */
public final class TrainReport {
    /** Maximum number of plots of one kind; more would not be looked at. */
    private static final int MAX_LAYERS = 8;
    private static final int MAX_RUNS = 4;

    private TrainReport() { }

    /** Two sections: the curves under this title, and the alignment subspace. Nothing if no run has a trace. */
    public static void sections(Report report, String title, Map<String, TrainTrace> runs) {
        if (runs.isEmpty()) {
            return;
        }
        report.section(title);
        curves(report, runs);
        report.section("The alignment subspace");
        subspace(report, runs);
    }

    /** Task loss of each run, and the terms of those that have any. */
    private static void curves(Report report, Map<String, TrainTrace> runs) {
        Map<String, double[][]> loss = new LinkedHashMap<>();
        Map<String, double[][]> mixed = new LinkedHashMap<>();
        Map<String, double[][]> held = new LinkedHashMap<>();
        runs.forEach((name, run) -> {
            Map.of("task_loss", loss, "mixed_loss", mixed).forEach((curve, lines) -> {
                if (run.curves().containsKey(curve)) {
                    lines.put(name, new double[][] {run.curves().get("step"), run.curves().get(curve)});
                }
            });
            double[] eval = run.curves().get("eval_loss");
            if (eval != null && Arrays.stream(eval).filter(v -> !Double.isNaN(v)).count() > 1) {
                held.put(name, measured(run.curves().get("step"), eval));
            }
        });
        if (!loss.isEmpty() || mixed.isEmpty()) {
            report.lines("Task loss of each batch", "step", "nats per token", loss);
        }
        if (!mixed.isEmpty()) {
            report.lines("Loss of each batch of task and alignment examples", "step", "nats per token", mixed);
        }
        if (!held.isEmpty()) {
            report.lines("Task loss on held-out examples", "step", "nats per token", held);
        }
        runs.entrySet().stream().filter(r -> !r.getValue().terms().isEmpty()).limit(MAX_RUNS).forEach(r -> {
            Map<String, double[][]> terms = new LinkedHashMap<>();
            for (String term : r.getValue().terms()) {
                double[] values = r.getValue().curves().get(term);
                if (Arrays.stream(values).anyMatch(v -> v > 0)) {
                    terms.put(term, measured(r.getValue().curves().get("step"), values));
                }
            }
            if (!terms.isEmpty()) {
                report.linesLog("The terms of " + r.getKey() + ", unweighted (a term that stays at zero is not drawn)", "step", "value",
                        terms);
            }
        });
    }

    private static double[][] measured(double[] steps, double[] values) {
        int[] at = IntStream.range(0, steps.length).filter(i -> !Double.isNaN(values[i])).toArray();
        return new double[][] {Arrays.stream(at).mapToDouble(i -> steps[i]).toArray(),
            Arrays.stream(at).mapToDouble(i -> values[i]).toArray()};
    }

    /**
     * Spectrum of the Fisher information, and how much of each update lies in its subspace, by layer and by direction. Nothing for runs
     * without one.
     */
    private static void subspace(Report report, Map<String, TrainTrace> all) {
        Map<String, TrainTrace> runs = new LinkedHashMap<>();
        all.forEach((name, run) -> {
            if (!run.layers().isEmpty() && runs.size() < MAX_RUNS) {
                runs.put(name, run);
            }
        });
        if (runs.isEmpty()) {
            report.text("No run here has a Fisher information, so there is no alignment subspace to show.");
            return;
        }
        Map<String, TrainTrace.Layer> first = runs.values().iterator().next().layers();
        List<String> layers = List.copyOf(first.keySet());
        List<String> names = layers.stream().map(TrainReport::shortName).toList();
        Map<String, double[][]> spectrum = new LinkedHashMap<>();
        // A line per layer is unreadable for a deep model: show the first, the last and some between, of more than one kind (q, v, q, v
        // ...).
        int shown = Math.min(MAX_LAYERS, layers.size());
        for (int i = 0; i < shown; i++) {
            int at = (int) Math.round((double) i * (layers.size() - 1) / Math.max(1, shown - 1));
            double[] v = first.get(layers.get(at)).spectrum();
            spectrum.put(names.get(at), new double[][] {IntStream.rangeClosed(1, v.length).asDoubleStream().toArray(), v});
        }
        report.linesLog(
                "Eigenvalues of the Fisher information, as shares of its trace"
                        + (shown < layers.size() ? " (" + spectrum.size() + " of " + layers.size() + " layers)" : ""),
                "k", "share", spectrum);
        List<Series> shares = new ArrayList<>();
        runs.forEach((name, run) -> shares.add(new Series(name,
                layers.stream().mapToDouble(l -> run.layers().containsKey(l) ? 100 * run.layers().get(l).share() : Double.NaN).toArray())));
        report.bars("Share of ‖ΔW‖² in the alignment subspace after training, by layer", "%", names, shares);
        runs.forEach((name, run) -> overlap(report, name, layers, names, run));
    }

    /** The directions of the subspace with which the update overlaps. */
    private static void overlap(Report report, String name, List<String> layers, List<String> names, TrainTrace run) {
        int bins = run.layers().values().stream().mapToInt(l -> l.along().length).max().orElse(0);
        int directions = run.layers().values().stream().mapToInt(TrainTrace.Layer::directions).max().orElse(0);
        double[][] values = new double[layers.size()][bins];
        for (int i = 0; i < values.length; i++) {
            TrainTrace.Layer layer = run.layers().get(layers.get(i));
            for (int b = 0; b < bins; b++) {
                values[i][b] = layer != null && b < layer.along().length ? 100 * layer.along()[b] : Double.NaN;
            }
        }
        if (bins > 0) {
            report.heatMap(name + ": overlap of ΔW with the Fisher eigenvectors k, % of ‖ΔW‖²", names,
                    IntStream.range(0, bins).mapToObj(bin -> TrainTrace.binName(bin, directions)).toList(), values);
        }
    }

    private static String shortName(String layer) {
        return layer.replace("model.layers.", "").replace("self_attn.", "").replace("transformer.h.", "");
    }
}
