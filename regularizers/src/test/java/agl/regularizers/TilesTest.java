package agl.regularizers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

class TilesTest {

    /** Elements 2 to 4 of six, from arrays and from weights of several widths that lie in a file; elements 3 and 4 written. */
    @Test void elementsAreMovedFromAndToEveryKindOfStorage() {
        for (DType dtype : List.of(DType.F32, DType.F64)) {
            Storage s = Storage.allocate(dtype, 6);
            for (int i = 0; i < 6; i++) {
                s.set(i, i);
            }
            assertArrayEquals(new double[] {2, 3, 4, 9}, loaded(s));
            Tiles.store(new double[] {-1, -2, 7}, 2, s, 3);
            assertArrayEquals(new double[] {2, -1, -2, 9}, loaded(s));
            assertEquals(5, s.get(5));
        }
        float[] floats = {0, 1, 2, 3, 4, 5};
        // The upper halves of 0, 1, 2, 3, 4, 5 as floats are these numbers in bfloat16.
        short[] halves = {0, 0x3f80, 0x4000, 0x4040, 0x4080, 0x40a0};
        assertArrayEquals(new double[] {2, 3, 4, 9}, loaded(new Storage.Mapped(MemorySegment.ofArray(floats), DType.F32)));
        assertArrayEquals(new double[] {2, 3, 4, 9}, loaded(new Storage.Mapped(MemorySegment.ofArray(halves), DType.BF16)));
    }

    private static double[] loaded(Storage s) {
        double[] to = {9, 9, 9, 9};
        Tiles.load(s, 2, 3, to);
        return to;
    }

    /** 16384 elements: 64 rows of 256; at least one row, at most all. */
    @Test void aTileHasARowAtLeastAndTheMatrixAtMost() {
        assertEquals(List.of(64, 1, 1, 5),
                List.of(Tile.height(100, 256), Tile.height(100, 16384), Tile.height(100, 99999), Tile.height(5, 256)));
    }
}
