package agl.tornado;

import agl.autograd.kernels.AttentionShape;

/** The attention mask as row ranges: the first row of each range, then the last of each. */
final class SeenKeys {
    private SeenKeys() { }

    /** For each query row, the key rows that it attends to. */
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

    /** For each key row, the query rows that attend to it; if there is none, last is less than first. */
    static int[] ofKeys(AttentionShape s) {
        int rows = s.keyRows();
        int[] ranges = new int[2 * rows];
        java.util.Arrays.fill(ranges, rows, 2 * rows, -1);
        int[] seen = ofQueries(s);
        int queries = s.queryRows();
        for (int query = 0; query < queries; query++) {
            // Key ranges advance with the queries of a sequence, so the queries that attend to a key are contiguous.
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
