package agl.tornado;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Attention backward; the attention weights p_j are recomputed from the stored log-sum-exp: with D = dout·out, p_j = exp(scale·q·k_j − lse)
 * and ds_j = scale·p_j(dout·v_j − D): dq = Σ_j ds_j k_j, dk_j = Σ ds_j q, dv_j = Σ p_j dout, the last two over all queries and heads that
 * attend to key j. One work-group computes each sum, so the result does not depend on the order of work-groups.
 */
final class AttentionBackwardKernels {
    private AttentionBackwardKernels() { }

    /**
     * One work-group per query row and head: stores D at p11 and adds to dq at p12 (−1: only D). p1 to p10 as in {@link
     * AttentionKernels#forward}, dout p13.
     */
    static void queries(KernelContext c, FloatArray m, IntArray p, FloatArray s) {
        int groups = p.get(0);
        int rows = p.get(1);
        int heads = p.get(2);
        int kvHeads = p.get(3);
        int d = p.get(4);
        int ranges = p.get(10);
        int dq = p.get(12);
        float scale = s.get(0);
        int lane = c.localIdx;
        float[] query = c.allocateFloatLocalArray(256);
        float[] dOut = c.allocateFloatLocalArray(256);
        float[] work = c.allocateFloatLocalArray(64);
        for (int g = c.groupIdx; g < rows * heads; g += groups) {
            int row = g / heads;
            int kvHead = (g - row * heads) / (heads / kvHeads);
            int first = (int) m.get(ranges + row);
            int last = (int) m.get(ranges + rows + row);
            float part = 0f;
            for (int i = lane; i < d; i += 64) {
                query[i] = m.get(p.get(5) + g * d + i);
                float x = m.get(p.get(13) + g * d + i);
                dOut[i] = x;
                part += x * m.get(p.get(8) + g * d + i);
            }
            work[lane] = part;
            c.localBarrier();
            for (int half = 32; half > 0; half = half / 2) {
                if (lane < half) {
                    work[lane] = work[lane] + work[lane + half];
                }
                c.localBarrier();
            }
            float along = work[0];
            float lse = m.get(p.get(9) + g);
            if (lane == 0) {
                m.set(p.get(11) + g, along);
            }
            c.localBarrier();
            // If dq is not needed, run zero iterations instead of branching: some compilers reject a barrier inside an if.
            int end = last;
            if (dq < 0) {
                end = first - 1;
            }
            float q0 = 0f;
            float q1 = 0f;
            float q2 = 0f;
            float q3 = 0f;
            for (int start = first; start <= end; start += 64) {
                int key = start + lane;
                float ds = 0f;
                if (key <= last) {
                    int at = (key * kvHeads + kvHead) * d;
                    float score = 0f;
                    float dp = 0f;
                    for (int i = 0; i < d; i++) {
                        score += query[i] * m.get(p.get(6) + at + i);
                        dp += dOut[i] * m.get(p.get(7) + at + i);
                    }
                    ds = scale * TornadoMath.exp(scale * score - lse) * (dp - along);
                }
                work[lane] = ds;
                c.localBarrier();
                int count = TornadoMath.min(64, last - start + 1);
                for (int j = 0; j < count; j++) {
                    int at = p.get(6) + ((start + j) * kvHeads + kvHead) * d + lane;
                    float w = work[j];
                    if (lane < d) {
                        q0 += w * m.get(at);
                    }
                    if (lane + 64 < d) {
                        q1 += w * m.get(at + 64);
                    }
                    if (lane + 128 < d) {
                        q2 += w * m.get(at + 128);
                    }
                    if (lane + 192 < d) {
                        q3 += w * m.get(at + 192);
                    }
                }
                c.localBarrier();
            }
            addFour(m, dq, g * d + lane, d - lane, q0, q1, q2, q3);
            c.localBarrier();
        }
    }

