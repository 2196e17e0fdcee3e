package agl.regularizers;

import static org.junit.jupiter.api.Assertions.assertEquals;

import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.IntFunction;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What every provider of {@link TermKernels} promises: what the terms' own loops compute in double, to the precision of a float, at sizes
 * below and beyond a vector, a block and a device's work-groups; and nothing written outside the tile. A provider's test implements it.
 */
public interface TermContract {
    int ROW = 3;
    /** Elements of each storage behind the tile: the last tile of a matrix does not fill its storage. */
    int REST = 5;

    /** @param storage zeroed float storage of a length, where this provider is to work on it */
    record Provider(TermKernels terms, IntFunction<Storage> storage) { }

    /** What is under test, by name. */
    Map<String, Provider> providers();

    /** Largest error, of an element absolute (they are about 1), of a sum relative to the sum of absolute values. */
    default double tolerance() {
        return 2e-6;
    }

    /** Both signs, a zero in either part, and two parts that cancel. */
    @ParameterizedTest @CsvSource({"absolute, 1", "absolute, 17", "absolute, 1023", "absolute, 1024", "absolute, 1041", "absolute, 2100",
        "absolute, 9001", "signed, 17", "signed, 1041", "squared, 17", "squared, 1041"})
    default void riemannian(String overlap, int n) {
        AglSettings s = AglSettings.DEFAULT.with("{\"beta\":3,\"kappa\":5,\"tau\":0.3,\"overlap\":\"" + overlap + "\"}");
        double[][] values = samples(n, 4);
        for (int i = 0; i + 2 < n; i += 7) {
            values[0][i] = 0;
            values[1][i + 1] = 0;
            values[1][i + 2] = -values[0][i + 2];
        }
        Tile[] wide = tiles(n, k -> Storage.allocate(DType.F64, k), values);
        double expected = TermKernels.PLAIN.riemannian(s, wide[0], wide[1], 0.7, wide[2], wide[3]);
        providers().forEach((name, p) -> {
            Tile[] single = tiles(n, p.storage, values);
            assertEquals(expected, p.terms.riemannian(s, single[0], single[1], 0.7, single[2], single[3]), tolerance() * n, name);
            same(name, wide, single, tolerance());
        });
    }

    @ParameterizedTest @ValueSource(ints = {1, 17, 1024, 1041, 9001}) default void stability(int n) {
        double[] h = samples((ROW + 1) * n, 1)[0];
        double[][] values = samples(n, 2);
        Tile[] wide = tiles(n, k -> Storage.allocate(DType.F64, k), values);
        double expected = TermKernels.PLAIN.stability(new Storage.F64(h, h.length), wide[0], 0.7, wide[1]);
        providers().forEach((name, p) -> {
            Tile[] single = tiles(n, p.storage, values);
            assertEquals(expected, p.terms.stability(filled(p.storage, h), single[0], 0.7, single[1]), tolerance() * n, name);
            same(name, wide, single, tolerance());
        });
    }

    /** Over two tiles, for each of which the sums are added. */
    @ParameterizedTest @CsvSource({"1, true", "17, true", "17, false", "1041, true", "1041, false", "9001, true"})
    default void geodesic(int n, boolean metric) {
        double[] m = samples((ROW + 1) * n, 1)[0];
        double[][] values = samples(n, 4);
        Tile[] wide = tiles(n, k -> Storage.allocate(DType.F64, k), values);
        GeodesicOverlap.Sums expected = new GeodesicOverlap.Sums();
        for (int tile = 0; tile < 2; tile++) {
            TermKernels.PLAIN.geodesic(expected, metric ? new Storage.F64(m, m.length) : null, wide[0], wide[1], wide[2], wide[3]);
        }
        providers().forEach((name, p) -> {
            Tile[] single = tiles(n, p.storage, values);
            Storage diagonal = metric ? filled(p.storage, m) : null;
            GeodesicOverlap.Sums sums = new GeodesicOverlap.Sums();
            for (int tile = 0; tile < 2; tile++) {
                p.terms.geodesic(sums, diagonal, single[0], single[1], single[2], single[3]);
            }
            same(name, wide, single, tolerance());
            GeodesicOverlap.Weights one = expected.derivative(0.1, 1);
            GeodesicOverlap.Weights other = sums.derivative(0.1, 1);
            close(name, expected.value(0.1), sums.value(0.1));
            close(name, one.x(), other.x());
            close(name, one.ya(), other.ya());
            close(name, one.yt(), other.yt());
        });
    }

