package agl.regularizers;

import agl.autograd.storage.DType;
import agl.nn.ModelConfig;
import agl.nn.Models;
import agl.nn.Transformer;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** A random model, small enough for doubles and plain loops. */
public final class TinyModel {
    private TinyModel() { }

    public static Transformer llama() throws Exception {
        String json = "{\"model_type\":\"llama\",\"hidden_size\":12,\"intermediate_size\":18,\"num_hidden_layers\":2,"
                + "\"num_attention_heads\":2,"
                + "\"num_key_value_heads\":1,\"vocab_size\":29,\"max_position_embeddings\":64,\"rms_norm_eps\":1e-5,\"tie_word_embeddings\":true}";
        Transformer m = Models.random(ModelConfig.parse((ObjectNode) new ObjectMapper().readTree(json), "test"), 3, DType.F64);
        // Larger weights than at initialisation, so that every layer matters.
        m.parameters().values().forEach(t -> {
            for (int i = 0; t.rank() == 2 && i < t.size(); i++) {
                t.data().set(i, 10 * t.get(i));
            }
        });
        return m;
    }
}
