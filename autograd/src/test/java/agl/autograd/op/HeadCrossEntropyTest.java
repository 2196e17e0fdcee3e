package agl.autograd.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Against the same loss put together from a linear map, a log-softmax and a weighted sum, whatever the number of logits held at once. */
class HeadCrossEntropyTest {
    private static final int TOKENS = 11;
    private static final int HIDDEN = 3;
    private static final int VOCABULARY = 7;

    private final SplittableRandom random = new SplittableRandom(5);
    private final Tensor h = gaussian(TOKENS, HIDDEN).requireGrad();
    private final Tensor w = gaussian(VOCABULARY, HIDDEN).requireGrad();
    private final int[] targets = {3, -1, 0, 6, 6, -1, 2, 5, 1, -1, 4};
    private final double[] weights = random.doubles(TOKENS, 0.1, 2).toArray();

    private Tensor gaussian(int... shape) {
        return Tensor.fill(DType.F64, i -> random.nextGaussian(), shape);
    }

    /** Σ_t weight_t · (−log softmax(H·Wᵀ)_t[target_t]); also fills the tokens' losses. */
    private Tensor composed(Tape tape, Tensor hidden, Tensor table, double[] tokenLoss) {
        Tensor log = LogSoftmax.of(tape, Linear.of(tape, hidden, table));
        Tensor mask = Tensor.fill(DType.F64, i -> targets[i / VOCABULARY] == i % VOCABULARY ? -weights[i / VOCABULARY] : 0, TOKENS,
                VOCABULARY);
        for (int t = 0; t < TOKENS; t++) {
            tokenLoss[t] = targets[t] < 0 ? -1 : -log.get(t * VOCABULARY + targets[t]);
        }
        return Sum.of(tape, Mul.of(tape, log, mask));
    }

    private record Answer(double loss, double[] dh, double[] dw, double[] tokens) { }

    private Answer expected(double upstream) {
        double[] tokens = new double[TOKENS];
        try (Tape tape = Tape.plain()) {
            Tensor loss = composed(tape, h, w, tokens);
            double value = loss.item();
            tape.backward(loss, new double[] {upstream});
            return new Answer(value, h.gradArray(), w.gradArray(), tokens);
        } finally {
            h.freeze().requireGrad();
            w.freeze().requireGrad();
        }
    }

    private Answer computed(Kernels kernels, DType type, double upstream, int logits) {
        Tensor x = h.to(type).requireGrad();
        Tensor table = w.to(type).requireGrad();
        Storage tokens = Storage.allocate(type, TOKENS);
        tokens.fill(0, TOKENS, -1);
        try (Tape tape = Tape.training(kernels, new Pool(type))) {
            Tensor loss = HeadCrossEntropy.of(tape, x, table, new HeadCrossEntropy.Targets(targets, t -> weights[t]), tokens, logits);
            double value = loss.item();
            tape.backward(loss, Tensor.of(new double[] {upstream}, 1).to(type).data());
            double[] each = new double[TOKENS];
            Arrays.setAll(each, tokens::get);
            return new Answer(value, x.gradArray(), table.gradArray(), each);
        }
    }

    @Test void isTheComposedLossInChunksOfAnySize() {
        Answer right = expected(-1.5);
        // One row at a time (even where a row is more than the limit), two, three, seven and all eight of them.
        for (int logits : new int[] {1, VOCABULARY, 2 * VOCABULARY, 3 * VOCABULARY + 1, 8 * VOCABULARY - 1, 8 * VOCABULARY,
            HeadCrossEntropy.LOGITS}) {
            compare(right, computed(Kernels.plain(), DType.F64, -1.5, logits), 1e-12);
            compare(right, computed(Kernels.best(), DType.F32, -1.5, logits), 1e-5);
        }
    }

    private static void compare(Answer right, Answer got, double tolerance) {
        assertEquals(right.loss, got.loss, 20 * tolerance);
        assertArrayEquals(right.dh, got.dh, tolerance);
        assertArrayEquals(right.dw, got.dw, tolerance);
        assertArrayEquals(right.tokens, got.tokens, tolerance);
    }

    /** The limit is on what is held at once; and what was held goes back to the pool, so that a second step asks for nothing. */
    @Test void neverHoldsMoreLogitsThanAllowed() {
        int tokens = 600;
        Tensor many = gaussian(tokens, HIDDEN).requireGrad();
        int[] all = random.ints(tokens, 0, VOCABULARY).toArray();
        Pool whole = new Pool(DType.F64);
        Pool chunked = new Pool(DType.F64);
        for (int step = 0; step < 3; step++) {
            long before = chunked.bytesAllocated();
            for (Pool pool : new Pool[] {whole, chunked}) {
                try (Tape tape = Tape.training(Kernels.plain(), pool)) {
                    tape.backward(HeadCrossEntropy.of(tape, many, w, new HeadCrossEntropy.Targets(all, t -> 1), null,
                            pool == whole ? HeadCrossEntropy.LOGITS : 100 * VOCABULARY));
                }
            }
            assertTrue(step == 0 || chunked.bytesAllocated() == before,
                    "step " + step + " asked for " + (chunked.bytesAllocated() - before) + " bytes more");
        }
        // 500 rows of logits, of inputs and of their gradients less, at least; rounding gives the larger pool an eighth more at most.
        long less = whole.bytesAllocated() - chunked.bytesAllocated();
        assertTrue(less >= 8L * 490 * (VOCABULARY + 2 * HIDDEN) && less <= 8L * 700 * (VOCABULARY + 2 * HIDDEN + 1),
                "bytes saved: " + less);
    }

    @Test void theMeanIsOverTheTokensWithATarget() {
        Arrays.fill(weights, 1.0 / 8);
        Answer right = expected(1);
        try (Tape tape = Tape.plain()) {
            Tensor mean = HeadCrossEntropy.mean(tape, h, w, targets);
            assertEquals(right.loss, mean.item(), 1e-12);
            tape.backward(mean);
        }
        assertArrayEquals(right.dh, h.gradArray(), 1e-12);
        assertArrayEquals(right.dw, w.gradArray(), 1e-12);
        try (Tape tape = Tape.plain()) {
            int[] none = new int[TOKENS];
            Arrays.fill(none, -1);
            assertEquals(0, HeadCrossEntropy.mean(tape, h, w, none).item());
        }
    }

    @Test void refusesATargetOutsideTheVocabulary() {
        targets[7] = VOCABULARY;
        try (Tape tape = Tape.plain()) {
            String message = assertThrows(IllegalArgumentException.class, () -> HeadCrossEntropy.mean(tape, h, w, targets)).getMessage();
            assertTrue(message.contains("target 7 at position 7"), message);
        }
    }

    /** Where a gradient is not wanted, none is computed; on an inference tape neither is. */
    @Test void computesOnlyTheGradientsThatAreWanted() {
        w.freeze();
        try (Tape tape = Tape.plain()) {
            tape.backward(HeadCrossEntropy.weighted(tape, h, w, targets, weights));
        }
        assertNull(w.grad());
        try (Tape tape = Tape.inference(Kernels.plain(), new Pool(DType.F64))) {
            Tensor loss = HeadCrossEntropy.weighted(tape, h, w, targets, weights);
            assertEquals(expectedLoss(), loss.item(), 1e-12);
            assertThrows(IllegalStateException.class, () -> tape.backward(loss));
        }
    }

    private double expectedLoss() {
        try (Tape tape = Tape.plain()) {
            return composed(tape, h, w, new double[TOKENS]).item();
        }
    }
}
