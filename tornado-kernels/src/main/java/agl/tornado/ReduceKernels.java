package agl.tornado;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Reductions. A work-group sums in local memory; the host adds the work-groups' sums in order and in double. */
final class ReduceKernels {
    private ReduceKernels() { }

    /** m[p4 + group] = this group's part of Σ x·y over p1 elements; x p2 and y p3 have rows of p5 elements, p6 and p7 apart. */
    static void innerProduct(KernelContext c, FloatArray m, IntArray p) {
        int n = p.get(1);
        int x = p.get(2);
        int y = p.get(3);
        int cols = p.get(5);
        int stride = p.get(0) * 64;
        int lane = c.localIdx;
        float[] sum = c.allocateFloatLocalArray(64);
        float part = 0f;
        for (int i = c.globalIdx; i < n; i += stride) {
            int row = i / cols;
            int col = i - row * cols;
            part += m.get(x + row * p.get(6) + col) * m.get(y + row * p.get(7) + col);
        }
        sum[lane] = part;
        c.localBarrier();
        for (int half = 32; half > 0; half = half / 2) {
            if (lane < half) {
                sum[lane] = sum[lane] + sum[lane + half];
            }
            c.localBarrier();
        }
        if (lane == 0) {
            m.set(p.get(4) + c.groupIdx, sum[0]);
        }
    }

    /**
     * loss = logsumexp(logits) − logits[target] for p1 rows of length p2, one work-group per row, and if p6 the row becomes softmax −
     * onehot(target); logits p3, targets p4, loss p5. Each thread keeps a running maximum and the sum of exponentials relative to it;
     * these are then merged.
     */
    static void crossEntropy(KernelContext c, FloatArray m, IntArray p) {
        int groups = p.get(0);
        int rows = p.get(1);
        int cols = p.get(2);
        int gradient = p.get(6);
        int lane = c.localIdx;
        float[] tops = c.allocateFloatLocalArray(64);
        float[] sums = c.allocateFloatLocalArray(64);
        for (int row = c.groupIdx; row < rows; row += groups) {
            int o = p.get(3) + row * cols;
            int target = (int) m.get(p.get(4) + row);
            float top = -3.0e38f;
            float sum = 0f;
            for (int j = lane; j < cols; j += 64) {
                float v = m.get(o + j);
                float higher = TornadoMath.max(top, v);
                sum = sum * TornadoMath.exp(top - higher) + TornadoMath.exp(v - higher);
                top = higher;
            }
            tops[lane] = top;
            sums[lane] = sum;
            c.localBarrier();
            for (int half = 32; half > 0; half = half / 2) {
                if (lane < half) {
                    float other = tops[lane + half];
                    float mine = tops[lane];
                    float higher = TornadoMath.max(mine, other);
                    sums[lane] = sums[lane] * TornadoMath.exp(mine - higher) + sums[lane + half] * TornadoMath.exp(other - higher);
                    tops[lane] = higher;
                }
                c.localBarrier();
            }
            float lse = tops[0] + TornadoMath.log(sums[0]);
            if (lane == 0) {
                m.set(p.get(5) + row, lse - m.get(o + target));
            }
            // The loss reads a logit that the gradient overwrites.
            c.globalBarrier();
            if (gradient > 0) {
                for (int j = lane; j < cols; j += 64) {
                    float share = TornadoMath.exp(m.get(o + j) - lse);
                    if (j == target) {
                        share = share - 1f;
                    }
                    m.set(o + j, share);
                }
            }
            c.localBarrier();
        }
    }
}
