package agl.lora;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.GradCheck;
import agl.autograd.GradientCase;
import agl.autograd.Operation;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.op.Linear;
import agl.autograd.storage.DType;
import agl.error.AglException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class LoraCasesTest {
    @Test void everyOperationOfThisModuleIsCheckedAtManyShapes() throws Exception {
        for (GradientCase c : new LoraCases().cases()) {
            for (long seed = 0; seed < 40; seed++) {
                GradCheck.Result result = c.check(seed);
                assertTrue(result.passed() && result.compared() > 0, c.name() + " seed " + seed + ": " + result);
                GradientCase.Problem p = c.problem().apply(new SplittableRandom(seed));
                GradCheck.Result added = GradCheck.accumulation(p.function(), Kernels.plain(), DType.F64, seed, p.inputs());
                assertTrue(added.passed() && added.compared() > 0, c.name() + " seed " + seed + ": " + added);
                GradCheck.Result fast = GradCheck.accumulation(p.function(), Kernels.best(), DType.F32, seed, p.inputs());
                assertTrue(fast.passed(), c.name() + " seed " + seed + " in float: " + fast);
            }
        }
        Set<String> cases = new LoraCases().cases().stream().map(GradientCase::name).collect(Collectors.toSet());
        Set<String> operations = new TreeSet<>();
        try (Stream<Path> files = Files.list(Path.of(LoraProduct.class.getResource("LoraProduct.class").toURI()).getParent())) {
            for (Path file : (Iterable<Path>) files::iterator) {
                if (file.toString().endsWith(".class") && Operation.class
                        .isAssignableFrom(Class.forName("agl.lora." + file.getFileName().toString().replace(".class", "")))) {
                    operations.add(file.getFileName().toString().replace(".class", ""));
                }
            }
        }
        assertEquals(operations, new TreeSet<>(cases));
        assertEquals(2, operations.size());
    }

    /** Both products against the one matrix they stand for. */
    @Test void theProductsAreThoseOfTheMergedMatrix() {
        SplittableRandom random = new SplittableRandom(3);
        Tensor x = gaussian(random, 4, 5);
        Tensor w = gaussian(random, 3, 5);
        Tensor a = gaussian(random, 2, 5);
        Tensor b = gaussian(random, 3, 2);
        Tensor m = gaussian(random, 3);
        Tensor bias = gaussian(random, 3);
        double s = 0.7;
        double[][] sum = new double[3][5];
        double[] norms = new double[3];
        for (int o = 0; o < 3; o++) {
            for (int j = 0; j < 5; j++) {
                sum[o][j] = w.get(o * 5 + j) + s * (b.get(o * 2) * a.get(j) + b.get(o * 2 + 1) * a.get(5 + j));
                norms[o] += sum[o][j] * sum[o][j];
            }
            norms[o] = Math.sqrt(norms[o]);
        }
        double[] squares = new double[3];
        for (int i = 0; i < 15; i++) {
            squares[i / 5] += w.get(i) * w.get(i);
        }
        double[] computed = DoraProduct.norms(Kernels.plain(), w, squares, a, b, s);
        try (Tape tape = Tape.plain()) {
            double[] lora = LoraProduct.of(tape, x, x, new LoraWeights(w, bias, a, b, s), null).toArray();
            double[] dora = DoraProduct.of(tape, x, x, new LoraWeights(w, bias, a, b, s), new DoraProduct.Magnitudes(m, computed), null)
                    .toArray();
            double[] plain = Linear.of(tape, x, Tensor.fill(DType.F64, i -> sum[i / 5][i % 5], 3, 5), bias, null).toArray();
            double[] scaled = Linear
                    .of(tape, x, Tensor.fill(DType.F64, i -> sum[i / 5][i % 5] * m.get(i / 5) / norms[i / 5], 3, 5), bias, null).toArray();
            for (int i = 0; i < 12; i++) {
                assertEquals(plain[i], lora[i], 1e-12);
                assertEquals(scaled[i], dora[i], 1e-12);
            }
        }
        for (int o = 0; o < 3; o++) {
            assertEquals(norms[o], computed[o], 1e-12);
        }
    }

    private static Tensor gaussian(SplittableRandom random, int... shape) {
        return Tensor.fill(DType.F64, i -> random.nextGaussian(), shape);
    }

    /** A·Aᵀ (r, r) of a rank far beyond the width. */
    @Test void aRankWhoseSquareNoArrayHoldsIsRefused() {
        Tensor a = Tensor.zeros(DType.F32, 50_000, 1);
        Tensor b = Tensor.zeros(DType.F32, 1, 50_000);
        Tensor w = Tensor.zeros(DType.F32, 1, 1);
        String message = assertThrows(AglException.class,
                () -> DoraProduct.norms(Kernels.plain(), w, new double[1], a, b, 1)).getMessage();
        assertTrue(message.startsWith("50000 x 50000 would be 2.50e+09 values"), message);
    }
}
