package agl.regularizers;

import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.Workers;
import agl.autograd.op.HeadCrossEntropy;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import agl.error.AglException;
import agl.nn.Batch;
import agl.nn.LinearLayer;
import agl.nn.SharedBatch;
import agl.nn.Transformer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntConsumer;

/**
 * Estimates F = (1/N) Σ g_i g_iᵀ of a model's linear layers, and its leading subspace, from one gradient per example: g_i = ∂ℓ_i/∂W with
 * respect to the full frozen weight. (A Fisher of A and B would be blind: at LoRA's start B = 0, so ∂ℓ/∂A = 0.)
 *
 * <p>ℓ_i is the mean cross-entropy over the example's target tokens, as in the task loss. With a contrast, ℓ_i = mean loss of the
 * answer − mean loss of the other answer to the same prompt, each over its own target tokens from where the two answers diverge. A side
 * without target tokens (an answer that ends there) counts as 0. The beginning that both share is one set of rows: its δ is that of ℓ_i.
 *
 * <p>One sweep over the examples collects the gradients of as many matrices as fit the memory budget; further sweeps collect the rest.
 */
public final class FisherEstimator {
    /** Tokens in one backward pass: enough for the matrix products to run at full speed. */
    private static final int TOKENS_PER_PASS = 512;

    private final Kernels kernels;
    private final Transformer model;
    private final AglSettings settings;
    private final DType dtype;
    private long memoryBudget = Runtime.getRuntime().maxMemory() / 4;

    /**
     * One example: a sequence with targets on its answer.
     *
     * @param answer   a batch of one sequence
     * @param contrast the same prompt with the opposite answer, a batch of one sequence, or null
     */
    public record Example(Batch answer, Batch contrast) {
        public Example(Batch answer) {
            this(answer, null);
        }

        private List<Batch> sequences() {
            return contrast == null ? List.of(answer) : List.of(answer, contrast);
        }
    }

    /** Called after each backward pass and after each matrix. */
    @FunctionalInterface
    public interface Progress {
        void advance(long done, long total, String what);
    }

    /** @param dtype element type of the computation and of the stored subspace */
    public FisherEstimator(Kernels kernels, Transformer model, AglSettings settings, DType dtype) {
        this.kernels = kernels;
        this.model = model;
        this.settings = settings;
        this.dtype = dtype;
    }

    /** Maximum bytes of collected gradients at a time; a quarter of the heap unless set. */
    public FisherEstimator memoryBudget(long bytes) {
        memoryBudget = bytes;
        return this;
    }

    /** The Fisher information of each named matrix, normalized over all of them. */
    public Map<String, Fisher> estimate(Collection<String> names, List<Example> examples, Progress progress) {
        int perExample = require(examples);
        List<Set<String>> groups = groups(names, examples);
        long total = (long) groups.size() * examples.size();
        long[] done = {0};
        Map<String, Fisher> raw = new LinkedHashMap<>();
        for (Set<String> group : groups) {
            GradientCollector collector = new GradientCollector(kernels, dtype, settings.fisherError(), group);
            collect(collector, examples, perExample, null, n -> progress.advance(done[0] += n, total, "gradients"));
            List<String> matrices = List.copyOf(group);
            Fisher[] estimates = new Fisher[matrices.size()];
            // One task per matrix: the eigendecompositions have one thread each.
            Workers.parallelFor(estimates.length,
                    i -> estimates[i] = Fisher.of(kernels, matrices.get(i), collector.take(matrices.get(i)), settings));
            for (int i = 0; i < estimates.length; i++) {
                raw.put(matrices.get(i), estimates[i]);
                progress.advance(done[0], total, matrices.get(i));
            }
        }
        return Fisher.normalise(raw, settings.fisherNorm());
    }

    /**
     * ℓ_i of each example and its gradients.
     *
     * @param byMatrix ∂ℓ_i/∂W of all examples, by matrix
     */
    public record Gradients(double[] losses, Map<String, TokenFactors> byMatrix) { }

    /** ℓ_i and ∂ℓ_i/∂W for each named matrix, all in memory at once. */
    public Gradients gradients(Collection<String> names, List<Example> examples, Progress progress) {
        int perExample = require(examples);
        GradientCollector collector = new GradientCollector(kernels, dtype, 0, names);
        double[] losses = new double[examples.size()];
        long[] done = {0};
        collect(collector, examples, perExample, losses, n -> progress.advance(done[0] += n, examples.size(), "gradients"));
        Map<String, TokenFactors> byMatrix = new LinkedHashMap<>();
        names.forEach(name -> byMatrix.put(name, collector.take(name)));
        return new Gradients(losses, byMatrix);
    }

