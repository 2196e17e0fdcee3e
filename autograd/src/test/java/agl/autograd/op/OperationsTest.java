package agl.autograd.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.AttentionShape;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import java.util.SplittableRandom;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;

/**
 * What the operations compute, by numbers known otherwise: a gradient check only says that a derivative fits its function, whatever that
 * is.
 */
class OperationsTest {
    private final SplittableRandom random = new SplittableRandom(3);

    private static Tensor row(double... values) {
        return Tensor.of(values, 1, values.length).requireGrad();
    }

    private Tensor gaussian(int... shape) {
        return Tensor.fill(DType.F64, i -> random.nextGaussian(), shape).requireGrad();
    }

    private static double[] of(BiFunction<Tape, Tensor, Tensor> op, double... x) {
        try (Tape tape = Tape.plain()) {
            return op.apply(tape, row(x)).toArray();
        }
    }

    private static void equal(double[] expected, double[] got) {
        assertArrayEquals(expected, got, 1e-12);
    }

    @Test void functionsOfOneNumber() {
        double ln3 = Math.log(3);
        equal(new double[] {2, 0, 1.5}, of(Abs::of, -2, 0, 1.5));
        equal(new double[] {3, 1, 1 / 3.0}, of(Exp::of, ln3, 0, -ln3));
        equal(new double[] {ln3, 0}, of(Log::of, 3, 1));
        equal(new double[] {0, 0, 2}, of(Relu::of, -1, 0, 2));
        equal(new double[] {0.75, 0.5, 0.25}, of(Sigmoid::of, ln3, 0, -ln3));
        equal(new double[] {0.75 * ln3, 0, -0.25 * ln3}, of(Silu::of, ln3, 0, -ln3));
        equal(new double[] {4, 1.5}, of(Sqrt::of, 16, 2.25));
        equal(new double[] {9, 6.25}, of(Square::of, -3, 2.5));
        equal(new double[] {0.8, 0, -0.8}, of(Tanh::of, ln3, 0, -ln3));
        equal(new double[] {-1, 5}, of((t, x) -> Affine.of(t, 2, x, 3), -2, 1));
        equal(new double[] {-4, 2}, of((t, x) -> Affine.scale(t, 2, x), -2, 1));
        // torch.nn.functional.gelu(x, approximate="tanh") in double.
        assertArrayEquals(new double[] {0.8411919906082768, -0.1588080093917232, 1.9545976940877752},
                of(Gelu::of, 1, -1, 2), 1e-9);
    }

    /** The kink itself has derivative 0, by definition. */
    @Test void derivativesAtTheKink() {
        for (BiFunction<Tape, Tensor, Tensor> op : java.util.List.<BiFunction<Tape, Tensor, Tensor>>of(Abs::of, Relu::of)) {
            Tensor x = row(0, 2);
            try (Tape tape = Tape.plain()) {
                tape.backward(op.apply(tape, x), new double[] {1, 1});
            }
            equal(new double[] {0, 1}, x.gradArray());
        }
    }

    @Test void sumsAndReshapes() {
        equal(new double[] {9}, of(Sum::of, 2, 3, 4));
        equal(new double[] {3}, of(Sum::mean, 2, 3, 4));
        try (Tape tape = Tape.plain()) {
            Tensor x = Tensor.of(new double[] {1, 2, 3, 4, 5, 6}, 2, 3);
            equal(new double[] {6, 15}, SumRows.of(tape, x).toArray());
            equal(new double[] {1, 4, 2, 5, 3, 6}, Transpose.of(tape, x).toArray());
            assertArrayEquals(new int[] {3, 2}, Transpose.of(tape, x).shape());
            equal(new double[] {2, 3, 5, 6}, Columns.of(tape, x, 1, 3).toArray());
            equal(new double[] {1, 4}, Columns.of(tape, x, 0, 1).toArray());
            equal(new double[] {1, 2, 3, 4, 5, 6}, Reshape.of(tape, x, 3, 2).toArray());
            equal(new double[] {4, 5, 6, 1, 2, 3, 4, 5, 6}, Embedding.of(tape, x, new int[] {1, 0, 1}).toArray());
        }
    }

