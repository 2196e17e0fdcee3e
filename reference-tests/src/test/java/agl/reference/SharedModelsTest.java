package agl.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import agl.error.AglException;
import agl.lora.AdapterStatistics;
import agl.lora.LoraModel;
import agl.lora.Peft;
import agl.nn.AdamW;
import agl.nn.Batch;
import agl.nn.ModelConfig;
import agl.nn.Models;
import agl.nn.Transformer;
import agl.nn.checkpoint.Json;
import agl.nn.checkpoint.SafeTensors;
import agl.nn.checkpoint.TensorInfo;
import agl.nn.tokenizer.HfTokenizer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Real models, against numbers of make_shared_expectations.py, and a real adapter against the record that came with it. */
class SharedModelsTest {
    private static final double TOLERANCE = 1e-4;

    @TestFactory Stream<DynamicTest> logitsOfRealModels() {
        return Stream.of("stories260K", "stories15M", "minimind2-small").flatMap(name -> Compute.all().map(compute ->
                DynamicTest.dynamicTest(name + ", " + compute, () -> {
                    Path folder = SharedData.folder("models/" + name);
                    JsonNode expected = Json.read(Fixture.resource("shared-models.json")).get(name);
                    int[] all = ints(expected.get("tokens"));
                    // The plain loops take a second per token here; causal attention makes the first tokens' numbers independent of the
                    // rest.
                    boolean small = name.equals("stories260K");
                    int[] tokens = small || compute.kernels() != Kernels.plain() ? all : Arrays.copyOf(all, 3);
                    int[] ids = ints(expected.get("ids"));
                    Transformer model = Models.load(folder);
                    double[] logits = compute.logits(model, Batch.of(tokens));
                    int vocabulary = model.config().vocabulary();
                    double worst = 0;
                    for (int t = 0; t < tokens.length; t++) {
                        for (int i = 0; i < ids.length; i++) {
                            worst = Math.max(worst,
                                    Math.abs(logits[t * vocabulary + ids[i]] - expected.get("logits").get(t).get(i).asDouble()));
                        }
                    }
                    assertEquals(0, worst, TOLERANCE, "largest difference of a logit");
                    if (tokens.length < all.length) {
                        return;
                    }
                    assertEquals(expected.get("loss").asDouble(), compute.loss(model, nextToken(tokens, tokens.length)), TOLERANCE);
                })));
    }

    private static int[] ints(JsonNode array) {
        int[] x = new int[array.size()];
        Arrays.setAll(x, i -> array.get(i).asInt());
        return x;
    }

    /** Sequences of equal length, every next token a target. */
    private static Batch nextToken(int[] tokens, int length) {
        int[] targets = new int[tokens.length];
        int[] starts = new int[tokens.length / length + 1];
        for (int t = 0; t < tokens.length; t++) {
            targets[t] = (t + 1) % length == 0 ? Batch.NO_TARGET : tokens[t + 1];
        }
        Arrays.setAll(starts, s -> s * length);
        return new Batch(tokens, starts, targets);
    }

    /** The record's input_ids, whole numbers of 64 bits. */
    private static Batch inputs(Path reference) {
        try (SafeTensors tensors = SafeTensors.open(reference)) {
            TensorInfo info = tensors.info("input_ids");
            int[] tokens = new int[(int) info.elements()];
            Arrays.setAll(tokens, i -> Math.toIntExact(info.data().get(ValueLayout.JAVA_LONG_UNALIGNED, 8L * i)));
            return nextToken(tokens, (int) info.shape()[1]);
        }
    }

    /** Every adapter there is: each can be read; what it is put on decides whether it fits. */
    @Test void everyAdapterLoadsOrIsRefusedForAReason() throws IOException {
        Transformer stories = Models.load(SharedData.folder("models/stories260K"));
        Transformer chat = Models.load(SharedData.folder("models/minimind2-small"));
        try (Stream<Path> folders = Files.list(SharedData.folder("adapters"))) {
            for (Path folder : folders.filter(Files::isDirectory).sorted().toList()) {
                try (SafeTensors tensors = Peft.openWeights(folder)) {
                    assertEquals(tensors.names().size(), 2 * AdapterStatistics.of(Peft.readConfig(folder), tensors).size(),
                            folder + ": an A and a B for every layer");
                }
                boolean fits = folder.endsWith(ADAPTER);
                if (fits) {
                    Peft.load(stories, folder, 1).detach();
                }
                String base = Json.read(folder.resolve("adapter_config.json")).get("base_model_name_or_path").asText();
                for (Transformer other : fits ? List.of(chat) : List.of(stories, chat)) {
                    String message = assertThrows(AglException.class, () -> Peft.load(other, folder, 1)).getMessage();
                    assertTrue(message.contains("does not fit this base") && message.contains("made for \"" + base + "\""), message);
                    assertTrue(message.contains(fits ? "shape" : "match no layer; this model has"), message);
                }
            }
        }
    }

    /** The real GPT-2 adapter on a model of GPT-2's shapes: transposed weights, F32. */
    @Test void gpt2Adapter() {
        Path folder = SharedData.folder("adapters/gpt2-tigrinya-lora");
        ObjectNode json = JsonNodeFactory.instance.objectNode().put("model_type", "gpt2").put("vocab_size", 7).put("n_positions", 5);
        Transformer gpt2 = Transformer.of(ModelConfig.parse(json, "test"), (name, shape) -> Tensor.zeros(DType.F32, shape));
        LoraModel lora = Peft.load(gpt2, folder, 1);
        assertEquals(12 * 3, lora.layers().size(), "c_attn and both c_proj of twelve layers");
        try (SafeTensors tensors = Peft.openWeights(folder)) {
            lora.layers().forEach((name, layer) -> {
                assertArrayEquals(tensors.info("base_model.model." + name + ".lora_A.weight").shape(),
                        new long[] {layer.a().dim(0), layer.in()}, name);
                assertArrayEquals(tensors.info("base_model.model." + name + ".lora_B.weight").shape(),
                        new long[] {layer.out(), layer.a().dim(0)}, name);
            });
        }
    }

