package agl.app.train;

import agl.app.io.Spelling;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.error.AglException;
import agl.lora.LoraPlus;
import agl.nn.AdamW;
import agl.nn.Optimizer;
import agl.nn.Schedule;
import agl.nn.Transformer;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import com.fasterxml.jackson.databind.exc.InvalidFormatException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Settings of a fine-tuning run. In JSON they use underscores (learning_rate) and form one flat object, without the groups. The names are
 * PyTorch's and PEFT's.
 *
 * @param length       length of training and batch sizes
 * @param optimization the optimizer's settings
 * @param data         sequence length, evaluation and seed
 * @param adapter      the adapter's shape
 */
public record TrainSettings(Length length, Optimization optimization, Data data, Adapter adapter) {

    /**
     * @param steps          optimizer steps; 0: determined by {@code epochs}
     * @param epochs         passes over the data when steps is 0
     * @param batchSize      examples per optimizer step
     * @param microBatchSize examples per forward pass; 0: the whole batch at once. Smaller values need less memory and give the same
     *                       gradient
     * @param recompute      keep only each layer's input for backward and recompute the layer there: less memory, a third more time, same
     *                       result
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record Length(int steps, double epochs, int batchSize, int microBatchSize, boolean recompute) {
        public Length {
            requireFinite("epochs", epochs);
            require(steps >= 0, "steps", steps, "at least 0");
            require(epochs > 0 && epochs < 1e6, "epochs", epochs, "above 0 and below 1000000");
            require(batchSize >= 1, "batch_size", batchSize, "at least 1");
            require(microBatchSize >= 0, "micro_batch_size", microBatchSize, "at least 0");
        }
    }

    /**
     * @param learningRate      peak of the schedule
     * @param lrSchedulerType   how the rate goes on after the warm-up: down half a cosine, down a straight line, or not at all; constant
     *                          has no warm-up
     * @param warmupRatio       share of the steps with linear warm-up
     * @param lrFloor           final rate of cosine and linear as a share of the peak
     * @param weightDecay       decoupled, on matrices only
     * @param maxGradNorm       gradients with a larger norm are clipped to it; 0: no clipping
     * @param loraplusLrRatio   learning rate of B as a multiple of A's (LoRA+); 1: the same
     * @param neftuneNoiseAlpha size of the noise on the embeddings in training (NEFTune); 0: none
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record Optimization(double learningRate, Schedule.Type lrSchedulerType, double warmupRatio, double lrFloor, double weightDecay,
                               double maxGradNorm, double loraplusLrRatio, double neftuneNoiseAlpha) {
        public Optimization {
            requireFinite("learning_rate", learningRate, "warmup_ratio", warmupRatio, "lr_floor", lrFloor, "weight_decay", weightDecay,
                    "max_grad_norm", maxGradNorm, "loraplus_lr_ratio", loraplusLrRatio, "neftune_noise_alpha", neftuneNoiseAlpha);
            require(learningRate > 0 && learningRate < 1e3, "learning_rate", learningRate, "above 0 and below 1000");
            require(warmupRatio >= 0 && warmupRatio <= 1, "warmup_ratio", warmupRatio, "between 0 and 1");
            require(lrFloor >= 0 && lrFloor <= 1, "lr_floor", lrFloor, "between 0 and 1");
            require(weightDecay >= 0 && weightDecay < 1e3, "weight_decay", weightDecay, "at least 0 and below 1000");
            require(maxGradNorm >= 0, "max_grad_norm", maxGradNorm, "at least 0");
            require(loraplusLrRatio > 0 && loraplusLrRatio <= 1e3, "loraplus_lr_ratio", loraplusLrRatio, "above 0 and at most 1000");
            require(neftuneNoiseAlpha >= 0, "neftune_noise_alpha", neftuneNoiseAlpha, "at least 0");
        }
    }

    /**
     * @param maxLength maximum length of an example in tokens, at most the model's positions
     * @param evalEvery steps between evaluations on held-out task data; 0: only at the end
     * @param keepBest  keep the weights with the lowest held-out loss of these evaluations instead of the last ones
     * @param patience  stop after so many evaluations without a lower held-out loss; 0: never
     * @param seed      seed of the adapter's initialization, the order of examples, dropout and noise
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record Data(int maxLength, int evalEvery, boolean keepBest, int patience, long seed) {
        public Data {
            require(maxLength >= 2, "max_length", maxLength, "at least 2");
            require(evalEvery >= 0, "eval_every", evalEvery, "at least 0");
            require(patience >= 0, "patience", patience, "at least 0");
        }
    }

    /**
     * @param r             rank, at least 1
     * @param loraAlpha     s = lora_alpha/r
     * @param loraDropout   dropout probability of LoRA's input in training, at least 0 and below 1
     * @param targetModules layers to adapt: suffixes separated by commas, a regular expression, or all-linear
     * @param useRslora     s = lora_alpha/√r instead of lora_alpha/r
     * @param useDora       weight-decomposed LoRA; refused by the methods that act on the update s·B·A ({@link MethodKind#actsOnUpdate})
     */
    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    public record Adapter(int r, double loraAlpha, double loraDropout, String targetModules,
                          @JsonProperty("use_rslora") boolean useRslora, @JsonProperty("use_dora") boolean useDora) {
        public Adapter {
            requireFinite("lora_alpha", loraAlpha, "lora_dropout", loraDropout);
            require(loraAlpha > 0, "lora_alpha", loraAlpha, "above 0");
        }
    }

