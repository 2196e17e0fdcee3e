package agl.autograd.kernels.vector;

import agl.autograd.kernels.AttentionShape;
import agl.autograd.kernels.Workers;
import agl.autograd.storage.Storage;
import java.util.Arrays;

/**
 * Backward of {@link VectorAttention}, in tiles of keys × queries: with S = scale·K·Qᵀ and P = exp(S − lse), both as (keys, queries),
 * dV += P·dO, dP = V·dOᵀ, dS = P ⊙ (dP − D), D = rowsum(dO ⊙ O), dK += scale·dS·Q, dQ += scale·dSᵀ·K. Keys run along the rows, so that only
 * the last product has to transpose its tile.
 *
 * <p>A task is one head of one sequence. Heads that share a key head each have their own dK and dV, which are summed in a fixed order.
 */
final class VectorAttentionBackward {
    /** Tile size. Many queries: the sums in dK and dV are long, and Q and dO are packed once. Few keys: few masked scores are computed. */
    private static final int QUERIES = 256, KEYS = 32;
    private static final int W = GemmTile.WIDTH;

    private final AttentionShape s;
    private final int d;
    private final Storage.F32 q;
    private final Storage.F32 k;
    private final Storage.F32 v;
    private final float[] out;
    private final float[] logSumExp;
    private final Storage.F32 dOut;
    private final float[] dq;
    private final float[] dk;
    private final float[] dv;
    /** (key rows, heads·headDim) each for dK and dV if several query heads share a key head; else dk and dv themselves. */
    private final float[] dkOfHeads;
    private final float[] dvOfHeads;

    private VectorAttentionBackward(AttentionShape s, Storage.F32 q, Storage.F32 k, Storage.F32 v, float[] out, float[] logSumExp,
                                    Storage.F32 dOut, float[] dq, float[] dk, float[] dv) {
        this.s = s;
        this.d = s.headDim();
        this.q = q;
        this.k = k;
        this.v = v;
        this.out = out;
        this.logSumExp = logSumExp;
        this.dOut = dOut;
        this.dq = dq;
        this.dk = dk;
        this.dv = dv;
        int size = s.keyRows() * s.heads() * d;
        this.dkOfHeads = dk == null || s.group() == 1 ? dk : Scratch.get().floats(Scratch.DK_OF_HEADS, size);
        this.dvOfHeads = dv == null || s.group() == 1 ? dv : Scratch.get().floats(Scratch.DV_OF_HEADS, size);
    }

    static void run(AttentionShape s, Storage.F32 q, Storage.F32 k, Storage.F32 v, float[] out, float[] logSumExp, Storage.F32 dOut,
                    float[] dq, float[] dk, float[] dv) {
        VectorAttentionBackward b = new VectorAttentionBackward(s, q, k, v, out, logSumExp, dOut, dq, dk, dv);
        Workers.parallelFor(s.sequences() * s.heads(), t -> b.head(t / s.heads(), t % s.heads()));
        if (s.group() > 1 && (dk != null || dv != null)) {
            Workers.parallelFor(s.sequences() * s.kvHeads(), t -> b.addHeads(t / s.kvHeads(), t % s.kvHeads()));
        }
    }

    private void head(int seq, int head) {
        if (s.group() > 1) {
            clear(seq, head, dkOfHeads);
            clear(seq, head, dvOfHeads);
        }
        for (int from = s.qStart()[seq]; from < s.qStart()[seq + 1]; from += QUERIES) {
            queries(seq, head, from, Math.min(s.qStart()[seq + 1], from + QUERIES));
        }
    }

    private void clear(int seq, int head, float[] ofHeads) {
        for (int key = s.kStart()[seq]; key < s.kEnd()[seq] && ofHeads != null; key++) {
            int at = (key * s.heads() + head) * d;
            Arrays.fill(ofHeads, at, at + d, 0f);
        }
    }

    /** All keys against the query rows [from, to). */
    private void queries(int seq, int head, int from, int to) {
        int n = to - from;
        int qStride = s.heads() * d;
        int off = from * qStride + head * d;
        int wide = VectorGemm.roundUp(d, W);
        Scratch scratch = Scratch.get();
        float[] qT = scratch.floats(Scratch.K_PANELS, QUERIES * d);
        float[] dOutT = scratch.floats(Scratch.V_PANELS, QUERIES * d);
        float[] qPanels = scratch.floats(Scratch.Q_PANELS, QUERIES * wide);
        float[] dOutPanels = scratch.floats(Scratch.D_OUT_PANELS, QUERIES * wide);
        float[] minusLse = scratch.floats(Scratch.ROW_MAX, QUERIES);
        float[] minusD = scratch.floats(Scratch.ROW_SUM, QUERIES);
        GemmPacking.panelsOfRows(q, off, qStride, n, d, qT, scratch);
        GemmPacking.panels(q, off, qStride, d, n, qPanels, scratch);
        GemmPacking.panelsOfRows(dOut, off, qStride, n, d, dOutT, scratch);
        GemmPacking.panels(dOut, off, qStride, d, n, dOutPanels, scratch);
        for (int i = 0; i < n; i++) {
            minusLse[i] = -logSumExp[(from + i) * s.heads() + head];
            minusD[i] = -VectorMath.dot(d, dOut.array(), off + i * qStride, out, off + i * qStride);
        }
        int position = s.firstPosition(seq) + from - s.qStart()[seq];
        int end = position + n;
        for (int key = s.firstKey(position); key < end; key += KEYS) {
            int keys = Math.min(KEYS, end - key);
            // The queries that attend to any of these keys, in whole panels.
            int first = Math.max(0, key - position) / W * W;
            int last = s.window() <= 0 ? n : Math.min(n, key + keys - 1 + s.window() - position);
            tile(seq, head, key, keys, position, first, last, n, qT, dOutT, qPanels, dOutPanels, minusLse, minusD, scratch);
            if (dq != null) {
                addQueryGradient(seq, head, key, keys, first, last, off, scratch);
            }
        }
    }

