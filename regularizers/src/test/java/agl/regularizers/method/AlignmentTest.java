package agl.regularizers.method;

import static agl.regularizers.method.Hand.matrix;
import static agl.regularizers.method.Hand.row;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.regularizers.LoraFactors;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The alignment direction and what Safe LoRA and AsFT do with it, in numbers small enough to check by hand. */
class AlignmentTest {
    /** V = [1 2 0; 2 0 0], ‖V‖ = 3, so C = V Vᵀ/3 = [5 2; 2 4]/3. */
    private static final Tensor ALIGNED = matrix(row(2, 1, 7), row(1, 5, -1));
    private static final Tensor UNALIGNED = matrix(row(1, -1, 7), row(-1, 5, -1));

    /** V = diag(3, 4), ‖V‖ = 5, so C = diag(1.8, 3.2). */
    private static final AlignmentMatrix DIAGONAL = new AlignmentMatrix(matrix(row(3, 0), row(0, 4)));

    @Test void cIsTheChangeThatAlignmentMade() {
        for (DType dtype : List.of(DType.F64, DType.F32)) {
            AlignmentMatrix c = AlignmentMatrix.of("w", ALIGNED, UNALIGNED, dtype);
            LoraFactors f = new LoraFactors("w", Tensor.zeros(dtype, 2, 3), Tensor.fill(dtype, i -> i % 3 == 0 ? 3 : 0, 2, 2), 1);
            try (Tape tape = Tape.plain(); var w = tape.workspace()) {
                var cb = c.timesB(w, f);
                assertArrayEquals(row(5, 2, 2, 4), row(cb.get(0, 0), cb.get(0, 1), cb.get(1, 0), cb.get(1, 1)), 1e-6, "B = 3I");
            }
        }
    }

    @Test void anUpdateOfAnotherShapeIsRefused() {
        AlignmentMatrix c = AlignmentMatrix.of("w", ALIGNED, UNALIGNED, DType.F64);
        for (int[] shape : new int[][] {{2, 4}, {3, 3}}) {
            LoraFactors f = new LoraFactors("q_proj", Tensor.zeros(DType.F64, 1, shape[1]), Tensor.zeros(DType.F64, shape[0], 1), 1);
            try (Tape tape = Tape.plain(); var w = tape.workspace()) {
                String message = assertThrows(AglException.class, () -> c.timesB(w, f)).getMessage();
                assertEquals("q_proj: the alignment matrix is (2, 3), the update (" + shape[0] + ", " + shape[1] + ")", message);
            }
        }
    }

    @Test void checkpointsWithoutADirectionAreRefusedForWhatTheyAre() {
        String same = assertThrows(AglException.class, () -> AlignmentMatrix.of("q", ALIGNED, ALIGNED, DType.F64)).getMessage();
        assertTrue(same.startsWith("q: ") && same.contains("same weights"), same);
        for (double broken : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
            Tensor other = matrix(row(broken, 1, 1), row(1, 1, 1));
            String message = assertThrows(AglException.class, () -> AlignmentMatrix.of("q", ALIGNED, other, DType.F64)).getMessage();
            assertTrue(message.startsWith("q: ") && message.contains("not finite") && !message.contains("same weights"), message);
        }
    }

    /**
     * B = (1, 1)ᵀ, A = (2): ΔW = (2, 2), C ΔW = (3.6, 6.4), cosine 20/(√8 √53.92) = 0.96297…; at that value itself nothing is done, above
     * it C ΔW is what is kept.
     */
    @Test void safeLoraLeavesWhatIsExactlyAtTheThreshold() {
        LoraFactors f = Hand.factors(matrix(row(1), row(1)), matrix(row(2, 0)));
        Map<String, AlignmentMatrix> alignment = Map.of("w", DIAGONAL);
        try (Tape tape = Tape.plain()) {
            SafeLora first = new SafeLora(-1, alignment);
            assertSame(f, first.afterTraining(tape, List.of(f)).getFirst());
            double cosine = first.cosines().get("w");
            assertEquals(20 / Math.sqrt(8 * 53.92), cosine, 1e-15);
            assertSame(f, new SafeLora(cosine, alignment).afterTraining(tape, List.of(f)).getFirst());
            LoraFactors back = new SafeLora(Math.nextUp(cosine), alignment).afterTraining(tape, List.of(f)).getFirst();
            assertArrayEquals(row(3.6, 0, 6.4, 0), Hand.update(back), 1e-12);
            assertArrayEquals(row(2, 0, 2, 0), Hand.update(f), 0, "the trained one is not written to");
        }
    }

