package agl.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.Tensor;
import agl.autograd.storage.DType;
import agl.error.AglException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What models and their configurations say of themselves, what random weights are like, and what is refused. */
class ModelDetailsTest {
    @TempDir
    private Path folder;

    private static ObjectNode json(String text) throws IOException {
        return (ObjectNode) new JsonMapper().readTree(text);
    }

    private static String refusal(String config) {
        return assertThrows(AglException.class, () -> ModelConfig.parse(json(config), "there"), config).getMessage();
    }

    @ParameterizedTest
    @CsvSource({"llama,model.", "gemma3_text,model.", "gpt2,transformer."})
    void families(String type, String prefix) {
        Transformer model = TransformerTest.small(type, DType.F32);
        assertEquals(List.of(type, prefix), List.of(model.config().family().modelType(), model.config().family().prefix()));
        assertEquals(DType.F32, model.dtype());
        LinearLayer last = model.linears().getLast();
        assertEquals(type.equals("gpt2") ? "transformer.h.2.mlp.c_proj" : "model.layers.2.mlp.down_proj", last.name());
        assertEquals(List.of(12, 17), List.of(last.out(), last.in()));
    }

    @Test void weightsThatTakeAnothersPlace() {
        Transformer model = TransformerTest.small("llama", DType.F32);
        String norm = "model.norm.weight";
        Tensor own = model.parameters().get(norm);
        Tensor other = Tensor.zeros(DType.F32, 12);
        model.replace(norm, other);
        assertSame(other, model.effectiveWeight(norm));
        assertSame(own, model.parameters().get(norm));
        model.replace(norm, null);
        assertSame(own, model.effectiveWeight(norm));
        assertThrows(IllegalArgumentException.class, () -> model.replace(norm, Tensor.zeros(DType.F32, 13)));
        assertThrows(IllegalArgumentException.class, () -> model.replace("model.nothing.weight", other));
        assertThrows(IllegalArgumentException.class, () -> model.replace("model.nothing.weight", null));
        String map = "model.layers.0.mlp.up_proj";
        Tensor update = Tensor.zeros(DType.F32, 17, 12);
        model.replaceLinears(layer -> layer.name().equals(map) ? new LinearLayer.Dense(map, () -> update, () -> null) : layer);
        assertSame(update, model.effectiveWeight(map + ".weight"));
        assertEquals(1, model.linears().stream().filter(layer -> layer.weight() == update).count());
    }

    private static double deviation(Tensor t) {
        return Math.sqrt(DoubleStream.of(t.toArray()).map(x -> x * x).average().orElseThrow());
    }

    /** N(0, 0.02 squared); what writes into the residual stream by 1/sqrt(2 layers) less; norms 1, biases 0. */
    @ParameterizedTest
    @ValueSource(strings = {"llama", "gpt2"})
    void randomWeights(String type) throws IOException {
        ModelConfig config = type.equals("llama") ? ModelConfig.llama(64, 8, 4, 4, 128, 300)
                : ModelConfig.parse(json("{\"model_type\":\"gpt2\",\"n_embd\":64,\"n_layer\":8,\"n_head\":4,\"vocab_size\":300}"), "x");
        assertEquals(16, config.headDim());
        Transformer model = Models.random(config, 3, DType.F32);
        model.parameters().forEach((name, t) -> {
            if (t.rank() == 1) {
                assertEquals(name.endsWith("bias") ? 0 : 1, t.get(0), name);
                assertEquals(t.get(0), t.get(t.size() - 1), name);
            } else {
                boolean residual = name.contains("o_proj") || name.contains("down_proj") || name.contains("c_proj");
                assertEquals(residual ? 0.02 / 4 : 0.02, deviation(t), residual ? 0.0004 : 0.0016, name);
            }
            assertTrue(t.requiresGrad());
        });
    }

    @Test void foldersThatAreNone() throws IOException {
        for (String[] row : new String[][] {{"none", "none: no such folder"}, {"x.GGUF", "x.GGUF: GGUF files are not read"},
                {"file", "file: is not a folder"},
                {"empty", "empty: has no config.json"}, {"list", "config.json: is not a JSON object"}}) {
            Files.writeString(folder.resolve("file"), "x");
            Files.createDirectories(folder.resolve("empty"));
            Files.writeString(Files.createDirectories(folder.resolve("list")).resolve("config.json"), "[]");
            String message = assertThrows(AglException.class, () -> ModelConfig.read(folder.resolve(row[0])), row[0]).getMessage();
            assertTrue(message.startsWith(folder.toString()) && message.contains(row[1]), message);
        }
    }

