package agl.nn;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * What sets Llama, Mistral, Qwen2 and Qwen3 apart from each other.
 *
 * @param qkvBias the q, k and v projections have a bias
 * @param outBias the o projection has a bias
 * @param mlpBias the feed-forward projections have a bias
 * @param qkNorm  queries and keys are RMS-normalised head by head before they are turned (Qwen3)
 * @param windows per layer the number of tokens, its own included, that a token attends to; 0 for all before it
 * @param rope    frequencies of the rotary embedding
 */
public record LlamaVariant(boolean qkvBias, boolean outBias, boolean mlpBias, boolean qkNorm, int[] windows, RopeScaling rope) {

    static LlamaVariant parse(ConfigNode node, String family, int layers, int headDim, int maxPositions) {
        String activation = node.text("hidden_act", "silu");
        if (!activation.equals("silu")) {
            throw node.unsupported("hidden_act \"" + activation + "\"", "silu");
        }
        boolean qwen2 = family.equals("qwen2");
        boolean attentionBias = qwen2 || node.flag("attention_bias", false);
        return new LlamaVariant(attentionBias, attentionBias && !qwen2, node.flag("mlp_bias", false), family.equals("qwen3"),
                windows(node, family, layers), RopeScaling.parse(node, headDim, maxPositions));
    }

    /** Mistral's window holds for every layer; Qwen's for the layers that layer_types names, else for those from max_window_layers on. */
    private static int[] windows(ConfigNode node, String family, int layers) {
        int[] windows = new int[layers];
        boolean windowed = family.equals("mistral") || node.flag("use_sliding_window", false);
        if (!windowed || node.node().path("sliding_window").isNull()) {
            return windows;
        }
        int window = node.positive("sliding_window", 4096);
        int first = family.equals("mistral") ? 0 : node.positive("max_window_layers", 28);
        JsonNode types = node.node().path("layer_types");
        for (int l = 0; l < layers; l++) {
            boolean sliding = types.isMissingNode() || types.isNull() ? l >= first : sliding(node, types, l);
            windows[l] = sliding ? window : 0;
        }
        return windows;
    }

    /** What layer_types says of a layer. */
    static boolean sliding(ConfigNode node, JsonNode types, int layer) {
        return switch (types.path(layer).asText()) {
            case "sliding_attention" -> true;
            case "full_attention" -> false;
            default -> throw node.unsupported("layer_types " + types.path(layer) + " of layer " + layer, "full_attention, sliding_attention");
        };
    }
}