    /** Computes P and dS of these keys and the queries [first, last) of n, and adds their contribution to dV and dK. */
    private void tile(int seq, int head, int key, int keys, int position, int first, int last, int n, float[] qT, float[] dOutT,
                      float[] qPanels, float[] dOutPanels, float[] minusLse, float[] minusD, Scratch scratch) {
        int kStride = s.kvHeads() * d;
        int kOff = (s.kStart()[seq] + key) * kStride + head / s.group() * d;
        int heads = s.group() == 1 ? s.kvHeads() : s.heads();
        int gradOff = ((s.kStart()[seq] + key) * heads + head) * d;
        int queries = last - first;
        float scale = (float) s.scale();
        float[] p = scratch.floats(Scratch.SCORES, KEYS * QUERIES);
        BlockedGemm.tiles(keys, queries, d, scale, k.array(), kOff, kStride, qT, first * d, d * W, 0, p, first, QUERIES, scratch);
        VectorMath.expOfSums(keys, queries, p, first, QUERIES, minusLse, first);
        for (int j = 0; j < keys; j++) {
            // The queries at key j's position and later attend to it, as far as the window reaches.
            int lo = Math.clamp(key + j - position, first, last);
            int hi = s.window() <= 0 ? last : Math.clamp(key + j + s.window() - position, lo, last);
            Arrays.fill(p, j * QUERIES + first, j * QUERIES + lo, 0f);
            Arrays.fill(p, j * QUERIES + hi, j * QUERIES + last, 0f);
        }
        if (dv != null) {
            BlockedGemm.tiles(keys, d, queries, 1, p, first, QUERIES, dOutPanels, first * W, n * W, 1, dvOfHeads, gradOff, heads * d,
                    scratch);
        }
        if (dq == null && dk == null) {
            return;
        }
        float[] ds = scratch.floats(Scratch.D_SCORES, KEYS * QUERIES);
        BlockedGemm.tiles(keys, queries, d, 1, v.array(), kOff, kStride, dOutT, first * d, d * W, 0, ds, first, QUERIES, scratch);
        VectorMath.multiplySums(keys, queries, p, ds, first, QUERIES, minusD, first);
        if (dk != null) {
            BlockedGemm.tiles(keys, d, queries, scale, ds, first, QUERIES, qPanels, first * W, n * W, 1, dkOfHeads, gradOff, heads * d,
                    scratch);
        }
    }

    /**
     * Adds the contribution of dS, left by {@link #tile}, to dQ. A separate method: inside tile it would exceed HotSpot's inlining limit,
     * and vectors passed to calls that are not inlined are heap objects.
     */
    private void addQueryGradient(int seq, int head, int key, int keys, int first, int last, int qOff, Scratch scratch) {
        int kStride = s.kvHeads() * d;
        int kOff = (s.kStart()[seq] + key) * kStride + head / s.group() * d;
        int qStride = s.heads() * d;
        float[] kPanels = scratch.floats(Scratch.PANELS, KEYS * VectorGemm.roundUp(d, W));
        GemmPacking.panels(k, kOff, kStride, d, keys, kPanels, scratch);
        // P is no longer needed: its buffer takes dSᵀ, with the queries along the rows.
        float[] transposed = scratch.floats(Scratch.SCORES, KEYS * QUERIES);
        Transposition.run(scratch.floats(Scratch.D_SCORES, KEYS * QUERIES), first, QUERIES, keys, last - first, transposed, 0, KEYS);
        BlockedGemm.tiles(last - first, d, keys, (float) s.scale(), transposed, 0, KEYS, kPanels, 0, keys * W, 1, dq,
                qOff + first * qStride, qStride, scratch);
    }

    private void addHeads(int seq, int kvHead) {
        for (int key = s.kStart()[seq]; key < s.kEnd()[seq]; key++) {
            int to = (key * s.kvHeads() + kvHead) * d;
            int from = (key * s.heads() + kvHead * s.group()) * d;
            if (dk != null) {
                VectorMath.addRuns(d, s.group(), dkOfHeads, from, dk, to);
            }
            if (dv != null) {
                VectorMath.addRuns(d, s.group(), dvOfHeads, from, dv, to);
            }
        }
    }
}