    @Test void twoOperands() {
        Tensor x = Tensor.of(new double[] {1, 2, 3, 4, 5, 6}, 2, 3);
        Tensor same = Tensor.of(new double[] {2, 2, 2, 4, 4, 4}, 2, 3);
        Tensor perColumn = Tensor.of(new double[] {1, 2, 4}, 3);
        Tensor perRow = Tensor.of(new double[] {2, 4}, 2, 1);
        Tensor number = Tensor.of(new double[] {2});
        try (Tape tape = Tape.plain()) {
            equal(new double[] {3, 4, 5, 8, 9, 10}, Add.of(tape, x, same).toArray());
            equal(new double[] {-1, 0, 1, 0, 1, 2}, Sub.of(tape, x, same).toArray());
            equal(new double[] {2, 4, 6, 16, 20, 24}, Mul.of(tape, x, perRow).toArray());
            equal(new double[] {0.5, 1, 1.5, 1, 1.25, 1.5}, Div.of(tape, x, perRow).toArray());
            equal(new double[] {2, 4, 7, 5, 7, 10}, Add.of(tape, x, perColumn).toArray());
            equal(new double[] {0, 0, 1, -3, -3, -2}, Sub.of(tape, perColumn, x).toArray());
            equal(new double[] {0.5, 1, 1.5, 2, 2.5, 3}, Div.of(tape, x, number).toArray());
            // A column against a row: each with each.
            equal(new double[] {2, 4, 8, 4, 8, 16}, Mul.of(tape, perRow, perColumn).toArray());
            assertArrayEquals(new int[] {2, 3}, Mul.of(tape, perRow, perColumn).shape());
            equal(new double[] {1, 4, 12, 4, 10, 24}, Mul.of(tape, x, Tensor.of(new double[] {1, 2, 4}, 1, 3)).toArray());
        }
    }

    /** A dimension of 1 between others: the strides of the smaller operand are not those of the result. */
    @Test void threeDimensions() {
        Tensor x = Tensor.of(new double[] {0, 1, 2, 10, 11, 12, 20, 21, 22, 30, 31, 32}, 2, 2, 3);
        Tensor middle = Tensor.of(new double[] {1, 2, 3, 4, 5, 6}, 2, 1, 3);
        Tensor last = Tensor.of(new double[] {1, 2, 3, 4}, 2, 2, 1);
        Tensor right = Tensor.of(new double[] {1, 2, 3, 4, 5, 6}, 2, 3);
        try (Tape tape = Tape.plain()) {
            equal(new double[] {1, 3, 5, 11, 13, 15, 24, 26, 28, 34, 36, 38}, Add.of(tape, x, middle).toArray());
            equal(new double[] {1, 2, 3, 12, 13, 14, 23, 24, 25, 34, 35, 36}, Add.of(tape, x, last).toArray());
            equal(new double[] {1, 3, 5, 14, 16, 18, 21, 23, 25, 34, 36, 38}, Add.of(tape, right, x).toArray());
        }
    }

    @Test void softmaxOfAnySize() {
        equal(new double[] {0.25, 0.75}, of(Softmax::of, 0, Math.log(3)));
        equal(new double[] {0.25, 0.75}, of(Softmax::of, 1000, 1000 + Math.log(3)));
        equal(new double[] {0.5, 0.5}, of(Softmax::of, -1e4, -1e4));
        assertArrayEquals(new double[] {Math.log(0.25), Math.log(0.75)}, of(LogSoftmax::of, -1000, -1000 + Math.log(3)), 1e-10);
        assertArrayEquals(new double[] {Math.log(0.25), Math.log(0.75)}, of(LogSoftmax::of, 1000, 1000 + Math.log(3)), 1e-10);
    }

