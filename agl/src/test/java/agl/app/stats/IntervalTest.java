package agl.app.stats;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class IntervalTest {
    @Test void timesScalesEveryNumber() {
        assertEquals(new Interval(50, 25, 75), new Interval(0.5, 0.25, 0.75).times(100));
        assertEquals(Interval.none(50), Interval.none(0.5).times(100));
    }

    @Test void textSaysWhatIsMissing() {
        assertEquals("91.3 [88.0, 94.1]", new Interval(91.34, 88, 94.06).text(1));
        assertEquals("91 [88, 94]", new Interval(91.34, 88, 94.06).text(0));
        assertEquals("91.30 [no interval]", Interval.none(91.3).text(2));
        assertEquals("not measured", Interval.missing().text(2));
        assertEquals("1.0 [no interval]", new Interval(1, Double.NaN, 2).text(1));
        assertEquals("1.0 [no interval]", new Interval(1, 0, Double.NaN).text(1));
    }

    /** Rounding of sums may leave a difference of nothing just below 0. */
    @Test void aValueThatRoundsToZeroHasNoSign() {
        assertEquals("0.0 [-0.0, 0.1]", new Interval(-1e-17, -0.01, 0.1).text(1));
        assertEquals("0 [no interval]", Interval.none(-0.4).text(0));
        assertEquals("-0.1 [-1.0, 0.5]", new Interval(-0.06, -1, 0.5).text(1));
        assertEquals("-10.0 [no interval]", Interval.none(-10).text(1));
    }

    @Test void whatThereIs() {
        assertTrue(Interval.none(1).measured());
        assertFalse(Interval.none(1).hasEnds());
        assertFalse(Interval.missing().measured());
        assertFalse(new Interval(1, 0, Double.NaN).hasEnds());
        assertFalse(new Interval(1, Double.NaN, 2).hasEnds());
        assertTrue(new Interval(1, 0, 2).hasEnds());
    }
}
