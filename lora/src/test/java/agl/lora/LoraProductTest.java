package agl.lora;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.op.Add;
import agl.autograd.op.Dropout;
import agl.autograd.op.Linear;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import agl.error.AglException;
import agl.nn.LinearLayer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** An adapted layer by itself: what its listener sees, which numbers it keeps for backward, and shapes beyond a handful. */
class LoraProductTest {
    private static Tensor gaussian(SplittableRandom random, int... shape) {
        return Tensor.fill(DType.F64, i -> random.nextGaussian(), shape);
    }

    /** A frozen layer W (out, in), with a bias of ones. */
    private record Frozen(Tensor weight, Tensor bias) implements LinearLayer {
        Frozen(Tensor weight) {
            this(weight, Tensor.fill(DType.F64, i -> 1, weight.dim(0)));
        }

        @Override public Tensor forward(Tape tape, Tensor x) {
            return Linear.of(tape, x, weight, bias, null);
        }

        @Override public String name() {
            return "layers.0.q";
        }

        @Override public void listen(Linear.GradientListener listener) { }
    }

    private static LoraLinear layer(SplittableRandom random, int out, int in, int r, boolean dora) {
        return new LoraLinear(new Frozen(gaussian(random, out, in)), new LoraLinear.Update(gaussian(random, r, in).requireGrad(),
                gaussian(random, out, r).requireGrad(), 0.7, dora ? gaussian(random, out).requireGrad() : null), 0, 1);
    }

    /** The factors of dL/dW_eff: the input of the layer and the gradient of its output. */
    @ParameterizedTest
    @CsvSource({"false,false", "true,false", "false,true"}) void theListenerSeesInputAndGradient(boolean dora, boolean merged) {
        SplittableRandom random = new SplittableRandom(1);
        LoraLinear layer = layer(random, 3, 5, 2, dora);
        Tensor x = gaussian(random, 4, 5).requireGrad();
        double[] cotangent = random.doubles(12).toArray();
        List<double[]> seen = new ArrayList<>();
        layer.listen((input, dy) -> {
            seen.add(input.toArray());
            seen.add(IntStream.range(0, 12).mapToDouble(dy::get).toArray());
        });
        if (merged) {
            layer.merge();
        }
        try (Tape tape = Tape.plain()) {
            tape.backward(layer.forward(tape, x), cotangent);
        }
        assertEquals(2, seen.size());
        assertArrayEquals(x.toArray(), seen.get(0));
        assertArrayEquals(cotangent, seen.get(1), 1e-15);
    }

    /** With what backward does not read given back and overwritten, the gradients are the same. */
    @ParameterizedTest @CsvSource({"0,true,false", "0.4,true,false", "0,false,true", "0.4,false,true", "0.4,true,true"})
    void whatBackwardReadsIsKept(double dropout, boolean trainA, boolean listened) {
        List<double[]> kept = gradients(dropout, trainA, listened, false);
        List<double[]> released = gradients(dropout, trainA, listened, true);
        assertEquals(kept.size(), released.size());
        for (int i = 0; i < kept.size(); i++) {
            assertArrayEquals(kept.get(i), released.get(i), "gradient " + i);
        }
    }

    private static List<double[]> gradients(double dropout, boolean trainA, boolean listened, boolean release) {
        SplittableRandom random = new SplittableRandom(2);
        Tensor leaf = gaussian(random, 4, 5).requireGrad();
        Tensor w = gaussian(random, 3, 5);
        Tensor a = gaussian(random, 2, 5);
        Tensor b = gaussian(random, 3, 2).requireGrad();
        if (trainA) {
            a.requireGrad();
        }
        List<double[]> seen = new ArrayList<>();
        Pool pool = new Pool(DType.F64);
        try (Tape tape = Tape.training(Kernels.plain(), pool)) {
            Tensor x = Add.of(tape, leaf, leaf);
            Tensor y = LoraProduct.of(tape, x, Dropout.of(tape, x, dropout, 11), new LoraWeights(w, null, a, b, 0.7),
                    listened ? (input, dy) -> seen.add(input.toArray()) : null);
            if (release) {
                tape.releaseSince(0, y);
                overwriteWhatIsFree(pool);
            }
            tape.backward(y, random.doubles(12).toArray());
            seen.add(leaf.gradArray());
            seen.add(b.gradArray());
            if (trainA) {
                seen.add(a.gradArray());
            }
        }
        return seen;
    }

    private static void overwriteWhatIsFree(Pool pool) {
        long before = pool.bytesAllocated();
        while (pool.bytesAllocated() == before) {
            Storage s = pool.take(64);
            for (int i = 0; i < 64; i++) {
                s.set(i, Double.NaN);
            }
        }
    }

