package agl.app.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.error.AglException;
import agl.nn.Batch;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class BatchesTest {
    private static EncodedExample example(int id) {
        return new EncodedExample(new int[] {id, id + 1000}, new boolean[] {false, true}, false);
    }

    private static List<EncodedExample> examples(int n) {
        return IntStream.range(0, n).mapToObj(BatchesTest::example).toList();
    }

    @Property(tries = 100, seed = "1") void examplesInTheFirstSteps(@ForAll @IntRange(max = 30) int steps,
            @ForAll @IntRange(min = 1, max = 20) int n, @ForAll @IntRange(min = 1, max = 25) int size) {
        Batches batches = new Batches(examples(n), size, 1);
        assertEquals(IntStream.range(0, steps).map(i -> batches.examplesOf(i).size()).sum(), Batches.examplesIn(steps, n, size));
    }

    @Test void moreExamplesThanCanBeCounted() {
        assertEquals(Integer.MAX_VALUE, Batches.examplesIn(Integer.MAX_VALUE, 3, 1));
        String message = assertThrows(AglException.class, () -> Batches.examplesIn(Integer.MAX_VALUE, 3, 2)).getMessage();
        assertEquals("2147483647 steps of 2 examples are more examples than a run can count", message);
    }

    @Test
    void layExamplesOneAfterTheOtherWithTargetsOfTheResponseOnly() {
        Batch batch = Batches.collate(List.of(
                new EncodedExample(new int[] {1, 10, 11, 20, 2}, new boolean[] {false, false, false, true, true}, false),
                new EncodedExample(new int[] {1, 30, 2}, new boolean[] {false, true, true}, false)));
        assertArrayEquals(new int[] {1, 10, 11, 20, 2, 1, 30, 2}, batch.tokens());
        assertArrayEquals(new int[] {0, 5, 8}, batch.starts());
        assertArrayEquals(new int[] {-1, -1, 20, 2, -1, 30, 2, -1}, batch.targets());
        assertEquals(4, batch.targetCount());
    }

    /** A first token has nothing before it to predict it from, in or out of the loss. */
    @Test
    void theNextSequenceIsNeverATarget() {
        EncodedExample all = new EncodedExample(new int[] {5, 6}, new boolean[] {true, true}, false);
        assertArrayEquals(new int[] {6, -1, 6, -1}, Batches.collate(List.of(all, all)).targets());
    }

    @Property(tries = 200, seed = "20250802")
    void everyEpochVisitsEachExampleOnce(@ForAll @IntRange(min = 1, max = 40) int n, @ForAll @IntRange(min = 1, max = 45) int size,
                                         @ForAll long seed) {
        Batches batches = new Batches(examples(n), size, seed);
        for (int epoch = 0; epoch < 3; epoch++) {
            List<Integer> seen = new ArrayList<>();
            for (int b = 0; b < batches.batchesPerEpoch(); b++) {
                Batch batch = batches.batch(epoch * batches.batchesPerEpoch() + b);
                assertEquals(b + 1 < batches.batchesPerEpoch() ? size : n - size * b, batch.sequences());
                for (int s = 0; s < batch.sequences(); s++) {
                    seen.add(batch.tokens()[batch.starts()[s]]);
                }
            }
            assertEquals(n, seen.size());
            assertEquals(n, new HashSet<>(seen).size());
        }
    }

    @Test
    void theOrderDependsOnSeedAndEpochAlone() {
        Batches forward = new Batches(examples(50), 8, 7);
        Batches backward = new Batches(examples(50), 8, 7);
        List<int[]> steps = IntStream.range(0, 21).mapToObj(step -> forward.batch(step).tokens()).toList();
        for (int step = 20; step >= 0; step--) {
            assertArrayEquals(steps.get(step), backward.batch(step).tokens());
        }
        assertNotEquals(order(50, 7, 0), order(50, 7, 1));
        assertNotEquals(order(50, 7, 0), order(50, 8, 0));
        assertNotEquals(order(50, 7, 1), order(50, 8, 0));
    }

    /** Chi-squared with 5 degrees of freedom is above 20.5 once in a thousand. */
    @Test
    void everyOrderIsEquallyLikely() {
        Map<List<Integer>, Integer> seen = new HashMap<>();
        for (int seed = 0; seed < 1200; seed++) {
            seen.merge(order(3, seed, seed % 4), 1, Integer::sum);
        }
        assertEquals(6, seen.size());
        double chiSquared = seen.values().stream().mapToDouble(count -> (count - 200) * (count - 200) / 200.0).sum();
        assertTrue(chiSquared < 20.5, seen.toString());
    }

    private static List<Integer> order(int n, long seed, int epoch) {
        return new Batches(examples(n), n, seed).examplesOf(epoch).stream().map(e -> e.tokens()[0]).toList();
    }

    @Test
    void refusesNothingToDo() {
        assertThrows(AglException.class, () -> new Batches(List.of(), 4, 0));
        assertThrows(AglException.class, () -> new Batches(examples(3), 0, 0));
    }

    /**
     * By a second implementation of java.util.SplittableRandom, seeded with seed · 0x9E3779B97F4A7C15 + epoch: a run can be taken up by a
     * later release.
     */
    @Test
    void theOrderIsTheSameInEveryRelease() {
        assertEquals(List.of(7, 6, 5, 3, 4, 0, 1, 2), order(8, 7, 0));
        assertEquals(List.of(1, 3, 6, 2, 5, 4, 7, 0), order(8, 7, 3));
    }
}
