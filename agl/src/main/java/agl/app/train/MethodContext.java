package agl.app.train;

import agl.app.data.Batches;
import agl.app.data.BuiltinAlignment;
import agl.app.data.EncodedExample;
import agl.app.data.Example;
import agl.app.data.Request;
import agl.app.io.Notes;
import agl.app.io.Progress;
import agl.app.model.ModelBundle;
import agl.autograd.Pool;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.lora.LoraModel;
import agl.nn.Batch;
import agl.nn.Generator;
import agl.nn.LinearLayer;
import agl.nn.Models;
import agl.nn.Transformer;
import agl.regularizers.AglSettings;
import agl.regularizers.EmaGradSq;
import agl.regularizers.Fisher;
import agl.regularizers.FisherEstimator;
import agl.regularizers.method.AlignmentMatrix;
import agl.regularizers.method.DistanceToBase;
import agl.regularizers.method.Method;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** The run for which a method is created: its settings, its model, and what methods need from them. */
final class MethodContext {
    /** Longest answer of the base to an alignment prompt. */
    private static final int OWN_TOKENS = 64;

    private final ModelBundle bundle;
    private final LoraModel lora;
    private final RunConfig config;
    private final TrainData data;
    private final FisherSource source;
    private final Map<String, Fisher> given;
    private Map<String, Fisher> fisher;
    private EmaGradSq running;

    /**
     * @param config resolved for the method
     * @param given  a Fisher estimate to use, or null to compute one
     */
    MethodContext(ModelBundle bundle, LoraModel lora, RunConfig config, TrainData data, FisherSource source, Map<String, Fisher> given) {
        this.bundle = bundle;
        this.lora = lora;
        this.config = config;
        this.data = data;
        this.source = source;
        this.given = given;
    }

    /** Creates the method named by the settings. */
    Method make() {
        MethodKind kind = config.choice().kind();
        kind.require(config.agl(), !data.alignment().isEmpty() || data.fisher() != null && kind.usesFisher(), data.unaligned() != null);
        if (data.fisher() != null && kind.usesFisher()) {
            data.fisher().require(kind, config.agl());
        }
        return kind.make(this);
    }

    /** Of the run. */
    long seed() {
        return config.train().seed();
    }

    /** The method's strength; NaN if it has none or if it is one of AGL's settings. */
    double strength() {
        return config.choice().strength();
    }

    AglSettings settings() {
        return config.agl();
    }

    /** The model with the adapter to be trained. */
    LoraModel lora() {
        return lora;
    }

    /** The Fisher information by layer that the method requested; null if it requested none. */
    Map<String, Fisher> fisher() {
        return fisher;
    }

    /** The Fisher information at the frozen base, by layer. */
    Map<String, Fisher> estimate(AglSettings settings) {
        fisher = given != null ? given : source.estimate(lora, config, settings, data);
        return fisher;
    }

    /** The same at the current weights. */
    Map<String, Fisher> current(AglSettings settings) {
        Map<String, Fisher> now = source.current(lora, config, settings, data.alignment(), data.task());
        listen(running);
        return now;
    }

    /**
     * Registers hooks that feed training gradients to a running mean; null for none. Call after estimating, which removes the hooks.
     */
    void listen(EmaGradSq mean) {
        running = mean;
        if (mean != null) {
            lora.layers().forEach((name, layer) -> layer.listen(mean.listener(name)));
        }
    }

    /**
     * A penalty on the distance from the base on these batches, each in passes through the model.
     *
     * @param every steps from one batch to the next
     */
    DistanceToBase toBase(String name, double weight, DistanceToBase.Measure measure, List<List<Batch>> batches, int every) {
        return new DistanceToBase(name, weight, measure, lora, DistanceToBase.Examples.inTurn(batches, every), seed());
    }

    /** The alignment examples in batches, each in passes through the model. */
    List<List<Batch>> alignmentBatches() {
        return alignmentOpenings(0);
    }

    /** The same up to the {@code tokens}-th token of their answers; 0: all of them. */
    List<List<Batch>> alignmentOpenings(int tokens) {
        return parts(openings(FisherSource.chosen(config, data.alignment()), tokens), batchSize()).stream().map(this::passes).toList();
    }

