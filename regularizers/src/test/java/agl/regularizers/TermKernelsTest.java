package agl.regularizers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.vector.VectorKernels;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import java.lang.reflect.Proxy;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The contract of every provider: what the terms' own loops compute in double, to the precision of a float. */
class TermKernelsTest {
    private static final int ROW = 3;

    private final SplittableRandom random = new SplittableRandom(7);

    @Test void theLoopsBelongToTheKernels() {
        assertSame(TermKernels.PLAIN, TermKernels.of(Kernels.plain()));
        assertSame(VectorTerms.INSTANCE, TermKernels.of(new VectorKernels()));
    }

    /** Both signs, a zero in either part, and two parts that cancel; sizes with a rest behind vectors and blocks. */
    @ParameterizedTest @CsvSource({"absolute, 1", "absolute, 17", "absolute, 1023", "absolute, 1024", "absolute, 1041", "absolute, 2100",
        "signed, 17", "signed, 1041", "squared, 17", "squared, 1041"})
    void riemannian(String overlap, int n) {
        AglSettings s = AglSettings.DEFAULT.with("{\"beta\":3,\"kappa\":5,\"tau\":0.3,\"overlap\":\"" + overlap + "\"}");
        double[] a = sample(n);
        double[] t = sample(n);
        for (int i = 0; i + 2 < n; i += 7) {
            a[i] = 0;
            t[i + 1] = 0;
            t[i + 2] = -a[i + 2];
        }
        double[] da = sample(n);
        double[] dt = sample(n);
        Tile[] single = tiles(DType.F32, a, t, da, dt);
        Tile[] wide = tiles(DType.F64, a, t, da, dt);
        double expected = TermKernels.PLAIN.riemannian(s, wide[0], wide[1], 0.7, wide[2], wide[3]);
        assertEquals(expected, VectorTerms.INSTANCE.riemannian(s, single[0], single[1], 0.7, single[2], single[3]), 2e-6 * n);
        same(wide, single);
    }

    @ParameterizedTest @ValueSource(ints = {1, 17, 1024, 1041}) void stability(int n) {
        double[] h = sample((ROW + 1) * n);
        Tile[] single = tiles(DType.F32, sample(n), sample(n));
        Tile[] wide = copies(single);
        double expected = TermKernels.PLAIN.stability(storage(DType.F64, h), wide[0], 0.7, wide[1]);
        assertEquals(expected, VectorTerms.INSTANCE.stability(storage(DType.F32, h), single[0], 0.7, single[1]), 2e-6 * n);
        same(wide, single);
    }

    @ParameterizedTest @CsvSource({"1, true", "17, true", "17, false", "1041, true", "1041, false"}) void geodesic(int n, boolean metric) {
        double[] m = sample((ROW + 1) * n);
        Tile[] single = tiles(DType.F32, sample(n), sample(n), sample(n), sample(n));
        Tile[] wide = copies(single);
        GeodesicOverlap.Sums expected = new GeodesicOverlap.Sums();
        GeodesicOverlap.Sums sums = new GeodesicOverlap.Sums();
        for (int tile = 0; tile < 2; tile++) {
            TermKernels.PLAIN.geodesic(expected, metric ? storage(DType.F64, m) : null, wide[0], wide[1], wide[2], wide[3]);
            VectorTerms.INSTANCE.geodesic(sums, metric ? storage(DType.F32, m) : null, single[0], single[1], single[2], single[3]);
        }
        same(wide, single);
        GeodesicOverlap.Weights one = expected.derivative(0.1, 1);
        GeodesicOverlap.Weights other = sums.derivative(0.1, 1);
        assertEquals(expected.value(0.1), sums.value(0.1), 1e-6 * Math.abs(expected.value(0.1)));
        assertEquals(one.x(), other.x(), 1e-6 * Math.abs(one.x()));
        assertEquals(one.ya(), other.ya(), 1e-6 * Math.abs(one.ya()));
        assertEquals(one.yt(), other.yt(), 1e-6 * Math.abs(one.yt()));
    }

    /** Values in double, and a metric or H in another memory than the heap's floats, go to the plain loops: the same bits. */
    @ParameterizedTest @ValueSource(strings = {"tiles", "diagonal"}) void whatIsNotInFloatsIsLeftToThePlainLoops(String inDouble) {
        int n = 33;
        DType type = inDouble.equals("tiles") ? DType.F64 : DType.F32;
        Storage diagonal = storage(DType.F64, sample((ROW + 1) * n));
        double[][] values = {sample(n), sample(n), sample(n), sample(n)};
        Tile[] plain = tiles(type, values);
        Tile[] vector = tiles(type, values);
        GeodesicOverlap.Sums expected = new GeodesicOverlap.Sums();
        GeodesicOverlap.Sums sums = new GeodesicOverlap.Sums();
        TermKernels.PLAIN.geodesic(expected, diagonal, plain[0], plain[1], plain[2], plain[3]);
        VectorTerms.INSTANCE.geodesic(sums, diagonal, vector[0], vector[1], vector[2], vector[3]);
        assertEquals(expected.value(0.1), sums.value(0.1));
        assertEquals(TermKernels.PLAIN.stability(diagonal, plain[0], 0.7, plain[3]),
                VectorTerms.INSTANCE.stability(diagonal, vector[0], 0.7, vector[3]));
        if (type == DType.F64) {
            AglSettings s = AglSettings.DEFAULT;
            assertEquals(TermKernels.PLAIN.riemannian(s, plain[0], plain[1], 0.7, plain[2], plain[3]),
                    VectorTerms.INSTANCE.riemannian(s, vector[0], vector[1], 0.7, vector[2], vector[3]));
        }
        for (int k = 0; k < plain.length; k++) {
            for (int i = 0; i < n; i++) {
                assertEquals(plain[k].get(i), vector[k].get(i), "operand " + k + ", element " + i);
            }
        }
    }

    /** Kernels that bring their own loops for the terms, as a device does. */
    @Test void kernelsMayBringTheirOwn() {
        Kernels own = (Kernels) Proxy.newProxyInstance(Kernels.class.getClassLoader(), new Class<?>[] {Kernels.class, TermKernels.class},
                (proxy, method, args) -> null);
        assertSame(own, TermKernels.of(own));
    }

    private double[] sample(int n) {
        // Numbers that a float holds exactly, so that both versions start from the same.
        return random.doubles(n, -1, 1).map(x -> (float) x).toArray();
    }

    private static Tile[] tiles(DType type, double[]... values) {
        Tile[] tiles = new Tile[values.length];
        for (int i = 0; i < tiles.length; i++) {
            tiles[i] = Tile.of(storage(type, values[i]), ROW, 1, values[i].length);
        }
        return tiles;
    }

    private static Tile[] copies(Tile[] single) {
        double[][] values = new double[single.length][];
        for (int i = 0; i < single.length; i++) {
            values[i] = new double[single[i].size()];
            for (int j = 0; j < values[i].length; j++) {
                values[i][j] = single[i].get(j);
            }
        }
        return tiles(DType.F64, values);
    }

    private static Storage storage(DType type, double[] values) {
        Storage s = Storage.allocate(type, values.length);
        for (int i = 0; i < values.length; i++) {
            s.set(i, values[i]);
        }
        return s;
    }

    private static void same(Tile[] expected, Tile[] actual) {
        for (int k = 0; k < expected.length; k++) {
            for (int i = 0; i < expected[k].size(); i++) {
                assertEquals(expected[k].get(i), actual[k].get(i), 2e-6, "operand " + k + ", element " + i);
            }
        }
    }
}
