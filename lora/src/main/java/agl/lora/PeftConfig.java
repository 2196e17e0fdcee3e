package agl.lora;

import agl.error.AglException;
import agl.nn.ConfigNode;
import agl.nn.checkpoint.Json;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** PEFT's adapter_config.json, read and written. */
final class PeftConfig {
    private static final System.Logger LOG = System.getLogger(PeftConfig.class.getName());

    /** Read into {@link LoraConfig} and written from it. */
    private static final Set<String> OWN = Set.of("peft_type", "base_model_name_or_path", "r", "lora_alpha", "lora_dropout",
            "target_modules", "exclude_modules",
            "layers_to_transform", "layers_pattern", "use_rslora", "use_dora", "rank_pattern", "alpha_pattern", "bias", "modules_to_save",
            "init_lora_weights",
            "fan_in_fan_out", "inference_mode", "task_type");

    /** Options that are refused unless they are off, as PEFT writes them into every file. */
    private static final Set<String> REFUSED_WHEN_ACTIVE = Set.of("layer_replication", "use_qalora", "trainable_token_indices",
            "target_parameters",
            "alora_invocation_tokens", "use_bdlora", "arrow_config", "kasa_config", "monteclora_config", "velora_config", "lora_bias",
            "megatron_config",
            "ensure_weight_tying");

    /**
     * Written by PEFT, without effect on what a loaded adapter computes. Initialization options (loftq, eva, corda, lora_ga) stay in the
     * file when the adapter is converted to a plain one; init_lora_weights says whether it was.
     */
    private static final Set<String> WITHOUT_EFFECT = Set.of("auto_mapping", "revision", "peft_version", "megatron_core",
            "qalora_group_size", "runtime_config",
            "eva_config", "loftq_config", "lora_ga_config", "corda_config");

    private PeftConfig() { }

    /** Reads the settings; {@code where} names the file in messages. */
    static LoraConfig parse(ObjectNode json, String where) {
        ConfigNode node = new ConfigNode(json, where);
        String type = node.text("peft_type", "");
        if (!type.equals("LORA")) {
            throw node.unsupported("peft_type \"" + type + "\"", "LORA");
        }
        for (String key : new TreeSet<>(REFUSED_WHEN_ACTIVE)) {
            // Tying concerns a trained embedding or head; without one there is nothing to tie.
            boolean idle = key.equals("ensure_weight_tying") && node.texts("modules_to_save").isEmpty()
                    && !node.active("trainable_token_indices");
            if (node.active(key) && !idle) {
                throw node.unsupported(key + " " + json.get(key), "LoRA, rsLoRA and DoRA without it");
            }
        }
        if (!node.has("target_modules")) {
            throw node.wrong("target_modules", "a list of layer names, a regular expression, or \"all-linear\"");
        }
        try {
            return new LoraConfig(node.positive("r", json.has("r") ? 0 : 8), number(node, "lora_alpha", 8), number(node, "lora_dropout", 0),
                    targets(node),
                    node.flag("use_rslora", false), node.flag("use_dora", false), ranks(node), alphas(node), bias(node),
                    node.texts("modules_to_save"),
                    init(node), others(json, where));
        } catch (AglException e) {
            throw e.getMessage().startsWith(where) ? e : new AglException(where + ": " + e.getMessage(), e);
        }
    }

    private static Targets targets(ConfigNode node) {
        boolean pattern = node.node().get("target_modules").isTextual();
        boolean excludePattern = node.node().path("exclude_modules").isTextual();
        List<String> names = node.texts("target_modules");
        return new Targets(pattern ? List.of() : names, pattern ? names.getFirst() : null, node.texts("exclude_modules"), excludePattern,
                node.naturals("layers_to_transform"), node.texts("layers_pattern"));
    }

    private static double number(ConfigNode node, String key, double fallback) {
        JsonNode value = node.node().path(key);
        // null is not the same as missing: PEFT cannot compute with it either.
        if (!value.isMissingNode() && !value.isNumber()) {
            throw node.wrong(key, "a number");
        }
        return value.asDouble(fallback);
    }

    private static Map<String, Integer> ranks(ConfigNode node) {
        Map<String, Integer> out = new LinkedHashMap<>();
        ConfigNode pattern = node.object("rank_pattern");
        pattern.node().fieldNames().forEachRemaining(key -> out.put(key, pattern.positive(key, 0)));
        return out;
    }

    private static Map<String, Double> alphas(ConfigNode node) {
        Map<String, Double> out = new LinkedHashMap<>();
        ConfigNode pattern = node.object("alpha_pattern");
        pattern.node().fieldNames().forEachRemaining(key -> out.put(key, number(pattern, key, 0)));
        return out;
    }