    private static String llama(long hidden, long layers, long heads, long headDim, long intermediate, long vocabulary) {
        return ("{\"model_type\":\"llama\",\"hidden_size\":%d,\"num_hidden_layers\":%d,\"num_attention_heads\":%d,\"head_dim\":%d,"
                + "\"intermediate_size\":%d,\"vocab_size\":%d}")
                .formatted(hidden, layers, heads, headDim, intermediate, vocabulary);
    }

    /** A matrix has fewer than 2 to the 31 numbers; gate and up, and queries, keys and values, are counted together. */
    @Test void sizesThatCannotBe() throws IOException {
        for (String good : List.of(llama(1 << 10, 10_000, 1, 2, 1, 1), llama(1 << 10, 1, 1, 2, 1, 2097151), llama(1 << 10, 1, 1, 2, 699050,
                1), llama(1 << 10, 1, 699050, 1 << 1, 1, 1)
                .replace("699050", "349525"), llama(64, 1, 1, 1 << 16, 1, 1))) {
            ModelConfig.parse(json(good), "there");
        }
        for (String bad : List.of(llama(1 << 10, 10_001, 1, 2, 1, 1), llama(1 << 10, 1, 1, 2, 1, 2097152), llama(1 << 10, 1, 1, 2, 699051,
                1), llama(1 << 10, 1, 349526, 2, 1, 1))) {
            assertTrue(refusal(bad).contains("more than this program can hold"), bad);
        }
        assertTrue(refusal(llama(64, 1, 1, (1 << 16) + 2, 1, 1)).contains("even head_dim of at most 65536"));
        assertTrue(refusal(llama(64, 1, 1, 3, 1, 1)).contains("this is 3"));
        assertEquals(8, ModelConfig.parse(json(llama(64, 1, 8, 2, 1, 1).replace("\"head_dim\":2,", "")), "there").headDim());
        assertTrue(refusal(llama(4, 1, 8, 2, 1, 1).replace("\"head_dim\":2,", "")).contains("this is 1"),
                "at least 1 where the heads are more than the width");
    }

    @Test void whatFamiliesRefuse() throws IOException {
        String gpt2 = "{\"model_type\":\"gpt2\",\"n_embd\":12,\"n_head\":3,%s}";
        ModelConfig.parse(json(gpt2.formatted("\"activation_function\":\"gelu_pytorch_tanh\"")), "there");
        ModelConfig.parse(json(gpt2.formatted("\"scale_attn_weights\":true,\"scale_attn_by_inverse_layer_idx\":false")), "there");
        assertTrue(refusal(gpt2.formatted("\"activation_function\":\"relu\"")).contains("activation_function \"relu\" is not supported"));
        assertTrue(refusal(gpt2.formatted("\"scale_attn_weights\":false")).contains("an attention scale other than 1/sqrt"));
        assertTrue(refusal(gpt2.formatted("\"scale_attn_by_inverse_layer_idx\":true")).contains("an attention scale other than 1/sqrt"));
        assertTrue(refusal(gpt2.replace("12", "13").formatted("\"n_layer\":1")).contains("n_embd 13 is not a multiple of n_head 3"));
        assertTrue(refusal(gpt2.formatted("\"quantization_config\":{}")).contains("quantized weights"));
        String gemma = llama(12, 1, 3, 4, 5, 7).replace("llama", "gemma3_text").replace("}", ",\"hidden_activation\":\"silu\"}");
        assertTrue(refusal(gemma).contains("hidden_activation \"silu\" is not supported"));
        assertTrue(refusal(llama(12, 1, 3, 4, 5, 7).replace("}",
                ",\"num_key_value_heads\":2}")).contains("3 attention heads cannot share 2 key/value heads evenly"));
    }

    @Test void batches() {
        Batch batch = Batch.of(4, 5, 6);
        assertArrayEquals(new int[] {-1, -1, -1}, batch.targets());
        assertEquals(List.of(0, 1, 3, 3), List.of(batch.targetCount(), batch.sequences(), batch.size(), batch.maxLength()));
        assertEquals("batch: sequence 1 is empty",
                assertThrows(AglException.class, () -> new Batch(new int[2], new int[] {0, 1, 1, 2}, new int[2])).getMessage());
    }