    /** A frozen A and no listener: nothing reads X again, and its memory is free for the next layer. */
    @Test void anInputThatNothingReadsIsNotKept() {
        SplittableRandom random = new SplittableRandom(3);
        Pool pool = new Pool(DType.F64);
        try (Tape tape = Tape.training(Kernels.plain(), pool)) {
            Tensor x = Add.of(tape, gaussian(random, 4, 5).requireGrad(), gaussian(random, 4, 5));
            Tensor y = LoraProduct.of(tape, x, x,
                    new LoraWeights(gaussian(random, 3, 5), null, gaussian(random, 2, 5), gaussian(random, 3, 2).requireGrad(), 1), null);
            tape.releaseSince(0, y);
            long before = pool.bytesAllocated();
            pool.take(20);
            assertEquals(before, pool.bytesAllocated());
        }
    }

    /** 30 tokens, (40, 20), rank 9: more than the smallest arrays hold. Y and all gradients against the one matrix W + s·B·A. */
    @ParameterizedTest @ValueSource(booleans = {false, true}) void manyNumbersAtOnce(boolean dora) {
        SplittableRandom random = new SplittableRandom(4);
        LoraLinear layer = layer(random, 40, 20, 9, dora);
        Tensor x = gaussian(random, 30, 20).requireGrad();
        Tensor other = Tensor.of(x.toArray(), 30, 20).requireGrad();
        Tensor whole = layer.effectiveWeight().requireGrad();
        double[] cotangent = random.doubles(30 * 40).toArray();
        try (Tape tape = Tape.plain(); Tape plain = Tape.plain()) {
            Tensor y = layer.forward(tape, x);
            Tensor expected = Linear.of(plain, other, whole, layer.bias(), null);
            assertArrayEquals(expected.toArray(), y.toArray(), 1e-11);
            tape.backward(y, cotangent);
            plain.backward(expected, cotangent);
        }
        assertArrayEquals(other.gradArray(), x.gradArray(), 1e-10);
        double[] norms = new double[40];
        for (int i = 0; i < 800; i++) {
            norms[i / 20] += whole.get(i) * whole.get(i);
        }
        double[] dB = new double[40 * 9];
        double[] dM = new double[40];
        for (int o = 0; o < 40; o++) {
            // Rows of W_eff have the length |m|: g = m / n, so that s·g = s·m / n.
            double gain = dora ? layer.magnitude().get(o) / Math.sqrt(rowSquare(layer, o)) : 1;
            for (int j = 0; j < 20; j++) {
                double dw = whole.gradArray()[o * 20 + j];
                dM[o] += dora ? dw * whole.get(o * 20 + j) / layer.magnitude().get(o) : 0;
                for (int k = 0; k < 9; k++) {
                    dB[o * 9 + k] += 0.7 * gain * dw * layer.a().get(k * 20 + j);
                }
            }
        }
        assertArrayEquals(dB, layer.b().gradArray(), 1e-10);
        if (dora) {
            assertArrayEquals(dM, layer.magnitude().gradArray(), 1e-10);
        }
    }

    /** ‖(W + s·B·A)_o‖² written out. */
    private static double rowSquare(LoraLinear layer, int o) {
        double square = 0;
        for (int j = 0; j < layer.in(); j++) {
            double sum = layer.weight().get(o * layer.in() + j);
            for (int k = 0; k < layer.a().dim(0); k++) {
                sum += layer.scale() * layer.b().get(o * layer.a().dim(0) + k) * layer.a().get(k * layer.in() + j);
            }
            square += sum * sum;
        }
        return square;
    }

    @Test void anAdaptedLayerIsItsBaseInEverythingElse() {
        LoraLinear layer = layer(new SplittableRandom(5), 3, 5, 2, false);
        assertEquals("layers.0.q", layer.name());
        assertArrayEquals(new double[] {1, 1, 1}, layer.bias().toArray());
        assertEquals(5, layer.in());
        assertEquals(3, layer.out());
    }

    /** A (2, 5), B (3, 2) and the magnitudes (3) fit a (3, 5) layer; one size off does not. */
    @ParameterizedTest
    @CsvSource({"2,4,3,2,3", "2,5,4,2,3", "2,5,3,1,3", "2,5,3,2,4"}) void factorsThatDoNotFitAreRefused(int r, int in, int out, int rB,
            int m) {
        Frozen base = new Frozen(Tensor.zeros(DType.F64, 3, 5));
        Tensor magnitude = Tensor.zeros(DType.F64, m);
        String message = assertThrows(AglException.class, () -> new LoraLinear(base,
                new LoraLinear.Update(Tensor.zeros(DType.F64, r, in), Tensor.zeros(DType.F64, out, rB), 1, magnitude), 0, 1))
                .getMessage();
        assertTrue(m == 3
                ? message.contains("layers.0.q is (3, 5)")
                        && message.contains("A is (" + r + ", " + in + ") and B (" + out + ", " + rB + ")")
                : message.contains("layers.0.q has 3 rows, the adapter has 4 magnitudes"), message);
    }
}
