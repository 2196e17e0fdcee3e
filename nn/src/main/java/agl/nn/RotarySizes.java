package agl.nn;

import agl.error.AglException;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** The sizes that Llama and Gemma 3 have under the same names in config.json. */
record RotarySizes(int hidden, int layers, int heads, int kvHeads, int headDim, int maxPositions) {
    private static final int MAX_HEAD_DIM = 1 << 16;

    /** The family's defaults for keys that a file omits; 0: derived from the number of heads. */
    record Defaults(int headDim, int kvHeads, int maxPositions) { }

    static RotarySizes read(ConfigNode node, Defaults defaults) {
        int hidden = node.positive("hidden_size", 0);
        int heads = node.positive("num_attention_heads", 0);
        int headDim = node.positive("head_dim", defaults.headDim > 0 ? defaults.headDim : Math.max(1, hidden / heads));
        int layers = node.positive("num_hidden_layers", 0);
        int maxPositions = node.positive("max_position_embeddings", defaults.maxPositions);
        int kvHeads = node.positive("num_key_value_heads",
                node.isNull("num_key_value_heads") || defaults.kvHeads == 0 ? heads : defaults.kvHeads);
        if (headDim % 2 != 0 || headDim > MAX_HEAD_DIM) {
            throw new AglException(
                    node.where() + ": rotary embedding needs an even head_dim of at most " + MAX_HEAD_DIM + ", this is " + headDim);
        }
        return new RotarySizes(hidden, layers, heads, kvHeads, headDim, maxPositions);
    }

    /** Number of layers for lists built while the file is read, before that number is checked. */
    int listedLayers() {
        return Math.min(layers, ModelConfig.MAX_LAYERS);
    }

    ModelConfig config(ConfigNode node, Family family, boolean tied) {
        return new ModelConfig(family, hidden, layers, heads, kvHeads, headDim, node.positive("intermediate_size", 0),
                node.positive("vocab_size", 0), maxPositions,
                node.positiveNumber("rms_norm_eps", 1e-6), node.flag("tie_word_embeddings", tied), (ObjectNode) node.node());
    }
}
