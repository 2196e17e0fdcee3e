package agl.tornado;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Causal grouped-query attention with a streaming softmax (Milakov and Gimelshein 2018; Dao et al. 2022). A work-group takes one query row
 * and head and processes its keys 64 at a time: each thread scores one key, then accumulates its part of the head's output, at most four
 * elements. Only the scores of 64 keys exist at any time.
 */
final class AttentionKernels {
    /** Largest head dimension: 64 threads with four elements each. */
    static final int MOST = 256;

    private AttentionKernels() { }

    /**
     * p1 query rows, p2 heads, p3 key heads of size p4; q p5, k p6, v p7, out p8, log-sum-exp p9. p10: first key row of each query row,
     * then the last of each. s0 is the score scale.
     */
    static void forward(KernelContext c, FloatArray m, IntArray p, FloatArray s) {
        int groups = p.get(0);
        int rows = p.get(1);
        int heads = p.get(2);
        int kvHeads = p.get(3);
        int d = p.get(4);
        int ranges = p.get(10);
        float scale = s.get(0);
        int lane = c.localIdx;
        float[] query = c.allocateFloatLocalArray(256);
        float[] share = c.allocateFloatLocalArray(64);
        float[] work = c.allocateFloatLocalArray(64);
        for (int g = c.groupIdx; g < rows * heads; g += groups) {
            int row = g / heads;
            int kvHead = (g - row * heads) / (heads / kvHeads);
            int first = (int) m.get(ranges + row);
            int last = (int) m.get(ranges + rows + row);
            for (int i = lane; i < d; i += 64) {
                query[i] = scale * m.get(p.get(5) + g * d + i);
            }
            c.localBarrier();
            float top = -3.0e38f;
            float total = 0f;
            float o0 = 0f;
            float o1 = 0f;
            float o2 = 0f;
            float o3 = 0f;
            for (int start = first; start <= last; start += 64) {
                int key = start + lane;
                float score = -3.0e38f;
                if (key <= last) {
                    int at = p.get(6) + (key * kvHeads + kvHead) * d;
                    float dot = 0f;
                    for (int i = 0; i < d; i++) {
                        dot += query[i] * m.get(at + i);
                    }
                    score = dot;
                }
                work[lane] = score;
                c.localBarrier();
                for (int half = 32; half > 0; half = half / 2) {
                    if (lane < half) {
                        work[lane] = TornadoMath.max(work[lane], work[lane + half]);
                    }
                    c.localBarrier();
                }
                float higher = TornadoMath.max(top, work[0]);
                c.localBarrier();
                float e = 0f;
                if (key <= last) {
                    e = TornadoMath.exp(score - higher);
                }
                share[lane] = e;
                work[lane] = e;
                c.localBarrier();
                for (int half = 32; half > 0; half = half / 2) {
                    if (lane < half) {
                        work[lane] = work[lane] + work[lane + half];
                    }
                    c.localBarrier();
                }
                // The sums so far are relative to the old maximum.
                float keep = TornadoMath.exp(top - higher);
                total = total * keep + work[0];
                o0 = o0 * keep;
                o1 = o1 * keep;
                o2 = o2 * keep;
                o3 = o3 * keep;
                int count = TornadoMath.min(64, last - start + 1);
                for (int j = 0; j < count; j++) {
                    int at = p.get(7) + ((start + j) * kvHeads + kvHead) * d + lane;
                    float w = share[j];
                    if (lane < d) {
                        o0 += w * m.get(at);
                    }
                    if (lane + 64 < d) {
                        o1 += w * m.get(at + 64);
                    }
                    if (lane + 128 < d) {
                        o2 += w * m.get(at + 128);
                    }
                    if (lane + 192 < d) {
                        o3 += w * m.get(at + 192);
                    }
                }
                top = higher;
                c.localBarrier();
            }
            int to = p.get(8) + g * d + lane;
            if (lane < d) {
                m.set(to, o0 / total);
            }
            if (lane + 64 < d) {
                m.set(to + 64, o1 / total);
            }
            if (lane + 128 < d) {
                m.set(to + 128, o2 / total);
            }
            if (lane + 192 < d) {
                m.set(to + 192, o3 / total);
            }
            if (lane == 0) {
                m.set(p.get(9) + g, top + TornadoMath.log(total));
            }
            c.localBarrier();
        }
    }
}
