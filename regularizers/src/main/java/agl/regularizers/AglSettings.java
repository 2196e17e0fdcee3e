package agl.regularizers;

import agl.error.AglException;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * All settings of AGL's loss
 * L = L_task + λ_A L_A + λ_T L_T + λ_NC [α E_RM + (1 − α) E_geo], with the names that JSON and the command line use. There the groups do
 * not appear: all names are in one object.
 *
 * @param weights   weights of the terms
 * @param collision settings of E_RM and E_geo
 * @param stability settings of L_T
 * @param estimate  settings that determine the Fisher estimate: runs with equal ones can share it
 * @param use       how the estimate is used
 * @param branches  whether the two parts of ΔW have their own factors
 */
public record AglSettings(Weights weights, Collision collision, Stability stability, Estimate estimate, Use use, Branches branches) {

    /**
     * @param lambdaA  λ_A, weight of {@link FisherAlignment L_A}
     * @param lambdaT  λ_T, weight of {@link TaskStability L_T}
     * @param lambdaNC λ_NC, weight of the two collision terms together
     * @param alpha    α in [0, 1], weight of {@link RiemannianOverlap E_RM}; that of {@link GeodesicOverlap E_geo} is 1 − α
     */
    public record Weights(@JsonProperty("lambda_A") double lambdaA, @JsonProperty("lambda_T") double lambdaT,
            @JsonProperty("lambda_NC") double lambdaNC,
            @JsonProperty("alpha") double alpha) {
        public Weights {
            require(lambdaA >= 0, "lambda_A", lambdaA, "at least 0");
            require(lambdaT >= 0, "lambda_T", lambdaT, "at least 0");
            require(lambdaNC >= 0, "lambda_NC", lambdaNC, "at least 0");
            require(alpha >= 0 && alpha <= 1, "alpha", alpha, "between 0 and 1");
        }
    }

    /**
     * @param beta      β, extra weight of large entries of ΔW in E_RM
     * @param kappa     κ, steepness of that weight; 1 gives the formula of the secondary sources
     * @param tau       τ, the entry size at which that weight is halfway up
     * @param epsilon   ε in E_geo's denominator
     * @param reduction E_RM as a mean or a sum over entries
     * @param overlap   |a||t|, a·t or (a·t)² in E_RM
     * @param metric    the inner product of E_geo
     * @param rows      share of a large matrix's rows that E_RM visits in a step, see {@link RowSample}; 1 for all
     */
    public record Collision(@JsonProperty("beta") double beta, @JsonProperty("kappa") double kappa, @JsonProperty("tau") double tau,
            @JsonProperty("epsilon") double epsilon, @JsonProperty("reduction") Reduction reduction,
            @JsonProperty("overlap") Overlap overlap,
            @JsonProperty("metric") Metric metric, @JsonProperty("collision_rows") double rows) {
        public Collision {
            require(rows > 0 && rows <= 1, "collision_rows", rows, "above 0 and at most 1 (1 visits all rows)");
            require(beta >= 0, "beta", beta, "at least 0");
            require(kappa >= 0, "kappa", kappa, "at least 0");
            require(tau >= 0, "tau", tau, "at least 0");
            require(epsilon > 0, "epsilon", epsilon, "above 0: without it E_geo is 0/0 at the start, where the update is 0");
        }
    }

    /**
     * @param h        the metric H of L_T
     * @param emaDecay decay of the running mean for {@code H = ema_grad_sq}
     */
    public record Stability(@JsonProperty("H") H h, @JsonProperty("ema_decay") double emaDecay) {
        public Stability {
            require(emaDecay >= 0 && emaDecay < 1, "ema_decay", emaDecay, "at least 0 and below 1");
        }
    }

    /**
     * @param backend      how F's eigenvectors are computed
     * @param m            number of eigenvectors; 0 means min(128, N)
     * @param energy       if above 0, replaces m: the fewest eigenvectors with this fraction of tr F
     * @param fisherData   the examples whose gradients F is estimated from
     * @param fisherTokens number of answer tokens in ℓ_i, from the first one on, or for a contrast from the first that differs; 0 means all
     * @param fisherError  largest relative error ‖g − g̃‖/‖g‖ of a large matrix's gradient, which is kept as {@link LowRank}; 0 keeps all
     * @param exactStorage how the {@code exact} backend stores its eigenvectors
     */
    public record Estimate(@JsonProperty("backend") Backend backend, @JsonProperty("m") int m, @JsonProperty("energy") double energy,
            @JsonProperty("fisher_data") FisherData fisherData, @JsonProperty("fisher_tokens") int fisherTokens,
            @JsonProperty("fisher_error") double fisherError, @JsonProperty("exact_storage") ExactStorage exactStorage) {
        public Estimate {
            require(fisherError >= 0 && fisherError < 1, "fisher_error", fisherError, "at least 0 (0 keeps every token) and below 1");
            require(m >= 0, "m", m, "at least 0 (0 means min(128, N))");
            require(energy >= 0 && energy <= 1, "energy", energy, "between 0 and 1");
            require(fisherTokens >= 0, "fisher_tokens", fisherTokens, "at least 0 (0 means all of the answer)");
        }
    }

