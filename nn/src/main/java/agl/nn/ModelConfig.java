package agl.nn;

import agl.autograd.AglException;
import agl.nn.checkpoint.Json;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;

/**
 * The sizes of a decoder, from Hugging Face's config.json.
 *
 * @param family       model_type: llama, mistral, qwen2, qwen3, gemma3_text, gpt2
 * @param hidden       hidden_size, the width of the residual stream
 * @param layers       num_hidden_layers
 * @param heads        num_attention_heads
 * @param kvHeads      num_key_value_heads
 * @param headDim      head_dim, else hidden/heads
 * @param intermediate intermediate_size of the feed-forward block
 * @param vocabulary   vocab_size
 * @param maxPositions max_position_embeddings
 * @param normEps      rms_norm_eps or layer_norm_epsilon
 * @param tied         tie_word_embeddings: the head is the embedding table
 * @param variant      what sets the relatives of Llama apart; null for others
 * @param gemma3       what Gemma 3 has of its own; null for others
 * @param json         the file as it was read, to write it again unchanged
 */
public record ModelConfig(String family, int hidden, int layers, int heads, int kvHeads, int headDim, int intermediate, int vocabulary,
                          int maxPositions, double normEps, boolean tied, LlamaVariant variant, Gemma3Variant gemma3, ObjectNode json) {
    private static final String SUPPORTED = "llama, mistral, qwen2, qwen3, gemma3_text, gpt2";
    private static final Set<String> LLAMA_LIKE = Set.of("llama", "mistral", "qwen2", "qwen3", "gemma3_text");
    /** More layers than any model has: a file that says so is broken, and would fill the memory before a tensor is missed. */
    private static final int MAX_LAYERS = 10_000;
    private static final int MAX_HEAD_DIM = 1 << 16;

    /** Reads {@code config.json} of a model folder. */
    public static ModelConfig read(Path folder) {
        Path file = folder.resolve("config.json");
        if (folder.toString().toLowerCase(Locale.ROOT).endsWith(".gguf")) {
            throw new AglException(folder + ": GGUF files are not read; take the model's Hugging Face folder with config.json and safetensors");
        }
        if (!Files.exists(folder)) {
            throw new AglException(folder + ": no such folder");
        }
        if (!Files.isDirectory(folder)) {
            throw new AglException(folder + ": is not a folder; a model is a Hugging Face folder with config.json, model.safetensors, tokenizer.json");
        }
        if (!Files.exists(file)) {
            throw new AglException(folder + ": has no config.json, so it is not a Hugging Face model folder");
        }
        if (!(Json.read(file) instanceof ObjectNode node)) {
            throw new AglException(file + ": is not a JSON object");
        }
        return parse(node, file.toString());
    }

    /** From a parsed config.json; {@code where} names it in messages. */
    public static ModelConfig parse(ObjectNode json, String where) {
        ConfigNode node = new ConfigNode(json, where);
        String family = node.text("model_type", "");
        if (!family.equals("gpt2") && !LLAMA_LIKE.contains(family)) {
            throw node.unsupported("model_type \"" + family + "\"", SUPPORTED);
        }
        if (node.has("quantization_config")) {
            throw node.unsupported("quantization_config (quantised weights)", "F32, BF16 and F16 weights");
        }
        ModelConfig config = family.equals("gpt2") ? gpt2(node, json) : llamaLike(node, family, json);
        return config.checked(node);
    }

    private static ModelConfig llamaLike(ConfigNode node, String family, ObjectNode json) {
        int hidden = node.positive("hidden_size", 0);
        int heads = node.positive("num_attention_heads", 0);
        boolean gemma3 = family.equals("gemma3_text");
        // The families' own defaults where the file is silent.
        int headDim = node.positive("head_dim", gemma3 ? 256 : family.equals("qwen3") ? 128 : Math.max(1, hidden / heads));
        int layers = node.positive("num_hidden_layers", 0);
        int maxPositions = node.positive("max_position_embeddings", switch (family) {
            case "llama" -> 2048;
            case "qwen2", "qwen3" -> 32_768;
            default -> 131_072;
        });
        int kvHeads = node.positive("num_key_value_heads", node.isNull("num_key_value_heads") ? heads : switch (family) {
            case "llama" -> heads;
            case "mistral" -> 8;
            case "gemma3_text" -> 4;
            default -> 32;
        });
        if (headDim % 2 != 0 || headDim > MAX_HEAD_DIM) {
            throw new AglException(node.where() + ": rotary embedding needs an even head_dim of at most " + MAX_HEAD_DIM + ", this is " + headDim);
        }
        return new ModelConfig(family, hidden, layers, heads, kvHeads, headDim, node.positive("intermediate_size", 0),
                node.positive("vocab_size", 0), maxPositions, node.positiveNumber("rms_norm_eps", 1e-6), node.flag("tie_word_embeddings", gemma3),
                gemma3 ? null : LlamaVariant.parse(node, family, Math.min(layers, MAX_LAYERS), headDim, maxPositions),
                gemma3 ? Gemma3Variant.parse(node, Math.min(layers, MAX_LAYERS), headDim, maxPositions) : null, json);
    }

    private static ModelConfig gpt2(ConfigNode node, ObjectNode json) {
        // The names that other families use outrank GPT-2's own where a file has both.
        int hidden = node.positive("hidden_size", node.positive("n_embd", 768));
        int heads = node.positive("num_attention_heads", node.positive("n_head", 12));
        String activation = node.text("activation_function", "gelu_new");
        if (!activation.equals("gelu_new") && !activation.equals("gelu_pytorch_tanh")) {
            throw node.unsupported("activation_function \"" + activation + "\"", "gelu_new");
        }
        if (!node.flag("scale_attn_weights", true) || node.flag("scale_attn_by_inverse_layer_idx", false)) {
            throw node.unsupported("another scale of the attention scores than 1/sqrt(head size)", "scale_attn_weights alone");
        }
        if (hidden % heads != 0) {
            throw new AglException(node.where() + ": n_embd " + hidden + " is not a multiple of n_head " + heads);
        }
        return new ModelConfig("gpt2", hidden, node.positive("num_hidden_layers", node.positive("n_layer", 12)), heads, heads, hidden / heads,
                node.positive("n_inner", Math.toIntExact(Math.min(Integer.MAX_VALUE, 4L * hidden))), node.positive("vocab_size", 50257),
                node.positive("max_position_embeddings", node.positive("n_positions", 1024)), node.positiveNumber("layer_norm_epsilon", 1e-5), node.flag("tie_word_embeddings", true), null, null, json);
    }

    /** The same with a head of its own. */
    ModelConfig untied() {
        ObjectNode own = json.deepCopy().put("tie_word_embeddings", false);
        return new ModelConfig(family, hidden, layers, heads, kvHeads, headDim, intermediate, vocabulary, maxPositions, normEps, false, variant, gemma3, own);
    }

    private ModelConfig checked(ConfigNode node) {
        if (heads % kvHeads != 0) {
            throw new AglException(node.where() + ": " + heads + " attention heads cannot share " + kvHeads + " key/value heads evenly");
        }
        // A matrix is one array or one mapped segment with int indices.
        long widest = Math.max(Math.max(vocabulary, 3L * intermediate), 3L * heads * headDim);
        if (layers > MAX_LAYERS || widest > Integer.MAX_VALUE / hidden || (long) maxPositions * hidden < 0) {
            throw new AglException(node.where() + ": " + layers + " layers of width " + hidden + " with matrices up to (" + widest + ", " + hidden
                    + ") are more than this program can hold");
        }
        return this;
    }

    /** A Llama configuration with a tied head. */
    public static ModelConfig llama(int hidden, int layers, int heads, int kvHeads, int intermediate, int vocabulary, int maxPositions) {
        ObjectNode n = JsonNodeFactory.instance.objectNode();
        n.putArray("architectures").add("LlamaForCausalLM");
        n.put("model_type", "llama").put("hidden_size", hidden).put("num_hidden_layers", layers).put("num_attention_heads", heads)
                .put("num_key_value_heads", kvHeads).put("head_dim", hidden / heads).put("intermediate_size", intermediate)
                .put("vocab_size", vocabulary).put("max_position_embeddings", maxPositions).put("rms_norm_eps", 1e-5)
                .put("rope_theta", 10000.0).put("hidden_act", "silu").put("tie_word_embeddings", true)
                .put("attention_bias", false).put("mlp_bias", false).put("torch_dtype", "float32");
        return parse(n, "a generated configuration");
    }
}
