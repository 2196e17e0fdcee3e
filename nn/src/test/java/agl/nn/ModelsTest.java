package agl.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.Tensor;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.nn.checkpoint.SafeTensors;
import agl.nn.checkpoint.SafeTensorsWriter;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelsTest {
    @TempDir Path folder;

    @Test void sizesAreCounted() {
        assertEquals(3 * (12 * 24 * 2 + 12 * 8 * 2 + 24 + 16 + 3 * 12 * 17 + 24) + 12 + 2 * 31 * 12,
                TransformerTest.small("qwen2", DType.F32).size());
        assertEquals(3 * (4 * 12 * 12 + 4 * 12 + 2 * 12 * 17 + 17 + 12 + 4 * 12) + 2 * 12 + (31 + 40) * 12,
                TransformerTest.small("gpt2", DType.F32).size());
    }

    @ParameterizedTest @ValueSource(strings = {"qwen2", "gpt2"}) void floatsRoundTripExactly(String family) {
        Transformer model = TransformerTest.small(family, DType.F32);
        Models.save(model, folder.resolve("m"), null, DType.F32);
        Transformer frozen = Models.load(folder.resolve("m"));
        Transformer trainable = Models.loadTrainable(folder.resolve("m"));
        assertEquals(model.parameters().keySet(), frozen.parameters().keySet());
        model.parameters().forEach((name, t) -> {
            assertArrayEquals(t.toArray(), frozen.parameters().get(name).toArray(), name);
            assertArrayEquals(t.toArray(), trainable.parameters().get(name).toArray(), name);
            assertFalse(frozen.parameters().get(name).requiresGrad());
            assertTrue(trainable.parameters().get(name).requiresGrad());
        });
    }

    @ParameterizedTest @EnumSource(value = DType.class, names = {"BF16", "F16"}) void smallTypesRoundToNearest(DType dtype) {
        Transformer model = TransformerTest.small("llama", DType.F32);
        Models.save(model, folder.resolve("m"), null, dtype);
        Transformer read = Models.load(folder.resolve("m"));
        double half = dtype == DType.BF16 ? 1.0 / 256 : 1.0 / 2048;
        model.parameters().forEach((name, t) -> {
            for (int i = 0; i < t.size(); i++) {
                double x = t.get(i);
                assertEquals(x, read.parameters().get(name).get(i), Math.abs(x) * half + 1e-7, name);
            }
        });
        // Written again, the same bytes.
        Models.save(read, folder.resolve("again"), null, dtype);
        assertEquals(-1, mismatch("m", "again"));
    }

    private long mismatch(String a, String b) {
        try {
            return Files.mismatch(folder.resolve(a).resolve("model.safetensors"), folder.resolve(b).resolve("model.safetensors"));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /**
     * A vector, a matrix, an embedding, a transposed map: each refused by name however the model is loaded, and nothing was written before.
     */
    @ParameterizedTest
    @ValueSource(strings = {"llama model.norm.weight", "llama model.layers.1.mlp.up_proj.weight", "llama model.embed_tokens.weight",
        "gpt2 transformer.h.0.attn.c_attn.weight", "gpt2 transformer.h.2.mlp.c_fc.bias"}) void weightsThatAreNotFinite(String which)
                throws IOException {
        String name = which.substring(which.indexOf(' ') + 1);
        Transformer model = TransformerTest.small(which.substring(0, which.indexOf(' ')), DType.F32);
        Models.save(model, folder.resolve("m"), null, DType.F32);
        Path weights = folder.resolve("m/model.safetensors");
        Tensor t = model.parameters().get(name);
        t.data().set(t.size() - 1, Double.NaN);
        String message = assertThrows(AglException.class, () -> Models.save(model, folder.resolve("n"), null, DType.BF16)).getMessage();
        assertTrue(message.contains("tensor " + name + " holds NaN at"), message);
        assertFalse(Files.exists(folder.resolve("n")));
        t.data().set(t.size() - 1, 1e6);
        message = assertThrows(AglException.class, () -> Models.save(model, folder.resolve("n"), null, DType.F16)).getMessage();
        assertTrue(message.contains("tensor " + name + " holds Infinity at") && message.contains("65504"), message);
        Models.save(model, folder.resolve("n"), null, DType.BF16);

        byte[] bytes = Files.readAllBytes(weights); // the last value of that tensor, by hand
        long end;
        try (SafeTensors opened = SafeTensors.open(weights)) {
            end = bytes.length;
            for (String other : opened.names().reversed()) {
                if (other.equals(name)) {
                    break;
                }
                end -= opened.info(other).data().byteSize();
            }
        }
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putFloat((int) end - 4, Float.NEGATIVE_INFINITY);
        Files.write(weights, bytes);
        assertMessage(weights + ": tensor " + name + " holds -Infinity at");
        message = assertThrows(AglException.class, () -> Models.loadTrainable(folder.resolve("m"))).getMessage();
        assertTrue(message.contains("tensor " + name + " holds -Infinity at"), message);
    }

    /** The heads that a tied model's file may have; for every family's name of the embedding. */
    @ParameterizedTest @ValueSource(strings = {"llama", "gpt2", "gemma3_text"}) void headsOfTiedModels(String family) throws IOException {
        Transformer model = family.equals("gemma3_text") ? gemma3() : TransformerTest.small(family, DType.F32);
        Path m = folder.resolve("m");
        ModelConfig config = model.config();
        String table = model.config().family().embeddingName();
        Tensor embedding = model.parameters().get(table);
        Files.createDirectories(m);
        Files.writeString(m.resolve("config.json"), config.json().deepCopy().put("tie_word_embeddings", true).toString());
        float[] other = floats(embedding);
        other[other.length - 1] += 0.25f;

        heads(m, model, table, floats(embedding));
        assertTrue(Models.load(m).config().tied(), "the same values: tied");
        assertFalse(Models.load(m).parameters().containsKey(Transformer.HEAD));

        heads(m, model, table, other);
        for (Transformer read : List.of(Models.load(m), Models.loadTrainable(m))) {
            assertFalse(read.config().tied(), "another value: a head of its own");
            assertEquals(other[other.length - 1], read.head().get(other.length - 1));
            assertEquals(embedding.get(other.length - 1), read.parameters().get(table).get(other.length - 1));
            assertTrue(read.parameters().containsKey(Transformer.HEAD), "trained and written like any weight");
        }
        Models.save(Models.load(m), folder.resolve("again"), null, DType.F32);
        assertFalse(ModelConfig.read(folder.resolve("again")).tied());
        assertEquals(other[other.length - 1], Models.load(folder.resolve("again")).head().get(other.length - 1));

        heads(m, model, "no table", other);
        Transformer read = Models.load(m);
        assertTrue(read.config().tied(), "the table under the head's name");
        assertEquals(other[other.length - 1], read.head().get(other.length - 1));
        assertEquals(other[other.length - 1], read.parameters().get(table).get(other.length - 1));

        Files.writeString(m.resolve("config.json"), config.json().deepCopy().put("tie_word_embeddings", false).toString());
        assertMessage(table);
        heads(m, model, table, null);
        assertMessage(Transformer.HEAD);
    }

    private static Transformer gemma3() {
        ObjectNode json = JsonNodeFactory.instance.objectNode().put("model_type", "gemma3_text").put("hidden_size", 8)
                .put("num_hidden_layers", 1)
                .put("num_attention_heads", 2).put("num_key_value_heads", 1).put("head_dim", 4).put("intermediate_size", 9)
                .put("vocab_size", 11).put("tie_word_embeddings", true);
        return Models.random(ModelConfig.parse(json, "test"), 1, DType.F32);
    }

    /** The model's weights in a file, the table of embeddings only under that name, and a head or none (null). */
    private static void heads(Path folder, Transformer model, String table, float[] head) {
        SafeTensorsWriter writer = new SafeTensorsWriter();
        model.parameters().forEach((name, t) -> {
            boolean turn = model.storedTransposed(name);
            if (!name.equals(Transformer.HEAD) && (!name.equals(model.config().family().embeddingName()) || name.equals(table))) {
                writer.add(name, floats(turn ? Models.transposed(t) : t), turn ? new long[] {t.dim(1), t.dim(0)} : shape(t));
            }
        });
        if (head != null) {
            writer.add(Transformer.HEAD, head, shape(model.parameters().get(model.config().family().embeddingName())));
        }
        writer.write(folder.resolve("model.safetensors"));
    }

    /** The head's type may be another than the table's: what counts are the values. */
    /** A layer that config.json does not know would be left out without a word. */
    @ParameterizedTest @ValueSource(strings = {"qwen2", "gpt2"}) void layersBeyondTheConfigAreRefused(String family) throws IOException {
        Transformer model = TransformerTest.small(family, DType.F32);
        Models.save(model, folder.resolve("m"), null, DType.F32);
        String layers = family.equals("gpt2") ? "n_layer" : "num_hidden_layers";
        Files.writeString(folder.resolve("m/config.json"), model.config().json().deepCopy().put(layers, 2).toString());
        String said = assertThrows(AglException.class, () -> Models.load(folder.resolve("m"))).getMessage();
        assertTrue(said.contains("config.json says 2 layers") && said.contains(".2."), said);
    }

    /** transformers says UNEXPECTED of such tensors; tables that every program computes itself are none. */
    @Test void tensorsThatTheConfigDoesNotAskForAreNamed() throws IOException {
        Transformer model = TransformerTest.small("llama", DType.F32);
        Path m = folder.resolve("m");
        Models.save(model, m, null, DType.F32);
        List<String> lines = new ArrayList<>();
        Logger logger = Logger.getLogger(Models.class.getName());
        Handler handler = new Handler() {
            @Override public void publish(LogRecord r) {
                lines.add(r.getMessage());
            }

            @Override public void flush() { }

            @Override public void close() { }
        };
        logger.addHandler(handler);
        try {
            Models.load(m);
            assertEquals(List.of(), lines);
            SafeTensorsWriter writer = new SafeTensorsWriter();
            try (SafeTensors stored = SafeTensors.open(m.resolve("model.safetensors"))) {
                stored.names().forEach(name -> writer.add(stored.info(name)));
                writer.add("model.layers.0.self_attn.q_proj.bias", new float[4], 4).add("model.layers.0.self_attn.rotary_emb.inv_freq",
                        new float[4], 4);
                writer.write(folder.resolve("more.safetensors"));
            }
            Files.move(folder.resolve("more.safetensors"), m.resolve("model.safetensors"), StandardCopyOption.REPLACE_EXISTING);
            Models.load(m);
            assertEquals(1, lines.size(), lines.toString());
            assertTrue(lines.getFirst().contains("1 of the file's tensors are not used") && lines.getFirst().contains("q_proj.bias"),
                    lines.toString());
        } finally {
            logger.removeHandler(handler);
        }
    }

    @Test void theSameHeadInAnotherType() throws IOException {
        Transformer model = TransformerTest.small("llama", DType.F32);
        Models.save(model, folder.resolve("half"), null, DType.BF16);
        Transformer half = Models.load(folder.resolve("half"));
        Path m = Files.createDirectories(folder.resolve("m"));
        Files.writeString(m.resolve("config.json"), model.config().json().deepCopy().put("tie_word_embeddings", true).toString());
        SafeTensorsWriter writer = new SafeTensorsWriter();
        try (SafeTensors stored = SafeTensors.open(folder.resolve("half/model.safetensors"))) {
            stored.names().stream().filter(n -> !n.equals(Transformer.HEAD)).forEach(n -> writer.add(stored.info(n)));
            writer.add(Transformer.HEAD, floats(half.parameters().get(model.config().family().embeddingName())),
                    shape(half.parameters().get(model.config().family().embeddingName())));
            writer.write(m.resolve("model.safetensors"));
        }
        assertTrue(Models.load(m).config().tied());
    }

    /** What a converter looks for beside the weights comes along; a link is followed, a file of another kind stays. */
    @Test void theTokenizersFilesComeAlong() throws IOException {
        Path base = Files.createDirectories(folder.resolve("base"));
        for (String name : new String[] {"tokenizer.model", "added_tokens.json", "tokenizer.json", "merges.txt", "other.txt"}) {
            Files.writeString(base.resolve(name), "contents of " + name);
        }
        Files.createDirectories(base.resolve("additional_chat_templates"));
        Files.writeString(base.resolve("additional_chat_templates/rag.jinja"), "{{ 1 }}");
        Models.save(TransformerTest.small("llama", DType.F32), folder.resolve("m"), base, DType.F32);
        for (String name : new String[] {"tokenizer.model", "added_tokens.json", "tokenizer.json", "merges.txt"}) {
            assertEquals("contents of " + name, Files.readString(folder.resolve("m").resolve(name)));
        }
        assertEquals("{{ 1 }}", Files.readString(folder.resolve("m/additional_chat_templates/rag.jinja")));
        assertFalse(Files.exists(folder.resolve("m/other.txt")));
    }

    @Test void anotherSeedIsAnotherModel() {
        ModelConfig config = ModelConfig.llama(8, 1, 2, 1, 12, 9).withPositions(16);
        double[] one = Models.random(config, 1, DType.F32).head().toArray();
        assertArrayEquals(one, Models.random(config, 1, DType.F32).head().toArray());
        assertFalse(Arrays.equals(one, Models.random(config, 2, DType.F32).head().toArray()));
    }

    @Test void namesWithoutTheModelPrefixAreFound() throws IOException {
        Transformer model = TransformerTest.small("llama", DType.F32);
        Path bare = Files.createDirectories(folder.resolve("bare"));
        Files.writeString(bare.resolve("config.json"), model.config().json().toString());
        SafeTensorsWriter writer = new SafeTensorsWriter();
        model.parameters().forEach((name, t) -> writer.add(name.substring("model.".length()), floats(t), shape(t)));
        writer.write(bare.resolve("model.safetensors"));
        assertArrayEquals(model.head().toArray(), Models.load(bare).head().toArray());
    }

    private static float[] floats(Tensor t) {
        float[] x = new float[t.size()];
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) t.get(i);
        }
        return x;
    }

    private static long[] shape(Tensor t) {
        return Arrays.stream(t.shape()).asLongStream().toArray();
    }

    @Test void saysWhichTensorIsMissingOrMisshapen() throws IOException {
        Transformer model = TransformerTest.small("llama", DType.F32);
        Models.save(model, folder.resolve("m"), null, DType.F32);
        Path config = folder.resolve("m/config.json");
        String json = Files.readString(config);
        Files.writeString(config, json.replace("\"num_hidden_layers\" : 3", "\"num_hidden_layers\" : 4"));
        assertMessage("model.layers.3.input_layernorm.weight");
        Files.writeString(config, json.replace("\"intermediate_size\" : 17", "\"intermediate_size\" : 18"));
        assertMessage("mlp.gate_proj.weight", "[17, 12]", "[18, 12]");
        Files.writeString(config, json);
        Files.delete(folder.resolve("m/model.safetensors"));
        assertMessage("model.safetensors");
        Files.delete(config);
        assertMessage("config.json");
    }

    private void assertMessage(String... parts) {
        String message = assertThrows(AglException.class, () -> Models.load(folder.resolve("m"))).getMessage();
        Stream.of(parts).forEach(p -> assertTrue(message.contains(p), message));
        assertFalse(message.contains("\n"), message);
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "model_type=\"mamba\"", "model_type=\"gemma2\"", "model_type=\"gemma3_text\"", "head_dim=2000000000", "hidden_act=\"relu\"",
        "hidden_size=0", "hidden_size=-4", "hidden_size=\"12\"", "hidden_size=1.5", "hidden_size=null",
        "num_attention_heads=5", "head_dim=3", "vocab_size=99999999999", "num_key_value_heads=4", "partial_rotary_factor=0.5",
        "rope_scaling={\"type\":\"yarn\",\"factor\":2}", "rope_scaling={\"type\":\"linear\"}",
        "rope_scaling={\"rope_type\":\"llama3\",\"factor\":8}",
        "hidden_size=1000000000", "num_hidden_layers=2000000000", "rms_norm_eps=\"small\"", "rope_theta=-1",
        "sliding_window=\"x\""}) void refusesConfigurationsByName(String change) throws IOException {
        ObjectNode json = ModelConfig.llama(12, 3, 6, 2, 17, 31).withPositions(40).json().deepCopy();
        String key = change.substring(0, change.indexOf('='));
        json.set(key, new com.fasterxml.jackson.databind.ObjectMapper().readTree(change.substring(change.indexOf('=') + 1)));
        if (key.equals("sliding_window")) {
            json.put("model_type", "mistral");
        }
        Files.createDirectories(folder.resolve("m"));
        Files.writeString(folder.resolve("m/config.json"), json.toString());
        String message = assertThrows(AglException.class, () -> ModelConfig.read(folder.resolve("m"))).getMessage();
        assertTrue(message.contains("config.json") && !message.contains("\n"), message);
    }

    @Test void refusesWhatIsNoConfiguration() throws IOException {
        assertThrows(AglException.class, () -> ModelConfig.read(folder.resolve("nothing")));
        Files.writeString(folder.resolve("config.json"), "[1]");
        assertThrows(AglException.class, () -> ModelConfig.read(folder));
        assertThrows(AglException.class, () -> ModelConfig.parse(JsonNodeFactory.instance.objectNode(), "x"));
    }
}
