package agl.tornado;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Elementwise kernels; p1 is the number of elements, operands follow as offsets in the arena m. */
final class ElementKernels {
    private ElementKernels() { }

    /** y = s0; y p2. */
    static void fill(KernelContext c, FloatArray m, IntArray p, FloatArray s) {
        int n = p.get(1);
        int y = p.get(2);
        float value = s.get(0);
        int stride = p.get(0) * 64;
        for (int i = c.globalIdx; i < n; i += stride) {
            m.set(y + i, value);
        }
    }

    /** y = s0·x; x p2, y p3. */
    static void scale(KernelContext c, FloatArray m, IntArray p, FloatArray s) {
        int n = p.get(1);
        int x = p.get(2);
        int y = p.get(3);
        float alpha = s.get(0);
        int stride = p.get(0) * 64;
        for (int i = c.globalIdx; i < n; i += stride) {
            m.set(y + i, alpha * m.get(x + i));
        }
    }

    /** y += s0·x; x p2, y p3. */
    static void axpy(KernelContext c, FloatArray m, IntArray p, FloatArray s) {
        int n = p.get(1);
        int x = p.get(2);
        int y = p.get(3);
        float alpha = s.get(0);
        int stride = p.get(0) * 64;
        for (int i = c.globalIdx; i < n; i += stride) {
            m.set(y + i, m.get(y + i) + alpha * m.get(x + i));
        }
    }

    /** y = s0·Σ_k x[k]², k below p4, with the rows of x contiguous: the diagonal Fisher from gradients; x p2, y p3. */
    static void squares(KernelContext c, FloatArray m, IntArray p, FloatArray s) {
        int n = p.get(1);
        int x = p.get(2);
        int y = p.get(3);
        int rows = p.get(4);
        float alpha = s.get(0);
        int stride = p.get(0) * 64;
        for (int i = c.globalIdx; i < n; i += stride) {
            float sum = 0f;
            for (int k = 0; k < rows; k++) {
                float g = m.get(x + k * n + i);
                sum += g * g;
            }
            m.set(y + i, alpha * sum);
        }
    }

    /** y = gate·σ(gate)·up; gate p2, up p3, y p4. */
    static void swiGlu(KernelContext c, FloatArray m, IntArray p) {
        int n = p.get(1);
        int gate = p.get(2);
        int up = p.get(3);
        int y = p.get(4);
        int stride = p.get(0) * 64;
        for (int i = c.globalIdx; i < n; i += stride) {
            float z = m.get(gate + i);
            m.set(y + i, z / (1f + TornadoMath.exp(-z)) * m.get(up + i));
        }
    }

    /** dgate += dy·up·σ(1 + z(1 − σ)), dup += dy·z·σ; gate p2, up p3, dy p4, dgate p5, dup p6, −1 for none. */
    static void swiGluBackward(KernelContext c, FloatArray m, IntArray p) {
        int n = p.get(1);
        int gate = p.get(2);
        int up = p.get(3);
        int dy = p.get(4);
        int dGate = p.get(5);
        int dUp = p.get(6);
        int stride = p.get(0) * 64;
        for (int i = c.globalIdx; i < n; i += stride) {
            float z = m.get(gate + i);
            float sigma = 1f / (1f + TornadoMath.exp(-z));
            float d = m.get(dy + i);
            if (dGate >= 0) {
                m.set(dGate + i, m.get(dGate + i) + d * m.get(up + i) * sigma * (1f + z * (1f - sigma)));
            }
            if (dUp >= 0) {
                m.set(dUp + i, m.get(dUp + i) + d * z * sigma);
            }
        }
    }

    /**
     * y = x·mask·s0, or y += … if p4; x p2, y p3. The mask is that of PlainKernels.dropped: SplitMix64's finalizer of seed (p5, p6: upper
     * and lower half) and element, dropped below the threshold (p7, p8). Java's >>> would be compiled to a signed shift, hence the masks.
     */
    static void dropout(KernelContext c, FloatArray m, IntArray p, FloatArray s) {
        int n = p.get(1);
        int x = p.get(2);
        int y = p.get(3);
        int accumulate = p.get(4);
        long seedHigh = p.get(5);
        long seedLow = p.get(6);
        long limitHigh = p.get(7);
        long limitLow = p.get(8);
        long seed = (seedHigh << 32) | (seedLow & 0xFFFFFFFFL);
        long limit = (limitHigh << 32) | (limitLow & 0xFFFFFFFFL);
        float factor = s.get(0);
        int stride = p.get(0) * 64;
        for (int i = c.globalIdx; i < n; i += stride) {
            long count = i + 1;
            long z = seed + count * 0x9E3779B97F4A7C15L;
            z = (z ^ ((z >> 30) & 0x3FFFFFFFFL)) * 0xBF58476D1CE4E5B9L;
            z = (z ^ ((z >> 27) & 0x1FFFFFFFFFL)) * 0x94D049BB133111EBL;
            z = z ^ ((z >> 31) & 0x1FFFFFFFFL);
            long drawn = (z >> 11) & 0x1FFFFFFFFFFFFFL;
            float kept = 0f;
            if (drawn >= limit) {
                kept = m.get(x + i) * factor;
            }
            if (accumulate > 0) {
                kept = kept + m.get(y + i);
            }
            m.set(y + i, kept);
        }
    }

    /**
     * AdamW; p p2, g p3, m p4, v p5. Constants: gradient scale, b1, 1 − b1, b2, 1 − b2, factor of p (decay), lr / (1 − b1^step),
     * 1 / (1 − b2^step), eps.
     */
    static void adamW(KernelContext c, FloatArray m, IntArray p, FloatArray s) {
        int n = p.get(1);
        int x = p.get(2);
        int g = p.get(3);
        int first = p.get(4);
        int second = p.get(5);
        float factor = s.get(0);
        float b1 = s.get(1);
        float rest1 = s.get(2);
        float b2 = s.get(3);
        float rest2 = s.get(4);
        float decay = s.get(5);
        float rate = s.get(6);
        float correction2 = s.get(7);
        float eps = s.get(8);
        int stride = p.get(0) * 64;
        for (int i = c.globalIdx; i < n; i += stride) {
            float gi = m.get(g + i) * factor;
            float mi = b1 * m.get(first + i) + rest1 * gi;
            float vi = b2 * m.get(second + i) + rest2 * gi * gi;
            m.set(first + i, mi);
            m.set(second + i, vi);
            m.set(x + i, m.get(x + i) * decay - rate * mi / (TornadoMath.sqrt(vi * correction2) + eps));
        }
    }
}