    @Test void norms() {
        // mean(3², 4²) = 12.5, and with ε = 3.5 the root is 4.
        equal(new double[] {3 / 4.0 * 2, -4 / 4.0 * 5}, of((t, x) -> RmsNorm.of(t, x, Tensor.of(new double[] {2, 5}, 2), 3.5), 3, -4));
        // Head by head: each pair has a norm of its own.
        equal(new double[] {1, -1, 1, 1}, of((t, x) -> RmsNorm.of(t, x, Tensor.of(new double[] {1, 1}, 2), 0), 3, -3, 0.5, 0.5));
        // Mean 5, variance 4, with ε = 5 the root is 3.
        equal(new double[] {-2 / 3.0 * 2 + 1, 2 / 3.0 * 3 - 1}, of((t, x) ->
                LayerNorm.of(t, x, Tensor.of(new double[] {2, 3}, 2), Tensor.of(new double[] {1, -1}, 2), 5), 3, 7));
    }

    @Test void productsAndGates() {
        Tensor x = Tensor.of(new double[] {1, 2, 3, 4, 5, 6}, 2, 3);
        Tensor w = Tensor.of(new double[] {1, 0, -1, 2, 2, 2}, 2, 3);
        try (Tape tape = Tape.plain()) {
            equal(new double[] {-2, 12, -2, 30}, Linear.of(tape, x, w).toArray());
            equal(new double[] {8, 11, 8, 29}, Linear.of(tape, x, w, Tensor.of(new double[] {10, -1}, 2), null).toArray());
            equal(new double[] {-2, 12, -2, 30}, Matmul.of(tape, x, Transpose.of(tape, w)).toArray());
            double ln3 = Math.log(3);
            equal(new double[] {0.75 * ln3 * 2, -0.25 * ln3 * 4}, SwiGlu.of(tape, row(ln3, -ln3), row(2, 4)).toArray());
        }
    }

    /** By hand: base 100 and four numbers a head make the frequencies 1 and 1/10; pairs lie half a head apart. */
    @Test void rotations() {
        assertArrayEquals(new double[] {1, 0.1}, Rope.Table.frequencies(4, 100), 1e-15);
        Rope.Table table = Rope.Table.of(4, Rope.Table.frequencies(4, 100), 1.5);
        assertEquals(4, table.headDim());
        assertEquals(8, table.cos().length);
        assertEquals(1.5 * Math.cos(0.3), table.cos()[7], 1e-15);
        assertEquals(1.5 * Math.sin(3), table.sin()[6], 1e-15);
        try (Tape tape = Tape.plain()) {
            Tensor x = Tensor.of(new double[] {1, 0, 0, 1, 0, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7, 8}, 2, 8);
            double[] y = Rope.of(tape, x, new int[] {2, 0}, table).toArray();
            double[] expected = {Math.cos(2), -Math.sin(0.2), Math.sin(2), Math.cos(0.2), -3 * Math.sin(2), 2 * Math.cos(0.2),
                3 * Math.cos(2),
                2 * Math.sin(0.2), 1, 2, 3, 4, 5, 6, 7, 8};
            for (int i = 0; i < expected.length; i++) {
                assertEquals(1.5 * expected[i], y[i], 1e-12, "number " + i);
            }
        }
    }

    /** softmax(scale · QKᵀ + mask)·V, put together from single operations, with its gradients: grouped heads, a window, two sequences. */
    @Test void attentionIsTheComposedForm() {
        int[] starts = {0, 4, 24};
        for (int window : new int[] {0, 1, 3}) {
            AttentionShape shape = new AttentionShape(4, 2, 3, 0.4, window, starts, starts, new int[] {4, 24});
            Tensor q = gaussian(24, 12);
            Tensor k = gaussian(24, 6);
            Tensor v = gaussian(24, 6);
            Tensor mix = gaussian(24, 12);
            double[][] fused = new double[4][];
            double[][] composed = new double[4][];
            for (double[][] to : new double[][][] {fused, composed}) {
                try (Tape tape = Tape.plain()) {
                    Tensor loss = to == fused ? Sum.of(tape, Mul.of(tape, mix, Attention.of(tape, shape, q, k, v)))
                            : composed(tape, shape, q, k, v, mix);
                    to[0] = loss.toArray();
                    tape.backward(loss);
                    to[1] = q.gradArray();
                    to[2] = k.gradArray();
                    to[3] = v.gradArray();
                }
                q.zeroGrad();
                k.zeroGrad();
                v.zeroGrad();
            }
            for (int i = 0; i < 4; i++) {
                assertArrayEquals(composed[i], fused[i], 1e-11, "window " + window + ", " + i);
            }
        }
    }

