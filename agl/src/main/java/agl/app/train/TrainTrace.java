package agl.app.train;

import agl.app.io.SealedJson;
import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.lora.LoraModel;
import agl.regularizers.Fisher;
import agl.regularizers.LoraFactors;
import agl.regularizers.Tiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeSet;

/**
 * Data for reports that a run writes beside its adapter, as {@code trace.json}.
 *
 * @param curves the values of each metric at the kept steps; "step" has the steps; NaN if not measured
 * @param layers where the update lies in the alignment subspace, by adapted matrix; empty for a run without Fisher information
 */
public record TrainTrace(Map<String, double[]> curves, Map<String, Layer> layers) {
    /** File name, beside an adapter. */
    public static final String FILE = "trace.json";
    private static final int MAX_STEPS = 400;
    private static final int MAX_SPECTRUM = 128;
    private static final List<String> NOT_CURVES = List.of("step", "lr", "tokens");

    /**
     * @param spectrum eigenvalues of F as shares of its trace, in descending order
     * @param share    ‖ΔW_A‖²/‖ΔW‖²
     * @param along    ⟨u_k, ΔW⟩²/‖ΔW‖² summed over k = 1, 2, 3 to 4, 5 to 8 and so on ({@link #bin}), up to {@code directions}
     * @param directions number of eigenvectors u_k that span the subspace
     */
    public record Layer(double[] spectrum, double share, double[] along, int directions) {
        /** Whether the groups cover every direction and the last group is not empty. */
        private boolean fits() {
            return directions >= 0 && along.length == groups(directions);
        }
    }

    /** @param fisher Fisher information by layer, or null */
    public static TrainTrace of(List<StepMetrics> history, Map<String, Fisher> fisher, LoraModel lora) {
        // With DoRA's magnitudes s·B·A is not the update, so its place in the subspace is meaningless.
        return new TrainTrace(curves(history), fisher == null || lora.config().useDora() ? Map.of() : layers(fisher, lora));
    }

    private static Map<String, double[]> curves(List<StepMetrics> steps) {
        List<SequencedMap<String, Number>> history = steps.stream().map(StepMetrics::line).toList();
        TreeSet<String> names = new TreeSet<>();
        history.forEach(line -> names.addAll(line.keySet()));
        names.removeAll(NOT_CURVES);
        int kept = Math.min(MAX_STEPS, history.size());
        int[] at = new int[kept];
        // The last step is always kept.
        Arrays.setAll(at, i -> (int) ((long) (i + 1) * history.size() / kept) - 1);
        Map<String, double[]> curves = new LinkedHashMap<>();
        curves.put("step", Arrays.stream(at).mapToDouble(i -> i + 1).toArray());
        names.forEach(name -> {
            double[] values = new double[kept];
            for (int i = 0; i < kept; i++) {
                values[i] = latest(history, name, i == 0 ? 0 : at[i - 1] + 1, at[i]);
            }
            curves.put(name, values);
        });
        return curves;
    }

    /** The last value in steps {@code from} to {@code to}, so that values not measured at every step are not lost between kept steps. */
    private static double latest(List<SequencedMap<String, Number>> history, String name, int from, int to) {
        for (int i = to; i >= from; i--) {
            Number value = history.get(i).get(name);
            if (value != null) {
                return rounded(value.doubleValue());
            }
        }
        return Double.NaN;
    }