    /**
     * The prompts of the alignment examples, each with the base's own greedy answer of at most {@link #OWN_TOKENS} tokens, cut to
     * max_length, in batches like those of {@link #alignmentBatches}.
     */
    List<List<Batch>> ownAnswers() {
        List<Request> asked = FisherSource.chosen(config, data.alignment()).stream().map(Example::request).toList();
        Generator generator = new Generator(bundle.model(), Kernels.best(), new Pool(DType.F32));
        List<EncodedExample> examples = new ArrayList<>();
        lora.enable(false);
        try (Progress progress = Progress.start("the base's own answers", asked.size())) {
            for (List<int[]> prompts : parts(bundle.prompts(asked, 1, OWN_TOKENS), batchSize())) {
                List<int[]> answers = generator.generate(prompts, Generator.Settings.greedy(OWN_TOKENS), bundle::isStop);
                for (int i = 0; i < prompts.size(); i++) {
                    examples.add(own(prompts.get(i), answers.get(i)));
                    progress.step(answers.get(i).length, "");
                }
            }
        } finally {
            lora.enable(true);
        }
        List<EncodedExample> fitting = examples.stream().filter(e -> e.lossTokens() > 0).toList();
        String limit = "max_length " + config.train().maxLength() + " leaves room for an answer after ";
        if (fitting.isEmpty()) {
            throw new AglException("method " + config.choice().kind().title() + ": " + limit + "none of the " + examples.size()
                    + " alignment prompts");
        }
        if (fitting.size() < examples.size()) {
            Notes.say(limit + fitting.size() + " of " + examples.size() + " alignment prompts; the others are not used");
        }
        bundle.sayCut(fitting, config.train().maxLength(), "alignment prompts with the base's own answers");
        return parts(fitting, batchSize()).stream().map(this::passes).toList();
    }

    /** An answer that ended by itself is compared at its end too; which token stands there is not read. */
    private EncodedExample own(int[] prompt, int[] answer) {
        int ended = answer.length < OWN_TOKENS ? 1 : 0;
        int length = Math.min(prompt.length + answer.length + ended, bundle.limit(config.train().maxLength()));
        int[] tokens = new int[length];
        boolean[] inLoss = new boolean[length];
        for (int t = 0; t < length; t++) {
            int a = t - prompt.length;
            tokens[t] = a < 0 ? prompt[t] : a < answer.length ? answer[a] : 0;
            inLoss[t] = a >= 0;
        }
        return new EncodedExample(tokens, inLoss, length < prompt.length + answer.length);
    }

    /** The task examples of each step of a run on the task alone, up to the {@code tokens}-th token of their answers. */
    DistanceToBase.Examples taskOpenings(int tokens) {
        Batches task = new Batches(openings(data.task(), tokens), config.train().batchSize(), seed());
        return step -> passes(task.examplesOf(step));
    }

    private List<EncodedExample> openings(List<Example> examples, int tokens) {
        return bundle.encode(examples, config.train().maxLength()).stream().map(e -> e.answerPart(0, tokens)).toList();
    }

    /** Pairs of refusals and other answers from the alignment and task examples. */
    ContrastPairs contrastPairs() {
        return ContrastPairs.of(source, config, BuiltinAlignment.withHarmless(data.alignment()), data.task());
    }

    /** Losses of these pairs and their gradients at the current weights. */
    FisherEstimator.Gradients gradients(ContrastPairs pairs) {
        return source.gradients(lora, config.agl(), pairs.pairs());
    }

    /** Sequences of a step. */
    int batchSize() {
        return config.train().batchSize();
    }

    /** Sequences in a pass through the model, which changes nothing but memory and time. */
    int passSize() {
        int micro = config.train().microBatchSize();
        return micro > 0 ? Math.min(micro, batchSize()) : batchSize();
    }

    private List<Batch> passes(List<EncodedExample> batch) {
        return parts(batch, passSize()).stream().map(Batches::collate).toList();
    }

    private static <T> List<List<T>> parts(List<T> all, int size) {
        List<List<T>> parts = new ArrayList<>();
        for (int from = 0; from < all.size(); from += size) {
            parts.add(all.subList(from, Math.min(all.size(), from + size)));
        }
        return parts;
    }

    /** C of the adapted layers, from the base and its checkpoint before alignment. */
    Map<String, AlignmentMatrix> alignmentMatrices() {
        Path folder = data.unaligned();
        Map<String, Tensor> aligned = weights();
        Map<String, Tensor> unaligned = weights(Models.load(folder));
        Map<String, AlignmentMatrix> matrices = new LinkedHashMap<>();
        aligned.forEach((name, w) -> matrices.put(name, in(folder, () -> {
            if (!unaligned.containsKey(name)) {
                throw new AglException("has no layer " + name + ", so it is not the checkpoint from which the base was aligned");
            }
            return AlignmentMatrix.of(name, w, unaligned.get(name), DType.F32);
        })));
        return matrices;
    }

    private static <T> T in(Path folder, Supplier<T> work) {
        try {
            return work.get();
        } catch (AglException e) {
            throw new AglException(folder + ": " + e.getMessage(), e);
        }
    }

    /** The frozen weights of the adapted layers, each (out, in). */
    Map<String, Tensor> weights() {
        return weights(bundle.model());
    }

    private Map<String, Tensor> weights(Transformer model) {
        Map<String, Tensor> weights = new LinkedHashMap<>();
        for (LinearLayer layer : model.linears()) {
            if (lora.layers().containsKey(layer.name())) {
                weights.put(layer.name(), layer.weight());
            }
        }
        return weights;
    }
}
