package agl.regularizers;

import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.Matrix;
import agl.autograd.kernels.Workers;
import agl.autograd.op.Linear.GradientListener;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Collects {@link TokenFactors} during backward passes over examples. For each batch: {@link #batch} with the rows at which its sequences
 * begin, then a backward pass of the sum of all token losses, with the hook {@link #listener} on each matrix. Sequences do not attend to
 * each other, so the δ of a sequence's rows is that of its own loss, and a weight on its loss is a weight on these rows.
 *
 * <p>Matrices that read the same input tensor (query and value of one layer) share one copy of it. With an allowed error, the gradients of
 * a large matrix are kept as {@link LowRank} instead, each with factors of its own.
 */
public final class GradientCollector {
    private final Kernels kernels;
    private final DType dtype;
    private final double error;
    private final Map<String, Gathered> matrices = new LinkedHashMap<>();
    /** This batch's inputs, and those of all batches by the copy of the first, each with the storage that matrices share. */
    private final IdentityHashMap<Tensor, Storage> inputs = new IdentityHashMap<>();
    private final IdentityHashMap<Storage, Storage> joined = new IdentityHashMap<>();
    private int[] starts = {0};
    private double[] weights = {};
    private int perExample = 1;

    private static final class Gathered {
        private int out;
        private int in;
        /** One part for each batch. */
        private final List<Storage> delta = new ArrayList<>();
        private final List<Storage> x = new ArrayList<>();
        private final List<Integer> tokens = new ArrayList<>();
    }

    /**
     * @param dtype element type of the stored factors
     * @param names the matrices to observe
     */
    public GradientCollector(DType dtype, Iterable<String> names) {
        this(Kernels.plain(), dtype, 0, names);
    }

    /**
     * @param kernels kernels in whose memory the factors are stored
     * @param error   relative error of each gradient of a large matrix; 0: none
     */
    GradientCollector(Kernels kernels, DType dtype, double error, Iterable<String> names) {
        this.kernels = kernels;
        this.error = error;
        this.dtype = dtype;
        names.forEach(n -> matrices.put(n, new Gathered()));
    }

    /** The observed matrices. */
    public java.util.Set<String> names() {
        return java.util.Collections.unmodifiableSet(matrices.keySet());
    }

    /**
     * Announces the sequences of the next backward pass: sequence j's tokens are rows rowStarts[j] to rowStarts[j+1].
     *
     * @param lossWeights        weight of each sequence's summed token losses in ℓ_i: 1/(number of target tokens) gives the mean
     * @param sequencesInExample number of consecutive sequences that form one example's ℓ_i
     */
    public void batch(int[] rowStarts, double[] lossWeights, int sequencesInExample) {
        if (lossWeights.length != rowStarts.length - 1 || lossWeights.length % sequencesInExample != 0) {
            throw new IllegalArgumentException(rowStarts.length - 1 + " sequences, " + lossWeights.length + " weights, "
                    + sequencesInExample + " sequences in an example");
        }
        starts = rowStarts.clone();
        weights = lossWeights.clone();
        perExample = sequencesInExample;
        inputs.clear();
    }

    /** As {@link #batch(int[], double[], int)}: one sequence per example, its loss unweighted. */
    public void batch(int[] rowStarts) {
        double[] ones = new double[rowStarts.length - 1];
        java.util.Arrays.fill(ones, 1);
        batch(rowStarts, ones, 1);
    }

    /** The hook for one matrix, or null if that matrix is not observed. */
    public GradientListener listener(String name) {
        Gathered g = matrices.get(name);
        return g == null ? null : (x, delta) -> accept(g, x, delta);
    }

    // explain: Gradient of one example
    private void accept(Gathered g, Tensor x, Storage delta) {
        g.in = x.cols();
        g.out = Math.toIntExact((long) delta.length() / x.rows());
        if (starts[starts.length - 1] != x.rows()) {
            throw new IllegalStateException("the batch announced " + starts[starts.length - 1] + " rows, the layer has " + x.rows());
        }
        if (error > 0 && RowSample.large(g.out, g.in)) {
            acceptLowRank(g, x.data(), delta);
            return;
        }
        g.x.add(inputs.computeIfAbsent(x, t -> copy(t.data(), t.cols(), false)));
        g.delta.add(copy(delta, g.out, true));
        for (int first = 0; first < weights.length; first += perExample) {
            g.tokens.add(starts[first + perExample] - starts[first]);
        }
    }
    // explain: end

    private void acceptLowRank(Gathered g, Storage x, Storage delta) {
        Matrix weighted = Matrix.of(copy(delta, g.out, true), starts[weights.length], g.out);
        Matrix inputs = Matrix.of(x.dtype() == dtype ? x : copy(x, g.in, false), weighted.rows(), g.in);
        LowRank[] parts = new LowRank[weights.length / perExample];
        Workers.parallelFor(parts.length, i -> {
            int row = starts[i * perExample];
            int rows = starts[(i + 1) * perExample] - row;
            parts[i] = LowRank.of(kernels, weighted.rows(row, rows), inputs.rows(row, rows), error);
        });
        for (LowRank part : parts) {
            g.delta.add(compact(part.delta()));
            g.x.add(compact(part.x()));
            g.tokens.add(part.delta().rows());
        }
    }

    /** A copy with memory of its own: a view would keep all rows of the batch. */
    private Storage compact(Matrix m) {
        Storage copy = kernels.allocate(dtype, m.size());
        kernels.scale(m.size(), 1, m.data(), m.offset(), copy, 0);
        return copy;
    }

    /** A copy of the rows of all sequences. */
    private Storage copy(Storage rows, int width, boolean weighted) {
        // Element by element if the type changes.
        Kernels copying = rows.dtype() == dtype ? kernels : Kernels.plain();
        Storage copy = kernels.allocate(dtype, Storage.elements(starts[weights.length], width));
        for (int j = 0; j < weights.length; j++) {
            copying.scale((starts[j + 1] - starts[j]) * width, weighted ? weights[j] : 1, rows, starts[j] * width, copy, starts[j] * width);
        }
        return copy;
    }

    /** Removes and returns the collected factors of one matrix, so that their memory can be freed after use. */
    public synchronized TokenFactors take(String name) {
        Gathered g = matrices.remove(name);
        if (g == null || g.delta.isEmpty()) {
            throw new IllegalStateException("no gradient was collected for " + name);
        }
        Storage x = joined.computeIfAbsent(g.x.getFirst(), part -> TokenFactors.join(kernels, g.x));
        return new TokenFactors(g.out, g.in, TokenFactors.join(kernels, g.delta), x,
                TokenFactors.starts(g.tokens.stream().mapToInt(n -> n)));
    }
}
