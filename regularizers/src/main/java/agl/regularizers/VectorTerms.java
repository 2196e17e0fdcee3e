package agl.regularizers;

import agl.autograd.kernels.vector.VectorMath;
import agl.autograd.storage.Storage;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The terms' loops on float vectors; tiles in double go to the plain loops. Blocks are summed in float, and the block sums in double, in
 * order: the bits are the same at any time and on any thread.
 */
final class VectorTerms implements TermKernels {
    static final VectorTerms INSTANCE = new VectorTerms();

    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int V = S.length();
    private static final VectorSpecies<Double> D = DoubleVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Float> HALF = VectorSpecies.of(float.class, VectorShape.forBitSize(D.vectorBitSize() / 2));
    private static final int W = D.length();
    /** Entries whose exponentials are buffered; they fit the L1 cache. A multiple of every vector length. */
    private static final int BLOCK = 1024;
    private static final ThreadLocal<float[]> EXPONENTIALS = ThreadLocal.withInitial(() -> new float[BLOCK]);

    private VectorTerms() { }

    @Override public double riemannian(AglSettings s, Tile a, Tile t, double scale, Tile da, Tile dt) {
        float[][] x = arrays(a, t, da, dt);
        if (x == null) {
            return PLAIN.riemannian(s, a, t, scale, da, dt);
        }
        Eta eta = new Eta((float) s.beta(), (float) s.kappa(), (float) scale, s.overlap(), EXPONENTIALS.get());
        double sum = 0;
        for (int i = 0; i < t.size(); i += BLOCK) {
            int n = Math.min(BLOCK, t.size() - i);
            absoluteUpdate(n, x[0], x[1], i, eta.e);
            // e = exp(−z) with z = κ(|w| − τ)
            VectorMath.exp(n, eta.e, 0, -eta.kappa, -eta.kappa * (float) s.tau(), eta.e, 0);
            sum += riemannian(n, eta, x, i);
        }
        return sum;
    }

    /** @param e exp(−z) of a block's entries */
    private record Eta(float beta, float kappa, float scale, AglSettings.Overlap overlap, float[] e) {
    }

    private static void absoluteUpdate(int n, float[] a, float[] t, int off, float[] w) {
        int i = 0;
        for (; i <= n - V; i += V) {
            FloatVector.fromArray(S, a, off + i).add(FloatVector.fromArray(S, t, off + i)).abs().intoArray(w, i);
        }
        for (; i < n; i++) {
            w[i] = Math.abs(a[off + i] + t[off + i]);
        }
    }

    /**
     * σ = 1/(1 + e), η = 1 + βσ, η' = βκσ(1 − σ) sign(w), d = ∂o/∂(a t): ∂a += η d t + η' o, ∂t += η d a + η' o, each times the scale.
     *
     * @param x a, t, ∂a and ∂t
     * @return Σ η o
     */
    private static float riemannian(int n, Eta eta, float[][] x, int off) {
        boolean absolute = eta.overlap == AglSettings.Overlap.ABSOLUTE;
        boolean squared = eta.overlap == AglSettings.Overlap.SQUARED;
        FloatVector one = FloatVector.broadcast(S, 1f);
        FloatVector scale = FloatVector.broadcast(S, eta.scale);
        FloatVector sums = FloatVector.zero(S);
        int i = 0;
        for (; i <= n - V; i += V) {
            FloatVector a = FloatVector.fromArray(S, x[0], off + i);
            FloatVector t = FloatVector.fromArray(S, x[1], off + i);
            FloatVector product = a.mul(t);
            FloatVector o = absolute ? product.abs() : squared ? product.mul(product) : product;
            FloatVector d = absolute ? sign(product) : squared ? product.add(product) : one;
            FloatVector sigma = one.div(FloatVector.fromArray(S, eta.e, i).add(1f));
            FloatVector weight = sigma.mul(eta.beta).add(1f);
            FloatVector both = sigma.mul(one.sub(sigma)).mul(eta.beta * eta.kappa).mul(sign(a.add(t))).mul(o);
            FloatVector along = weight.mul(d);
            along.fma(t, both).fma(scale, FloatVector.fromArray(S, x[2], off + i)).intoArray(x[2], off + i);
            along.fma(a, both).fma(scale, FloatVector.fromArray(S, x[3], off + i)).intoArray(x[3], off + i);
            sums = weight.fma(o, sums);
        }
        float sum = VectorMath.lanes(sums);
        for (; i < n; i++) {
            float a = x[0][off + i];
            float t = x[1][off + i];
            float product = a * t;
            float o = absolute ? Math.abs(product) : squared ? product * product : product;
            float d = absolute ? Math.signum(product) : squared ? product + product : 1f;
            float sigma = 1f / (eta.e[i] + 1f);
            float weight = sigma * eta.beta + 1f;
            float both = sigma * (1f - sigma) * (eta.beta * eta.kappa) * Math.signum(a + t) * o;
            float along = weight * d;
            x[2][off + i] = Math.fma(Math.fma(along, t, both), eta.scale, x[2][off + i]);
            x[3][off + i] = Math.fma(Math.fma(along, a, both), eta.scale, x[3][off + i]);
            sum = Math.fma(weight, o, sum);
        }
        return sum;
    }