    private static Tensor composed(Tape tape, AttentionShape shape, Tensor q, Tensor k, Tensor v, Tensor mix) {
        Tensor total = null;
        int n = q.dim(0);
        Tensor mask = Tensor.fill(DType.F64, i -> {
            int from = i / n;
            int to = i % n;
            boolean sameSequence = from < 4 == to < 4;
            return sameSequence && to <= from && (shape.window() == 0 || from - to < shape.window()) ? 0 : -1e9;
        }, n, n);
        for (int h = 0; h < 4; h++) {
            Tensor qh = Columns.of(tape, q, 3 * h, 3 * h + 3);
            Tensor kh = Columns.of(tape, k, 3 * (h / 2), 3 * (h / 2) + 3);
            Tensor vh = Columns.of(tape, v, 3 * (h / 2), 3 * (h / 2) + 3);
            Tensor scores = Affine.scale(tape, 0.4, Matmul.of(tape, qh, Transpose.of(tape, kh)));
            Tensor out = Matmul.of(tape, Softmax.of(tape, Add.of(tape, scores, mask)), vh);
            Tensor part = Sum.of(tape, Mul.of(tape, out, Columns.of(tape, mix, 3 * h, 3 * h + 3)));
            total = total == null ? part : Add.of(tape, total, part);
        }
        return total;
    }

    @Test void dropoutKeepsTheMeanAndIsOffInInference() {
        int n = 50_000;
        Tensor ones = Tensor.fill(DType.F64, i -> 1, n).requireGrad();
        try (Tape tape = Tape.plain()) {
            double[] y = Dropout.of(tape, ones, 0.25, 9).toArray();
            int kept = 0;
            for (double v : y) {
                assertTrue(v == 0 || Math.abs(v - 4 / 3.0) < 1e-12, "1 became " + v);
                kept += v == 0 ? 0 : 1;
            }
            assertEquals(0.75, kept / (double) n, 0.01);
            assertSame(ones, Dropout.of(tape, ones, 0, 9));
        }
        try (Tape tape = Tape.inference(Kernels.plain(), new Pool(DType.F64))) {
            assertSame(ones, Dropout.of(tape, ones, 0.25, 9));
            assertSame(ones, Recompute.of(tape, ones, (t, x) -> x));
        }
    }

    /** A leaf that only lends its numbers, so that the tape may release them. */
    private static Tensor copy(Tape tape, Tensor x) {
        return Add.of(tape, x, Tensor.zeros(DType.F64, x.shape()));
    }

    private static boolean kept(Tensor x) {
        try {
            x.data();
            return true;
        } catch (IllegalStateException e) {
            return false;
        }
    }

    private interface Op {
        Tensor of(Tape tape, Tensor[] x);
    }

    /** Which inputs, and whether the result, an operation keeps through forward: most of a training step's memory. */
    private void keeps(String name, String expected, Op op, Tensor... inputs) {
        try (Tape tape = Tape.plain()) {
            Tensor[] copies = new Tensor[inputs.length];
            for (int i = 0; i < inputs.length; i++) {
                copies[i] = copy(tape, inputs[i]);
            }
            Tensor y = op.of(tape, copies);
            Tensor used = copy(tape, y);
            tape.releaseSince(0, used);
            StringBuilder got = new StringBuilder();
            for (Tensor x : copies) {
                got.append(kept(x) ? 'x' : '-');
            }
            assertEquals(expected, got.append(kept(y) ? 'y' : '-').toString(), name);
        }
    }