    @Test void aScheduleOfWarmUpAlone() {
        assertEquals(0.1, new Schedule(1, 5, 5, 0.1).at(5), 1e-12);
        assertEquals(0.1, new Schedule(1, 5, 3, 0.1).at(5), 1e-12);
        assertEquals(1, new Schedule(1, 5, 7, 0.1).at(5), 1e-12);
        assertEquals(1, new Schedule(1, 5, 5, 0.1).at(4), 1e-12);
    }

    @ParameterizedTest
    @CsvSource({"F32,float32", "BF16,bfloat16", "F16,float16"})
    void theTypeIsSaid(DType type, String name) throws IOException {
        Transformer model = TransformerTest.small("llama", DType.F32);
        model.config().json().put("dtype", "float64");
        Models.save(model, folder.resolve("m"), null, type);
        ObjectNode saved = (ObjectNode) new JsonMapper().readTree(folder.resolve("m/config.json").toFile());
        assertEquals(name, saved.get("torch_dtype").textValue());
        assertFalse(saved.has("dtype"));
        assertTrue(saved.get("tie_word_embeddings").booleanValue());
        assertEquals(type, Models.load(folder.resolve("m")).dtype());
    }

    /** A tied head that something has taken the place of is written out, and read back as one of its own. */
    @Test void aHeadThatIsTiedNoLonger() throws IOException {
        Transformer model = TransformerTest.small("llama", DType.F32);
        Tensor head = Tensor.fill(DType.F32, i -> i, model.config().vocabulary(), 12);
        model.replace(Transformer.HEAD, head);
        Models.save(model, folder.resolve("m"), null, DType.F32);
        Transformer read = Models.load(folder.resolve("m"));
        assertFalse(read.config().tied());
        assertArrayEquals(head.toArray(), read.head().toArray());
        assertArrayEquals(model.parameters().get("model.embed_tokens.weight").toArray(),
                read.parameters().get("model.embed_tokens.weight").toArray());
    }

    @Test void whatGoesAlong() throws IOException {
        Path from = Files.createDirectories(folder.resolve("from/additional_chat_templates")).getParent();
        for (String name : List.of("tokenizer.json", "README.md", "additional_chat_templates/rag.jinja",
                "additional_chat_templates/notes.txt")) {
            Files.writeString(from.resolve(name), name);
        }
        Path to = Files.createDirectory(folder.resolve("to"));
        Models.copyCompanions(from, to);
        try (var all = Files.walk(to)) {
            assertEquals(List.of("additional_chat_templates/rag.jinja", "tokenizer.json"),
                    all.filter(Files::isRegularFile).map(file -> to.relativize(file).toString()).sorted().toList());
        }
    }

    /** What cannot be a model is not left mapped. (Linux lists the maps of a process.) */
    @Test void aModelThatLacksAWeight() throws IOException {
        Models.save(TransformerTest.small("llama", DType.F32), folder.resolve("m"), null, DType.F32);
        Path config = folder.resolve("m/config.json");
        Files.writeString(config, Files.readString(config).replaceFirst("\"num_hidden_layers\" : 3", "\"num_hidden_layers\" : 4"));
        String message = assertThrows(AglException.class, () -> Models.load(folder.resolve("m"))).getMessage();
        assertTrue(message.endsWith("have no tensor \"model.layers.3.input_layernorm.weight\", which config.json asks for"), message);
        Path maps = Path.of("/proc/self/maps");
        assertFalse(Files.exists(maps) && Files.readString(maps).contains(folder.toString()));
    }

    @Test void ofEqualOnesTheFirst() {
        Tensor logits = Tensor.of(new double[] {1, 3, 2, 3, 0}, 5);
        assertEquals(1, Generator.argmax(logits.data(), 0, 5));
        assertEquals(1, Generator.argmax(logits.data(), 2, 3));
        Transformer model = TransformerTest.small("llama", DType.F32);
        List<int[]> none = Generator.of(model).generate(List.of(new int[] {1, 2}), Generator.Settings.greedy(0), id -> false);
        assertEquals(0, none.getFirst().length);
        assertEquals(1, Generator.of(model).generate(List.of(new int[] {1, 2}), Generator.Settings.greedy(1), id ->
                false).getFirst().length);
    }
}
