package agl.nn;

import agl.error.AglException;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** GPT-2: has no settings beyond the sizes that all families share. */
public record Gpt2Family() implements Family {
    static final String MODEL_TYPE = "gpt2";

    static ModelConfig read(ConfigNode node, String type) {
        // If a file has both, the names that other families use take precedence over GPT-2's own.
        int hidden = node.positive("hidden_size", node.positive("n_embd", 768));
        int heads = node.positive("num_attention_heads", node.positive("n_head", 12));
        String activation = node.text("activation_function", "gelu_new");
        if (!activation.equals("gelu_new") && !activation.equals("gelu_pytorch_tanh")) {
            throw node.unsupported("activation_function \"" + activation + "\"", "gelu_new");
        }
        if (!node.flag("scale_attn_weights", true) || node.flag("scale_attn_by_inverse_layer_idx", false)) {
            throw node.unsupported("an attention scale other than 1/sqrt(head size)", "scale_attn_weights alone");
        }
        if (hidden % heads != 0) {
            throw new AglException(node.where() + ": n_embd " + hidden + " is not a multiple of n_head " + heads);
        }
        int layers = node.positive("num_hidden_layers", node.positive("n_layer", 12));
        int intermediate = node.positive("n_inner", Math.toIntExact(Math.min(Integer.MAX_VALUE, 4L * hidden)));
        return new ModelConfig(new Gpt2Family(), hidden, layers, heads, heads, hidden / heads, intermediate,
                node.positive("vocab_size", 50257),
                node.positive("max_position_embeddings", node.positive("n_positions", 1024)),
                node.positiveNumber("layer_norm_epsilon", 1e-5),
                node.flag("tie_word_embeddings", true), (ObjectNode) node.node());
    }

    @Override public String modelType() {
        return MODEL_TYPE;
    }

    @Override public String prefix() {
        return "transformer.";
    }

    @Override public String embeddingName() {
        return "transformer.wte.weight";
    }

    @Override public Transformer model(ModelConfig config, Transformer.Weights weights) {
        return new Gpt2(config, weights);
    }
}