    private static FloatVector sign(FloatVector x) {
        VectorMask<Float> above = x.compare(VectorOperators.GT, 0f);
        VectorMask<Float> below = x.compare(VectorOperators.LT, 0f);
        return FloatVector.zero(S).blend(1f, above).blend(-1f, below);
    }

    @Override public double stability(Storage h, Tile t, double scale, Tile dt) {
        float[][] x = arrays(t, dt);
        if (x == null || !(h instanceof Storage.F32 diagonal)) {
            return PLAIN.stability(h, t, scale, dt);
        }
        double sum = 0;
        for (int i = 0; i < t.size(); i += BLOCK) {
            sum += stability(Math.min(BLOCK, t.size() - i), diagonal.array(), t.offset() + i, x, i, (float) (2 * scale));
        }
        return sum;
    }

    private static float stability(int n, float[] h, int hOff, float[][] x, int off, float twice) {
        FloatVector sums = FloatVector.zero(S);
        int i = 0;
        for (; i <= n - V; i += V) {
            FloatVector t = FloatVector.fromArray(S, x[0], off + i);
            FloatVector ht = FloatVector.fromArray(S, h, hOff + i).mul(t);
            sums = ht.fma(t, sums);
            ht.fma(FloatVector.broadcast(S, twice), FloatVector.fromArray(S, x[1], off + i)).intoArray(x[1], off + i);
        }
        float sum = VectorMath.lanes(sums);
        for (; i < n; i++) {
            float ht = h[hOff + i] * x[0][off + i];
            sum = Math.fma(ht, x[0][off + i], sum);
            x[1][off + i] = Math.fma(ht, twice, x[1][off + i]);
        }
        return sum;
    }

    /** In double, as q is a sum of values that nearly cancel. */
    @Override public void geodesic(GeodesicOverlap.Sums sums, Storage metric, Tile a, Tile t, Tile ma, Tile mt) {
        float[][] x = arrays(a, t, ma, mt);
        if (x == null || metric != null && !(metric instanceof Storage.F32)) {
            PLAIN.geodesic(sums, metric, a, t, ma, mt);
            return;
        }
        float[] m = metric == null ? null : ((Storage.F32) metric).array();
        DoubleVector at = DoubleVector.zero(D);
        DoubleVector aa = DoubleVector.zero(D);
        DoubleVector tt = DoubleVector.zero(D);
        int i = 0;
        for (; i <= t.size() - W; i += W) {
            DoubleVector wide = m == null ? DoubleVector.broadcast(D, 1) : widen(m, t.offset() + i);
            DoubleVector wideA = widen(x[0], i);
            DoubleVector wideT = widen(x[1], i);
            DoubleVector wideMa = wide.mul(wideA);
            DoubleVector wideMt = wide.mul(wideT);
            at = wideMa.fma(wideT, at);
            aa = wideMa.fma(wideA, aa);
            tt = wideMt.fma(wideT, tt);
            narrow(wideMa, x[2], i);
            narrow(wideMt, x[3], i);
        }
        sums.add(lanes(at), lanes(aa), lanes(tt));
        for (; i < t.size(); i++) {
            double wide = m == null ? 1 : m[t.offset() + i];
            double wideMa = wide * x[0][i];
            double wideMt = wide * x[1][i];
            sums.add(wideMa * x[1][i], wideMa * x[0][i], wideMt * x[1][i]);
            x[2][i] = (float) wideMa;
            x[3][i] = (float) wideMt;
        }
    }

    private static DoubleVector widen(float[] x, int i) {
        return (DoubleVector) FloatVector.fromArray(HALF, x, i).convertShape(VectorOperators.F2D, D, 0);
    }

    private static void narrow(DoubleVector x, float[] to, int i) {
        ((FloatVector) x.convertShape(VectorOperators.D2F, HALF, 0)).intoArray(to, i);
    }

    private static double lanes(DoubleVector v) {
        double sum = v.lane(0);
        for (int l = 1; l < W; l++) {
            sum += v.lane(l);
        }
        return sum;
    }

    /** The tiles' arrays, or null if a tile is not in a float array. */
    private static float[][] arrays(Tile... tiles) {
        float[][] arrays = new float[tiles.length][];
        for (int i = 0; i < tiles.length; i++) {
            if (!(tiles[i].data() instanceof Storage.F32 f)) {
                return null;
            }
            arrays[i] = f.array();
        }
        return arrays;
    }
}
