package agl.tornado;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Kernels that move or rotate whole rows. Row indices are stored in the arena as floats, which are exact for integers up to 2^24. */
final class RowKernels {
    private RowKernels() { }

    /** y[to[i]] = factor[i]·x[from[i]] for p1 rows of length p2; x p3, from p4, factor p5, y p6, to p7; offset −1: index i, factor 1. */
    static void rows(KernelContext c, FloatArray m, IntArray p) {
        int cols = p.get(2);
        int n = p.get(1) * cols;
        int x = p.get(3);
        int from = p.get(4);
        int factor = p.get(5);
        int y = p.get(6);
        int to = p.get(7);
        int stride = p.get(0) * 64;
        for (int e = c.globalIdx; e < n; e += stride) {
            int i = e / cols;
            int j = e - i * cols;
            int source = i;
            int target = i;
            float f = 1f;
            if (from >= 0) {
                source = (int) m.get(from + i);
            }
            if (to >= 0) {
                target = (int) m.get(to + i);
            }
            if (factor >= 0) {
                f = m.get(factor + i);
            }
            m.set(y + target * cols + j, f * m.get(x + source * cols + j));
        }
    }

    /** The same with +=. A row may be a target several times, so each thread takes a column and processes the rows in order. */
    static void rowsAdd(KernelContext c, FloatArray m, IntArray p) {
        int n = p.get(1);
        int cols = p.get(2);
        int x = p.get(3);
        int from = p.get(4);
        int factor = p.get(5);
        int y = p.get(6);
        int to = p.get(7);
        int stride = p.get(0) * 64;
        for (int j = c.globalIdx; j < cols; j += stride) {
            for (int i = 0; i < n; i++) {
                int source = i;
                int target = i;
                float f = 1f;
                if (from >= 0) {
                    source = (int) m.get(from + i);
                }
                if (to >= 0) {
                    target = (int) m.get(to + i);
                }
                if (factor >= 0) {
                    f = m.get(factor + i);
                }
                int at = y + target * cols + j;
                m.set(at, m.get(at) + f * m.get(x + source * cols + j));
            }
        }
    }

    /**
     * Rotates the pairs (x_i, x_{i+p3}) of p1 rows of p2 heads by the angles whose cosines and sines are at p5 and p6, in table row
     * position[row], positions at p4; s0 is the direction. y = …, or y += … if p9; x p7, y p8.
     */
    static void rope(KernelContext c, FloatArray m, IntArray p, FloatArray s) {
        int heads = p.get(2);
        int half = p.get(3);
        int n = p.get(1) * heads * half;
        int positions = p.get(4);
        int cos = p.get(5);
        int sin = p.get(6);
        int x = p.get(7);
        int y = p.get(8);
        int accumulate = p.get(9);
        float sign = s.get(0);
        int stride = p.get(0) * 64;
        for (int e = c.globalIdx; e < n; e += stride) {
            int head = e / half;
            int i = e - head * half;
            int row = head / heads;
            int angle = ((int) m.get(positions + row)) * half + i;
            float cosine = m.get(cos + angle);
            float sine = sign * m.get(sin + angle);
            int at = head * 2 * half + i;
            float x1 = m.get(x + at);
            float x2 = m.get(x + at + half);
            float y1 = x1 * cosine - x2 * sine;
            float y2 = x2 * cosine + x1 * sine;
            if (accumulate > 0) {
                y1 = y1 + m.get(y + at);
                y2 = y2 + m.get(y + at + half);
            }
            m.set(y + at, y1);
            m.set(y + at + half, y2);
        }
    }
}