    private static LoraConfig.Bias bias(ConfigNode node) {
        return switch (node.text("bias", "none")) {
            case "none" -> LoraConfig.Bias.NONE;
            case "lora_only" -> LoraConfig.Bias.LORA_ONLY;
            case "all" -> LoraConfig.Bias.ALL;
            default -> throw node.wrong("bias", "none, lora_only or all");
        };
    }

    /** How A and B were initialized no longer matters, unless the initialization also changed the base weights. */
    private static LoraConfig.Init init(ConfigNode node) {
        JsonNode value = node.node().path("init_lora_weights");
        if (!node.has("init_lora_weights") || value.isBoolean()) {
            return value.asBoolean(true) ? LoraConfig.Init.DEFAULT : LoraConfig.Init.RANDOM;
        }
        return switch (value.asText().toLowerCase(Locale.ROOT)) {
            case "gaussian" -> LoraConfig.Init.GAUSSIAN;
            case "orthogonal", "eva", "mica" -> LoraConfig.Init.DEFAULT;
            default -> throw node.unsupported(
                    "init_lora_weights " + value + " (such an adapter needs a modified base, unless PEFT has converted it to plain LoRA)",
                    "true, false, gaussian, orthogonal, eva, mica");
        };
    }

    private static ObjectNode others(ObjectNode json, String where) {
        ObjectNode others = JsonNodeFactory.instance.objectNode();
        TreeSet<String> unknown = new TreeSet<>();
        json.properties().forEach(field -> {
            String key = field.getKey();
            if (!OWN.contains(key)) {
                others.set(key, field.getValue());
                if (!REFUSED_WHEN_ACTIVE.contains(key) && !WITHOUT_EFFECT.contains(key)) {
                    unknown.add(key);
                }
            }
        });
        if (!unknown.isEmpty()) {
            LOG.log(System.Logger.Level.WARNING,
                    where + ": unknown settings are kept and have no effect: " + Json.quote(String.join(", ", unknown)));
        }
        return others;
    }

    /**
     * The settings as PEFT writes them.
     *
     * @param base         goes to base_model_name_or_path
     * @param fanInFanOut  whether the adapted layers are Conv1D, (in, out) in the base's file
     */
    static ObjectNode write(LoraConfig c, String base, boolean fanInFanOut) {
        ObjectNode n = JsonNodeFactory.instance.objectNode();
        n.put("peft_type", "LORA").put("task_type", "CAUSAL_LM").put("base_model_name_or_path", base).put("inference_mode", true);
        n.put("r", c.r()).put("lora_dropout", c.loraDropout());
        putNumber(n, "lora_alpha", c.loraAlpha());
        Targets t = c.targets();
        putTexts(n, "target_modules", t.names(), t.pattern());
        putTexts(n, "exclude_modules", t.exclude(), t.excludeIsPattern() ? t.exclude().getFirst() : null);
        putTexts(n, "layers_pattern", t.layersPattern(), null);
        n.putNull("layers_to_transform");
        t.layers().forEach(layer -> n.withArray("/layers_to_transform", JsonNode.OverwriteMode.NULLS, true).add(layer));
        n.put("use_rslora", c.useRslora()).put("use_dora", c.useDora()).put("fan_in_fan_out", fanInFanOut);
        n.put("bias", c.bias().name().toLowerCase(Locale.ROOT));
        ObjectNode ranks = n.putObject("rank_pattern");
        c.rankPattern().forEach(ranks::put);
        ObjectNode alphas = n.putObject("alpha_pattern");
        c.alphaPattern().forEach((key, alpha) -> putNumber(alphas, key, alpha));
        putTexts(n, "modules_to_save", c.modulesToSave(), null);
        switch (c.init()) {
            case DEFAULT -> n.put("init_lora_weights", true);
            case RANDOM -> n.put("init_lora_weights", false);
            case GAUSSIAN -> n.put("init_lora_weights", "gaussian");
        }
        n.setAll(c.others());
        return n;
    }

    /** Writes a whole number without ".0": PEFT's own type is an integer. */
    private static void putNumber(ObjectNode n, String key, double x) {
        if (x == Math.rint(x) && Math.abs(x) < 1e9) {
            n.put(key, (int) x);
        } else {
            n.put(key, x);
        }
    }

    /** Writes a pattern as a string, names as a list, none as null. */
    private static void putTexts(ObjectNode n, String key, List<String> list, String pattern) {
        if (pattern != null) {
            n.put(key, pattern);
        } else if (list.isEmpty()) {
            n.putNull(key);
        } else {
            list.forEach(n.putArray(key)::add);
        }
    }
}