    /** @return the number of sequences of each example */
    private static int require(List<Example> examples) {
        if (examples.isEmpty()) {
            throw new AglException("the Fisher information needs examples, and there are none");
        }
        int perExample = examples.getFirst().sequences().size();
        for (int i = 0; i < examples.size(); i++) {
            List<Batch> sequences = examples.get(i).sequences();
            if (sequences.size() != perExample || sequences.stream().anyMatch(s -> s.sequences() != 1)
                    || sequences.stream().mapToInt(Batch::targetCount).sum() == 0) {
                throw new AglException(
                        "example " + i + " for the Fisher information has no answer tokens (truncated?) or no contrast");
            }
        }
        return perExample;
    }

    /**
     * Backward passes over all examples, several at a time.
     *
     * @param losses receives ℓ_i, or null
     * @param done   receives the number of examples of each pass
     */
    private void collect(GradientCollector collector, List<Example> examples, int perExample, double[] losses, IntConsumer done) {
        Pool pool = new Pool(dtype);
        for (int first = 0; first < examples.size();) {
            int end = first;
            int tokens = 0;
            do {
                tokens += tokens(examples.get(end));
                end++;
            } while (end < examples.size() && tokens < TOKENS_PER_PASS);
            double[] sequences = backward(collector, examples.subList(first, end), perExample, pool);
            for (int j = 0; losses != null && j < sequences.length; j++) {
                losses[first + j / perExample] += sequences[j];
            }
            done.accept(end - first);
            first = end;
        }
    }

    /** @return each sequence's weighted loss: its share of ℓ_i */
    private double[] backward(GradientCollector collector, List<Example> examples, int perExample, Pool pool) {
        List<Batch> sequences = examples.stream().flatMap(e -> e.sequences().stream()).toList();
        SharedBatch shared = SharedBatch.of(sequences, perExample);
        Batch batch = shared.rows();
        int[] starts = batch.starts();
        double[] weights = new double[sequences.size()];
        double[] ofRows = new double[batch.size()];
        double[] ones = new double[weights.length];
        Arrays.fill(ones, 1);
        for (int j = 0; j < weights.length; j++) {
            weights[j] = (j % perExample == 0 ? 1.0 : -1.0) / Math.max(1, sequences.get(j).targetCount());
            Arrays.fill(ofRows, starts[j], starts[j + 1], weights[j]);
        }
        // The weights are in the loss: a shared row's δ has contributions of both sequences.
        collector.batch(starts, ones, perExample);
        listen(collector);
        Storage tokenLoss = Storage.allocate(dtype, batch.size());
        try (Tape tape = Tape.training(kernels, pool)) {
            tape.backward(HeadCrossEntropy.of(tape, model.hidden(tape, shared), model.head(), batch.targets(), tokenLoss, t -> ofRows[t]));
        } finally {
            listen(null);
        }
        for (int j = 0; j < weights.length; j++) {
            double sum = 0;
            for (int t = starts[j]; t < starts[j + 1]; t++) {
                sum += tokenLoss.get(t);
            }
            weights[j] *= sum;
        }
        return weights;
    }

    private void listen(GradientCollector collector) {
        for (LinearLayer layer : model.linears()) {
            layer.listen(collector == null ? null : collector.listener(layer.name()));
        }
    }

    /** Rows of its sequences, those that they share once. */
    private static int tokens(Example e) {
        return SharedBatch.of(e.sequences(), e.sequences().size()).rows().size();
    }

    /** Matrices whose token factors fit the budget together, in the model's order. */
    private List<Set<String>> groups(Collection<String> names, List<Example> examples) {
        long tokens = examples.stream().mapToLong(FisherEstimator::tokens).sum();
        Set<String> missing = new LinkedHashSet<>(names);
        List<Set<String>> groups = new ArrayList<>();
        long used = Long.MAX_VALUE;
        for (LinearLayer layer : model.linears()) {
            if (!missing.remove(layer.name())) {
                continue;
            }
            boolean lowRank = settings.fisherError() > 0 && RowSample.large(layer.out(), layer.in());
            // Half of the tokens as directions is what a prompt's gradient rarely exceeds.
            long bytes = tokens * (layer.out() + layer.in()) * dtype.bytes() / (lowRank ? 2 : 1);
            if (groups.isEmpty() || used + bytes > memoryBudget) {
                groups.add(new LinkedHashSet<>());
                used = 0;
            }
            groups.getLast().add(layer.name());
            used += bytes;
        }
        if (!missing.isEmpty()) {
            throw new AglException("the model has no linear layer named " + String.join(", ", missing));
        }
        return groups;
    }
}
