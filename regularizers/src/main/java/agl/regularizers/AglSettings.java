package agl.regularizers;

import agl.autograd.AglException;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Everything that can be set about AGL's loss
 * L = L_task + λ_A L_A + λ_T L_T + λ_NC [α E_RM + (1 − α) E_geo], with the names that JSON and the command line use.
 *
 * @param lambdaA        λ_A, weight of {@link FisherAlignment}
 * @param lambdaT        λ_T, weight of {@link TaskStability}
 * @param lambdaNC       λ_NC, weight of the two collision terms together
 * @param alpha          α in [0, 1], share of {@link RiemannianOverlap} against {@link GeodesicOverlap}
 * @param beta           β, how much a large entry of ΔW counts more in E_RM
 * @param kappa          κ, steepness of that weight; 1 is the formula as readers have it
 * @param tau            τ, the size of an entry at which the weight is half way up
 * @param epsilon        ε in E_geo's denominator
 * @param reduction      E_RM as a mean or a sum over entries
 * @param overlap        |a||t|, a·t or (a·t)² in E_RM
 * @param metric         the inner product of E_geo
 * @param h              the metric H of L_T
 * @param emaDecay       decay of the running mean for {@code H = ema_grad_sq}
 * @param fisherNorm     what F is divided by
 * @param backend        how F's eigenvectors are found
 * @param m              number of eigenvectors; 0 means min(128, N)
 * @param energy         if above 0, instead of m: the fewest eigenvectors with this share of tr F
 * @param fisherData     whose gradients make F
 * @param fisherTokens   answer tokens that count in ℓ_i, from the first one on, of a contrast from the first that differs; 0 means all
 * @param refreshEvery   steps between two estimates of F; 0 means once, at the start
 * @param exactStorage   how the {@code exact} backend keeps its vectors
 * @param alignmentRank  0 for one pair of factors; r_A above 0 for the two-branch mode, in which the first r_A of the r rank-one parts are
 *                       ΔW_A and the others ΔW_T
 * @param alignmentReach in the two-branch mode: whether L_A sees the whole update or the alignment branch alone
 */
