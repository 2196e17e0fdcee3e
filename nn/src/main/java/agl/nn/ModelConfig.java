package agl.nn;

import agl.error.AglException;
import agl.nn.checkpoint.Json;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * The sizes of a decoder, from Hugging Face's config.json.
 *
 * @param family       the model's family, by model_type, with its own settings
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
 * @param json         the file as read, so that it can be written unchanged
 */
public record ModelConfig(Family family, int hidden, int layers, int heads, int kvHeads, int headDim, int intermediate, int vocabulary,
                          int maxPositions, double normEps, boolean tied, ObjectNode json) {
    /** Upper bound on num_hidden_layers: rejects corrupt files before they exhaust the memory. */
    static final int MAX_LAYERS = 10_000;

    /** Reads {@code config.json} of a model folder. */
    public static ModelConfig read(Path folder) {
        Path file = folder.resolve("config.json");
        if (folder.toString().toLowerCase(Locale.ROOT).endsWith(".gguf")) {
            throw new AglException(
                    folder + ": GGUF files are not read; take the model's Hugging Face folder with config.json and safetensors");
        }
        if (!Files.exists(folder)) {
            throw new AglException(folder + ": no such folder");
        }
        if (!Files.isDirectory(folder)) {
            throw new AglException(
                    folder + ": is not a folder; a model is a Hugging Face folder with config.json, model.safetensors, tokenizer.json");
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
        return Family.read(node).checked(node);
    }

    /** The same with an untied head. */
    ModelConfig untied() {
        ObjectNode own = json.deepCopy().put("tie_word_embeddings", false);
        return new ModelConfig(family, hidden, layers, heads, kvHeads, headDim, intermediate, vocabulary, maxPositions, normEps, false,
                own);
    }

    private ModelConfig checked(ConfigNode node) {
        if (heads % kvHeads != 0) {
            throw new AglException(node.where() + ": " + heads + " attention heads cannot share " + kvHeads + " key/value heads evenly");
        }
        // A matrix is one array or one mapped segment, indexed by int.
        long widest = Math.max(Math.max(vocabulary, 3L * intermediate), 3L * heads * headDim);
        if (layers > MAX_LAYERS || widest > Integer.MAX_VALUE / hidden || (long) maxPositions * hidden < 0) {
            throw new AglException(
                    node.where() + ": " + layers + " layers of width " + hidden + " with matrices up to (" + widest + ", " + hidden
                            + ") are more than this program can hold");
        }
        return this;
    }

    /** The same with {@code positions} positions. */
    public ModelConfig withPositions(int positions) {
        return parse(json.deepCopy().put("max_position_embeddings", positions), "a generated configuration");
    }

    /** A Llama configuration with a tied head, for 2048 positions. */
    public static ModelConfig llama(int hidden, int layers, int heads, int kvHeads, int intermediate, int vocabulary) {
        ObjectNode n = JsonNodeFactory.instance.objectNode();
        n.putArray("architectures").add("LlamaForCausalLM");
        n.put("model_type", "llama").put("hidden_size", hidden).put("num_hidden_layers", layers).put("num_attention_heads", heads)
                .put("num_key_value_heads", kvHeads).put("head_dim", hidden / heads).put("intermediate_size", intermediate)
                .put("vocab_size", vocabulary).put("max_position_embeddings", 2048).put("rms_norm_eps", 1e-5)
                .put("rope_theta", 10000.0).put("hidden_act", "silu").put("tie_word_embeddings", true)
                .put("attention_bias", false).put("mlp_bias", false).put("torch_dtype", "float32");
        return parse(n, "a generated configuration");
    }
}
