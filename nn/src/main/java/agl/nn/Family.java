package agl.nn;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiFunction;

/**
 * The part of a model that depends on its family: how config.json is read, how the weights are named, what a layer computes. A new
 * family needs a record here, an entry in {@link #read} and a {@link Transformer}.
 */
public sealed interface Family permits LlamaFamily, Gemma3Family, Gpt2Family {
    /** model_type in config.json. */
    String modelType();

    /** Prefix of all weight names except the head's in the family's files. */
    default String prefix() {
        return "model.";
    }

    /** Name of the token embedding table, (vocabulary, hidden). */
    default String embeddingName() {
        return "model.embed_tokens.weight";
    }

    /** Creates the model; the family requests the weights by name and shape. */
    Transformer model(ModelConfig config, Transformer.Weights weights);

    /** Reads a parsed config.json; an unknown model_type is rejected by name. */
    static ModelConfig read(ConfigNode node) {
        Map<String, BiFunction<ConfigNode, String, ModelConfig>> readers = new LinkedHashMap<>();
        LlamaFamily.MODEL_TYPES.forEach(type -> readers.put(type, LlamaFamily::read));
        readers.put(Gemma3Family.MODEL_TYPE, Gemma3Family::read);
        readers.put(Gpt2Family.MODEL_TYPE, Gpt2Family::read);
        String type = node.text("model_type", "");
        if (!readers.containsKey(type)) {
            throw node.unsupported("model_type \"" + type + "\"", String.join(", ", readers.keySet()));
        }
        if (node.has("quantization_config")) {
            throw node.unsupported("quantization_config (quantized weights)", "F32, BF16 and F16 weights");
        }
        return readers.get(type).apply(node, type);
    }
}
