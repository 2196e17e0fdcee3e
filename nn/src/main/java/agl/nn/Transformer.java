package agl.nn;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.AttentionShape;
import agl.autograd.op.Attention;
import agl.autograd.op.Embedding;
import agl.autograd.op.HeadCrossEntropy;
import agl.autograd.op.Linear;
import agl.autograd.op.Recompute;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import agl.error.AglException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntUnaryOperator;
import java.util.function.UnaryOperator;

/**
 * A decoder-only transformer: token ids in, the next token's probabilities out. This class has what all families share: embedding, a
 * stack of layers, a final norm, the head; {@link Llama} and {@link Gpt2} define the layers.
 *
 * <p>Sequences are concatenated without padding ({@link Batch}), so every tensor is (tokens, features). The linear maps can be
 * replaced one by one, which is how adapters are attached.
 */
public abstract class Transformer {
    /** Name of the head's weight. */
    public static final String HEAD = "lm_head.weight";

    private final ModelConfig config;
    private final Map<String, Tensor> parameters = new LinkedHashMap<>();
    private final Map<String, Weight> weights = new LinkedHashMap<>();
    private final Map<String, Slot> linears = new LinkedHashMap<>();
    private final Set<String> storedTransposed = new HashSet<>();
    private boolean recompute;

    /** Supplies the weight of a Hugging Face name with its expected shape. */
    public interface Weights {
        Tensor get(String name, int... shape);
    }

    /**
     * One forward pass: its batch, each token's position in its sequence, the cache of earlier tokens, or null, and what the sequences
     * share, or null.
     */
    record Pass(Batch batch, int[] positions, KvCache cache, SharedBatch shared) { }

    /** A weight: the model's own tensor, or its replacement. */
    static final class Weight {
        private final Tensor own;
        private Tensor replacement;

        private Weight(Tensor own) {
            this.own = own;
        }

        Tensor tensor() {
            return replacement == null ? own : replacement;
        }
    }

    /** A linear map: the model's own, or an adapter's. */
    static final class Slot {
        private LinearLayer layer;

        private Slot(LinearLayer layer) {
            this.layer = layer;
        }

        /** x (tokens, in) to (tokens, out). */
        Tensor forward(Tape tape, Tensor x) {
            return layer.forward(tape, x);
        }
    }

    /**
     * Constants of one layer's attention.
     *
     * @param layer  its index, under which its keys and values are cached
     * @param window number of tokens that a token attends to, including itself; 0: all before it
     * @param scale  factor on the scores
     */
    record AttentionLayer(int layer, int window, double scale) { }

    Transformer(ModelConfig config) {
        this.config = config;
    }

    /** The model of the configuration's family. */
    public static Transformer of(ModelConfig config, Weights weights) {
        return config.family().model(config, weights);
    }

    /** Loads a weight from the source. */
    final Weight parameter(Weights source, String name, int... shape) {
        parameters.put(name, source.get(name, shape));
        weights.put(name, new Weight(parameters.get(name)));
        return weights.get(name);
    }

    /** Loads the weight of a linear map, (out, in), and its bias if it has one. */
    final Slot linear(Weights source, String name, int out, int in, boolean hasBias) {
        Weight weight = parameter(source, name + ".weight", out, in);
        Weight bias = hasBias ? parameter(source, name + ".bias", out) : null;
        linears.put(name, new Slot(new LinearLayer.Dense(name, weight::tensor, () -> bias == null ? null : bias.tensor())));
        return linears.get(name);
    }

    /** As {@link #linear(Weights, String, int, int, boolean)} with a bias, for a map that the family's files store as (in, out). */
    final Slot transposedLinear(Weights source, String name, int out, int in) {
        storedTransposed.add(name + ".weight");
        return linear((n, shape) -> n.endsWith(".bias") ? source.get(n, shape) : Models.transposed(source.get(n, shape[1], shape[0])), name,
                out, in, true);
    }

    /** The weight of that name as the model uses it, including an adapter's update. */
    final Tensor effectiveWeight(String name) {
        Slot slot = name.endsWith(".weight") ? linears.get(name.substring(0, name.length() - ".weight".length())) : null;
        return slot == null ? weights.get(name).tensor() : slot.layer.effectiveWeight();
    }

