package agl.app.stats;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class StudentTTest {
    private static final double FREE = Double.POSITIVE_INFINITY;

    /** 1, 2, 3: mean 2, s = 1, t(2) = 4.302652729749462, √3; 2 and 4: s = √2, t(1) = 12.706204736174694. */
    @Test void knownMeans() {
        Interval three = StudentT.mean(new double[] {1, 2, 3}, -FREE, FREE);
        assertEquals(2, three.value(), 1e-12);
        assertEquals(2 - 4.302652729749462 / Math.sqrt(3), three.low(), 1e-9);
        assertEquals(2 + 4.302652729749462 / Math.sqrt(3), three.high(), 1e-9);
        Interval two = StudentT.mean(new double[] {4, 2}, -FREE, FREE);
        assertEquals(3 + 12.706204736174694, two.high(), 1e-9);
        assertEquals(2.2621571627982, StudentT.quantile(9), 1e-9);
    }

    @Test void oneValueOrSeveralAlikeHaveNoSpreadToJudgeBy() {
        assertFalse(StudentT.mean(new double[] {3}, -FREE, FREE).hasEnds());
        assertFalse(StudentT.mean(new double[] {100, 100, 100}, 0, 100).hasEnds());
        assertEquals(100, StudentT.mean(new double[] {100, 100, 100}, 0, 100).value(), 0);
        assertFalse(StudentT.mean(new double[] {Double.NaN}, 0, 100).measured());
    }

    @Test void staysWhereTheMeanCanLie() {
        Interval i = StudentT.mean(new double[] {96, 97, 99.5}, 0, 100);
        assertEquals(100, i.high(), 0);
        assertEquals(97.5 - 4.302652729749462 * Math.sqrt(3.25) / Math.sqrt(3), i.low(), 1e-9);
        assertEquals(0, StudentT.mean(new double[] {4, 3, 0.5}, 0, 100).low(), 0);
    }

    /** Shares of 100 prompts by seed, whose own shares scatter: intervals that can be given hold the mean over all seeds. */
    @Test void intervalsHoldTheMeanOverSeeds() {
        for (int seeds : new int[] {3, 5}) {
            for (double middle : new double[] {50, 90, 97}) {
                SplittableRandom random = new SplittableRandom(seeds);
                int held = 0;
                int given = 0;
                for (int r = 0; r < 2000; r++) {
                    double[] values = new double[seeds];
                    for (int s = 0; s < seeds; s++) {
                        double p = (middle + Math.min(5, 100 - middle) * random.nextDouble(-1, 1)) / 100;
                        for (int k = 0; k < 100; k++) {
                            values[s] += random.nextDouble() < p ? 1 : 0;
                        }
                    }
                    Interval i = StudentT.mean(values, 0, 100);
                    given += i.hasEnds() ? 1 : 0;
                    held += i.low() <= middle && middle <= i.high() ? 1 : 0;
                    assertTrue(!i.hasEnds() || i.low() >= 0 && i.high() <= 100);
                }
                assertTrue(held >= 0.93 * given && given > 1800, seeds + " seeds about " + middle + ": " + held + " of " + given);
            }
        }
    }
}
