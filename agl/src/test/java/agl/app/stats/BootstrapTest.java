package agl.app.stats;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BootstrapTest {
    private static double[] normal(int n) {
        SplittableRandom random = new SplittableRandom(1);
        double[] x = new double[n];
        Arrays.setAll(x, i -> random.nextGaussian());
        return x;
    }

    /** A statistic that counts its calls: 0 for the data, then 1 to 2000, of which the interval leaves out 49 on either side. */
    @Test void endsAreTheQuantilesOfTwoThousandResamples() {
        int[] calls = {0};
        Interval i = Bootstrap.interval(3, 7, sample -> calls[0]++);
        assertEquals(new Interval(0, 50, 1951), i);
        assertEquals(2001, calls[0]);
    }

    @Test void resamplesAreOfTheSizeOfTheDataAndDrawnWithReplacement() {
        Set<String> seen = new HashSet<>();
        Bootstrap.interval(3, 7, sample -> {
            assertEquals(3, sample.length);
            return seen.add(Arrays.toString(sample)) ? 0 : 1;
        });
        assertEquals(27, seen.size(), "all 3 to the power of 3 samples");
    }

    /** Against the normal interval, which a mean's has to approach. */
    @Test void intervalOfAMeanHasTheRightWidth() {
        Interval i = Bootstrap.mean(normal(400), 7);
        assertEquals(2 * 1.96 / Math.sqrt(400), i.high() - i.low(), 0.03);
        assertEquals(i, Bootstrap.mean(normal(400), 7));
    }

    /** Four wordings of each of 100 wishes, all with the wish's outcome: the interval is that of 100 prompts, not of 400. */
    @Test void itemsOfAClusterAreDrawnTogether() {
        double[] wish = normal(100);
        double[] x = new double[400];
        Arrays.setAll(x, i -> wish[i % 100]);
        List<String> clusters = IntStream.range(0, 400).mapToObj(i -> "wish " + i % 100).toList();
        Interval i = Bootstrap.mean(x, clusters, 7);
        assertEquals(Bootstrap.mean(wish, 7).value(), i.value(), 1e-12);
        assertEquals(Bootstrap.mean(wish, 7).low(), i.low(), 1e-12, "the same clusters drawn");
        assertEquals(2, (i.high() - i.low()) / (Bootstrap.mean(x, 7).high() - Bootstrap.mean(x, 7).low()), 0.25);
    }

    @Test void nothingHasNoValue() {
        assertEquals(Interval.missing(), Bootstrap.mean(new double[0], 1));
        assertFalse(Bootstrap.mean(new double[0], 1).measured());
    }
}
