package agl.app.train;

import agl.app.ModelBundle;
import agl.app.data.Batches;
import agl.app.data.EncodedExample;
import agl.app.data.Example;
import agl.autograd.AglException;
import agl.autograd.DType;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.lora.LoraModel;
import agl.nn.Batch;
import agl.nn.LinearLayer;
import agl.nn.Models;
import agl.nn.Transformer;
import agl.regularizers.AglRegularizer;
import agl.regularizers.AglSettings;
import agl.regularizers.EmaGradSq;
import agl.regularizers.Fisher;
import agl.regularizers.method.Agl;
import agl.regularizers.method.AlignmentMatrix;
import agl.regularizers.method.AsFt;
import agl.regularizers.method.EwcLora;
import agl.regularizers.method.HardProjection;
import agl.regularizers.method.KlPenalty;
import agl.regularizers.method.Lisa;
import agl.regularizers.method.Method;
import agl.regularizers.method.OpLora;
import agl.regularizers.method.SafeAnchor;
import agl.regularizers.method.SafeLora;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** Makes the {@link Method} of a choice, with what it needs. */
final class MethodMaker {
    /** Lisa's phases, in steps: one step in five on alignment data, as part of the same number of steps that the other methods get. */
    private static final int LISA_TASK_STEPS = 8;
    private static final int LISA_ALIGNMENT_STEPS = 2;
    /** A term of weight zero costs a pass over every ΔW and changes nothing: it is looked at now and then. */
    private static final int MEASURE_EVERY = 10;
    private static final JsonMapper JSON = new JsonMapper();

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
     * @param given  an estimate to use instead of making one, or null
     */
    MethodMaker(ModelBundle bundle, LoraModel lora, RunConfig config, TrainData data, FisherSource source, Map<String, Fisher> given) {
        this.bundle = bundle;
        this.lora = lora;
        this.config = config;
        this.data = data;
        this.source = source;
        this.given = given;
    }

    /** The Fisher information that the method uses; null for one without. */
    Map<String, Fisher> fisher() {
        return fisher;
    }

    Method make() {
        MethodChoice choice = config.choice();
        choice.kind().require(config.agl(), !data.alignment().isEmpty(), data.unaligned() != null);
        double strength = choice.strength();
        return switch (choice.kind()) {
            case LORA, EARLYSTOP -> Method.lora();
            case AGL -> agl(config.agl());
            case EWC -> new EwcLora(strength, estimate(with("metric", "diag_fisher")));
            case KL -> new KlPenalty(strength, lora, batches(FisherSource.chosen(config, data.alignment())));
            case SAFELORA -> new SafeLora(strength, alignmentMatrices());
            case ASFT -> new AsFt(strength, alignmentMatrices());
            case SAFEANCHOR -> new SafeAnchor(estimate(config.agl()));
            case PROJECTION -> new HardProjection(estimate(config.agl()), 0);
            case LISA -> new Lisa(strength, LISA_TASK_STEPS, LISA_ALIGNMENT_STEPS);
            case OPLORA -> opLora((int) strength, weights(bundle.model()));
        };
    }

    /** With k directions of the smaller side gone there is nothing left to train. */
    private static Method opLora(int k, Map<String, Tensor> weights) {
        int most = weights.values().stream().mapToInt(w -> Math.min(w.dim(0), w.dim(1))).min().orElse(0);
        if (k >= most) {
            throw new AglException("method oplora: k must be below the smaller side of every adapted matrix, here " + most + ", got " + k);
        }
        return new OpLora(k, weights);
    }

    private AglSettings with(String name, Object value) {
        JsonNode change = JSON.valueToTree(Map.of(name, value));
        return config.agl().with(change);
    }

    private Map<String, Fisher> estimate(AglSettings settings) {
        fisher = given != null ? given : source.estimate(lora, config, settings, data.alignment(), data.task());
        return fisher;
    }

    private Method agl(AglSettings settings) {
        running = settings.h() == AglSettings.H.EMA_GRAD_SQ ? new EmaGradSq(Kernels.best(), settings.emaDecay()) : null;
        Agl agl = new Agl(new AglRegularizer(settings, estimate(settings), running), MEASURE_EVERY);
        listen();
        return agl;
    }

    /** AGL's Fisher anew, at the weights as they are now. */
    void refresh(Agl agl) {
        agl.regularizer().refresh(source.current(lora, config, agl.regularizer().settings(), data.alignment(), data.task()));
        listen();
    }

    /** An estimate leaves the layers without listeners, so this comes after it. */
    private void listen() {
        if (running != null) {
            lora.layers().forEach((name, layer) -> layer.listen(running.listener(name)));
        }
    }

    private List<Batch> batches(List<Example> examples) {
        List<EncodedExample> encoded = bundle.encode(examples, config.train().maxLength());
        int size = config.train().microBatchSize() > 0 ? Math.min(config.train().microBatchSize(), config.train().batchSize()) : config.train().batchSize();
        List<Batch> batches = new ArrayList<>();
        for (int from = 0; from < encoded.size(); from += size) {
            batches.add(Batches.collate(encoded.subList(from, Math.min(encoded.size(), from + size))));
        }
        return batches;
    }

    private Map<String, AlignmentMatrix> alignmentMatrices() {
        Path folder = data.unaligned();
        Map<String, Tensor> aligned = weights(bundle.model());
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

    /** The frozen weights of the adapted layers, (out, in) each. */
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
