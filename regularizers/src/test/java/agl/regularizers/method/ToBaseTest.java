package agl.regularizers.method;

import static agl.regularizers.method.Hand.matrix;
import static agl.regularizers.method.Hand.row;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.op.Affine;
import agl.autograd.storage.DType;
import agl.regularizers.method.DistanceToBase.Distance;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The distances by hand, at the first and the third of three positions: the second one is not compared and has no gradient. */
class ToBaseTest {
    private static final int[] ROWS = {0, 2};
    private static final Distance HIDDEN = (tape, h, base, w, rows) -> HiddenToBase.of(tape, h, base, rows);

    private record Found(double value, double[] gradient) { }

    /** The distance and three times its gradient, computed in memory that something else has been in. */
    private static Found of(Distance distance, Tensor h, Tensor base, Tensor w, int... rows) {
        Tensor x = h.to(DType.F64).requireGrad();
        Pool pool = new Pool(DType.F64);
        try (Tape before = Tape.training(Kernels.plain(), pool)) {
            for (int i = 0; i < 8; i++) {
                before.scratch(h.size()).fill(0, h.size(), Double.NaN);
            }
        }
        try (Tape tape = Tape.training(Kernels.plain(), pool)) {
            Tensor found = distance.of(tape, x, base.data(), w, rows);
            double value = found.item();
            tape.backward(Affine.scale(tape, 3, found));
            return new Found(value, x.gradArray());
        }
    }

    /** Moved by (1, 2) and (0, 1): 6 in 4 numbers; 3·2/4 of each. */
    @Test void hiddenStates() {
        Found f = of(HIDDEN, matrix(row(1, 2), row(3, 4), row(5, 6)), matrix(row(0, 0), row(5, 5)), null, ROWS);
        assertEquals(1.5, f.value, 1e-15);
        assertArrayEquals(row(1.5, 3, 0, 0, 0, 1.5), f.gradient, 1e-15);
    }

    /** The logits moved by (1, 4, 3) and (0, 2, 1): 31 in 6 numbers; 3·2/6 of (1, 4, 3)·W = (4, 11) and of (0, 2, 1)·W = (1, 5). */
    @Test void logits() {
        Tensor w = matrix(row(1, 0), row(0, 2), row(1, 1));
        Found f = of(LogitsToBase::of, matrix(row(1, 2), row(3, 4), row(5, 6)), matrix(row(0, 0), row(5, 5)), w, ROWS);
        assertEquals(31.0 / 6, f.value, 1e-15);
        assertArrayEquals(row(4, 11, 0, 0, 1, 5), f.gradient, 1e-15);
    }

    /**
     * Two tokens with the logits h and 0. The base's h = 0 gives 1/2 and 1/2, the tuned model's log 3 gives 3/4 and 1/4: the divergence is
     * (log 2/3 + log 2)/2 = log(4/3)/2, and grows with h by 3/4 − 1/2. At the other position both are the same: in the mean half of that.
     */
    @Test void divergence() {
        Found f = of(KlToBase::of, matrix(row(Math.log(3)), row(9), row(-1)), matrix(row(0), row(-1)), matrix(row(1), row(0)), ROWS);
        assertEquals(Math.log(4.0 / 3) / 4, f.value, 1e-15);
        assertArrayEquals(row(3 * 0.125, 0, 0), f.gradient, 1e-15);
    }

    /** 70 positions, which are computed in two parts, are the mean of the first 64 and the last 6. */
    @Test void manyPositionsAreTheMeanOfTheirParts() {
        SplittableRandom r = new SplittableRandom(1);
        Tensor h = Tensor.fill(DType.F64, i -> r.nextGaussian(), 70, 5);
        Tensor base = Tensor.fill(DType.F64, i -> r.nextGaussian(), 70, 5);
        Tensor w = Tensor.fill(DType.F64, i -> r.nextGaussian(), 7, 5);
        int[] all = IntStream.range(0, 70).toArray();
        for (Distance distance : List.<Distance>of(KlToBase::of, LogitsToBase::of, HIDDEN)) {
            Found whole = of(distance, h, base, w, all);
            double value = 0;
            for (int row : all) {
                Tensor one = Tensor.fill(DType.F64, i -> h.get(5 * row + i), 1, 5);
                Tensor of = Tensor.fill(DType.F64, i -> base.get(5 * row + i), 1, 5);
                Found part = of(distance, one, of, w, 0);
                value += part.value / 70;
                for (int i = 0; i < 5; i++) {
                    assertEquals(part.gradient[i] / 70, whole.gradient[5 * row + i], 1e-12);
                }
            }
            assertEquals(value, whole.value, 1e-12);
        }
    }
}
