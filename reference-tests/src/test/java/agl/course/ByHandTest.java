package agl.course;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.Main;
import agl.app.stats.Clusters;
import agl.app.stats.Interval;
import agl.app.stats.Shares;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.AttentionShape;
import agl.autograd.kernels.Kernels;
import agl.autograd.op.Attention;
import agl.autograd.op.HeadCrossEntropy;
import agl.autograd.op.RmsNorm;
import agl.autograd.op.Var;
import agl.lora.LoraProduct;
import agl.lora.LoraWeights;
import agl.nn.AdamW;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The examples that the lessons compute by hand. */
class ByHandTest {
    private static Tensor row(double... values) {
        return Tensor.of(values, 1, values.length).requireGrad();
    }

    @Test void lesson1() {
        Tensor a = row(2);
        Tensor b = row(-1);
        Tensor c = row(5);
        try (Tape tape = Tape.plain()) {
            Tensor loss = Var.of(tape, a).times(b).plus(c).squared().sum().tensor();
            assertEquals(9, loss.item(), 1e-12);
            tape.backward(loss);
        }
        assertEquals(-6, a.gradArray()[0], 1e-12);
        assertEquals(12, b.gradArray()[0], 1e-12);
        assertEquals(6, c.gradArray()[0], 1e-12);
    }

    @Test void lesson2() {
        Tensor q = Tensor.of(new double[] {1, 1}, 2, 1).requireGrad();
        Tensor k = Tensor.of(new double[] {0, Math.log(3)}, 2, 1).requireGrad();
        Tensor v = Tensor.of(new double[] {8, 4}, 2, 1).requireGrad();
        try (Tape tape = Tape.plain()) {
            Tensor y = Attention.of(tape, AttentionShape.causal(1, 1, 1, new int[] {0, 2}), q, k, v);
            assertArrayEquals(new double[] {8, 5}, y.toArray(), 1e-12);
            tape.backward(y, new double[] {0, 1});
        }
        assertArrayEquals(new double[] {0.25, 0.75}, v.gradArray(), 1e-12);
        assertArrayEquals(new double[] {0.75, -0.75}, k.gradArray(), 1e-12, "a key's score is the key itself, as the query is 1");
        Tensor logits = row(1);
        Tensor head = Tensor.of(new double[] {0, Math.log(3)}, 2, 1).requireGrad();
        try (Tape tape = Tape.plain()) {
            assertArrayEquals(new double[] {0.8485, 1.1314}, RmsNorm.of(tape, row(3, 4), Tensor.of(new double[] {1, 1}, 2), 0).toArray(),
                    1e-4);
            Tensor loss = HeadCrossEntropy.mean(tape, logits, head, new int[] {0});
            assertEquals(1.3863, loss.item(), 1e-4);
            tape.backward(loss);
        }
        // The hidden state is 1, so the head's entries are the logits; the gradient reaches it through both of them.
        assertEquals(0.75 * Math.log(3), logits.gradArray()[0], 1e-12);
    }

    @Test void lesson3() {
        Tensor w0 = Tensor.of(new double[] {1, 0, 0, 1}, 2, 2);
        Tensor a = row(1, 2);
        Tensor b = Tensor.of(new double[] {0.5, -1}, 2, 1).requireGrad();
        Tensor x = Tensor.of(new double[] {1, 1}, 1, 2);
        try (Tape tape = Tape.plain()) {
            Tensor y = LoraProduct.of(tape, x, x, new LoraWeights(w0, null, a, b, 2), null);
            assertArrayEquals(new double[] {4, -5}, y.toArray(), 1e-12);
            tape.backward(y, new double[] {1, 0});
        }
        assertArrayEquals(new double[] {6, 0}, b.gradArray(), 1e-12);
        assertArrayEquals(new double[] {1, 1}, a.gradArray(), 1e-12);
    }

    /** What the command prints for the lessons' file. */
    @Test void lessons4And5() {
        PrintStream before = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            assertEquals(0, Main.execute("terms", "--input", "../docs/course/by-hand.json"));
        } finally {
            System.setOut(before);
        }
        String text = printed.toString(StandardCharsets.UTF_8).replace("\r", "");
        for (String line : List.of("spectrum   2.500000e+00   6.250000e-01", "delta_A (1, 2)\n   2.000000e+00   1.000000e+00",
                "delta_T (1, 2)\n   1.000000e+00  -2.000000e+00", "eta (1, 2)\n   4.808481e+00   3.916352e+00",
                "inner_AT                  2.250000000", "norm_A                    9.500000000", "norm_T                    6.125000000",
                "L_A                       12.50000000", "L_T                       5.000000000", "E_RM                      8.724832930",
                "E_geo                     0.08700322234", "total                     21.90591808")) {
            assertTrue(text.contains(line), line + " in " + text);
        }
    }

    @Test void lesson6() {
        Tensor p = row(1);
        AdamW adamW = new AdamW(Kernels.plain(), new AdamW.Settings(0.9, 0.999, 1e-8, 0, 0), List.of(p));
        for (double[] step : new double[][] {{0.5, 0.9}, {-0.5, 0.9053}}) {
            try (Tape tape = Tape.plain()) {
                tape.grad(p).set(0, step[0]);
            }
            adamW.step(0.1, 1);
            assertEquals(step[1], p.get(0), 1e-4);
        }
        assertShare(9, 0.555, 0.997);
        assertShare(6, 0.262, 0.878);
    }

    private static void assertShare(int of10, double low, double high) {
        double[] refused = new double[10];
        Arrays.fill(refused, 0, of10, 1);
        Interval share = Shares.of(refused, Clusters.alone(10));
        assertEquals(of10 / 10.0, share.value(), 1e-9);
        assertEquals(low, share.low(), 5e-4);
        assertEquals(high, share.high(), 5e-4);
    }
}
