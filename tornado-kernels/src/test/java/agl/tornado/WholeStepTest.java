package agl.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.AttentionShape;
import agl.autograd.kernels.DeviceKernels.Traffic;
import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.Providers;
import agl.autograd.op.Add;
import agl.autograd.op.Attention;
import agl.autograd.op.Dropout;
import agl.autograd.op.Embedding;
import agl.autograd.op.HeadCrossEntropy;
import agl.autograd.op.Linear;
import agl.autograd.op.RmsNorm;
import agl.autograd.op.Rope;
import agl.autograd.op.SwiGlu;
import agl.autograd.storage.DType;
import agl.error.AglException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A small transformer's loss and every gradient through the tape, on each device and in double, for batches of changing size. */
final class WholeStepTest {
    private static final int HIDDEN = 24;
    private static final int VOCABULARY = 77;

    @AfterEach void backToTheProcessor() {
        Providers.use("cpu");
    }

    private static List<Tensor> weights(DType dtype, Kernels kernels) {
        SplittableRandom random = new SplittableRandom(5);
        int[][] shapes = {{VOCABULARY, HIDDEN}, {HIDDEN}, {HIDDEN, HIDDEN}, {12, HIDDEN}, {12, HIDDEN}, {HIDDEN, HIDDEN}, {40, HIDDEN},
            {40, HIDDEN}, {HIDDEN, 40}, {HIDDEN}};
        List<Tensor> all = new ArrayList<>();
        for (int[] shape : shapes) {
            Tensor t = Tensor.fill(dtype, i -> (float) random.nextDouble(-0.5, 0.5), shape).requireGrad();
            t.resideWith(kernels);
            all.add(t);
        }
        return all;
    }

    private static double step(Kernels kernels, Pool pool, List<Tensor> w, int[] lengths, long seed) {
        int[] starts = new int[lengths.length + 1];
        for (int s = 0; s < lengths.length; s++) {
            starts[s + 1] = starts[s] + lengths[s];
        }
        int n = starts[lengths.length];
        SplittableRandom random = new SplittableRandom(seed);
        int[] ids = random.ints(n, 0, VOCABULARY).toArray();
        int[] targets = random.ints(n, -1, VOCABULARY).toArray();
        int[] positions = new int[n];
        for (int s = 0; s < lengths.length; s++) {
            for (int t = starts[s]; t < starts[s + 1]; t++) {
                positions[t] = t - starts[s];
            }
        }
        Rope.Table table = Rope.Table.of(128, Rope.Table.frequencies(6, 100), 1);
        try (Tape tape = Tape.training(kernels, pool)) {
            Tensor x = Embedding.of(tape, w.get(0), ids);
            Tensor h = Dropout.of(tape, RmsNorm.of(tape, x, w.get(1), 1e-5), 0.1, seed);
            Tensor q = Rope.of(tape, Linear.of(tape, h, w.get(2)), positions, table);
            Tensor k = Rope.of(tape, Linear.of(tape, h, w.get(3)), positions, table);
            Tensor v = Linear.of(tape, h, w.get(4));
            Tensor attended = Attention.of(tape, AttentionShape.causal(4, 2, 6, starts), q, k, v);
            Tensor y = Add.of(tape, x, Linear.of(tape, attended, w.get(5), w.get(9), null));
            Tensor f = Linear.of(tape, SwiGlu.of(tape, Linear.of(tape, y, w.get(6)), Linear.of(tape, y, w.get(7))), w.get(8));
            Tensor loss = HeadCrossEntropy.mean(tape, Add.of(tape, y, f), w.get(0), targets);
            tape.backward(loss);
            return loss.item();
        }
    }

    @Test void gradientsAreThoseInDouble() {
        for (int device = 0; device < OnDevices.all().size(); device++) {
            Providers.use("gpu:" + device);
            Kernels kernels = Kernels.best();
            Pool pool = new Pool(DType.F32);
            List<Tensor> onDevice = weights(DType.F32, kernels);
            List<Tensor> inDouble = weights(DType.F64, Kernels.plain());
            Pool doubles = new Pool(DType.F64);
            for (int[] lengths : new int[][] {{3, 9}, {70}, {1, 2, 5}, {1, 2, 5}}) {
                Traffic before = kernels.traffic();
                double actual = step(kernels, pool, onDevice, lengths, lengths[0]);
                Traffic moved = kernels.traffic().since(before);
                assertEquals(step(Kernels.plain(), doubles, inDouble, lengths, lengths[0]), actual, 1e-4);
                // One box of losses comes back and nothing else: no tensor crosses the bus.
                assertEquals(4 * 1024 + 16, moved.bytesOut());
                for (int i = 0; i < inDouble.size(); i++) {
                    double[] expected = inDouble.get(i).gradArray();
                    double[] got = onDevice.get(i).gradArray();
                    double largest = Arrays.stream(expected).map(Math::abs).max().orElse(0);
                    assertTrue(largest > 0);
                    assertEquals(expected.length, got.length);
                    for (int j = 0; j < expected.length; j++) {
                        assertEquals(expected[j], got[j], 1e-4 * largest, "weight " + i + ", element " + j);
                    }
                }
            }
        }
    }

    @Test void devicesAreChosenByNumber() {
        assertTrue(Providers.use("gpu").startsWith("device "));
        assertTrue(assertThrows(AglException.class, () -> Providers.use("gpu:99")).getMessage().contains("no such device"));
        assertThrows(AglException.class, () -> Providers.use("tpu"));
        assertEquals("", Providers.use("cpu"));
    }
}
