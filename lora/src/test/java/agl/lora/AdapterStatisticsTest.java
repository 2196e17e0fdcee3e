package agl.lora;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.nn.checkpoint.SafeTensors;
import agl.nn.checkpoint.SafeTensorsWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The norm of s·BA against the product written out. */
class AdapterStatisticsTest {
    @TempDir Path folder;

    private static float[] random(int n, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = (float) random.nextGaussian();
        }
        return x;
    }

    private List<AdapterStatistics.Layer> statistics(SafeTensorsWriter writer, int r) {
        Path file = folder.resolve("adapter_model.safetensors");
        writer.write(file);
        try (SafeTensors tensors = SafeTensors.open(file)) {
            return AdapterStatistics.of(LoraConfig.of(r, 3.0 * r, 0, "x"), tensors);
        }
    }

    @ParameterizedTest @ValueSource(ints = {1, 5, 64, 65, 150})
    void updateOfEveryRank(int r) {
        int in = 7;
        int out = 4;
        float[] a = random(r * in, 1);
        float[] b = random(out * r, 2);
        double square = 0;
        for (int i = 0; i < out; i++) {
            for (int j = 0; j < in; j++) {
                double sum = 0;
                for (int k = 0; k < r; k++) {
                    sum += (double) b[i * r + k] * a[k * in + j];
                }
                square += sum * sum;
            }
        }
        SafeTensorsWriter writer = new SafeTensorsWriter().add(Peft.PREFIX + "x" + Peft.A, a, r, in).add(Peft.PREFIX + "x" + Peft.B, b, out,
                r);
        AdapterStatistics.Layer layer = statistics(writer, r).getFirst();
        assertEquals(3 * Math.sqrt(square), layer.update(), 1e-4 * Math.sqrt(square));
        assertEquals(norm(a), layer.a(), 1e-4);
        assertEquals(norm(b), layer.b(), 1e-4);
    }

    private static double norm(float[] x) {
        double square = 0;
        for (float v : x) {
            square += (double) v * v;
        }
        return Math.sqrt(square);
    }

    /** ‖(3, 4)‖ = 5; without magnitudes the norm is not a number. */
    @Test void theNormOfTheMagnitudes() {
        SafeTensorsWriter writer = new SafeTensorsWriter().add(Peft.PREFIX + "x" + Peft.A, random(2, 1), 1, 2)
                .add(Peft.PREFIX + "x" + Peft.B, random(2, 2), 2, 1)
                .add(Peft.PREFIX + "x" + Peft.MAGNITUDE, new float[] {3, 4}, 2).add(Peft.PREFIX + "y" + Peft.A, random(2, 1), 1, 2)
                .add(Peft.PREFIX + "y" + Peft.B, random(2, 2), 2, 1);
        List<AdapterStatistics.Layer> layers = statistics(writer, 1);
        assertEquals(5, layers.get(0).magnitude(), 1e-12);
        assertEquals(Double.NaN, layers.get(1).magnitude());
    }

    private boolean changesNothing(SafeTensorsWriter writer) {
        return changesNothing(writer, LoraConfig.of(1, 1, 0, "x"));
    }

    private boolean changesNothing(SafeTensorsWriter writer, LoraConfig config) {
        Path file = folder.resolve("adapter_model.safetensors");
        writer.write(file);
        try (SafeTensors tensors = SafeTensors.open(file)) {
            return AdapterStatistics.changesNothing(config, tensors);
        }
    }

    private static SafeTensorsWriter pair(SafeTensorsWriter writer, String name, float[] a, float[] b) {
        return writer.add(Peft.PREFIX + name + Peft.A, a, 1, 2).add(Peft.PREFIX + name + Peft.B, b, 2, 1);
    }

    @Test void anUntrainedAdapterChangesNothing() {
        float[] zero = new float[2];
        float[] tiny = {0, 1e-40f};
        assertTrue(changesNothing(pair(pair(new SafeTensorsWriter(), "x", random(2, 1), zero), "y", zero, random(2, 2))));
        assertFalse(changesNothing(pair(pair(new SafeTensorsWriter(), "x", random(2, 1), zero), "y", random(2, 1), tiny)),
                "one small number");
        for (String beside : new String[] {"x" + Peft.MAGNITUDE, "x.base_layer.bias", "lm_head.weight"}) {
            assertFalse(changesNothing(pair(new SafeTensorsWriter(), "x", random(2, 1), zero).add(Peft.PREFIX + beside, zero, 2)), beside);
        }
        assertFalse(changesNothing(new SafeTensorsWriter()));
        LoraConfig unscaled = LoraConfig.of(1, 0, 0, "x");
        assertTrue(changesNothing(pair(new SafeTensorsWriter(), "x", random(2, 1), random(2, 2)), unscaled));
        assertFalse(changesNothing(pair(new SafeTensorsWriter(), "x", random(2, 1), random(2, 2)).add(Peft.PREFIX + "x" + Peft.MAGNITUDE,
                zero, 2), unscaled), "magnitudes are not scaled");
    }

    /** B = 0 at the start of training; one number of B later the adapter changes something. */
    @Test void aFolderThatChangesNothingIsTold() {
        LoraModel lora = LoraModel.attach(Tiny.llama(), LoraConfig.of(2, 4, 0, "q_proj"), 1, DType.F64);
        Path adapter = folder.resolve("adapter");
        Peft.save(lora, adapter, "base");
        assertEquals(adapter + " changes nothing: its update is 0 in every layer, so that it is the base",
                AdapterStatistics.nothingChanges(adapter).orElseThrow());
        lora.layers().values().iterator().next().b().data().set(0, 1);
        Path trained = folder.resolve("trained");
        Peft.save(lora, trained, "base");
        assertTrue(AdapterStatistics.nothingChanges(trained).isEmpty());
    }

    @Test void factorsThatDoNotFitAreRefused() {
        SafeTensorsWriter ranks = new SafeTensorsWriter().add(Peft.PREFIX + "x" + Peft.A, new float[6], 2, 3)
                .add(Peft.PREFIX + "x" + Peft.B, new float[12], 4, 3);
        String message = assertThrows(AglException.class, () -> statistics(ranks, 2)).getMessage();
        assertTrue(message.contains("A (2, 3) and B (4, 3) have different ranks"), message);
        SafeTensorsWriter vector = new SafeTensorsWriter().add(Peft.PREFIX + "x" + Peft.A, new float[6], 6).add(Peft.PREFIX + "x" + Peft.B,
                new float[8], 4, 2);
        message = assertThrows(AglException.class, () -> statistics(vector, 2)).getMessage();
        assertTrue(message.contains("is not a matrix"), message);
    }

    @Test void aHalfIsRefusedByName() {
        SafeTensorsWriter writer = new SafeTensorsWriter().add(Peft.PREFIX + "half\nname" + Peft.A, new float[6], 2, 3);
        String message = assertThrows(AglException.class, () -> statistics(writer, 2)).getMessage();
        assertTrue(message.contains("half name") && message.contains("no B"), message);
    }
}
