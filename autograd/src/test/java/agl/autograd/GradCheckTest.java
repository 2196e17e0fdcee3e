package agl.autograd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.kernels.Kernels;
import agl.autograd.op.Add;
import agl.autograd.op.Affine;
import agl.autograd.op.Mul;
import agl.autograd.op.Square;
import agl.autograd.op.Sum;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class GradCheckTest {

    @TestFactory Stream<DynamicTest> everyOperationAtManyShapes() {
        return GradientCase.all().stream().map(c -> DynamicTest.dynamicTest(c.name(), () -> {
            for (long seed = 0; seed < 40; seed++) {
                GradCheck.Result result = c.check(seed);
                assertTrue(result.compared() > 0, c.name() + ": nothing was compared");
                assertTrue(result.passed(), c.name() + " seed " + seed + ": " + result);
            }
        }));
    }

    /** In double with the plain loops, and in float with the kernels that training runs on. */
    @TestFactory Stream<DynamicTest> everyOperationAddsToTheGradientsThatAreThere() {
        return GradientCase.all().stream().map(c -> DynamicTest.dynamicTest(c.name(), () -> {
            for (long seed = 0; seed < 30; seed++) {
                GradientCase.Problem p = c.problem().apply(new SplittableRandom(seed));
                GradCheck.Result plain = GradCheck.accumulation(p.function(), Kernels.plain(), DType.F64, seed, p.inputs());
                assertTrue(plain.passed() && plain.compared() > 0, c.name() + " seed " + seed + ": " + plain);
                GradCheck.Result fast = GradCheck.accumulation(p.function(), Kernels.best(), DType.F32, seed, p.inputs());
                assertTrue(fast.passed(), c.name() + " seed " + seed + " in float: " + fast);
            }
        }));
    }

    /** Backward of each operation works after everything was given back, and written over, that it says it does not read. */
    @TestFactory Stream<DynamicTest> everyOperationReadsOnlyWhatItSays() {
        return GradientCase.all().stream().map(c -> DynamicTest.dynamicTest(c.name(), () -> {
            for (long seed = 0; seed < 5; seed++) {
                GradientCase.Problem p = c.problem().apply(new SplittableRandom(seed));
                GradCheck.Function releasing = (tape, inputs) -> {
                    int mark = tape.mark();
                    // A sum reads nothing in backward: its results are given back unless the operation reads them.
                    Tensor[] copies = Stream.of(inputs).map(x -> Add.of(tape, x, Tensor.zeros(DType.F64, x.shape())))
                            .toArray(Tensor[]::new);
                    Tensor y = p.function().apply(tape, copies);
                    tape.releaseSince(mark, y);
                    for (Tensor copy : copies) {
                        tape.scratch(copy.size()).fill(0, copy.size(), Double.NaN);
                    }
                    return y;
                };
                GradCheck.Result result = GradCheck.directional(releasing, seed, 3, p.inputs());
                assertTrue(result.passed(), c.name() + " seed " + seed + ": " + result);
            }
        }));
    }

    @Test void whatNoOperationReadsIsGivenBack() {
        Tensor x = Tensor.of(new double[100], 100).requireGrad();
        try (Tape tape = Tape.plain()) {
            Tensor sum = Add.of(tape, x, x);
            Tensor squared = Square.of(tape, Add.of(tape, sum, x));
            Tensor y = Sum.of(tape, squared);
            tape.releaseSince(0, y);
            assertThrows(IllegalStateException.class, sum::data, "a sum's derivative does not read its result");
            tape.backward(y);
        }
    }

    @Test void everyOperationHasACase() throws Exception {
        Set<String> cases = GradientCase.all().stream().map(GradientCase::name).collect(Collectors.toSet());
        Set<String> missing = new TreeSet<>();
        Path folder = Path.of(Add.class.getResource("Add.class").toURI()).getParent();
        int operations = 0;
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Class<?> type = Class.forName("agl.autograd.op." + file.getFileName().toString().replace(".class", ""));
                if (Operation.class.isAssignableFrom(type) && !Modifier.isAbstract(type.getModifiers())
                        && type.getEnclosingClass() == null) {
                    operations++;
                    if (!cases.contains(type.getSimpleName())) {
                        missing.add(type.getSimpleName());
                    }
                }
            }
        }
        assertTrue(operations > 20, "the folder of operations was not found");
        assertEquals(Set.of(), missing, "operations without a gradient check");
    }

    /** y = x² with a derivative that is one percent too large. */
    private static final class WrongSquare implements Operation {
        private final Tensor x;

        WrongSquare(Tensor x) {
            this.x = x;
        }

        static Tensor of(Tape tape, Tensor x) {
            Tensor y = tape.alloc(x.shape());
            for (int i = 0; i < x.size(); i++) {
                y.data().set(i, x.get(i) * x.get(i));
            }
            return tape.record(y, new WrongSquare(x), x);
        }

        @Override public void backward(Tape tape, Tensor y) {
            for (int i = 0; i < x.size(); i++) {
                tape.grad(x).add(i, 2.02 * x.get(i) * y.grad().get(i));
            }
        }
    }

    @Test void aWrongDerivativeFails() {
        Tensor x = Tensor.of(new double[] {0.7, -1.3, 2}, 3).requireGrad();
        assertFalse(GradCheck.full((t, in) -> WrongSquare.of(t, in[0]), x).passed());
        assertFalse(GradCheck.directional((t, in) -> WrongSquare.of(t, in[0]), 1, 3, x).passed());
    }

    /** y = 2x with a derivative that forgets the gradient that was there, and one that asks for gradients nobody wanted. */
    private record Overwriting(Tensor x, Tensor frozen) implements Operation {
        static Tensor of(Tape tape, Tensor x, Tensor frozen) {
            Tensor y = tape.alloc(x.shape());
            tape.kernels().scale(x.size(), 2, x.data(), 0, y.data(), 0);
            return tape.record(y, new Overwriting(x, frozen), x);
        }

        @Override public void backward(Tape tape, Tensor y) {
            if (frozen == null) {
                tape.kernels().scale(x.size(), 2, y.grad(), 0, tape.grad(x), 0);
            } else {
                tape.kernels().axpy(x.size(), 2, y.grad(), 0, tape.grad(x), 0);
                tape.grad(frozen);
            }
        }
    }

    @Test void aGradientThatIsWrittenOverFails() {
        Tensor x = Tensor.of(new double[] {0.7, -1.3, 2}, 3).requireGrad();
        Tensor z = Tensor.of(new double[] {1}, 1);
        GradCheck.Function right = (t, in) -> Affine.scale(t, 2, in[0]);
        assertTrue(GradCheck.accumulation(right, Kernels.plain(), DType.F64, 1, x, z).passed());
        assertTrue(GradCheck.full((t, in) -> Overwriting.of(t, in[0], null), x).passed());
        assertFalse(GradCheck.accumulation((t, in) -> Overwriting.of(t, in[0], null), Kernels.plain(), DType.F64, 1, x, z).passed());
        assertFalse(GradCheck.accumulation((t, in) -> Overwriting.of(t, in[0], in[1]), Kernels.plain(), DType.F64, 1, x, z).passed());
    }

    @Test void aNaNFails() {
        Tensor x = Tensor.of(new double[] {-1}, 1).requireGrad();
        assertFalse(GradCheck.full((t, in) -> agl.autograd.op.Log.of(t, in[0]), x).passed());
    }

    @Test void aTensorUsedTwiceCollectsBothShares() {
        Tensor x = Tensor.of(new double[] {3}, 1).requireGrad();
        try (Tape tape = Tape.plain()) {
            Tensor y = Add.of(tape, Mul.of(tape, x, x), x);
            tape.backward(Sum.of(tape, y));
        }
        assertEquals(7, x.gradArray()[0], 1e-12);
    }

    @Test void aRetainedReshapeKeepsItsNumbersThroughBackward() {
        Tensor x = Tensor.of(new double[] {3, 4}, 2).requireGrad();
        try (Tape tape = Tape.plain()) {
            Tensor y = tape.retain(agl.autograd.op.Reshape.of(tape, Add.of(tape, x, x), 1, 2));
            tape.backward(Sum.of(tape, Mul.of(tape, y, y)));
            // What the pool has back is soon used again.
            tape.alloc(2).data().fill(0, 2, -1);
            org.junit.jupiter.api.Assertions.assertArrayEquals(new double[] {6, 8}, y.toArray());
        }
    }

    @Test void aGradientThatIsPassedOnReachesAllAndStaysWhereItIsRetained() {
        for (int variant = 0; variant < 4; variant++) {
            boolean retained = (variant & 1) != 0;
            boolean usedTwice = (variant & 2) != 0;
            Tensor x = Tensor.of(new double[] {1, -2}, 2).requireGrad();
            try (Tape tape = Tape.plain()) {
                Tensor u = agl.autograd.op.Affine.scale(tape, 2, x);
                Tensor z = Add.of(tape, u, agl.autograd.op.Affine.scale(tape, 3, x));
                if (retained) {
                    tape.retain(z);
                }
                Tensor w = Add.of(tape, agl.autograd.op.Reshape.of(tape, z, 2), usedTwice ? u : agl.autograd.op.Affine.scale(tape, 2, x));
                tape.backward(Sum.of(tape, Mul.of(tape, w, w)));
                // w = 7x, the loss 49x², dL/dz = 2w.
                org.junit.jupiter.api.Assertions.assertArrayEquals(new double[] {98, -196}, ((Storage.F64) x.grad()).array());
                if (retained) {
                    org.junit.jupiter.api.Assertions.assertArrayEquals(new double[] {14, -28},
                            java.util.Arrays.copyOf(((Storage.F64) z.grad()).array(), 2));
                }
            }
        }
    }

    @Test void inputsAreNotChanged() {
        for (GradientCase c : GradientCase.all()) {
            GradientCase.Problem p = c.problem().apply(new java.util.SplittableRandom(5));
            double[][] before = Stream.of(p.inputs()).map(Tensor::toArray).toArray(double[][]::new);
            try (Tape tape = Tape.plain()) {
                Tensor y = p.function().apply(tape, p.inputs());
                double[] cotangent = new double[y.size()];
                java.util.Arrays.fill(cotangent, 0.5);
                tape.backward(y, cotangent);
            }
            for (int i = 0; i < before.length; i++) {
                org.junit.jupiter.api.Assertions.assertArrayEquals(before[i], p.inputs()[i].toArray(), c.name());
            }
        }
    }
}
