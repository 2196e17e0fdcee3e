package agl.lora;

import agl.error.AglException;
import agl.nn.checkpoint.Json;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An adapter's configuration, in PEFT's terms.
 *
 * @param r             rank
 * @param loraAlpha     numerator of the scale s = lora_alpha / r, or lora_alpha / √r with use_rslora
 * @param loraDropout   probability that an input element of the A branch is zeroed in training
 * @param targets       the layers to adapt
 * @param useRslora     rank-stabilized scale (Kalajdzievski 2023)
 * @param useDora       weight-decomposed adaptation (Liu et al. 2024); see {@link DoraProduct}
 * @param rankPattern   ranks of layers whose name ends in a match of the key; the first match counts
 * @param alphaPattern  likewise for lora_alpha
 * @param bias          which biases are trained with the adapter
 * @param modulesToSave other modules, trained in full and saved with the adapter; matched by name suffix
 * @param init          init_lora_weights: how a new adapter is initialized
 * @param others        every other key of adapter_config.json, written back unchanged
 */
public record LoraConfig(int r, double loraAlpha, double loraDropout, Targets targets, boolean useRslora, boolean useDora,
        Map<String, Integer> rankPattern,
        Map<String, Double> alphaPattern, Bias bias, List<String> modulesToSave, Init init, ObjectNode others) {
    private static final int MAX_RANK = 1 << 16;

    /** Biases trained: none, those of the adapted layers, or all of the model. */
    public enum Bias { NONE, LORA_ONLY, ALL }

    /**
     * DEFAULT: A uniform in ±1/√in, B = 0. GAUSSIAN: A normal with standard deviation 1/r, B = 0. RANDOM: both uniform, so the update is
     * not zero.
     */
    public enum Init { DEFAULT, GAUSSIAN, RANDOM }

    public LoraConfig {
        checkRank(r, "r");
        rankPattern.forEach((key, rank) -> checkRank(rank, "rank_pattern " + Json.quote(key)));
        checkAlpha(loraAlpha, "lora_alpha");
        alphaPattern.forEach((key, alpha) -> checkAlpha(alpha, "alpha_pattern " + Json.quote(key)));
        if (!(loraDropout >= 0 && loraDropout < 1)) {
            throw new AglException("lora_dropout must be in [0, 1), got " + loraDropout);
        }
        rankPattern.keySet().forEach(key -> Targets.compile(key, "rank_pattern"));
        alphaPattern.keySet().forEach(key -> Targets.compile(key, "alpha_pattern"));
        rankPattern = Collections.unmodifiableMap(new LinkedHashMap<>(rankPattern));
        alphaPattern = Collections.unmodifiableMap(new LinkedHashMap<>(alphaPattern));
        modulesToSave = List.copyOf(modulesToSave);
    }

    private static void checkRank(int r, String what) {
        if (r <= 0 || r > MAX_RANK) {
            throw new AglException(what + " must be a rank from 1 to " + MAX_RANK + ", got " + r);
        }
    }

    private static void checkAlpha(double alpha, String what) {
        if (!Double.isFinite(alpha)) {
            throw new AglException(what + " must be a finite number, got " + alpha);
        }
    }

    /** Rank r, alpha and dropout on layers with these names. */
    public static LoraConfig of(int r, double alpha, double dropout, String... targets) {
        return of(r, alpha, dropout, String.join(",", targets), false);
    }

    /** From a user's settings; {@link Targets#of} parses the targets. */
    public static LoraConfig of(int r, double alpha, double dropout, String targets, boolean useRslora) {
        return new LoraConfig(r, alpha, dropout, Targets.of(targets), useRslora, false, Map.of(), Map.of(), Bias.NONE, List.of(),
                Init.DEFAULT,
                JsonNodeFactory.instance.objectNode());
    }

    /** The same with DoRA. */
    public LoraConfig withDora() {
        return new LoraConfig(r, loraAlpha, loraDropout, targets, useRslora, true, rankPattern, alphaPattern, bias, modulesToSave, init,
                others);
    }

    /** The same with one rank and one alpha for every layer. */
    public LoraConfig withRank(int newR, double newAlpha) {
        return new LoraConfig(newR, newAlpha, loraDropout, targets, useRslora, useDora, Map.of(), Map.of(), bias, modulesToSave, init,
                others);
    }

    /** The same with these modules also trained in full. */
    LoraConfig saving(Collection<String> modules) {
        List<String> all = new ArrayList<>(modulesToSave);
        all.addAll(modules);
        return new LoraConfig(r, loraAlpha, loraDropout, targets, useRslora, useDora, rankPattern, alphaPattern, bias, all, init, others);
    }

    /** The same with target_modules restricted to names that match these layers. */
    LoraConfig within(Collection<String> layers) {
        return new LoraConfig(r, loraAlpha, loraDropout, targets.within(layers), useRslora, useDora, rankPattern, alphaPattern, bias,
                modulesToSave, init, others);
    }

    /** Rank of that layer. */
    public int rank(String layer) {
        return firstMatch(rankPattern, layer, r);
    }

    /** s of that layer. */
    public double scale(String layer) {
        double alpha = firstMatch(alphaPattern, layer, loraAlpha);
        return useRslora ? alpha / Math.sqrt(rank(layer)) : alpha / rank(layer);
    }

    private static <T> T firstMatch(Map<String, T> patterns, String layer, T otherwise) {
        for (Map.Entry<String, T> p : patterns.entrySet()) {
            if (Targets.matches(Targets.compile("(.*\\.)?(" + p.getKey() + ")$", "pattern"), layer).lookingAt()) {
                return p.getValue();
            }
        }
        return otherwise;
    }

    /** Whether the layer of that name is adapted; a layer in modules_to_save is not. */
    public boolean targets(String layer) {
        return targets.matches(layer) && !saves(layer);
    }

    /** Whether the module of that name, or a parent of it, is in modules_to_save. */
    public boolean saves(String module) {
        for (String m = module; !m.isEmpty(); m = m.substring(0, Math.max(0, m.lastIndexOf('.')))) {
            if (modulesToSave.stream().anyMatch(m::endsWith)) {
                return true;
            }
        }
        return false;
    }
}
