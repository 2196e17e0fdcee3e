package agl.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class SharedBatchTest {
    private static Batch sequence(int[] tokens, int... targets) {
        return new Batch(tokens, new int[] {0, tokens.length}, targets);
    }

    /** The last common token predicts two different ones: that row each has for itself. */
    @Test void theBeginningIsOneSetOfRows() {
        SharedBatch b = SharedBatch.of(List.of(sequence(new int[] {5, 6, 7, 8, 9}, -1, -1, 8, 9, -1),
                sequence(new int[] {5, 6, 7, 3}, -1, -1, 3, -1), sequence(new int[] {1, 2}, -1, 4), sequence(new int[] {2, 2}, 4, 4)), 2);
        assertTrue(b.shares());
        assertArrayEquals(new int[] {0, 0, 2, 2}, b.root());
        assertArrayEquals(new int[] {0, 2, 0, 0}, b.prefix());
        assertArrayEquals(new int[] {5, 6, 7, 8, 9, 7, 3, 1, 2, 2, 2}, b.rows().tokens());
        assertArrayEquals(new int[] {-1, -1, 8, 9, -1, 3, -1, -1, 4, 4, 4}, b.rows().targets());
        assertArrayEquals(new int[] {0, 5, 7, 9, 11}, b.rows().starts());
        assertArrayEquals(new int[] {0, 5, 9, 11, 13}, b.keyStarts());
        assertArrayEquals(new int[] {0, 1, 2, 3, 4, 0, 1, 5, 6, 7, 8, 9, 10}, b.keyRows());
    }

    /** Of a sequence that another begins with, a row stays; without groups nothing is shared. */
    @Test void everySequenceKeepsARow() {
        Batch one = sequence(new int[] {5, 6, 7}, -1, -1, -1);
        SharedBatch same = SharedBatch.of(List.of(one, one), 2);
        assertArrayEquals(new int[] {0, 2}, same.prefix());
        assertArrayEquals(new int[] {5, 6, 7, 7}, same.rows().tokens());
        assertFalse(SharedBatch.of(List.of(one, one), 1).shares());
        assertFalse(SharedBatch.of(one).shares());
        assertEquals(one, SharedBatch.of(one).rows());
    }
}
