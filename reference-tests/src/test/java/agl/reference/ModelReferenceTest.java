package agl.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.storage.DType;
import agl.lora.LoraModel;
import agl.lora.Peft;
import agl.nn.AdamW;
import agl.nn.Batch;
import agl.nn.Models;
import agl.nn.Transformer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Every supported family against transformers and peft, on the small random models that make_models.py wrote. */
class ModelReferenceTest {
    private static final List<String> NAMES = List.of("llama-untied", "llama-biases", "llama3", "mistral", "qwen2", "qwen2-window", "qwen3",
            "gemma3", "gpt2");
    private static final double TOLERANCE = 1e-4;

    private static Stream<DynamicTest> each(BiConsumer<Fixture, Compute> test) {
        return NAMES.stream().map(Fixture::of).flatMap(f -> Compute.all().map(c ->
                DynamicTest.dynamicTest(f.name() + ", " + c, () -> test.accept(f, c))));
    }

    @TestFactory Stream<DynamicTest> logitsAndLoss() {
        return each((fixture, compute) -> {
            Transformer model = Models.load(fixture.folder());
            Fixture.assertClose(fixture.tensor("logits"), compute.logits(model, fixture.batch()), TOLERANCE, "logits");
            assertEquals(fixture.number("loss"), compute.loss(model, fixture.batch()), TOLERANCE);
        });
    }

    /** Stored in bfloat16: the same numbers as PyTorch's when both compute in float, and within bfloat16's rounding of its bfloat16 run. */
    @TestFactory Stream<DynamicTest> bfloat16(@TempDir Path folder) {
        return each((fixture, compute) -> {
            Path stored = folder.resolve(fixture.name());
            Models.save(Models.load(fixture.folder()), stored, null, DType.BF16);
            Transformer model = Models.load(stored);
            double[] logits = compute.logits(model, fixture.batch());
            Fixture.assertClose(fixture.tensor("logits_bf16"), logits, TOLERANCE, "weights in BF16, computed in float");
            // bfloat16 keeps 8 bits, 2^-9 per rounding; a dozen roundings one after the other.
            double off = Fixture.relativeNorm(fixture.tensor("logits_bf16_native"), logits);
            assertTrue(off < 12.0 / 512, () -> "against a run in bfloat16 throughout: relative difference " + off);
        });
    }

    /** Types and shards as transformers writes them. */
    @TestFactory Stream<DynamicTest> storedForms() {
        return Map.of("stored-f16-shards", DType.F16, "stored-bf16-shards", DType.BF16, "stored-bf16-gpt2", DType.BF16).entrySet().stream()
                .map(stored -> DynamicTest.dynamicTest(stored.getKey(), () -> {
                    Fixture fixture = Fixture.of(stored.getKey());
                    assertEquals(fixture.name().endsWith("shards"), Files.exists(fixture.folder().resolve("model.safetensors.index.json")));
                    Transformer model = Models.load(fixture.folder());
                    assertEquals(stored.getValue(), model.dtype());
                    Compute.all().forEach(
                            c -> Fixture.assertClose(fixture.tensor("logits"), c.logits(model, fixture.batch()), TOLERANCE, c.label()));
                }));
    }

    @TestFactory Stream<DynamicTest> adapterOfPeft() {
        return each((fixture, compute) -> {
            Transformer model = Models.load(fixture.folder());
            LoraModel lora = Peft.load(model, fixture.adapter(), 1);
            Fixture.assertClose(fixture.tensor("adapted_logits"), compute.logits(model, fixture.batch()), TOLERANCE, "adapted logits");
            try (Tape tape = compute.training()) {
                Tensor loss = model.loss(tape, fixture.batch());
                assertEquals(fixture.number("adapted_loss"), loss.item(), TOLERANCE);
                tape.backward(loss);
            }
            assertGradients(fixture, lora);
            lora.enable(false);
            Fixture.assertClose(fixture.tensor("logits"), compute.logits(model, fixture.batch()), TOLERANCE,
                    "base logits, adapter switched off");
        });
    }

    private static void assertGradients(Fixture fixture, LoraModel lora) {
        lora.layers().forEach((name, layer) -> {
            String key = "grad.base_model.model." + name;
            Fixture.assertClose(fixture.tensor(key + ".lora_A.weight"), layer.a().gradArray(), TOLERANCE, "dL/dA of " + name);
            Fixture.assertClose(fixture.tensor(key + ".lora_B.weight"), layer.b().gradArray(), TOLERANCE, "dL/dB of " + name);
        });
    }

    /** Ten steps of AdamW with weight decay and a clipped gradient follow PyTorch's losses. */
    @TestFactory Stream<DynamicTest> training() {
        return each((fixture, compute) -> {
            Transformer model = Models.load(fixture.folder());
            LoraModel lora = Peft.load(model, fixture.adapter(), 1);
            double[] expected = fixture.numbers("training_losses");
            double[] losses = new double[expected.length];
            AdamW adamW = new AdamW(compute.kernels(), new AdamW.Settings(0.9, 0.999, 1e-8, 0.1, 1), lora.parameters());
            for (int step = 0; step < losses.length; step++) {
                try (Tape tape = compute.training()) {
                    Tensor loss = model.loss(tape, fixture.batch());
                    losses[step] = loss.item();
                    tape.backward(loss);
                }
                adamW.step(0.01, 1);
            }
            assertArrayEquals(expected, losses, 2e-4);
        });
    }

    @Test void theKernelsAreNotAllTheSame() {
        assertEquals(3, Compute.all().map(Compute::label).distinct().count());
    }

    /** The comparison is sharp enough: one changed number in any weight shows. */
    @Test void aChangedWeightFails() {
        Fixture fixture = Fixture.of("llama-untied");
        Transformer model = Models.loadTrainable(fixture.folder());
        List<String> unseen = new ArrayList<>();
        Compute compute = Compute.all().findFirst().orElseThrow();
        Batch batch = fixture.batch();
        model.parameters().forEach((name, weight) -> {
            double kept = weight.get(weight.size() / 2);
            weight.data().set(weight.size() / 2, kept + 0.5);
            if (Fixture.difference(fixture.tensor("logits"), compute.logits(model, batch)) <= TOLERANCE && !name.contains("embed")) {
                unseen.add(name);
            }
            weight.data().set(weight.size() / 2, kept);
        });
        assertEquals(List.of(), unseen, "weights whose change no logit shows");
    }
}