    @Test void keepsOnlyWhatBackwardReads() {
        Tensor x = gaussian(3, 4);
        Tensor w = gaussian(5, 4);
        Tensor frozen = gaussian(5, 4).freeze();
        keeps("Add", "---", (t, in) -> Add.of(t, in[0], in[1]), x, x);
        keeps("Columns", "--", (t, in) -> Columns.of(t, in[0], 1, 3), x);
        keeps("Dropout", "--", (t, in) -> Dropout.of(t, in[0], 0.5, 1), x);
        keeps("Embedding", "--", (t, in) -> Embedding.of(t, in[0], new int[] {1, 2}), x);
        keeps("Sum", "--", (t, in) -> Sum.of(t, in[0]), x);
        keeps("SumRows", "--", (t, in) -> SumRows.of(t, in[0]), x);
        keeps("Transpose", "--", (t, in) -> Transpose.of(t, in[0]), x);
        keeps("Reshape", "--", (t, in) -> Reshape.of(t, in[0], 4, 3), x);
        keeps("Softmax", "xy", (t, in) -> Softmax.of(t, in[0]), x);
        keeps("RmsNorm", "xx-", (t, in) -> RmsNorm.of(t, in[0], in[1], 1), x, gaussian(4));
        keeps("SwiGlu", "xx-", (t, in) -> SwiGlu.of(t, in[0], in[1]), x, gaussian(3, 4));
        keeps("Recompute", "x-", (t, in) -> Recompute.of(t, in[0], Square::of), x);
        keeps("Rope", "--", (t, in) -> Rope.of(t, in[0], new int[3], Rope.Table.of(1, new double[] {1, 1}, 1)), x);
        keeps("HeadCrossEntropy", "---", (t, in) -> HeadCrossEntropy.mean(t, in[0], in[1], new int[] {1, 2, 3}), x, w);
        keeps("Linear", "xx-", (t, in) -> Linear.of(t, in[0], in[1]), x, w);
        keeps("Linear, frozen", "--", (t, in) -> Linear.of(t, in[0], frozen), x);
        keeps("Linear, observed", "x-", (t, in) -> Linear.of(t, in[0], frozen, null, (input, delta) -> { }), x);
    }

    private static void refused(String part, Runnable run) {
        String message = assertThrows(IllegalArgumentException.class, run::run).getMessage();
        assertTrue(message.contains(part), message);
    }

    @Test void refusesShapesThatDoNotFit() {
        Tensor x = gaussian(2, 3);
        try (Tape tape = Tape.plain()) {
            refused("columns -1 to 2", () -> Columns.of(tape, x, -1, 2));
            refused("columns 1 to 1", () -> Columns.of(tape, x, 1, 1));
            refused("columns 1 to 4", () -> Columns.of(tape, x, 1, 4));
            refused("id 2 at position 1", () -> Embedding.of(tape, x, new int[] {1, 2}));
            refused("id -1 at position 0", () -> Embedding.of(tape, x, new int[] {-1}));
            refused("[2, 3] by [2, 3]", () -> Matmul.of(tape, x, x));
            refused("cannot multiply", () -> Matmul.of(tape, x, gaussian(3)));
            refused("cannot multiply", () -> Matmul.of(tape, gaussian(3), gaussian(3, 2)));
            refused("[4, 2] does not fit an input with 3", () -> Linear.of(tape, x, gaussian(4, 2)));
            refused("does not fit", () -> Linear.of(tape, x, gaussian(1, 3, 3)));
            refused("does not fit rows of 3", () -> RmsNorm.of(tape, x, gaussian(2), 1));
            refused("6 elements into 4", () -> Reshape.of(tape, x, 2, 2));
            refused("do not broadcast", () -> Mul.of(tape, x, gaussian(2)));
            refused("do not broadcast", () -> Mul.of(tape, x, gaussian(3, 3)));
        }
    }