    /** Storage type of the model's matrices. */
    public final DType dtype() {
        return parameters.get(config.family().embeddingName()).dtype();
    }

    /** The model's shapes and constants. */
    public final ModelConfig config() {
        return config;
    }

    /**
     * All of the model's own weights, by Hugging Face name, matrices as (out, in). Replacing layers or weights does not change this.
     */
    public final Map<String, Tensor> parameters() {
        return parameters;
    }

    /** Number of the model's own parameters. */
    public final long size() {
        return parameters.values().stream().mapToLong(Tensor::size).sum();
    }

    /** Whether the family's files store this weight as (in, out), the transpose of the one in {@link #parameters}. */
    public final boolean storedTransposed(String name) {
        return storedTransposed.contains(name);
    }

    /**
     * Replaces a weight with another tensor; null restores the model's own. A tied head has no weight of its own, but can be given one
     * under its name, {@value #HEAD}.
     */
    public final void replace(String name, Tensor replacement) {
        Weight weight = name.equals(HEAD) ? headWeight() : weights.get(name);
        if (weight == null || replacement != null && !weight.own.sameShape(replacement)) {
            throw new IllegalArgumentException("no weight " + name + " of that shape to replace");
        }
        weight.replacement = replacement;
    }

    /** The head's weight, (vocabulary, hidden). */
    public final Tensor head() {
        return headWeight().tensor();
    }

    /** A tied head uses the model's own embedding table, even if the embedding has been replaced. */
    private Weight headWeight() {
        return weights.computeIfAbsent(HEAD, name -> new Weight(parameters.get(config.family().embeddingName())));
    }

    /** Replaces each linear map with the result of {@code replacement}. */
    public final void replaceLinears(UnaryOperator<LinearLayer> replacement) {
        linears.values().forEach(slot -> slot.layer = replacement.apply(slot.layer));
    }

    /** The first layer's input, (tokens, hidden). */
    abstract Tensor embed(Tape tape, Pass pass);

    /** Layer {@code l}: (tokens, hidden) to (tokens, hidden). */
    abstract Tensor layer(Tape tape, int l, Tensor x, Pass pass);

    /** The final norm, after the last layer. */
    abstract Tensor finalNorm(Tape tape, Tensor x);

    /** Switches gradient checkpointing: training keeps only each layer's input and recomputes the rest; less memory, a third more time. */
    public final void recompute(boolean on) {
        recompute = on;
    }

    /** The linear maps of all layers, in the order in which they run. */
    public final List<LinearLayer> linears() {
        return linears.values().stream().map(slot -> slot.layer).toList();
    }

    /** The last layer's output after the final norm, (tokens, hidden). */
    public final Tensor hidden(Tape tape, Batch batch) {
        return hidden(tape, batch, (KvCache) null);
    }

    /** As {@link #hidden(Tape, Batch)} with noise on the embeddings; for the training loss alone. */
    public final Tensor hidden(Tape tape, Batch batch, Neftune noise) {
        Pass pass = new Pass(batch, positions(batch, s -> 0), null, null);
        return hidden(tape, noise.added(tape, embed(tape, pass), batch), pass);
    }

    /** As {@link #hidden(Tape, Batch)}; with a cache, the batch's sequences continue the cached ones and are added to it. */
    public final Tensor hidden(Tape tape, Batch batch, KvCache cache) {
        Pass pass = new Pass(batch, positions(batch, s -> cache == null ? 0 : cache.length(s)), cache, null);
        return hidden(tape, embed(tape, pass), pass);
    }

    /** As {@link #hidden(Tape, Batch)} for the rows that are computed. */
    public final Tensor hidden(Tape tape, SharedBatch shared) {
        Pass pass = new Pass(shared.rows(), positions(shared.rows(), s -> shared.prefix()[s]), null, shared.shares() ? shared : null);
        return hidden(tape, embed(tape, pass), pass);
    }

