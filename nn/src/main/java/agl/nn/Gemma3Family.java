package agl.nn;

/**
 * Gemma 3's settings beyond the sizes that all families share.
 *
 * @param scale      factor on the attention scores, 1/sqrt(query_pre_attn_scalar)
 * @param windows    per layer, the number of tokens that a token attends to, including itself; 0: all before it
 * @param globalRope frequencies of the full-attention layers
 * @param localRope  frequencies of the sliding-window layers
 * @param bias       whether the attention projections have biases
 */
public record Gemma3Family(double scale, int[] windows, RopeScaling globalRope, RopeScaling localRope, boolean bias) implements Family {
    static final String MODEL_TYPE = "gemma3_text";

    static ModelConfig read(ConfigNode node, String type) {
        RotarySizes sizes = RotarySizes.read(node, new RotarySizes.Defaults(256, 4, 131_072));
        String activation = node.text("hidden_activation", node.text("hidden_act", "gelu_pytorch_tanh"));
        if (!activation.equals("gelu_pytorch_tanh")) {
            throw node.unsupported("hidden_activation \"" + activation + "\"", "gelu_pytorch_tanh");
        }
        for (String key : new String[] {"attn_logit_softcapping", "final_logit_softcapping", "use_bidirectional_attention"}) {
            if (node.active(key)) {
                throw node.unsupported(key + " " + node.node().get(key), "Gemma 3 without it");
            }
        }
        Gemma3Family family = new Gemma3Family(1 / Math.sqrt(node.positiveNumber("query_pre_attn_scalar", 256)),
                windows(node, sizes.listedLayers()),
                RopeScaling.gemma3Global(node, sizes.headDim(), sizes.maxPositions()),
                RopeScaling.gemma3Local(node, sizes.headDim(), sizes.maxPositions()),
                node.flag("attention_bias", false));
        return sizes.config(node, family, true);
    }

    @Override public String modelType() {
        return MODEL_TYPE;
    }

    @Override public Transformer model(ModelConfig config, Transformer.Weights weights) {
        return new Gemma3(config, this, weights);
    }

    /** layer_types lists the sliding-window layers; in older files, every sliding_window_pattern-th layer is a full-attention one. */
    private static int[] windows(ConfigNode node, int layers) {
        int window = node.isNull("sliding_window") ? 0 : node.positive("sliding_window", 4096);
        int pattern = node.positive("sliding_window_pattern", 6);
        return LlamaFamily.windows(node, layers, window, l -> (l + 1) % pattern != 0);
    }
}
