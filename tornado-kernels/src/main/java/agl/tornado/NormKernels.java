package agl.tornado;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** RMSNorm: one work-group per row sums in local memory. p1 rows of length p2. */
final class NormKernels {
    private NormKernels() { }

    /** y = x·w·ι, ι = 1/sqrt(mean(x²) + s0); x p3, w p4, y p5, ι p6. */
    static void rmsNorm(KernelContext c, FloatArray m, IntArray p, FloatArray s) {
        int groups = p.get(0);
        int rows = p.get(1);
        int cols = p.get(2);
        int w = p.get(4);
        float eps = s.get(0);
        int lane = c.localIdx;
        float[] sum = c.allocateFloatLocalArray(64);
        for (int row = c.groupIdx; row < rows; row += groups) {
            int x = p.get(3) + row * cols;
            int y = p.get(5) + row * cols;
            float part = 0f;
            for (int j = lane; j < cols; j += 64) {
                float v = m.get(x + j);
                part += v * v;
            }
            sum[lane] = part;
            c.localBarrier();
            for (int half = 32; half > 0; half = half / 2) {
                if (lane < half) {
                    sum[lane] = sum[lane] + sum[lane + half];
                }
                c.localBarrier();
            }
            float inverse = 1f / TornadoMath.sqrt(sum[0] / cols + eps);
            c.localBarrier();
            for (int j = lane; j < cols; j += 64) {
                m.set(y + j, m.get(x + j) * inverse * m.get(w + j));
            }
            if (lane == 0) {
                m.set(p.get(6) + row, inverse);
            }
        }
    }

    /** dx += ι(dy·w − n·mean(dy·w·n)), n = x·ι; x p3, w p4, ι p5, dy p6, dx p7. */
    static void rmsNormBackward(KernelContext c, FloatArray m, IntArray p) {
        int groups = p.get(0);
        int rows = p.get(1);
        int cols = p.get(2);
        int w = p.get(4);
        int lane = c.localIdx;
        float[] sum = c.allocateFloatLocalArray(64);
        for (int row = c.groupIdx; row < rows; row += groups) {
            int x = p.get(3) + row * cols;
            int dy = p.get(6) + row * cols;
            int dx = p.get(7) + row * cols;
            float inverse = m.get(p.get(5) + row);
            float part = 0f;
            for (int j = lane; j < cols; j += 64) {
                part += m.get(dy + j) * m.get(w + j) * m.get(x + j);
            }
            sum[lane] = part;
            c.localBarrier();
            for (int half = 32; half > 0; half = half / 2) {
                if (lane < half) {
                    sum[lane] = sum[lane] + sum[lane + half];
                }
                c.localBarrier();
            }
            float along = sum[0] * inverse / cols;
            c.localBarrier();
            for (int j = lane; j < cols; j += 64) {
                float normed = m.get(x + j) * inverse;
                m.set(dx + j, m.get(dx + j) + inverse * (m.get(dy + j) * m.get(w + j) - normed * along));
            }
        }
    }

    /** dw += Σ_rows dy·x·ι, one thread per column; x p3, ι p4, dy p5, dw p6. */
    static void rmsNormWeight(KernelContext c, FloatArray m, IntArray p) {
        int rows = p.get(1);
        int cols = p.get(2);
        int x = p.get(3);
        int inverse = p.get(4);
        int dy = p.get(5);
        int dw = p.get(6);
        int stride = p.get(0) * 64;
        for (int j = c.globalIdx; j < cols; j += stride) {
            float sum = m.get(dw + j);
            for (int row = 0; row < rows; row++) {
                sum += m.get(dy + row * cols + j) * m.get(x + row * cols + j) * m.get(inverse + row);
            }
            m.set(dw + j, sum);
        }
    }
}
