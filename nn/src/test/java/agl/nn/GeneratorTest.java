package agl.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.error.AglException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class GeneratorTest {
    /** NaN is greater than nothing, and nothing than NaN: the largest would be whichever came first. */
    @Test void logitsThatAreNotFiniteAreRefused() {
        for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
            for (int at = 0; at < 3; at++) {
                Tensor logits = Tensor.of(new double[] {1, 2, 3}, 3);
                logits.data().set(at, bad);
                AglException e = assertThrows(AglException.class, () -> Generator.argmax(logits.data(), 0, 3));
                assertTrue(e.getMessage().contains("not finite"), e.getMessage());
            }
        }
    }

    private final Transformer model = TransformerTest.small("llama", DType.F64);
    private final Generator generator = new Generator(model, Kernels.plain(), new Pool(DType.F64));
    private final List<int[]> prompts = List.of(new int[] {3, 9, 4, 1}, new int[] {17}, new int[] {5, 6, 7, 8, 9, 10, 11});

    /** The most likely next token, found by running the whole sequence again each time. */
    private int[] byRecomputation(int[] prompt, int count, int stop) {
        int[] sequence = prompt.clone();
        for (int i = 0; i < count; i++) {
            try (Tape tape = Tape.inference(Kernels.plain(), new Pool(DType.F64))) {
                var logits = model.logits(tape, model.hidden(tape, Batch.of(sequence)), sequence.length - 1);
                int best = Generator.argmax(logits.data(), 0, logits.size());
                if (best == stop) {
                    break;
                }
                sequence = Arrays.copyOf(sequence, sequence.length + 1);
                sequence[sequence.length - 1] = best;
            }
        }
        return Arrays.copyOfRange(sequence, prompt.length, sequence.length);
    }

    @Test void greedyAnswersEqualThoseWithoutACache() {
        int[] free = byRecomputation(prompts.get(0), 12, -1);
        int stop = free[5]; // so that some sequences end before others
        List<int[]> answers = generator.generate(prompts, Generator.Settings.greedy(12), id -> id == stop);
        for (int p = 0; p < prompts.size(); p++) {
            assertArrayEquals(byRecomputation(prompts.get(p), 12, stop), answers.get(p), "prompt " + p);
        }
        assertTrue(answers.get(0).length <= 5);
    }

    @Test void aCommonStartIsReadOnceAndChangesNothing() {
        int[] start = IntStream.range(0, 15).map(i -> 7 * i % 23).toArray();
        List<int[]> long3 = List.of(concat(start, 4), concat(start, 9, 4, 1), concat(start));
        List<int[]> answers = generator.generate(long3, Generator.Settings.greedy(6), id -> false);
        Generator.Context context = generator.read(long3, 6);
        List<int[]> read = generator.generate(context, Generator.Settings.greedy(6), id -> false);
        for (int p = 0; p < long3.size(); p++) {
            assertArrayEquals(byRecomputation(long3.get(p), 6, -1), answers.get(p), "prompt " + p);
            assertArrayEquals(answers.get(p), read.get(p));
            try (Tape tape = Tape.inference(Kernels.plain(), new Pool(DType.F64))) {
                var logits = model.logits(tape, model.hidden(tape, Batch.of(long3.get(p))), long3.get(p).length - 1);
                for (int v = 0; v < logits.size(); v++) {
                    assertEquals(logits.get(v), context.logits().get(p * logits.size() + v), 1e-12);
                }
            }
        }
    }

    private static int[] concat(int[] a, int... b) {
        int[] both = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, both, a.length, b.length);
        return both;
    }

    @Test void samplesFollowTheSeedAndNotTheBatch() {
        Generator.Settings settings = new Generator.Settings(8, 1.2, 0.9, 4);
        List<int[]> once = generator.generate(prompts, settings, id -> false);
        List<int[]> again = generator.generate(prompts, settings, id -> false);
        for (int p = 0; p < prompts.size(); p++) {
            assertArrayEquals(once.get(p), again.get(p));
            assertEquals(8, once.get(p).length);
        }
        assertArrayEquals(once.get(0), generator.generate(prompts.subList(0, 1), settings, id -> false).get(0));
        assertFalse(Arrays.equals(once.get(1), generator.generate(prompts, new Generator.Settings(8, 1.2, 0.9, 5), id -> false).get(1)));
    }

    /** Logits of my own in place of a model's, the same for each of n prompts. */
    private Generator.Context context(int n, double... logits) {
        return new Generator.Context(new KvCache(model.config(), DType.F64, n, 1),
                Tensor.fill(DType.F64, i -> logits[i % logits.length], n, logits.length));
    }

    /** How often each token is drawn as the first, by as many seeds as there are prompts. */
    private double[] shares(Generator.Settings settings, double... logits) {
        int n = 20_000;
        double[] share = new double[logits.length];
        for (int[] answer : generator.generate(context(n, logits), settings, id -> false)) {
            assertEquals(1, answer.length);
            share[answer[0]] += 1.0 / n;
        }
        return share;
    }

    /**
     * softmax(logits / temperature), by hand: with logits log 1, log 2, log 4 and T = 1/2 the weights are 1, 4, 16; with T = 2 their roots.
     */
    @Test void samplesFollowTheTemperature() {
        double[] logits = {Math.log(2), Math.log(1), Math.log(4)};
        assertArrayEquals(new double[] {2 / 7.0, 1 / 7.0, 4 / 7.0}, shares(new Generator.Settings(1, 1, 1, 3), logits), 0.015);
        assertArrayEquals(new double[] {4 / 21.0, 1 / 21.0, 16 / 21.0}, shares(new Generator.Settings(1, 0.5, 1, 3), logits), 0.015);
        double roots = Math.sqrt(2) + 1 + 2;
        assertArrayEquals(new double[] {Math.sqrt(2) / roots, 1 / roots, 2 / roots}, shares(new Generator.Settings(1, 2, 1, 3), logits),
                0.015);
    }

    /** The fewest tokens that hold top-p together, with their shares made to add up to 1: at 4/7, 6/7 and all of the probability. */
    @Test void topPKeepsTheFewestTokensThatHoldItsShare() {
        double[] logits = {Math.log(2), Math.log(1), Math.log(4)};
        assertArrayEquals(new double[] {0, 0, 1}, shares(new Generator.Settings(1, 1, 0.57, 3), logits), 1e-9);
        assertArrayEquals(new double[] {1 / 3.0, 0, 2 / 3.0}, shares(new Generator.Settings(1, 1, 0.58, 3), logits), 0.015);
        assertArrayEquals(new double[] {1 / 3.0, 0, 2 / 3.0}, shares(new Generator.Settings(1, 1, 0.85, 3), logits), 0.015);
        assertArrayEquals(new double[] {2 / 7.0, 1 / 7.0, 4 / 7.0}, shares(new Generator.Settings(1, 1, 0.86, 3), logits), 0.015);
    }

    /** Several answers to one prompt are several draws; the s-th is what seed + s gives alone. */
    @Test void samplesOfOnePromptDiffer() {
        int[] prompt = prompts.getFirst();
        List<int[]> together = generator.generate(List.of(prompt, prompt, prompt, prompt), new Generator.Settings(8, 1.2, 1, 4),
                id -> false);
        for (int s = 0; s < 4; s++) {
            assertArrayEquals(together.get(s),
                    generator.generate(List.of(prompt), new Generator.Settings(8, 1.2, 1, 4 + s), id -> false).getFirst());
            for (int other = 0; other < s; other++) {
                assertFalse(Arrays.equals(together.get(other), together.get(s)), s + " and " + other);
            }
        }
    }

    /** With a very small share of probability only the most likely token is left. */
    @Test void aSmallTopPIsGreedy() {
        assertArrayEquals(generator.generate(prompts, Generator.Settings.greedy(6), id -> false).get(2),
                generator.generate(prompts, new Generator.Settings(6, 1, 1e-9, 3), id -> false).get(2));
    }

    @Test void stopsWhereTheModelsPositionsEnd() {
        int[] full = new int[40];
        int[] almost = new int[38];
        List<int[]> answers = generator.generate(List.of(full, almost, new int[] {1}), Generator.Settings.greedy(5), id -> false);
        assertEquals(0, answers.get(0).length);
        assertEquals(2, answers.get(1).length);
        assertEquals(5, answers.get(2).length);
        assertEquals(List.of(), generator.generate(List.of(), Generator.Settings.greedy(5), id -> false));
        assertThrows(AglException.class, () -> generator.generate(List.of(new int[0]), Generator.Settings.greedy(5), id -> false));
    }
}