    private static final JsonMapper JSON = JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .enable(DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS).disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES).build();

    /** LoRA's values are from the authors' repository; the learning rate suits models of up to a few hundred million parameters. */
    public static final TrainSettings DEFAULT = new TrainSettings(new Length(0, 1, 16, 0, false),
            new Optimization(1e-3, Schedule.Type.COSINE, 0.03, 0, 0, 1, 1, 0), new Data(512, 50, false, 0, 1),
            new Adapter(8, 16, 0.1, "q_proj,v_proj", false, false));

    private static void requireFinite(Object... namesAndValues) {
        for (int i = 0; i < namesAndValues.length; i += 2) {
            require(Double.isFinite((double) namesAndValues[i + 1]), (String) namesAndValues[i], namesAndValues[i + 1], "a finite number");
        }
    }

    private static void require(boolean holds, String name, Object value, String what) {
        if (!holds) {
            throw new AglException("setting " + name + " must be " + what + ", got " + value);
        }
    }

    /** These settings with the named ones (in JSON spelling) replaced; an unknown name or a wrong type is refused by name. */
    public TrainSettings with(Map<String, ?> overrides) {
        return with((ObjectNode) JSON.valueToTree(overrides));
    }

    /** The same, as read from a file. */
    TrainSettings with(ObjectNode wanted) {
        ObjectNode node = all();
        wanted.properties().stream().filter(e -> e.getValue().isNull() && node.has(e.getKey())).findFirst().ifPresent(e -> {
            throw new AglException("setting " + e.getKey() + " does not take null");
        });
        wanted.fieldNames().forEachRemaining(name -> {
            if (!node.has(name)) {
                throw new AglException("unknown setting \"" + name + "\"" + Spelling.hint(name, names()) + "; known are "
                        + String.join(", ", names()));
            }
        });
        node.setAll(wanted);
        return new TrainSettings(group(node, length, wanted), group(node, optimization, wanted), group(node, data, wanted),
                group(node, adapter, wanted));
    }

    /** The group with its values taken from {@code all}. */
    @SuppressWarnings("unchecked")
    private static <T extends Record> T group(ObjectNode all, T group, ObjectNode wanted) {
        List<String> names = new ArrayList<>();
        JSON.valueToTree(group).fieldNames().forEachRemaining(names::add);
        try {
            return (T) JSON.treeToValue(all.deepCopy().retain(names), group.getClass());
        } catch (JsonProcessingException e) {
            if (e.getCause() instanceof AglException cause) {
                throw cause;
            }
            String path = e instanceof JsonMappingException m && !m.getPath().isEmpty() ? m.getPath().get(0).getFieldName() : "?";
            throw new AglException("setting " + path + " does not take " + wanted.get(path) + choice(e));
        }
    }

    /** What a setting takes that is one of a few names; empty for others. */
    private static String choice(JsonProcessingException e) {
        return e instanceof InvalidFormatException f && f.getTargetType().isEnum() ? "; expected one of "
                + Arrays.stream(f.getTargetType().getEnumConstants()).map(v -> JSON.valueToTree(v).asText())
                        .collect(Collectors.joining(", "))
                : "";
    }

    /** All settings by name. */
    @JsonValue
    ObjectNode all() {
        ObjectNode all = JSON.createObjectNode();
        for (Record group : new Record[] {length, optimization, data, adapter}) {
            all.setAll((ObjectNode) JSON.valueToTree(group));
        }
        return all;
    }

    /** As JSON; without the adapter's settings if no adapter is trained, and without the epochs if the steps decide. */
    public ObjectNode toJson(boolean lora) {
        ObjectNode node = all();
        if (steps() > 0) {
            node.remove("epochs");
        }
        return lora ? node : node.without(UnusedSettings.OF_LORA);
    }

    /** Names of all settings in JSON. */
    public static List<String> names() {
        List<String> names = new ArrayList<>();
        DEFAULT.all().fieldNames().forEachRemaining(names::add);
        return names;
    }

    /** The optimizer that these settings describe, for the model with its adapter. */
    Optimizer optimizer(Kernels kernels, Transformer model, List<Tensor> parameters) {
        return new AdamW(kernels, new AdamW.Settings(0.9, 0.999, 1e-8, weightDecay(), maxGradNorm()), parameters,
                LoraPlus.rates(model, loraplusLrRatio()));
    }

    /** The learning rates of a run of that many steps. */
    Schedule schedule(int total) {
        return new Schedule(lrSchedulerType(), learningRate(), (int) Math.ceil(warmupRatio() * total), total, lrFloor());
    }

    /** Optimizer steps for that many examples. */
    public int totalSteps(int examples) {
        return steps() > 0 ? steps() : (int) Math.max(1, Math.ceil(epochs() * Math.ceilDiv(examples, batchSize())));
    }

    // Each setting under its own name.

    public int steps() { return length.steps; }

    public double epochs() { return length.epochs; }

    public int batchSize() { return length.batchSize; }

    public int microBatchSize() { return length.microBatchSize; }

    public boolean recompute() { return length.recompute; }

    public double learningRate() { return optimization.learningRate; }

    public Schedule.Type lrSchedulerType() { return optimization.lrSchedulerType; }

    public double warmupRatio() { return optimization.warmupRatio; }

    public double lrFloor() { return optimization.lrFloor; }

    public double weightDecay() { return optimization.weightDecay; }

    public double maxGradNorm() { return optimization.maxGradNorm; }

    public double loraplusLrRatio() { return optimization.loraplusLrRatio; }

    public double neftuneNoiseAlpha() { return optimization.neftuneNoiseAlpha; }

    public int maxLength() { return data.maxLength; }

    public int evalEvery() { return data.evalEvery; }

    public boolean keepBest() { return data.keepBest; }

    public int patience() { return data.patience; }

    public long seed() { return data.seed; }

    public int r() { return adapter.r; }

    public double loraAlpha() { return adapter.loraAlpha; }

    public double loraDropout() { return adapter.loraDropout; }

    public String targetModules() { return adapter.targetModules; }

    public boolean useRslora() { return adapter.useRslora; }

    public boolean useDora() { return adapter.useDora; }
}
