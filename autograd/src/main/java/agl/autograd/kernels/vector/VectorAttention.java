package agl.autograd.kernels.vector;

import agl.autograd.kernels.AttentionShape;
import agl.autograd.kernels.Workers;
import agl.autograd.storage.Storage;
import java.util.Arrays;

/**
 * Causal grouped-query attention, forward, in tiles with an online softmax (Milakov and Gimelshein 2018, Dao et al. 2022). Per query row m
 * is the largest score so far, l = Σ exp(score − m), and out holds Σ exp(score − m)·v; a block of keys with a larger score scales both l
 * and out by exp(m_old − m). Memory per thread is one tile of scores at any length.
 *
 * <p>A block of keys and values is packed once for all query heads that share it. Tasks are (sequence, key head, block of queries).
 */
final class VectorAttention {
    /**
     * Queries and keys of a tile: multiples of the matrix product's tile width. Fewer queries mean fewer masked scores, but more packing.
     */
    private static final int QUERIES = 64;
    private static final int KEYS = 256;

    private VectorAttention() { }

    static void forward(AttentionShape s, Storage.F32 q, Storage.F32 k, Storage.F32 v, float[] out, float[] logSumExp) {
        int[] firstTask = new int[s.sequences() + 1];
        for (int seq = 0; seq < s.sequences(); seq++) {
            int blocks = Math.ceilDiv(s.qStart()[seq + 1] - s.qStart()[seq], QUERIES);
            firstTask[seq + 1] = firstTask[seq] + blocks * s.kvHeads();
        }
        int tasks = firstTask[s.sequences()];
        // Last block first: it attends to the most keys, and the longest tasks should start first.
        Workers.parallelFor(tasks, t -> {
            int task = tasks - 1 - t;
            int seq = 0;
            while (task >= firstTask[seq + 1]) {
                seq++;
            }
            int within = task - firstTask[seq];
            int from = s.qStart()[seq] + within / s.kvHeads() * QUERIES;
            block(s, seq, within % s.kvHeads(), from, Math.min(s.qStart()[seq + 1], from + QUERIES), q.array(), k, v, out, logSumExp);
        });
    }

    /** Query rows [from, to) of one sequence, for the query heads that share key head {@code kvHead}. */
    private static void block(AttentionShape s, int seq, int kvHead, int from, int to, float[] q, Storage.F32 k, Storage.F32 v,
                              float[] out, float[] logSumExp) {
        int d = s.headDim();
        int queries = to - from;
        int qStride = s.heads() * d;
        int kStride = s.kvHeads() * d;
        int position = s.firstPosition(seq) + from - s.qStart()[seq];
        int keys = position + queries;
        Scratch scratch = Scratch.get();
        float[] scores = scratch.floats(Scratch.SCORES, QUERIES * KEYS);
        float[] kPanels = scratch.floats(Scratch.K_PANELS, KEYS * d);
        float[] vPanels = scratch.floats(Scratch.V_PANELS, KEYS * VectorGemm.roundUp(d, GemmTile.WIDTH));
        float[] max = scratch.floats(Scratch.ROW_MAX, s.group() * QUERIES);
        float[] sum = scratch.floats(Scratch.ROW_SUM, s.group() * QUERIES);
        Arrays.fill(max, 0, s.group() * QUERIES, Float.NEGATIVE_INFINITY);
        Arrays.fill(sum, 0, s.group() * QUERIES, 0f);
        boolean first = true;
        for (int key = s.firstKey(position) / KEYS * KEYS; key < keys; key += KEYS) {
            int n = Math.min(KEYS, keys - key);
            int kOff = (s.kStart()[seq] + key) * kStride + kvHead * d;
            GemmPacking.panelsOfRows(k, kOff, kStride, n, d, kPanels, scratch);
            GemmPacking.panels(v, kOff, kStride, d, n, vPanels, scratch);
            for (int g = 0; g < s.group(); g++) {
                int off = from * qStride + (kvHead * s.group() + g) * d;
                BlockedGemm.tiles(queries, n, d, (float) s.scale(), q, off, qStride, kPanels, 0, d * GemmTile.WIDTH, 0, scores, 0, KEYS,
                        scratch);
                for (int i = 0; i < queries; i++) {
                    int lo = Math.max(0, s.firstKey(position + i) - key);
                    int hi = Math.min(n, position + i + 1 - key);
                    softmaxRow(scores, i * KEYS, lo, hi, n, max, sum, g * QUERIES + i, first ? 0 : d, out, off + i * qStride);
                }
                BlockedGemm.tiles(queries, d, n, 1, scores, 0, KEYS, vPanels, 0, n * GemmTile.WIDTH, first ? 0 : 1, out, off, qStride,
                        scratch);
            }
            first = false;
        }
        for (int g = 0; g < s.group(); g++) {
            int head = kvHead * s.group() + g;
            for (int i = 0; i < queries; i++) {
                int stat = g * QUERIES + i;
                int off = (from + i) * qStride + head * d;
                VectorMath.axpby(d, 1 / sum[stat], out, off, 0, out, off);
                logSumExp[(from + i) * s.heads() + head] = (float) (max[stat] + Math.log(sum[stat]));
            }
        }
    }

    /**
     * Replaces the scores of one query by exp(score − m), or 0 for masked keys, and updates m, l and the first {@code d} elements of out.
     */
    private static void softmaxRow(float[] scores, int row, int lo, int hi, int n, float[] max, float[] sum, int stat,
                                   int d, float[] out, int off) {
        if (hi <= lo) {
            Arrays.fill(scores, row, row + n, 0f);
            return;
        }
        Arrays.fill(scores, row, row + lo, 0f);
        Arrays.fill(scores, row + hi, row + n, 0f);
        float before = max[stat];
        float now = Math.max(before, VectorMath.max(hi - lo, scores, row + lo));
        float added = VectorMath.exp(hi - lo, scores, row + lo, 1, now, scores, row + lo);
        float shrink = before == now ? 1 : VectorMath.exp(before - now);
        if (shrink != 1 && d > 0) {
            VectorMath.axpby(d, shrink, out, off, 0, out, off);
        }
        max[stat] = now;
        sum[stat] = sum[stat] * shrink + added;
    }
}
