package agl.app.train;

import agl.app.report.Caption;
import agl.app.report.Report;
import agl.app.report.Report.Curve;
import agl.app.report.Report.Mark;
import agl.app.report.Report.Series;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** What a report shows of training, from each run's trace. */
public final class TrainReport {
    /** Maximum number of plots of one kind; more would not be looked at. */
    private static final int MAX_LAYERS = 8;
    private static final int MAX_RUNS = 4;
    private static final String MEAN = "Line: the mean of a tenth of the batches around each.";

    private TrainReport() { }

    /** A section with the loss of each run while it trained. */
    public static void training(Report report, String title, Map<String, TrainTrace> runs) {
        report.section(title);
        List<Curve> task = new ArrayList<>();
        List<Curve> mixed = new ArrayList<>();
        boolean held = runs.values().stream().anyMatch(TrainReport::held);
        runs.forEach((name, run) -> {
            double[] steps = run.curves().get("step");
            boolean own = held(run);
            if (own) {
                task.add(Curve.of(name, measured(steps, run.curves().get("eval_loss")), Mark.LINE));
            }
            batches(task, name, steps, run.curves().get("task_loss"), !own);
            batches(mixed, name, steps, run.curves().get("mixed_loss"), true);
        });
        String noise = "Faint dots: the loss of each batch, before its update. ";
        if (!task.isEmpty()) {
            report.lines(new Caption("Task loss while training", (held ? "Joined symbols: the loss on held-out examples. " : "")
                    + noise + (task.stream().anyMatch(c -> c.mark() == Mark.FIT) ? MEAN : "")), "step", "nats per token", task);
        }
        if (!mixed.isEmpty()) {
            report.lines(new Caption("Loss of the batches of task and alignment examples", noise + MEAN), "step", "nats per token", mixed);
        }
    }

    private static boolean held(TrainTrace run) {
        double[] eval = run.curves().get("eval_loss");
        return eval != null && Arrays.stream(eval).filter(v -> !Double.isNaN(v)).count() > 1;
    }

    /** Each batch's loss as noise and, without a held-out curve, its running mean. */
    private static void batches(List<Curve> curves, String name, double[] steps, double[] losses, boolean mean) {
        if (losses == null) {
            return;
        }
        double[][] batches = measured(steps, losses);
        curves.add(new Curve(name + ", each batch", name, batches, Mark.NOISE, -1));
        if (mean && batches[0].length > 1) {
            curves.add(Curve.of(name, runningMean(batches), Mark.FIT));
        }
    }

    /** Mean of a tenth of the values around each. */
    private static double[][] runningMean(double[][] curve) {
        int n = curve[1].length;
        int half = Math.max(1, n / 20);
        return new double[][] {curve[0], IntStream.range(0, n).mapToDouble(i -> Arrays.stream(curve[1], Math.max(0, i - half),
                Math.min(n, i + half + 1)).average().orElseThrow()).toArray()};
    }

    /** Folded: the loss terms, and where the updates lie in the alignment subspace. Nothing of runs that have neither. */
    public static void internals(Report report, Map<String, TrainTrace> runs) {
        report.folded("Loss terms", folded -> terms(folded, runs));
        report.folded("The alignment subspace", folded -> subspace(folded, runs));
    }

    private static void terms(Report report, Map<String, TrainTrace> runs) {
        runs.entrySet().stream().filter(r -> !r.getValue().terms().isEmpty()).limit(MAX_RUNS).forEach(r -> {
            List<Curve> terms = new ArrayList<>();
            for (String term : r.getValue().terms()) {
                double[] values = r.getValue().curves().get(term);
                if (Arrays.stream(values).anyMatch(v -> v > 0)) {
                    terms.add(Curve.of(term, measured(r.getValue().curves().get("step"), values), Mark.LINE));
                }
            }
            if (!terms.isEmpty()) {
                report.linesLog(new Caption("The terms of " + r.getKey() + ", unweighted", "A term that stays at zero is not drawn."),
                        "step", "value", terms);
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
            return;
        }
        Map<String, TrainTrace.Layer> first = runs.values().iterator().next().layers();
        List<String> layers = List.copyOf(first.keySet());
        List<String> names = layers.stream().map(TrainReport::shortName).toList();
        List<Curve> spectrum = new ArrayList<>();
        // A line per layer is unreadable for a deep model: show the first, the last and some between, of more than one kind (q, v, q, v
        // ...).
        int shown = Math.min(MAX_LAYERS, layers.size());
        for (int i = 0; i < shown; i++) {
            int at = (int) Math.round((double) i * (layers.size() - 1) / Math.max(1, shown - 1));
            double[] v = first.get(layers.get(at)).spectrum();
            spectrum.add(new Curve(names.get(at), names.get(at), new double[][] {
                IntStream.rangeClosed(1, v.length).asDoubleStream().toArray(), v}, Mark.LINE, (double) i / Math.max(1, shown - 1)));
        }
        report.linesLog(new Caption("Eigenvalues of the Fisher information, as shares of its trace",
                shown < layers.size() ? spectrum.size() + " of " + layers.size() + " layers" : ""), "k", "share", spectrum);
        List<Series> shares = new ArrayList<>();
        runs.forEach((name, run) -> shares.add(new Series(name,
                layers.stream().mapToDouble(l -> run.layers().containsKey(l) ? 100 * run.layers().get(l).share() : Double.NaN).toArray())));
        report.bars(Caption.of("Share of ‖ΔW‖² in the alignment subspace after training, by layer"), "%", names, shares);
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
            report.heatMap(Caption.of(name + ": overlap of ΔW with the Fisher eigenvectors k, % of ‖ΔW‖²"), names,
                    IntStream.range(0, bins).mapToObj(bin -> TrainTrace.binName(bin, directions)).toList(), values);
        }
    }

    private static String shortName(String layer) {
        return layer.replace("model.layers.", "").replace("self_attn.", "").replace("transformer.h.", "");
    }
}
