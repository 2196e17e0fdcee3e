package agl.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.storage.DType;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class NeftuneTest {
    private static final int HIDDEN = 200;
    private static final double ALPHA = 5;

    private static Batch batch(int... lengths) {
        int[] starts = new int[lengths.length + 1];
        for (int s = 0; s < lengths.length; s++) {
            starts[s + 1] = starts[s] + lengths[s];
        }
        int[] targets = new int[starts[lengths.length]];
        Arrays.fill(targets, Batch.NO_TARGET);
        return new Batch(new int[targets.length], starts, targets);
    }

    private static double[] noise(Neftune neftune, Batch batch) {
        try (Tape tape = Tape.plain()) {
            return neftune.added(tape, Tensor.zeros(DType.F64, batch.size(), HIDDEN), batch).toArray();
        }
    }

    private static double[] part(double[] all, Batch batch, int s) {
        return Arrays.copyOfRange(all, batch.starts()[s] * HIDDEN, batch.starts()[s + 1] * HIDDEN);
    }

    /** Uniform between plus and minus alpha/sqrt(L d): up to that, with mean 0 and a third of its square as variance. */
    @Test void itsSizeFollowsTheLengthOfTheSequence() {
        Batch batch = batch(40, 10);
        double[] all = noise(new Neftune(ALPHA, 1, 0), batch);
        for (int s = 0; s < 2; s++) {
            double limit = ALPHA / Math.sqrt(batch.length(s) * HIDDEN);
            double[] own = part(all, batch, s);
            double largest = Arrays.stream(own).map(Math::abs).max().orElseThrow();
            assertTrue(largest <= limit && largest > 0.99 * limit, largest + " of " + limit);
            double sigma = limit / Math.sqrt(3.0 * own.length);
            assertEquals(0, Arrays.stream(own).average().orElseThrow(), 5 * sigma);
            assertEquals(limit * limit / 3, Arrays.stream(own).map(x -> x * x).average().orElseThrow(), 0.08 * limit * limit);
        }
    }

    /** By seed and number in the run, however the sequences are put into passes. */
    @Test void aSequencesNoiseIsItsOwn() {
        Batch both = batch(4, 6);
        double[] all = noise(new Neftune(ALPHA, 1, 7), both);
        assertArrayEquals(part(all, both, 0), noise(new Neftune(ALPHA, 1, 7), batch(4)));
        assertArrayEquals(part(all, both, 1), noise(new Neftune(ALPHA, 1, 8), batch(6)));
        assertFalse(Arrays.equals(noise(new Neftune(ALPHA, 1, 7), batch(4)), noise(new Neftune(ALPHA, 1, 8), batch(4))));
        assertFalse(Arrays.equals(noise(new Neftune(ALPHA, 1, 7), batch(4)), noise(new Neftune(ALPHA, 2, 7), batch(4))));
    }

    /** It is added, a constant: the embeddings' gradient passes through it. */
    @Test void itIsAddedToTheEmbeddings() {
        Tensor x = Tensor.fill(DType.F64, i -> i, 3, HIDDEN).requireGrad();
        double[] noise = noise(new Neftune(ALPHA, 1, 0), batch(3));
        double[] ones = new double[3 * HIDDEN];
        Arrays.fill(ones, 1);
        try (Tape tape = Tape.plain()) {
            assertSame(x, new Neftune(0, 1, 0).added(tape, x, batch(3)));
            Tensor y = new Neftune(ALPHA, 1, 0).added(tape, x, batch(3));
            for (int i = 0; i < noise.length; i++) {
                assertEquals(i + noise[i], y.get(i), 1e-12);
            }
            tape.backward(y, ones);
        }
        assertArrayEquals(ones, x.gradArray());
    }
}
