package agl.tornado;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** First use of the arena, and transfers in and out. As in every kernel, p[0] is the number of work-groups. */
final class BoxKernels {
    private BoxKernels() { }

    /** Touches one element, so that the array exists from then on. */
    static void start(KernelContext c, FloatArray m, IntArray p) {
        if (c.globalIdx < p.get(0)) {
            m.set(c.globalIdx, 0f);
        }
    }

    /** m[p2 + i] = box[i], i below p1. */
    static void scatter(KernelContext c, FloatArray m, IntArray p, FloatArray box) {
        int n = p.get(1);
        int to = p.get(2);
        int stride = p.get(0) * 64;
        for (int i = c.globalIdx; i < n; i += stride) {
            m.set(to + i, box.get(i));
        }
    }

    /** box[i] = m[p2 + i], i below p1, and 0 from there to p3: the rest of a partly written box would come back as garbage. */
    static void gather(KernelContext c, FloatArray m, IntArray p, FloatArray box) {
        int n = p.get(1);
        int from = p.get(2);
        int size = p.get(3);
        int stride = p.get(0) * 64;
        for (int i = c.globalIdx; i < size; i += stride) {
            float x = 0f;
            if (i < n) {
                x = m.get(from + i);
            }
            box.set(i, x);
        }
    }
}
