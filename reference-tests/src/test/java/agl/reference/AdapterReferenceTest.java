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
import agl.nn.Models;
import agl.nn.Transformer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Every kind of adapter that peft writes: same logits, loss, gradients and training, on the adapters that make_adapters.py wrote. */
class AdapterReferenceTest {
    private static final List<String> NAMES = List.of("rslora", "dora", "dora-gpt2", "all-linear", "patterns", "regex", "layers",
            "bias-lora-only",
            "bias-all", "modules-to-save", "modules-to-save-tied");
    private static final double TOLERANCE = 1e-4;

    private interface Check {
        void run(Fixture fixture, Compute compute, Transformer model, LoraModel lora);
    }

    private static Stream<DynamicTest> each(Check check) {
        return NAMES.stream().map(name -> Fixture.at("adapters/" + name))
                .flatMap(f -> Compute.all().map(c -> DynamicTest.dynamicTest(f.name() + ", " + c, () -> {
                    Transformer model = Models.load(Fixture.of(f.json().get("base").asText()).folder());
                    check.run(f, c, model, Peft.load(model, f.folder(), 1));
                })));
    }

    @TestFactory Stream<DynamicTest> logitsLossAndGradients() {
        return each((fixture, compute, model, lora) -> {
            Fixture.assertClose(fixture.tensor("adapted_logits"), compute.logits(model, fixture.batch()), TOLERANCE, "logits");
            try (Tape tape = compute.training()) {
                Tensor loss = model.loss(tape, fixture.batch());
                assertEquals(fixture.number("adapted_loss"), loss.item(), TOLERANCE);
                tape.backward(loss);
            }
            Map<String, Tensor> tensors = Peft.tensors(lora);
            tensors.forEach((name, t) -> Fixture.assertClose(fixture.tensor("grad." + name), t.gradArray(), TOLERANCE, name));
            Set<String> expected = fixture.tensorNames().stream().filter(n -> n.startsWith("grad.")).map(n -> n.substring(5))
                    .collect(Collectors.toSet());
            assertEquals(new TreeSet<>(expected), new TreeSet<>(tensors.keySet()));
        });
    }

    @TestFactory Stream<DynamicTest> training() {
        return each((fixture, compute, model, lora) -> {
            double[] expected = fixture.numbers("training_losses");
            double[] losses = new double[expected.length];
            AdamW adamW = new AdamW(compute.kernels(), new AdamW.Settings(0.9, 0.999, 1e-8, 0, 0), lora.parameters());
            for (int step = 0; step < losses.length; step++) {
                try (Tape tape = compute.training()) {
                    Tensor loss = model.loss(tape, fixture.batch());
                    losses[step] = loss.item();
                    tape.backward(loss);
                }
                adamW.step(0.01, 1);
            }
            assertArrayEquals(expected, losses, 5e-4);
        });
    }

    /** Merged into one checkpoint and read again, it computes what the adapter computed beside the base. */
    @TestFactory Stream<DynamicTest> mergedCheckpoint(@TempDir Path folder) {
        return each((fixture, compute, model, lora) -> {
            Path merged = folder.resolve(fixture.name());
            Models.save(model, merged, null, DType.F32);
            Transformer read = Models.load(merged);
            Fixture.assertClose(fixture.tensor("adapted_logits"), compute.logits(read, fixture.batch()), TOLERANCE, "merged logits");
            assertTrue(Fixture.difference(fixture.tensor("adapted_logits"),
                    compute.logits(Models.load(Fixture.of(fixture.json().get("base").asText()).folder()),
                            fixture.batch())) > 100 * TOLERANCE,
                    "the adapter makes a difference");
        });
    }
}