    private static Map<String, Layer> layers(Map<String, Fisher> fisher, LoraModel lora) {
        Map<String, Layer> layers = new LinkedHashMap<>();
        try (Tape tape = Tape.inference(Kernels.best(), new Pool(DType.F32))) {
            for (LoraFactors f : Adapters.factors(lora)) {
                Fisher own = fisher.get(f.name());
                if (own == null) {
                    continue;
                }
                double norm = Tiles.squaredNorm(tape, f);
                double[] c = own.subspace().coefficients(tape, f);
                double[] along = new double[groups(c.length)];
                double share = 0;
                for (int k = 0; k < c.length && norm > 0; k++) {
                    along[bin(k + 1)] += c[k] * c[k] / norm;
                    share += c[k] * c[k] / norm;
                }
                double[] spectrum = Arrays.stream(own.spectrum()).limit(MAX_SPECTRUM)
                        .map(v -> own.trace() > 0 ? rounded(Math.max(v, 0) / own.trace()) : 0).toArray();
                layers.put(f.name(),
                        new Layer(spectrum, rounded(share), Arrays.stream(along).map(TrainTrace::rounded).toArray(), c.length));
            }
        }
        return layers;
    }

    /** The group of eigenvector k, counted from 1: 1, 2, 3 to 4, 5 to 8, 9 to 16 and so on. */
    static int bin(int k) {
        return 32 - Integer.numberOfLeadingZeros(k - 1);
    }

    /** Number of groups for so many eigenvectors. */
    private static int groups(int directions) {
        return directions == 0 ? 0 : bin(directions) + 1;
    }

    /** Name of a group, out of {@code directions} eigenvectors in all: the last group may be shorter. */
    static String binName(int bin, int directions) {
        int from = bin == 0 ? 1 : (1 << bin - 1) + 1;
        int to = Math.min(1 << bin, directions);
        return from == to ? Integer.toString(from) : from + "–" + to;
    }

    /** Float precision exceeds what a plot shows and halves the file's size. */
    private static double rounded(double x) {
        return Double.parseDouble(Float.toString((float) x));
    }

    /** The last value logged under that name; NaN if there is none. */
    public double last(String name) {
        double last = Double.NaN;
        for (double v : curves.getOrDefault(name, new double[0])) {
            last = Double.isNaN(v) ? last : v;
        }
        return last;
    }

    /** Writes {@value #FILE} into a folder, with a checksum. */
    public void writeInto(Path folder) {
        SealedJson.write(folder.resolve(FILE), this);
    }

    /**
     * Reads the trace beside an adapter. Empty for an adapter from elsewhere, and, with a line on standard error, if the file is damaged or
     * of an earlier version: reports then show no curves.
     */
    public static Optional<TrainTrace> read(Path folder) {
        Path file = folder.resolve(FILE);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            TrainTrace trace = SealedJson.read(file, TrainTrace.class);
            trace.require();
            return Optional.of(trace);
        } catch (AglException e) {
            System.err.println("agl: the report shows no training curves: " + e.getMessage());
            return Optional.empty();
        }
    }

    /** Refuses curves of different lengths and shares outside [0, 1]. */
    public void require() {
        boolean sound = curves != null && layers != null && curves.get("step") != null
                && curves.values().stream().allMatch(c -> c != null && c.length == curves.get("step").length);
        for (Layer layer : sound ? layers.values() : List.<Layer>of()) {
            sound &= layer != null && layer.spectrum() != null && layer.along() != null && layer.fits() && share(layer.share())
                    && Arrays.stream(layer.spectrum()).allMatch(TrainTrace::share)
                    && Arrays.stream(layer.along()).allMatch(TrainTrace::share);
        }
        if (!sound) {
            throw new AglException(FILE + ": is not a run's trace: curves or shares are missing or out of range");
        }
    }

    /** A share may exceed [0, 1] slightly: eigenvectors are orthonormal only up to rounding. */
    private static boolean share(double x) {
        return x >= -1e-3 && x <= 1 + 1e-2;
    }

    /** Names of the metrics that are the method's own terms. */
    List<String> terms() {
        List<String> terms = new ArrayList<>(curves.keySet());
        terms.removeAll(List.of("step", "task_loss", "alignment_loss", "mixed_loss", "eval_loss", "grad_norm", "penalty"));
        terms.removeIf(name -> name.startsWith("weighted"));
        return terms;
    }
}