    /** A layer whose result needs no gradient is not recorded, one that draws repeats its draws. */
    @Test void recomputeRunsTheSameLayerTwice() {
        Tensor x = gaussian(4, 5);
        long[] seeds = {11, 12, 13, 14};
        int[] calls = {0};
        Recompute.Layer layer = (t, in) -> Mul.of(t, in, Dropout.of(t, in, 0.4, t.draw(() -> seeds[calls[0]++])));
        double[] plain;
        try (Tape tape = Tape.plain()) {
            Tensor y = layer.forward(tape, x);
            plain = y.toArray();
            tape.backward(y, new double[20]);
            calls[0] = 0;
            Tensor again = Recompute.of(tape, x, layer);
            assertArrayEquals(plain, again.toArray());
            assertEquals(1, tape.length());
            tape.backward(Sum.of(tape, again));
            assertEquals(1, calls[0], "backward drew anew");
        }
        for (int i = 0; i < 20; i++) {
            assertEquals(2 * plain[i] / x.get(i), x.gradArray()[i], 1e-12);
        }
        try (Tape tape = Tape.plain()) {
            Recompute.of(tape, Tensor.of(new double[] {1}, 1), Square::of);
            assertEquals(0, tape.length());
        }
    }

    @Test void whatNeedsNoGradientIsNotRecorded() {
        Tensor x = gaussian(3, 4).freeze();
        Tensor w = gaussian(2, 4).freeze();
        Tensor b = gaussian(2).freeze();
        try (Tape tape = Tape.plain()) {
            assertFalse(Linear.of(tape, x, w, b, null).requiresGrad());
            assertFalse(Linear.of(tape, x, w).requiresGrad());
            assertFalse(Add.of(tape, x, x).requiresGrad());
            assertFalse(HeadCrossEntropy.mean(tape, x, w, new int[] {1, 0, 1}).requiresGrad());
            assertEquals(0, tape.length());
            assertTrue(Linear.of(tape, x, w, b.requireGrad(), null).requiresGrad());
        }
    }

    /** gate has a gradient when the product's backward comes, up has none yet, in memory that is not zero. */
    @Test void aGateUsedTwiceAndItsPartnerOnce() {
        Tensor gate = gaussian(2, 3);
        Tensor up = gaussian(2, 3);
        Pool pool = new Pool(DType.F64);
        for (int run = 0; run < 2; run++) {
            gate.freeze().requireGrad();
            up.freeze().requireGrad();
            try (Tape tape = Tape.training(Kernels.plain(), pool)) {
                Tensor g = copy(tape, gate);
                Tensor u = copy(tape, up);
                Tensor y = SwiGlu.of(tape, run == 0 ? g : u, run == 0 ? u : g);
                tape.backward(Add.of(tape, Sum.of(tape, y), Sum.of(tape, Affine.scale(tape, 3, g))));
            }
            for (int i = 0; i < 6; i++) {
                double z = run == 0 ? gate.get(i) : up.get(i);
                double other = run == 0 ? up.get(i) : gate.get(i);
                double sigma = 1 / (1 + Math.exp(-z));
                double dz = other * sigma * (1 + z * (1 - sigma));
                assertEquals((run == 0 ? dz : z * sigma) + 3, gate.gradArray()[i], 1e-12);
                assertEquals(run == 0 ? z * sigma : dz, up.gradArray()[i], 1e-12);
            }
            // The pool hands these out again.
            try (Tape tape = Tape.training(Kernels.plain(), pool)) {
                for (int i = 0; i < 20; i++) {
                    tape.scratch(6).fill(0, 6, 1e9);
                }
            }
        }
    }

    /** What a listener sees are the two factors of the gradient, before anything else happens to them. */
    @Test void aListenerSeesTheFactorsOfTheGradient() {
        Tensor x = gaussian(3, 4).freeze();
        Tensor w = gaussian(2, 4).freeze();
        double[] upstream = random.doubles(6, -1, 1).toArray();
        double[][] seen = new double[2][];
        try (Tape tape = Tape.plain()) {
            Tensor y = Linear.of(tape, x, w, null, (input, delta) -> {
                seen[0] = input.toArray();
                seen[1] = new double[delta.length()];
                java.util.Arrays.setAll(seen[1], delta::get);
            });
            assertEquals(1, tape.length());
            tape.backward(y, upstream);
        }
        equal(x.toArray(), seen[0]);
        equal(upstream, seen[1]);
    }
}