    /**
     * @param fisherNorm   what F is divided by
     * @param refreshEvery steps between two estimates of F; 0 means once, at the start
     */
    public record Use(@JsonProperty("fisher_norm") FisherNorm fisherNorm, @JsonProperty("refresh_every") int refreshEvery) {
        public Use {
            require(refreshEvery >= 0, "refresh_every", refreshEvery, "at least 0");
        }
    }

    /**
     * @param alignmentRank  0 for one pair of factors; r_A above 0 for two-branch mode, in which the first r_A of the r rank-one components
     *                       are ΔW_A and the others ΔW_T
     * @param alignmentReach in two-branch mode: whether L_A applies to the whole update or to the alignment branch alone
     */
    public record Branches(@JsonProperty("alignment_rank") int alignmentRank,
            @JsonProperty("alignment_reach") AlignmentReach alignmentReach) {
        public Branches {
            require(alignmentRank >= 0, "alignment_rank", alignmentRank, "at least 0");
        }
    }

    /** Mean or sum over the entries of ΔW: they differ by the factor out·in, so λ_NC does not transfer from one to the other. */
    public enum Reduction { @JsonProperty("mean") MEAN, @JsonProperty("sum") SUM }

    /** η|a||t|, η a t (of either sign: minimizing it rewards negative products), or η (a t)². */
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
     * Alignment examples; task examples (a control); or alignment examples with ℓ = loss of their answer − loss of another answer to the
     * same prompt: a compliant opening ({@code contrast}) or the answer to a task example ({@code contrast_task}).
     */
    public enum FisherData {
        @JsonProperty("alignment") ALIGNMENT, @JsonProperty("task") TASK,
        @JsonProperty("contrast") CONTRAST, @JsonProperty("contrast_task") CONTRAST_TASK
    }