    private Tensor hidden(Tape tape, Tensor embedded, Pass pass) {
        Batch batch = pass.batch;
        KvCache cache = pass.cache;
        Tensor x = embedded;
        for (int l = 0; l < config.layers(); l++) {
            int mark = tape.mark();
            int index = l;
            x = recompute && cache == null ? Recompute.of(tape, x, (t, in) -> layer(t, index, in, pass)) : layer(tape, l, x, pass);
            tape.releaseSince(mark, x);
        }
        if (cache != null) {
            cache.advance(batch);
        }
        return finalNorm(tape, x);
    }

    /** @param firsts each sequence's first position: after the cached tokens, or after those that it shares */
    private int[] positions(Batch batch, IntUnaryOperator firsts) {
        int[] positions = new int[batch.size()];
        for (int s = 0; s < batch.sequences(); s++) {
            int first = firsts.applyAsInt(s);
            if (first + batch.length(s) > config.maxPositions()) {
                throw new AglException("a sequence of " + (first + batch.length(s)) + " tokens is longer than the model's "
                        + config.maxPositions() + " positions");
            }
            for (int t = batch.starts()[s]; t < batch.starts()[s + 1]; t++) {
                positions[t] = first + t - batch.starts()[s];
                if (batch.tokens()[t] >= config.vocabulary()) {
                    throw new AglException(
                            "token id " + batch.tokens()[t] + " at position " + positions[t] + " is outside the model's vocabulary of "
                                    + config.vocabulary() + ": tokenizer and model do not belong together");
                }
            }
        }
        return positions;
    }

    /** The attention scale of most families, 1/sqrt(headDim). */
    final double attentionScale() {
        return 1 / Math.sqrt(config.headDim());
    }

    /** Causal attention of the pass's tokens to the tokens before them, in the batch or in the cache. */
    final Tensor attend(Tape tape, AttentionLayer of, Pass pass, Tensor q, Tensor k, Tensor v) {
        int[] starts = pass.batch.starts();
        if (pass.shared != null) {
            int[] keys = pass.shared.keyRows();
            int[] keyStarts = pass.shared.keyStarts();
            AttentionShape shape = new AttentionShape(config.heads(), config.kvHeads(), config.headDim(), of.scale, of.window, starts,
                    keyStarts, Arrays.copyOfRange(keyStarts, 1, keyStarts.length));
            return Attention.of(tape, shape, q, Embedding.of(tape, k, keys), Embedding.of(tape, v, keys));
        }
        if (pass.cache == null) {
            int[] ends = Arrays.copyOfRange(starts, 1, starts.length);
            return Attention.of(tape,
                    new AttentionShape(config.heads(), config.kvHeads(), config.headDim(), of.scale, of.window, starts, starts, ends), q, k,
                    v);
        }
        KvCache cache = pass.cache;
        AttentionShape shape = new AttentionShape(config.heads(), config.kvHeads(), config.headDim(), of.scale, of.window, starts,
                cache.starts(), cache.endsAfter(pass.batch));
        cache.append(tape.kernels(), of.layer, pass.batch, k, v);
        return Attention.of(tape, shape, q, cache.keys(of.layer), cache.values(of.layer));
    }

    /** Mean next-token cross-entropy over the batch's targets: the task loss. */
    public final Tensor loss(Tape tape, Batch batch) {
        return HeadCrossEntropy.mean(tape, hidden(tape, batch), head(), batch.targets());
    }

    /** Each token's loss, 0 where there is no target; for evaluation, not for training. */
    public final double[] tokenLosses(Tape tape, Batch batch) {
        Storage losses = tape.scratch(batch.size());
        losses.fill(0, batch.size(), 0);
        HeadCrossEntropy.of(tape, hidden(tape, batch), head(), batch.targets(), losses, 1);
        double[] out = new double[batch.size()];
        for (int t = 0; t < out.length; t++) {
            out[t] = losses.get(t);
        }
        return out;
    }

    /** Logits of the given rows of the hidden states, (rows, vocabulary). */
    public final Tensor logits(Tape tape, Tensor hidden, int... rows) {
        return Linear.of(tape, Embedding.of(tape, hidden, rows), head());
    }
}
