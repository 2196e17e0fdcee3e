package agl.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.error.AglException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Configurations that say a thing twice, in two places or not at all, and what transformers makes of them (make_configs.py). */
class ConfigRulesTest {

    static List<Named<JsonNode>> cases() throws IOException {
        try (InputStream in = ConfigRulesTest.class.getResourceAsStream("configs.json")) {
            JsonNode all = new JsonMapper().readTree(in).get("cases");
            return StreamSupport.stream(all.spliterator(), false).map(c -> Named.of(c.get("name").asText(), c)).toList();
        }
    }

    @ParameterizedTest @MethodSource("cases") void readsWhatTransformersReads(JsonNode expected) {
        ObjectNode json = (ObjectNode) expected.get("config");
        // Null for the number of all heads is taken everywhere here.
        if (expected.has("refused") && !json.path("num_key_value_heads").isNull()) {
            assertThrows(AglException.class, () -> ModelConfig.parse(json, "config.json"));
            return;
        }
        ModelConfig config = ModelConfig.parse(json, "config.json");
        if (expected.has("refused")) {
            assertEquals(config.heads(), config.kvHeads());
            return;
        }
        assertEquals(expected.get("kv_heads").asInt(), config.kvHeads());
        int[] windows = new JsonMapper().convertValue(expected.get("windows"), int[].class);
        boolean qBias;
        boolean oBias;
        boolean mlpBias = false;
        if (config.family() instanceof Gemma3Family gemma3) {
            assertArrayEquals(windows, gemma3.windows());
            frequencies(expected.get("frequencies"), gemma3.globalRope());
            frequencies(expected.get("local_frequencies"), gemma3.localRope());
            qBias = gemma3.bias();
            oBias = qBias;
        } else {
            LlamaFamily llama = (LlamaFamily) config.family();
            assertArrayEquals(windows, llama.windows());
            frequencies(expected.get("frequencies"), llama.rope());
            qBias = llama.qkvBias();
            oBias = llama.outBias();
            mlpBias = llama.mlpBias();
        }
        assertEquals(List.of(expected.get("q_bias").asBoolean(), expected.get("o_bias").asBoolean(), expected.get("mlp_bias").asBoolean()),
                List.of(qBias, oBias, mlpBias));
    }

    /** In float there, from powers; null where no layer uses them. */
    private static void frequencies(JsonNode expected, RopeScaling rope) {
        if (expected.isNull()) {
            return;
        }
        assertEquals(expected.size(), rope.frequencies().length);
        for (int i = 0; i < expected.size(); i++) {
            assertEquals(1, rope.frequencies()[i] / expected.get(i).asDouble(), 2e-6, "frequency " + i);
        }
    }

    /** GPT-2's sizes under the names that other families use, which outrank its own. */
    @Test void gpt2UnderOtherNames() throws IOException {
        ModelConfig config = ModelConfig.parse(
                (ObjectNode) new JsonMapper().readTree("{\"model_type\":\"gpt2\",\"n_embd\":12,\"n_head\":4,\"num_attention_heads\":3,"
                        + "\"n_layer\":9,\"num_hidden_layers\":2,\"n_positions\":40,\"max_position_embeddings\":30,\"vocab_size\":19,\"n_inner\":null}"),
                "config.json");
        assertEquals(List.of(12, 3, 2, 30, 48),
                List.of(config.hidden(), config.heads(), config.layers(), config.maxPositions(), config.intermediate()));
        assertTrue(config.tied());
    }
}
