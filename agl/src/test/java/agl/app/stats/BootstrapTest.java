package agl.app.stats;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BootstrapTest {
    private static double[] normal(int n, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        double[] x = new double[n];
        Arrays.setAll(x, i -> random.nextGaussian());
        return x;
    }

    /**
     * A statistic that counts its calls: 0 for the data, then 1 to 2000. Which of them are the ends is scipy's floor(1999 p) and
     * ceil(1999 (1 − p)) with p = norm.cdf(−t.ppf(.975, K − 1) √(K/(K − 1))) = .00855 and .0230644.
     */
    @Test void endsAreTheQuantilesOfTwoThousandResamples() {
        int[] calls = {0};
        assertEquals(new Interval(0, 18, 1983), Bootstrap.interval(Clusters.alone(10), 7, sample -> calls[0]++));
        assertEquals(2001, calls[0]);
        calls[0] = 0;
        assertEquals(new Interval(0, 47, 1954), Bootstrap.interval(Clusters.alone(100), 7, sample -> calls[0]++));
        assertEquals(0.008550639024406366, Bootstrap.tail(10), 1e-12);
    }

    @Test void resamplesAreOfTheSizeOfTheDataAndDrawnWithReplacement() {
        Set<Integer> largest = new HashSet<>();
        int[] whole = {0};
        Bootstrap.interval(Clusters.alone(10), 7, sample -> {
            assertEquals(10, sample.length);
            IntStream.of(sample).forEach(largest::add);
            whole[0] += IntStream.of(sample).distinct().count() == 10 ? 1 : 0;
            return 0;
        });
        assertEquals(10, largest.size());
        assertTrue(whole[0] <= 5, "10!/10^10 of the resamples hold every item");
    }

    /** Of normal data, 95 intervals of 100 hold the mean, with ten items as with forty. */
    @Test void intervalsHoldTheMean() {
        for (int n : new int[] {10, 40}) {
            int held = 0;
            for (int r = 0; r < 400; r++) {
                Interval i = Bootstrap.mean(normal(n, r), Clusters.alone(n), 7);
                held += i.low() <= 0 && 0 <= i.high() ? 1 : 0;
            }
            assertTrue(held >= 370 && held <= 394, n + ": " + held);
        }
    }

    @Test void theValueIsTheMeanOfTheData() {
        double[] x = IntStream.range(0, 20).asDoubleStream().toArray();
        Interval i = Bootstrap.mean(x, Clusters.alone(20), 7);
        assertEquals(9.5, i.value(), 1e-12);
        assertTrue(6 < i.low() && i.low() < 8 && 11 < i.high() && i.high() < 13, i.toString());
    }

    @Test void intervalOfAMeanHasTheRightWidth() {
        Interval i = Bootstrap.mean(normal(400, 1), Clusters.alone(400), 7);
        assertEquals(2 * 1.96 / Math.sqrt(400), i.high() - i.low(), 0.03);
        assertEquals(i, Bootstrap.mean(normal(400, 1), Clusters.alone(400), 7));
    }

    /** Four wordings of each of 100 wishes, all with the wish's outcome: the interval is that of 100 prompts, not of 400. */
    @Test void itemsOfAClusterAreDrawnTogether() {
        double[] wish = normal(100, 1);
        double[] x = new double[400];
        Arrays.setAll(x, i -> wish[i % 100]);
        List<String> names = IntStream.range(0, 400).mapToObj(i -> "wish " + i % 100).toList();
        Interval of = Bootstrap.mean(x, Clusters.of(names), 7);
        Interval alone = Bootstrap.mean(wish, Clusters.alone(100), 7);
        assertEquals(alone.value(), of.value(), 1e-12);
        assertEquals(alone.low(), of.low(), 1e-12, "the same clusters drawn");
        Interval narrow = Bootstrap.mean(x, Clusters.alone(400), 7);
        assertEquals(2, (of.high() - of.low()) / (narrow.high() - narrow.low()), 0.25);
    }

    /** Twelve clusters of one or two: sums of equal numbers, divided by different counts. */
    @Test void itemsThatAreAllAlikeGiveNoInterval() {
        double[] x = new double[18];
        Arrays.fill(x, 0.1);
        List<String> names = IntStream.range(0, 18).mapToObj(i -> "c" + i % 12).toList();
        Interval alike = Bootstrap.mean(x, Clusters.of(names), 7);
        assertEquals(0.1, alike.value(), 1e-12);
        assertFalse(alike.hasEnds(), alike.toString());
        x[3] = 0.1001;
        assertTrue(Bootstrap.mean(x, Clusters.of(names), 7).hasEnds());
    }

    @Test void tooFewClustersGiveNoInterval() {
        Interval nine = Bootstrap.mean(normal(9, 1), Clusters.alone(9), 7);
        assertTrue(nine.measured());
        assertFalse(nine.hasEnds());
        assertTrue(Bootstrap.mean(normal(10, 1), Clusters.alone(10), 7).hasEnds());
        assertEquals(Interval.missing(), Bootstrap.mean(new double[0], Clusters.alone(0), 1));
    }
}
