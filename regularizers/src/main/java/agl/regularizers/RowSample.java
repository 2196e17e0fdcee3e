package agl.regularizers;

import java.util.SplittableRandom;
import java.util.function.IntUnaryOperator;

/**
 * The rows of ΔW that E_RM visits in one step. A large matrix is cut into blocks of rows, and a step visits one of them, each with the same
 * probability: its sums, times the number of blocks, have the sums over all rows as their expectation, and so have their gradients.
 *
 * @param from  first row
 * @param to    the row after the last
 * @param times the number of blocks
 */
record RowSample(int from, int to, int times) {
    /** Entries from which a matrix is large: those of small models stay whole, in E_RM and in the gradients that F is made of. */
    private static final long LARGE = 1 << 16;

    static boolean large(int out, int in) {
        return (long) out * in >= LARGE;
    }

    static RowSample all(int out) {
        return new RowSample(0, out, 1);
    }

    /**
     * @param share of the rows in a block
     * @param pick  the block's number, below that of the blocks, which is its argument; null for all rows
     */
    static RowSample of(int out, int in, double share, IntUnaryOperator pick) {
        int height = (int) Math.ceil(share * out);
        int blocks = Math.ceilDiv(out, height);
        if (pick == null || blocks == 1 || !large(out, in)) {
            return all(out);
        }
        int from = pick.applyAsInt(blocks) * height;
        return new RowSample(from, Math.min(out, from + height), blocks);
    }

    /** The choice for one matrix at one step: a function of these three alone, so that neither threads nor resuming change it. */
    static IntUnaryOperator draw(long seed, int step, String matrix) {
        return blocks -> new SplittableRandom((seed * 31 + step) * 31 + matrix.hashCode()).nextInt(blocks);
    }
}