    /** Its family is not supported: neither its model nor its adapter on another one. */
    @Test void gptNeoxIsRefusedByName() {
        Path folder = SharedData.folder("adapters/neox-open-calm-1b-r1");
        String message = assertThrows(AglException.class, () -> Peft.load(Models.load(SharedData.folder("models/stories260K")), folder, 1))
                .getMessage();
        assertTrue(message.contains("open-calm-1b") && message.contains("query_key_value"), message);
        ObjectNode json = JsonNodeFactory.instance.objectNode().put("model_type", "gpt_neox").put("hidden_size", 8);
        message = assertThrows(AglException.class, () -> ModelConfig.parse(json, "config.json")).getMessage();
        assertTrue(message.contains("gpt_neox") && message.contains("supported: llama"), message);
    }

    /** Every tokenizer there is; their ids are compared in TokenizerFixtureTest. */
    @Test void everyTokenizerLoads() throws IOException {
        try (Stream<Path> files = Files.walk(SharedData.folder(""))) {
            List<Path> found = files.filter(f -> f.endsWith("tokenizer.json")).toList();
            assertTrue(found.size() >= 7, found.toString());
            for (Path file : found) {
                HfTokenizer tokenizer = HfTokenizer.load(file);
                String text = "Five ships, 42 lamps.";
                assertEquals(text, tokenizer.decode(tokenizer.encode(text, false), true).strip(), file.toString());
            }
        }
    }

    private static final String ADAPTER = "adapters/ref-stories260K-qv-r8";

    @TestFactory Stream<DynamicTest> realAdapter() {
        return Compute.all().map(compute -> DynamicTest.dynamicTest(compute.label(), () -> {
            Path folder = SharedData.folder(ADAPTER);
            Path reference = folder.resolve("reference.safetensors");
            Transformer model = Models.load(SharedData.folder("models/stories260K"));
            Batch batch = inputs(reference);
            Fixture.assertClose(Fixture.tensor(reference, "base_logits"), compute.logits(model, batch), TOLERANCE, "base logits");
            assertEquals(Fixture.tensor(reference, "base_loss")[0], compute.loss(model, batch), TOLERANCE);
            LoraModel lora = Peft.load(model, folder, 1);
            Fixture.assertClose(Fixture.tensor(reference, "adapted_logits"), compute.logits(model, batch), TOLERANCE, "adapted logits");
            lora.merge();
            Fixture.assertClose(Fixture.tensor(reference, "adapted_logits"), compute.logits(model, batch), TOLERANCE, "merged logits");
        }));
    }

    /** From the record's A and B: gradients of the first two steps, and the losses of twenty (with the plain loops four). */
    @TestFactory Stream<DynamicTest> trainingFollowsTheRecord() {
        return Compute.all().map(compute -> DynamicTest.dynamicTest(compute.label(), () -> {
            Path folder = SharedData.folder(ADAPTER);
            Path reference = folder.resolve("reference.safetensors");
            Transformer model = Models.load(SharedData.folder("models/stories260K"));
            LoraModel lora = Peft.load(model, folder, 1);
            lora.layers().forEach((name, layer) -> {
                set(layer.a(), Fixture.tensor(reference, key("init", name, "lora_A")));
                set(layer.b(), Fixture.tensor(reference, key("init", name, "lora_B")));
            });
            Batch batch = inputs(reference);
            float[] expected = Fixture.tensor(reference, "losses");
            double[] losses = new double[compute.kernels() == Kernels.plain() ? 4 : expected.length];
            AdamW adamW = new AdamW(compute.kernels(), SETTINGS, lora.parameters());
            for (int step = 0; step < losses.length; step++) {
                try (Tape tape = compute.training()) {
                    Tensor loss = model.loss(tape, batch);
                    losses[step] = loss.item();
                    tape.backward(loss);
                }
                if (step < 2) {
                    String grad = "grad" + step;
                    lora.layers().forEach((name, layer) -> {
                        Fixture.assertClose(Fixture.tensor(reference, key(grad, name, "lora_A")), layer.a().gradArray(), TOLERANCE,
                                grad + " A " + name);
                        Fixture.assertClose(Fixture.tensor(reference, key(grad, name, "lora_B")), layer.b().gradArray(), TOLERANCE,
                                grad + " B " + name);
                    });
                }
                adamW.step(LEARNING_RATE, 1);
            }
            double[] recorded = new double[losses.length];
            Arrays.setAll(recorded, i -> expected[i]);
            assertArrayEquals(recorded, losses, TOLERANCE);
        }));
    }

    /** The record does not name them; with these, PyTorch's AdamW gives its losses to 2e-6. */
    private static final double LEARNING_RATE = 2e-3;
    private static final AdamW.Settings SETTINGS = new AdamW.Settings(0.9, 0.999, 1e-8, 0.01, 0);

    private static String key(String kind, String layer, String factor) {
        return kind + ".base_model.model." + layer + "." + factor + ".default.weight";
    }

    private static void set(Tensor t, float[] values) {
        Storage data = t.data();
        for (int i = 0; i < values.length; i++) {
            data.set(i, values[i]);
        }
    }
}