    /** Whichever is less work, eigenvectors stored in full, or kept as token factors. */
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
     * Our default, from measurements (docs/RESULTS.md), not the paper's: the Fisher information of the contrast between the alignment
     * answer and a task answer over the first two tokens after the answers diverge, one divisor for all matrices, and λ_A four to five
     * orders of magnitude above that of the secondary sources. λ_NC is 0: with one pair of factors and the Euclidean metric E_geo is
     * identically zero, and E_RM as a mean over entries is 1e-7 of the task loss at the secondary sources' weight. Both are still measured
     * from time to time. How to give them an effect: {@link AglRegularizer#warnings}.
     */
    public static final AglSettings DEFAULT = new AglSettings(new Weights(10000, 1e-3, 0, 0.5),
            new Collision(4, 1, 0.01, 1e-12, Reduction.MEAN, Overlap.ABSOLUTE, Metric.EUCLIDEAN, 0.0625),
            new Stability(H.IDENTITY, 0.99),
            new Estimate(Backend.EXACT, 0, 0, FisherData.CONTRAST_TASK, 2, 0.03, ExactStorage.AUTO), new Use(FisherNorm.MEAN_TRACE, 0),
            new Branches(0, AlignmentReach.UPDATE));

    /** The values that secondary sources report, with the Fisher information of the alignment data; none is confirmed as the paper's. */
    public static final AglSettings AS_READ = DEFAULT
            .with("{\"lambda_A\":0.25,\"lambda_T\":0.5,\"lambda_NC\":0.1,\"fisher_norm\":\"trace\","
                    + "\"fisher_data\":\"alignment\",\"fisher_tokens\":0}");

    private static void require(boolean ok, String name, double value, String wanted) {
        if (!ok || !Double.isFinite(value)) {
            throw new AglException("setting " + name + " = " + value + ": must be " + wanted);
        }
    }

    /** The preset of this name: {@code default} or {@code as-read}. */
    public static AglSettings preset(String name) {
        return switch (name) {
            case "default" -> DEFAULT;
            case "as-read" -> AS_READ;
            default -> throw new AglException("unknown preset \"" + name + "\"; choose default or as-read");
        };
    }

    /** These settings, changed by those in a JSON object. An unknown name is refused. */
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
            throw new AglException("settings must be a JSON object, not " + changes.getNodeType().name().toLowerCase(Locale.ROOT));
        }
        ObjectNode merged = toJson();
        for (Map.Entry<String, JsonNode> change : changes.properties()) {
            if (!merged.has(change.getKey())) {
                throw new AglException("unknown setting \"" + change.getKey() + "\"; known are "
                        + names().stream().sorted().collect(Collectors.joining(", ")));
            }
            if (change.getValue().isNull()) {
                throw new AglException(refusal(change.getKey(), changes));
            }
        }
        merged.setAll((ObjectNode) changes);
        return new AglSettings(group(merged, changes, Weights.class), group(merged, changes, Collision.class),
                group(merged, changes, Stability.class), group(merged, changes, Estimate.class), group(merged, changes, Use.class),
                group(merged, changes, Branches.class));
    }

    private static <T extends Record> T group(ObjectNode all, JsonNode changes, Class<T> group) {
        try {
            return MAPPER.treeToValue(all.deepCopy().retain(names(group)), group);
        } catch (JsonProcessingException e) {
            if (e.getCause() instanceof AglException inner) {
                throw inner;
            }
            throw new AglException(e instanceof JsonMappingException mapping && !mapping.getPath().isEmpty()
                    ? refusal(mapping.getPath().getLast().getFieldName(), changes) : "settings cannot be read", e);
        }
    }

    private static String refusal(String name, JsonNode changes) {
        Class<?> type = named().filter(c -> name(c).equals(name)).findFirst().orElseThrow().getType();
        Object[] values = type.isEnum() ? type.getEnumConstants() : new Object[0];
        String wanted = type == int.class ? "a whole number" : type == double.class ? "a number"
                : "one of " + Arrays.stream(values).map(v -> MAPPER.valueToTree(v).asText()).collect(Collectors.joining(", "));
        return "setting " + name + " does not take " + changes.get(name) + "; expected " + wanted;
    }

    private static Stream<RecordComponent> named() {
        return Arrays.stream(AglSettings.class.getRecordComponents()).flatMap(group -> named(group.getType()));
    }

    private static Stream<RecordComponent> named(Class<?> group) {
        return Arrays.stream(group.getRecordComponents());
    }

    private static String name(RecordComponent setting) {
        return setting.getAccessor().getAnnotation(JsonProperty.class).value();
    }

    /** All settings by name. */
    @JsonValue
    public ObjectNode toJson() {
        ObjectNode all = MAPPER.createObjectNode();
        for (Record group : new Record[] {weights, collision, stability, estimate, use, branches}) {
            all.setAll((ObjectNode) MAPPER.valueToTree(group));
        }
        return all;
    }

    /** The names that {@link #with} accepts. */
    public static List<String> names() {
        return named().map(AglSettings::name).toList();
    }

    /** Those of one group, such as {@link Estimate}. */
    public static List<String> names(Class<? extends Record> group) {
        return named(group).map(AglSettings::name).toList();
    }

    /** Whether diag F is needed: it costs out·in values per matrix. */
    public boolean needsDiagonal() {
        return metric() == Metric.DIAG_FISHER || h() == H.DIAG_FISHER;
    }

    /**
     * How many eigenvectors the settings request from N = {@code gradients} gradients if {@code energy} is 0: m, or min(128, N). The exact
     * Fisher has at most N.
     */
    public int directions(int gradients) {
        int most = m() > 0 ? m() : 128;
        return m() > 0 && backend() != Backend.EXACT ? most : Math.min(most, gradients);
    }

    /** Whether the two parts have their own factors. */
    public boolean twoBranch() {
        return alignmentRank() > 0;
    }

    // Each setting under its own name, as formulas use it.

    public double lambdaA() { return weights.lambdaA; }
    public double lambdaT() { return weights.lambdaT; }
    public double lambdaNC() { return weights.lambdaNC; }
    public double alpha() { return weights.alpha; }

    public double beta() { return collision.beta; }
    public double kappa() { return collision.kappa; }
    public double tau() { return collision.tau; }
    public double epsilon() { return collision.epsilon; }
    public Reduction reduction() { return collision.reduction; }
    public Overlap overlap() { return collision.overlap; }
    public Metric metric() { return collision.metric; }
    public double collisionRows() { return collision.rows; }

    public H h() { return stability.h; }
    public double emaDecay() { return stability.emaDecay; }

    public Backend backend() { return estimate.backend; }
    public int m() { return estimate.m; }
    public double energy() { return estimate.energy; }
    public FisherData fisherData() { return estimate.fisherData; }
    public int fisherTokens() { return estimate.fisherTokens; }
    public double fisherError() { return estimate.fisherError; }
    public ExactStorage exactStorage() { return estimate.exactStorage; }

    public FisherNorm fisherNorm() { return use.fisherNorm; }
    public int refreshEvery() { return use.refreshEvery; }

    public int alignmentRank() { return branches.alignmentRank; }
    public AlignmentReach alignmentReach() { return branches.alignmentReach; }
}
