package agl.tornado;

import agl.autograd.kernels.AttentionShape;

/** Who sees whom, as two lists of row numbers: the first ones, then the last ones. */
final class SeenKeys {
    private SeenKeys() { }

    /** For each query row the key rows that it sees. */
    static int[] ofQueries(AttentionShape s) {
        int rows = s.queryRows();
        int[] ranges = new int[2 * rows];
        for (int seq = 0; seq < s.sequences(); seq++) {
            for (int row = s.qStart()[seq]; row < s.qStart()[seq + 1]; row++) {
                int position = row - s.qStart()[seq] + s.firstPosition(seq);
                ranges[row] = s.kStart()[seq] + s.firstKey(position);
                ranges[rows + row] = s.kStart()[seq] + position;
            }
        }
        return ranges;
    }

    /** For each key row the query rows that see it; where there is none, the last comes before the first. */
    static int[] ofKeys(AttentionShape s) {
        int rows = s.keyRows();
        int[] ranges = new int[2 * rows];
        java.util.Arrays.fill(ranges, rows, 2 * rows, -1);
        int[] seen = ofQueries(s);
        int queries = s.queryRows();
        for (int query = 0; query < queries; query++) {
            // Queries of a sequence see keys in order, so those that see a key follow each other.
            for (int key = seen[query]; key <= seen[queries + query]; key++) {
                if (ranges[rows + key] < 0) {
                    ranges[key] = query;
                }
                ranges[rows + key] = query;
            }
        }
        return ranges;
    }
}
