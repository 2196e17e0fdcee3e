package agl.app.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import agl.error.AglException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class MixtureTest {
    private static List<EncodedExample> examples(int from, int count) {
        return IntStream.range(from, from + count).mapToObj(id -> new EncodedExample(new int[] {id}, new boolean[1], false)).toList();
    }

    private static List<Integer> ids(List<EncodedExample> examples) {
        return examples.stream().map(e -> e.tokens()[0]).toList();
    }

    /** Every example once, each kind in its own order, in batches of sizes that differ by one at most. */
    @Property(tries = 200, seed = "1") void nothingIsLost(@ForAll @IntRange(max = 20) int first,
            @ForAll @IntRange(min = 1, max = 20) int second, @ForAll @IntRange(min = 1, max = 40) int wanted, @ForAll long seed) {
        int batches = Math.min(wanted, first + second);
        Mixture mixture = new Mixture(examples(0, first), examples(100, second), batches, seed);
        List<Integer> all = new ArrayList<>();
        List<Integer> sizes = new ArrayList<>();
        for (int b = 0; b < batches; b++) {
            all.addAll(ids(mixture.examplesOf(b)));
            sizes.add(mixture.examplesOf(b).size());
        }
        assertEquals(IntStream.range(0, first).boxed().toList(), all.stream().filter(id -> id < 100).toList());
        assertEquals(IntStream.range(100, 100 + second).boxed().toList(), all.stream().filter(id -> id >= 100).toList());
        int smallest = (first + second) / batches;
        assertEquals(0, sizes.stream().filter(size -> size != smallest && size != smallest + 1).count(), sizes.toString());
    }

    /** Two of five places: each of the ten choices comes up as often as the others, within four standard deviations of 1000 in 10000. */
    @Test void everyChoiceOfPlacesIsEquallyLikely() {
        int[] found = new int[32];
        for (int seed = 0; seed < 10_000; seed++) {
            List<Integer> order = ids(new Mixture(examples(0, 3), examples(100, 2), 1, seed).examplesOf(0));
            found[IntStream.range(0, 5).filter(i -> order.get(i) >= 100).map(i -> 1 << i).sum()]++;
        }
        int[] choices = IntStream.range(0, 32).filter(m -> Integer.bitCount(m) == 2).map(m -> found[m]).toArray();
        assertEquals(10_000, IntStream.of(choices).sum());
        assertEquals(0, IntStream.of(choices).filter(n -> Math.abs(n - 1000) > 4 * 30).count(), java.util.Arrays.toString(choices));
    }

    @Test void theSeedAloneDecides() {
        List<List<Integer>> orders = new ArrayList<>();
        for (long seed : new long[] {1, 1, 2}) {
            orders.add(ids(new Mixture(examples(0, 30), examples(100, 30), 1, seed).examplesOf(0)));
        }
        assertEquals(orders.get(0), orders.get(1));
        assertEquals(false, orders.get(1).equals(orders.get(2)));
    }

    @Test void moreBatchesThanExamplesAreRefused() {
        assertEquals("3 examples do not fill 4 batches",
                assertThrows(AglException.class, () -> new Mixture(examples(0, 2), examples(100, 1), 4, 1)).getMessage());
        assertThrows(AglException.class, () -> new Mixture(examples(0, 2), List.of(), 0, 1));
    }
}