@JsonPropertyOrder({"lambda_A", "lambda_T", "lambda_NC", "alpha", "beta", "kappa", "tau", "epsilon"})
public record AglSettings(
        @JsonProperty("lambda_A") double lambdaA,
        @JsonProperty("lambda_T") double lambdaT,
        @JsonProperty("lambda_NC") double lambdaNC,
        @JsonProperty("alpha") double alpha,
        @JsonProperty("beta") double beta,
        @JsonProperty("kappa") double kappa,
        @JsonProperty("tau") double tau,
        @JsonProperty("epsilon") double epsilon,
        @JsonProperty("reduction") Reduction reduction,
        @JsonProperty("overlap") Overlap overlap,
        @JsonProperty("metric") Metric metric,
        @JsonProperty("H") H h,
        @JsonProperty("ema_decay") double emaDecay,
        @JsonProperty("fisher_norm") FisherNorm fisherNorm,
        @JsonProperty("backend") Backend backend,
        @JsonProperty("m") int m,
        @JsonProperty("energy") double energy,
        @JsonProperty("fisher_data") FisherData fisherData,
        @JsonProperty("fisher_tokens") int fisherTokens,
        @JsonProperty("refresh_every") int refreshEvery,
        @JsonProperty("exact_storage") ExactStorage exactStorage,
        @JsonProperty("alignment_rank") int alignmentRank,
        @JsonProperty("alignment_reach") AlignmentReach alignmentReach) {

    /** Mean or sum over the entries of ΔW: they differ by out·in, so λ_NC does not carry over from one to the other. */
    public enum Reduction { @JsonProperty("mean") MEAN, @JsonProperty("sum") SUM }

    /** η|a||t|, η a t (no sign of its own: minimising it rewards negative products), or η (a t)². */
    public enum Overlap { @JsonProperty("absolute") ABSOLUTE, @JsonProperty("signed") SIGNED, @JsonProperty("squared") SQUARED }

    /** ⟨a, t⟩ = Σ a t, or Σ diag(F) a t. */
    public enum Metric { @JsonProperty("euclidean") EUCLIDEAN, @JsonProperty("diag_fisher") DIAG_FISHER }

    /** I, the diagonal of the sampled F, or the running mean of squared task gradients. */
    public enum H { @JsonProperty("identity") IDENTITY, @JsonProperty("diag_fisher") DIAG_FISHER, @JsonProperty("ema_grad_sq") EMA_GRAD_SQ }

    /** Divide F by nothing, by its trace, by the mean trace over the adapted matrices, or by its largest eigenvalue. */
    public enum FisherNorm {
        @JsonProperty("none") NONE, @JsonProperty("trace") TRACE, @JsonProperty("mean_trace") MEAN_TRACE, @JsonProperty("max") MAX
    }

    /** Gram matrix of the gradients, Kronecker factors, or the diagonal. */
    public enum Backend { @JsonProperty("exact") EXACT, @JsonProperty("kfac") KFAC, @JsonProperty("diagonal") DIAGONAL }

    /**
     * Alignment examples; task examples (a control); or alignment examples with ℓ = loss of their answer − loss of another answer to the same
     * prompt, which is an opening that complies ({@code contrast}) or the answer to a task example ({@code contrast_task}).
     */
    public enum FisherData {
        @JsonProperty("alignment") ALIGNMENT, @JsonProperty("task") TASK, @JsonProperty("contrast") CONTRAST, @JsonProperty("contrast_task") CONTRAST_TASK
    }

    /** Vectors written out, left as token factors, or whichever is less work. */
    public enum ExactStorage { @JsonProperty("auto") AUTO, @JsonProperty("dense") DENSE, @JsonProperty("factored") FACTORED }

    /** The whole ΔW, or the alignment branch. */
    public enum AlignmentReach { @JsonProperty("update") UPDATE, @JsonProperty("branch") BRANCH }

    private static final ObjectMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .build();

    /**
     * Our default, from measurements (docs/RESULTS.md): the Fisher information of the contrast between the alignment answer and a task answer over
     * the first two tokens from where they part, one divisor for all matrices, and λ_A four to five decades above the readers' value. Not the paper's.
     * λ_NC is 0: with one pair of factors and the Euclidean metric E_geo is identically zero, and E_RM as a mean over entries is 1e-7 of the task loss at the
     * readers' weight. Both are still measured now and then. What makes them act: {@link AglRegularizer#warnings}.
     */
    public static final AglSettings DEFAULT = new AglSettings(10000, 1e-3, 0, 0.5, 4, 1, 0.01, 1e-12, Reduction.MEAN, Overlap.ABSOLUTE,
            Metric.EUCLIDEAN, H.IDENTITY, 0.99, FisherNorm.MEAN_TRACE, Backend.EXACT, 0, 0, FisherData.CONTRAST_TASK, 2, 0, ExactStorage.AUTO, 0,
            AlignmentReach.UPDATE);

    /** The values that readers of the paper report, with the Fisher information of the alignment data as they are; none is confirmed as the paper's. */
    public static final AglSettings AS_READ = DEFAULT.with("{\"lambda_A\":0.25,\"lambda_T\":0.5,\"lambda_NC\":0.1,\"fisher_norm\":\"trace\","
            + "\"fisher_data\":\"alignment\",\"fisher_tokens\":0}");

    public AglSettings {
        require(lambdaA >= 0, "lambda_A", lambdaA, "at least 0");
        require(lambdaT >= 0, "lambda_T", lambdaT, "at least 0");
        require(lambdaNC >= 0, "lambda_NC", lambdaNC, "at least 0");
        require(alpha >= 0 && alpha <= 1, "alpha", alpha, "between 0 and 1");
        require(beta >= 0, "beta", beta, "at least 0");
        require(kappa >= 0, "kappa", kappa, "at least 0");
        require(tau >= 0, "tau", tau, "at least 0");
        require(epsilon > 0, "epsilon", epsilon, "above 0: without it E_geo is 0/0 at the start, where the update is 0");
        require(emaDecay >= 0 && emaDecay < 1, "ema_decay", emaDecay, "at least 0 and below 1");
        require(m >= 0, "m", m, "at least 0 (0 means min(128, N))");
        require(energy >= 0 && energy <= 1, "energy", energy, "between 0 and 1");
        require(fisherTokens >= 0, "fisher_tokens", fisherTokens, "at least 0 (0 means all of the answer)");
        require(refreshEvery >= 0, "refresh_every", refreshEvery, "at least 0");
        require(alignmentRank >= 0, "alignment_rank", alignmentRank, "at least 0");
    }

    private static void require(boolean ok, String name, double value, String wanted) {
        if (!ok || !Double.isFinite(value)) {
            throw new AglException("setting " + name + " = " + value + ": it has to be " + wanted);
        }
    }

    /** The preset of this name: {@code default} or {@code as-read}. */
    public static AglSettings preset(String name) {
        return switch (name) {
            case "default" -> DEFAULT;
            case "as-read" -> AS_READ;
            default -> throw new AglException("there is no preset \"" + name + "\": choose default or as-read");
        };
    }

    /** These settings with the ones in a JSON object changed. An unknown name is refused. */
    public AglSettings with(String json) {
        try {
            return with(MAPPER.readTree(json));
        } catch (JsonProcessingException e) {
            throw new AglException("settings are not JSON: " + e.getOriginalMessage(), e);
        }
    }

    /** As {@link #with(String)}. */
    public AglSettings with(JsonNode changes) {
        if (!changes.isObject()) {
            throw new AglException("settings have to be a JSON object, not " + changes.getNodeType().name().toLowerCase(Locale.ROOT));
        }
        com.fasterxml.jackson.databind.node.ObjectNode merged = toJson();
        changes.properties().stream().filter(e -> e.getValue().isNull() && merged.has(e.getKey())).findFirst().ifPresent(e -> {
            throw new AglException(refusal(e.getKey(), changes));
        });
        merged.setAll((com.fasterxml.jackson.databind.node.ObjectNode) changes);
        try {
            return MAPPER.treeToValue(merged, AglSettings.class);
        } catch (UnrecognizedPropertyException e) {
            throw new AglException("there is no setting \"" + e.getPropertyName() + "\"; the settings are "
                    + e.getKnownPropertyIds().stream().map(Object::toString).sorted().collect(Collectors.joining(", ")), e);
        } catch (JsonProcessingException e) {
            if (e.getCause() instanceof AglException inner) {
                throw inner;
            }
            throw new AglException(e instanceof JsonMappingException mapping && !mapping.getPath().isEmpty()
                    ? refusal(mapping.getPath().getLast().getFieldName(), changes) : "settings cannot be read", e);
        }
    }

    private static String refusal(String name, JsonNode changes) {
        Class<?> type = Arrays.stream(AglSettings.class.getRecordComponents())
                .filter(c -> c.getAccessor().getAnnotation(JsonProperty.class).value().equals(name)).findFirst().orElseThrow().getType();
        String wanted = type == int.class ? "a whole number" : type == double.class ? "a number"
                : "one of " + Arrays.stream(type.getEnumConstants()).map(v -> MAPPER.valueToTree(v).asText()).collect(Collectors.joining(", "));
        return "setting " + name + " does not take " + changes.get(name) + "; " + wanted + " is wanted";
    }

    /** All settings by name. */
    public com.fasterxml.jackson.databind.node.ObjectNode toJson() {
        return MAPPER.valueToTree(this);
    }

    /** The names that {@link #with} knows. */
    public static java.util.List<String> names() {
        return Arrays.stream(AglSettings.class.getRecordComponents())
                .map(c -> c.getAccessor().getAnnotation(JsonProperty.class)).map(JsonProperty::value).toList();
    }

    /** Whether diag F is wanted: it costs out·in numbers per matrix. */
    public boolean needsDiagonal() {
        return metric == Metric.DIAG_FISHER || h == H.DIAG_FISHER;
    }

    /** How many eigenvectors are asked for of {@code gradients} gradients, where {@code energy} is 0: m, or min(128, N). */
    public int directions(int gradients) {
        return m > 0 ? m : Math.min(128, gradients);
    }

    /** Whether the two parts have factors of their own. */
    public boolean twoBranch() {
        return alignmentRank > 0;
    }
}