    /** Values in double, or a metric or H in double, go to the plain loops: the same bits. */
    @ParameterizedTest @ValueSource(strings = {"tiles", "diagonal"}) default void doublesAreLeftToThePlainLoops(String inDouble) {
        int n = 33;
        IntFunction<Storage> storage = k -> Storage.allocate(inDouble.equals("tiles") ? DType.F64 : DType.F32, k);
        double[] m = samples((ROW + 1) * n, 1)[0];
        Storage diagonal = new Storage.F64(m, m.length);
        AglSettings s = AglSettings.DEFAULT;
        double[][] values = samples(n, 4);
        Tile[] plain = tiles(n, storage, values);
        GeodesicOverlap.Sums expected = new GeodesicOverlap.Sums();
        TermKernels.PLAIN.geodesic(expected, diagonal, plain[0], plain[1], plain[2], plain[3]);
        double lT = TermKernels.PLAIN.stability(diagonal, plain[0], 0.7, plain[3]);
        double eRM = inDouble.equals("tiles") ? TermKernels.PLAIN.riemannian(s, plain[0], plain[1], 0.7, plain[2], plain[3]) : 0;
        providers().forEach((name, p) -> {
            Tile[] other = tiles(n, storage, values);
            GeodesicOverlap.Sums sums = new GeodesicOverlap.Sums();
            p.terms.geodesic(sums, diagonal, other[0], other[1], other[2], other[3]);
            assertEquals(expected.value(0.1), sums.value(0.1), name);
            assertEquals(lT, p.terms.stability(diagonal, other[0], 0.7, other[3]), name);
            if (inDouble.equals("tiles")) {
                assertEquals(eRM, p.terms.riemannian(s, other[0], other[1], 0.7, other[2], other[3]), name);
            }
            same(name, plain, other, 0);
        });
    }

    /** Values in (−1, 1) that a float holds exactly, so that every provider starts from the same. */
    private static double[][] samples(int n, int count) {
        SplittableRandom random = new SplittableRandom(n);
        double[][] all = new double[count][];
        for (int k = 0; k < count; k++) {
            all[k] = random.doubles(n, -1, 1).map(x -> (float) x).toArray();
        }
        return all;
    }

    private static Tile[] tiles(int n, IntFunction<Storage> storage, double[][] values) {
        Tile[] tiles = new Tile[values.length];
        for (int k = 0; k < tiles.length; k++) {
            tiles[k] = Tile.of(filled(storage, java.util.Arrays.copyOf(values[k], n + REST)), ROW, 1, n);
        }
        return tiles;
    }

    private static Storage filled(IntFunction<Storage> storage, double[] values) {
        Storage s = storage.apply(values.length);
        for (int i = 0; i < values.length; i++) {
            s.set(i, values[i]);
        }
        return s;
    }

    private void close(String name, double expected, double actual) {
        assertEquals(expected, actual, tolerance() * Math.abs(expected), name);
    }

    private static void same(String name, Tile[] expected, Tile[] actual, double tolerance) {
        for (int k = 0; k < expected.length; k++) {
            for (int i = 0; i < expected[k].size() + REST; i++) {
                assertEquals(expected[k].get(i), actual[k].get(i), tolerance, name + ", operand " + k + ", element " + i);
            }
        }
    }
}
