package agl.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import agl.error.AglException;
import java.util.List;
import org.junit.jupiter.api.Test;

class BatchTest {
    @Test
    void describesRaggedSequences() {
        Batch batch = new Batch(new int[] {1, 5, 6, 1, 7}, new int[] {0, 3, 5}, new int[] {-1, 6, -1, 7, -1});
        assertEquals(2, batch.sequences());
        assertEquals(3, batch.length(0));
        assertEquals(2, batch.length(1));
        assertEquals(3, batch.maxLength());
        assertEquals(2, batch.targetCount());
    }

    @Test
    void refusesWhatIsNoBatch() {
        int[] two = {1, 2};
        assertThrows(AglException.class, () -> new Batch(two, new int[] {0, 2}, new int[] {2}));
        assertThrows(AglException.class, () -> new Batch(two, new int[] {0, 1}, two));
        assertThrows(AglException.class, () -> new Batch(two, new int[] {1, 2}, two));
        assertEquals("batch: sequence 1 is empty",
                assertThrows(AglException.class, () -> new Batch(two, new int[] {0, 2, 2}, two)).getMessage());
        assertThrows(AglException.class, () -> new Batch(two, new int[] {0}, two));
        assertThrows(AglException.class, () -> new Batch(new int[] {1, -3}, new int[] {0, 2}, two));
        assertThrows(AglException.class, () -> new Batch(two, new int[] {0, 2}, new int[] {-2, 1}));
    }

    /** Tokens, targets and starts one after the other; a batch of several sequences stays several. */
    @Test
    void joinsBatchesInOrder() {
        Batch two = new Batch(new int[] {1, 5, 6, 1, 7}, new int[] {0, 3, 5}, new int[] {-1, 6, -1, 7, -1});
        Batch joined = Batch.concat(List.of(Batch.of(0, 9), two, Batch.of(4)));
        assertArrayEquals(new int[] {0, 9, 1, 5, 6, 1, 7, 4}, joined.tokens());
        assertArrayEquals(new int[] {-1, -1, -1, 6, -1, 7, -1, -1}, joined.targets());
        assertArrayEquals(new int[] {0, 2, 5, 7, 8}, joined.starts());
    }
}