    /** Cosines .963 (v), 1 (w), 1 (x, an update of zero): the lowest is projected, of equal ones all. */
    @Test void safeLoraProjectsTheLowestCosines() {
        List<LoraFactors> factors = List.of(Hand.factors("w", matrix(row(1), row(0)), matrix(row(2, 0)), 1),
                Hand.factors("v", matrix(row(1), row(1)), matrix(row(2, 0)), 1),
                Hand.factors("x", matrix(row(0), row(0)), matrix(row(2, 0)), 1));
        Map<String, AlignmentMatrix> alignment = Map.of("w", DIAGONAL, "v", DIAGONAL, "x", DIAGONAL);
        try (Tape tape = Tape.plain()) {
            List<LoraFactors> one = SafeLora.lowest(1, alignment).afterTraining(tape, factors);
            assertSame(factors.get(0), one.get(0));
            assertArrayEquals(row(3.6, 0, 6.4, 0), Hand.update(one.get(1)), 1e-12);
            assertSame(factors.get(2), one.get(2));
            for (int number : new int[] {2, 3, 10}) {
                List<LoraFactors> all = SafeLora.lowest(number, alignment).afterTraining(tape, factors);
                assertArrayEquals(row(3.6, 0, 0, 0), Hand.update(all.get(0)), 1e-12);
                assertArrayEquals(row(3.6, 0, 6.4, 0), Hand.update(all.get(1)), 1e-12);
                assertNotSame(factors.get(2), all.get(2));
            }
            assertEquals(List.of(), SafeLora.lowest(1, alignment).afterTraining(tape, List.of()));
        }
    }

    @Test void safeLoraNamesTheCosinesOfTheLastAdapterAlone() {
        SafeLora method = new SafeLora(0.5, Map.of("w", DIAGONAL, "v", DIAGONAL));
        try (Tape tape = Tape.plain()) {
            method.afterTraining(tape, List.of(Hand.factors("v", matrix(row(1), row(1)), matrix(row(2, 0)), 1)));
            method.afterTraining(tape, List.of(Hand.factors("w", matrix(row(1), row(0)), matrix(row(2, 0)), 1)));
            assertEquals(Map.of("w", 1.0), method.cosines());
        }
    }

    @Test void safeLoraKeepsAnUpdateOfZero() {
        LoraFactors zero = Hand.factors(matrix(row(0), row(0)), matrix(row(2, 1)));
        SafeLora method = new SafeLora(1, Map.of("w", DIAGONAL));
        try (Tape tape = Tape.plain()) {
            assertSame(zero, method.afterTraining(tape, List.of(zero)).getFirst());
            assertEquals(1, method.cosines().get("w"));
        }
    }

    /** V moved the first row only, ΔW the second: nothing of the update lies in the alignment direction, and nothing is kept. */
    @Test void safeLoraTakesAwayAnUpdateThatIsOrthogonalToAlignment() {
        AlignmentMatrix first = new AlignmentMatrix(matrix(row(2, 0), row(0, 0)));
        LoraFactors second = Hand.factors(matrix(row(0), row(1)), matrix(row(2, 1)));
        SafeLora method = new SafeLora(0.3, Map.of("w", first));
        try (Tape tape = Tape.plain()) {
            LoraFactors back = method.afterTraining(tape, List.of(second)).getFirst();
            assertEquals(0, method.cosines().get("w"));
            assertNotSame(second, back);
            assertArrayEquals(new double[4], Hand.update(back), 0);
        }
    }

    /**
     * I − C = diag(−0.8, −2.2) and ΔW = 0.5·(1, 2)ᵀ(2, 0) = [1 0; 2 0]: the rest is (−0.8, −4.4), of square 20. Gradient of λ‖(I − C)ΔW‖²:
     * D = 2λ(I − C)²ΔW = [3.84 0; 58.08 0] for λ = 3, dB = s·D·Aᵀ, dA = s·BᵀD.
     */
    @Test void asFtIsTheSquareOfWhatLeavesTheDirection() {
        LoraFactors f = Hand.factors("w", matrix(row(1), row(2)), matrix(row(2, 0)), 0.5);
        try (Tape tape = Tape.plain()) {
            Map<String, Double> log = new AsFt(3, Map.of("w", DIAGONAL)).addGradients(tape, List.of(f), 0);
            assertEquals(20, log.get("AsFT"), 1e-12);
            assertEquals(60, log.get("penalty"), 1e-12);
        }
        Hand.assertGradients(row(3.84, 58.08), row(0.5 * (3.84 + 2 * 58.08), 0), f, 1e-12);
    }
}
