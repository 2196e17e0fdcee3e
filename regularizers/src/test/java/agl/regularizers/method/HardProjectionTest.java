package agl.regularizers.method;

import static agl.regularizers.method.Hand.entry;
import static agl.regularizers.method.Hand.matrix;
import static agl.regularizers.method.Hand.row;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.storage.DType;
import agl.regularizers.Fisher;
import agl.regularizers.LoraFactors;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class HardProjectionTest {
    private static final String ONE = "{'m':1}";

    private static LoraFactors after(HardProjection method, LoraFactors f) {
        try (Tape tape = Tape.plain()) {
            return method.afterTraining(tape, List.of(f)).getFirst();
        }
    }

    /**
     * ΔW = 2·diag(5, 3, 4)/2 without its entry (0, 0) is diag(0, 3, 4). Of rank one the closest is diag(0, 0, 4): the 3 is lost, 9 of 25. A
     * and B share the singular value and s: the row and the column have length √(4/2) each.
     */
    @Test void theSmallerSingularValuesAreLost() {
        Fisher fisher = Hand.fisher(3, 3, ONE, entry(9, 0, 1));
        HardProjection method = new HardProjection(Map.of("w", fisher), 1);
        LoraFactors kept = after(method, Hand.factors("w", matrix(row(2.5, 0, 0), row(0, 1.5, 0), row(0, 0, 2)),
                matrix(row(1, 0, 0), row(0, 1, 0), row(0, 0, 1)), 2));
        assertArrayEquals(row(0, 0, 0, 0, 0, 0, 0, 0, 4), Hand.update(kept), 1e-12);
        assertEquals(9 / 25.0, method.lost().get("w"), 1e-12);
        assertEquals(1, kept.rank());
        assertEquals(2, kept.scale());
        assertEquals(Math.sqrt(2), Math.abs(kept.a().get(2)), 1e-12);
        assertEquals(Math.sqrt(2), Math.abs(kept.b().get(2)), 1e-12);
    }

    /** (1, 1, 0, 0)ᵀ(1, 1, 0, 0, 0) without its entry (0, 0) has rank two, which is what twice the trained rank can hold. */
    @Test void theRankIsTwiceTheTrainedOneUnlessItIsGiven() {
        for (boolean wide : new boolean[] {true, false}) {
            int out = wide ? 4 : 5;
            int in = wide ? 5 : 4;
            Fisher fisher = Hand.fisher(out, in, ONE, entry(20, 0, 1));
            HardProjection method = new HardProjection(Map.of("w", fisher), 0);
            Tensor b = Tensor.fill(DType.F64, i -> i < 2 ? 1 : 0, out, 1);
            Tensor a = Tensor.fill(DType.F64, i -> i < 2 ? 1 : 0, 1, in);
            LoraFactors kept = after(method, Hand.factors(b, a));
            assertEquals(2, kept.rank());
            double[] expected = new double[20];
            expected[1] = 1;
            expected[in] = 1;
            expected[in + 1] = 1;
            assertArrayEquals(expected, Hand.update(kept), 1e-9);
            assertEquals(0, method.lost().get("w"), 1e-12);
        }
    }

    @Test void twiceARankOfTwoIsFour() {
        HardProjection method = new HardProjection(Map.of("w", Hand.fisher(5, 4, ONE, entry(20, 0, 1))), 0);
        LoraFactors kept = after(method, Hand.factors(Tensor.fill(DType.F64, i -> i, 5, 2), Tensor.fill(DType.F64, i -> 1, 2, 4)));
        assertEquals(List.of(4, 4), List.of(kept.rank(), kept.b().dim(1)));
    }

    @Test void lostSpeaksOfTheLastAdapterAlone() {
        Fisher fisher = Hand.fisher(2, 2, ONE, entry(4, 0, 1));
        HardProjection method = new HardProjection(Map.of("v", fisher, "w", fisher), 0);
        after(method, Hand.factors("v", matrix(row(1), row(1)), matrix(row(1, 1)), 1));
        after(method, Hand.factors("w", matrix(row(0), row(0)), matrix(row(1, 1)), 1));
        assertEquals(Map.of("w", 0.0), method.lost(), "of nothing, nothing is lost");
    }

    /** Nothing is left of an update that is the eigenvector itself: zeros, not 0/0. */
    @Test void anUpdateInsideTheSubspaceBecomesZero() {
        HardProjection method = new HardProjection(Map.of("w", Hand.fisher(2, 2, ONE, entry(4, 0, 1))), 0);
        LoraFactors kept = after(method, Hand.factors(matrix(row(3), row(0)), matrix(row(2, 0))));
        assertArrayEquals(new double[4], Hand.update(kept), 1e-12);
        assertEquals(0, method.lost().get("w"), 1e-12);
    }
}
