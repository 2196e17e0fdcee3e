package agl.nn;

import agl.error.AglException;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * The differences between Llama, Mistral, Qwen2 and Qwen3.
 *
 * @param modelType llama, mistral, qwen2 or qwen3
 * @param qkvBias whether the q, k and v projections have a bias
 * @param outBias whether the o projection has a bias
 * @param mlpBias whether the feed-forward projections have a bias
 * @param qkNorm  whether queries and keys are RMS-normalized per head before they are rotated (Qwen3)
 * @param windows per layer, the number of tokens that a token attends to, including itself; 0: all before it
 * @param rope    frequencies of the rotary embedding
 */
public record LlamaFamily(String modelType, boolean qkvBias, boolean outBias, boolean mlpBias, boolean qkNorm, int[] windows,
        RopeScaling rope) implements Family {
    static final List<String> MODEL_TYPES = List.of("llama", "mistral", "qwen2", "qwen3");

    static ModelConfig read(ConfigNode node, String type) {
        RotarySizes sizes = RotarySizes.read(node, switch (type) {
            case "llama" -> new RotarySizes.Defaults(0, 0, 2048);
            case "mistral" -> new RotarySizes.Defaults(0, 8, 131_072);
            case "qwen2" -> new RotarySizes.Defaults(0, 32, 32_768);
            default -> new RotarySizes.Defaults(128, 32, 32_768);
        });
        String activation = node.text("hidden_act", "silu");
        if (!activation.equals("silu") && !activation.equals("swish")) {
            throw node.unsupported("hidden_act \"" + activation + "\"", "silu");
        }
        // As in transformers, a flag that the family does not have is ignored.
        boolean qwen2 = type.equals("qwen2");
        boolean attentionBias = (type.equals("llama") || type.equals("qwen3")) && node.flag("attention_bias", false);
        LlamaFamily family = new LlamaFamily(type, qwen2 || attentionBias, attentionBias,
                type.equals("llama") && node.flag("mlp_bias", false), type.equals("qwen3"),
                windows(node, type, sizes.listedLayers()), RopeScaling.parse(node, sizes.headDim(), sizes.maxPositions()));
        return sizes.config(node, family, false);
    }

    @Override public Transformer model(ModelConfig config, Transformer.Weights weights) {
        return new Llama(config, this, weights);
    }

    /**
     * The window applies to the layers that layer_types lists; without that list, to all (Mistral) or to those from max_window_layers
     * on (Qwen).
     */
    private static int[] windows(ConfigNode node, String family, int layers) {
        int window = node.isNull("sliding_window") ? 0 : node.positive("sliding_window", 4096);
        return switch (family) {
            case "mistral" -> windows(node, layers, window, l -> window > 0);
            case "qwen2", "qwen3" -> {
                int used = node.flag("use_sliding_window", false) ? window : 0;
                int first = node.has("max_window_layers") ? node.naturals("max_window_layers").getFirst() : 28;
                yield windows(node, layers, used, l -> used > 0 && l >= first);
            }
            default -> new int[layers];
        };
    }

    /**
     * Each layer's window.
     *
     * @param window  the model's window, 0 if it has none
     * @param sliding whether a layer uses it if the file has no layer_types
     */
    static int[] windows(ConfigNode node, int layers, int window, IntPredicate sliding) {
        List<String> types = node.texts("layer_types");
        if (node.has("layer_types") && types.size() != layers) {
            throw node.wrong("layer_types", "a list with an entry for each of the " + layers + " layers");
        }
        int[] windows = new int[layers];
        for (int l = 0; l < layers; l++) {
            boolean has = switch (types.isEmpty() ? "" : types.get(l)) {
                case "" -> sliding.test(l);
                case "sliding_attention" -> true;
                case "full_attention", "attention" -> false;
                default ->
                    throw node.unsupported("layer_types \"" + types.get(l) + "\" of layer " + l, "full_attention, sliding_attention");
            };
            if (has && window == 0) {
                throw new AglException(node.where() + ": layer " + l + " has a sliding window, but the model has none: "
                        + "sliding_window is null, or use_sliding_window is not true");
            }
            windows[l] = has ? window : 0;
        }
        return windows;
    }
}
