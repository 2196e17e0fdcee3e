package agl.autograd.kernels.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** The upper bound that kernel speeds are compared with: multiply-adds per second of this core without any memory access. */
public final class FmaCeiling {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int CHAINS = 12;
    private static float sink;

    private FmaCeiling() { }

    /**
     * GFLOP/s of one thread on single-precision fused multiply-adds (one counts as 2): the best of {@code samples} runs of about 0.1 ms.
     */
    public static double gflops(int samples) {
        int n = 25_000;
        double best = 0;
        for (int i = 0; i < samples; i++) {
            long start = System.nanoTime();
            sink += chains(n, 0.5f);
            best = Math.max(best, 2.0 * n * CHAINS * S.length() / (System.nanoTime() - start));
        }
        return best;
    }

    /** Twelve independent sums: more than the latency of a multiply-add times the number of multiply-add units. */
    private static float chains(int n, float start) {
        FloatVector x = FloatVector.broadcast(S, start);
        FloatVector y = FloatVector.broadcast(S, 1e-9f);
        FloatVector a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y, k = y, l = y;
        for (int t = 0; t < n; t++) {
            a = x.fma(y, a);
            b = x.fma(y, b);
            c = x.fma(y, c);
            d = x.fma(y, d);
            e = x.fma(y, e);
            f = x.fma(y, f);
            g = x.fma(y, g);
            h = x.fma(y, h);
            i = x.fma(y, i);
            j = x.fma(y, j);
            k = x.fma(y, k);
            l = x.fma(y, l);
        }
        return a.add(b).add(c).add(d).add(e).add(f).add(g).add(h).add(i).add(j).add(k).add(l).lane(0);
    }
}
