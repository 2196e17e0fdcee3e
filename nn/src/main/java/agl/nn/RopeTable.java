package agl.nn;

import agl.autograd.op.Rope;

/** The cosines and sines of a rotary embedding, grown on demand: a model may allow 131,072 positions. */
final class RopeTable {
    private final RopeScaling scaling;
    private final int maxPositions;
    private Rope.Table table;

    RopeTable(RopeScaling scaling, int maxPositions) {
        this.scaling = scaling;
        this.maxPositions = maxPositions;
    }

    /** A table that covers these positions. */
    Rope.Table holding(int[] positions) {
        int longest = 1;
        for (int p : positions) {
            longest = Math.max(longest, p + 1);
        }
        if (table == null || table.cos().length < longest * table.headDim() / 2) {
            table = scaling.table(Math.min(maxPositions, Integer.highestOneBit(Math.max(64, longest)) * 2));
        }
        return table;
    }
}