    /**
     * One work-group per key row and key head, over the queries that attend to it and the heads that share it. p1 key rows, p2 heads, p3
     * key heads of size p4; q p5, k p6, v p7, D p8, log-sum-exp p9; p10: first query row of each key row, then the last of each (less than
     * the first: none); dk p11, dv p12 (−1: not needed), dout p13.
     */
    static void keys(KernelContext c, FloatArray m, IntArray p, FloatArray s) {
        int groups = p.get(0);
        int rows = p.get(1);
        int heads = p.get(2);
        int kvHeads = p.get(3);
        int d = p.get(4);
        int ranges = p.get(10);
        int dk = p.get(11);
        int dv = p.get(12);
        float scale = s.get(0);
        int shared = heads / kvHeads;
        int lane = c.localIdx;
        float[] key = c.allocateFloatLocalArray(256);
        float[] value = c.allocateFloatLocalArray(256);
        float[] shares = c.allocateFloatLocalArray(64);
        float[] slopes = c.allocateFloatLocalArray(64);
        for (int g = c.groupIdx; g < rows * kvHeads; g += groups) {
            int row = g / kvHeads;
            int kvHead = g - row * kvHeads;
            int first = (int) m.get(ranges + row);
            int last = (int) m.get(ranges + rows + row);
            for (int i = lane; i < d; i += 64) {
                key[i] = m.get(p.get(6) + g * d + i);
                value[i] = m.get(p.get(7) + g * d + i);
            }
            c.localBarrier();
            int pairs = (last - first + 1) * shared;
            float k0 = 0f;
            float k1 = 0f;
            float k2 = 0f;
            float k3 = 0f;
            float v0 = 0f;
            float v1 = 0f;
            float v2 = 0f;
            float v3 = 0f;
            for (int start = 0; start < pairs; start += 64) {
                int pair = start + lane;
                float share = 0f;
                float ds = 0f;
                if (pair < pairs) {
                    int query = (first + pair / shared) * heads + kvHead * shared + pair % shared;
                    float score = 0f;
                    float dp = 0f;
                    for (int i = 0; i < d; i++) {
                        score += key[i] * m.get(p.get(5) + query * d + i);
                        dp += value[i] * m.get(p.get(13) + query * d + i);
                    }
                    share = TornadoMath.exp(scale * score - m.get(p.get(9) + query));
                    ds = scale * share * (dp - m.get(p.get(8) + query));
                }
                shares[lane] = share;
                slopes[lane] = ds;
                c.localBarrier();
                int count = TornadoMath.min(64, pairs - start);
                for (int j = 0; j < count; j++) {
                    int query = (first + (start + j) / shared) * heads + kvHead * shared + (start + j) % shared;
                    int q = p.get(5) + query * d + lane;
                    int o = p.get(13) + query * d + lane;
                    float w = shares[j];
                    float u = slopes[j];
                    if (lane < d) {
                        k0 += u * m.get(q);
                        v0 += w * m.get(o);
                    }
                    if (lane + 64 < d) {
                        k1 += u * m.get(q + 64);
                        v1 += w * m.get(o + 64);
                    }
                    if (lane + 128 < d) {
                        k2 += u * m.get(q + 128);
                        v2 += w * m.get(o + 128);
                    }
                    if (lane + 192 < d) {
                        k3 += u * m.get(q + 192);
                        v3 += w * m.get(o + 192);
                    }
                }
                c.localBarrier();
            }
            addFour(m, dk, g * d + lane, d - lane, k0, k1, k2, k3);
            addFour(m, dv, g * d + lane, d - lane, v0, v1, v2, v3);
            c.localBarrier();
        }
    }

    /** Adds to up to four elements, 64 apart, while {@code left} allows. */
    private static void addFour(FloatArray m, int base, int at, int left, float x0, float x1, float x2, float x3) {
        if (base >= 0) {
            if (left > 0) {
                m.set(base + at, m.get(base + at) + x0);
            }
            if (left > 64) {
                m.set(base + at + 64, m.get(base + at + 64) + x1);
            }
            if (left > 128) {
                m.set(base + at + 128, m.get(base + at + 128) + x2);
            }
            if (left > 192) {
                m.set(base + at + 192, m.get(base + at + 192) + x3);
            }
        }
    }
}
