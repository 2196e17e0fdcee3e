package agl.nn;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiFunction;

/**
 * What one family of models has beside the sizes that all have: how config.json is read, what its weights are called, what a layer
 * computes. A new family is a record here, with its line in {@link #read}, and the {@link Transformer} that it makes.
 */
public sealed interface Family permits LlamaFamily, Gemma3Family, Gpt2Family {
    /** model_type in config.json. */
    String modelType();

    /** What the names of all weights but the head's begin with in the family's files. */
    default String prefix() {
        return "model.";
    }

    /** Name of the table of token embeddings, (vocabulary, hidden). */
    default String embeddingName() {
        return "model.embed_tokens.weight";
    }

    /** The model with these weights, which the family asks for by name and shape. */
    Transformer model(ModelConfig config, Transformer.Weights weights);

    /** The configuration in a parsed config.json; a model_type that is not known is refused by name. */
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
            throw node.unsupported("quantization_config (quantised weights)", "F32, BF16 and F16 weights");
        }
        return readers.get(type).apply(node, type);
    }
}
