package agl.regularizers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import agl.error.AglException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Divisors, floors and counts of an estimate, on numbers that can be done in the head. */
class FisherTest {

    /** F of gradients that are multiples of unit matrices: each a diagonal entry size²/N. */
    private static Fisher of(String name, DType dtype, String json, double... sizes) {
        List<Storage> delta = new ArrayList<>();
        List<Storage> x = new ArrayList<>();
        for (int i = 0; i < sizes.length; i++) {
            delta.add(Storage.allocate(dtype, 2));
            x.add(Storage.allocate(dtype, sizes.length));
            delta.get(i).set(i % 2, 1);
            x.get(i).set(i, sizes[i]);
        }
        return Fisher.of(Kernels.plain(), name, new TokenFactors(2, sizes.length, delta, x), Samples.settings(json));
    }

    private static Map<String, Fisher> two(String json) {
        Map<String, Fisher> both = new LinkedHashMap<>();
        both.put("v", of("v", DType.F64, json, 4, 2));
        both.put("q", of("q", DType.F64, json, 2, 0));
        return both;
    }

    /** tr F_v = (16 + 4)/2 = 10, tr F_q = (4 + 0)/2 = 2: their mean is 6. */
    @Test void withTwoMatricesTraceDividesEachByItsOwnAndMeanTraceBothByTheMean() {
        for (String backend : List.of("exact", "kfac", "diagonal")) {
            String json = "{'metric':'diag_fisher','backend':'" + backend + "'}";
            Map<String, Double> v = Map.of("NONE", 1.0, "TRACE", 10.0, "MEAN_TRACE", 6.0, "MAX", 8.0);
            Map<String, Double> q = Map.of("NONE", 1.0, "TRACE", 2.0, "MEAN_TRACE", 6.0, "MAX", 2.0);
            for (AglSettings.FisherNorm norm : AglSettings.FisherNorm.values()) {
                Map<String, Fisher> f = Fisher.normalise(two(json), norm);
                assertEquals(v.get(norm.name()), f.get("v").scale(), 1e-12, backend + " " + norm);
                assertEquals(q.get(norm.name()), f.get("q").scale(), 1e-12, backend + " " + norm);
                assertArrayEquals(new double[] {8 / v.get(norm.name()), 2 / v.get(norm.name())}, f.get("v").eigenvalues(), 1e-12);
                assertArrayEquals(new double[] {2 / q.get(norm.name())}, f.get("q").eigenvalues(), 1e-12);
                assertEquals(8 / v.get(norm.name()), f.get("v").diagonal().get(0), 1e-12);
                assertEquals(2 / v.get(norm.name()), f.get("v").diagonal().get(3), 1e-12);
                assertEquals(10, f.get("v").trace(), 1e-12, "the trace stays that of F itself");
                // What was divided already is divided anew, not once more: a cached estimate may have been made for another norm.
                Map<String, Fisher> again = Fisher.normalise(Fisher.normalise(two(json), AglSettings.FisherNorm.MAX), norm);
                assertArrayEquals(f.get("v").eigenvalues(), again.get("v").eigenvalues(), 1e-12);
                assertEquals(f.get("v").diagonal().get(3), again.get("v").diagonal().get(3), 1e-12, backend + " " + norm);
                assertEquals(f.get("q").diagonal().get(0), again.get("q").diagonal().get(0), 1e-12, backend + " " + norm);
            }
        }
    }

    /** Where no gradient arrives F is 0 and is left so. */
    @Test void aMatrixWithoutGradientsIsNotDividedByZero() {
        for (AglSettings.FisherNorm norm : AglSettings.FisherNorm.values()) {
            Fisher f = Fisher.normalise(Map.of("w", of("w", DType.F64, "{}", 0, 0)), norm).get("w");
            assertEquals(1, f.scale(), norm.name());
            assertEquals(0, f.eigenvalues().length);
        }
    }

    /** An eigenvalue below 1e-10 of the largest in double, 1e-6 in float, is rounding: its direction is not kept. */
    @Test void directionsOfRoundingAreNotKept() {
        for (String backend : List.of("exact", "kfac", "diagonal")) {
            String json = "{'backend':'" + backend + "'}";
            assertEquals(2, of("w", DType.F64, json, 1, 1.5e-5).eigenvalues().length, "2.3e-10 of the largest, " + backend);
            assertEquals(1, of("w", DType.F64, json, 1, 0.7e-5).eigenvalues().length, "4.9e-11 of the largest, " + backend);
            assertEquals(2, of("w", DType.F32, json, 1, 1.5e-3).eigenvalues().length, "2.3e-6 of the largest, " + backend);
            assertEquals(1, of("w", DType.F32, json, 1, 0.7e-3).eigenvalues().length, "4.9e-7 of the largest, " + backend);
        }
    }

    @Test void mIsTheNumberAskedForOrOneForEachExampleUpTo128() {
        assertEquals(3, of("w", DType.F64, "{}", 5, 4, 3).eigenvalues().length);
        assertEquals(2, of("w", DType.F64, "{'m':2}", 5, 4, 3).eigenvalues().length);
        assertEquals(1, of("w", DType.F64, "{'energy':0.5}", 5, 4, 3).eigenvalues().length, "25 of 50");
        double[] sizes = new double[130];
        java.util.Arrays.setAll(sizes, i -> 2 - i / 130.0);
        assertEquals(128, of("w", DType.F64, "{}", sizes).eigenvalues().length);
        assertEquals(129, of("w", DType.F64, "{'m':129}", sizes).eigenvalues().length);
    }

    @Test void nothingToEstimateFromIsRefused() {
        assertThrows(AglException.class, () -> of("w", DType.F64, "{}"));
        for (String backend : List.of("exact", "kfac", "diagonal")) {
            AglException e = assertThrows(AglException.class, () -> of("w", DType.F64, "{'backend':'" + backend + "'}", Double.NaN, 1));
            assertTrue(e.getMessage().startsWith("w: the gradients for the Fisher information are not finite"), e.getMessage());
        }
    }

    @Test void theDiagonalCanBeLeftOut() {
        Fisher f = of("w", DType.F64, "{'metric':'diag_fisher'}", 5, 4);
        Fisher without = f.withoutDiagonal();
        assertNull(without.diagonal());
        assertSame(f.subspace(), without.subspace());
        assertEquals(List.of(f.trace(), f.scale()), List.of(without.trace(), without.scale()));
        assertSame(f.eigenvalues(), without.eigenvalues());
    }

    /** Every storage once: m vectors, or δ and x, or p and q; and the diagonal. */
    @ParameterizedTest @CsvSource({"'exact_storage':'dense', 3", "'exact_storage':'factored', 3", "'backend':'kfac', 3",
        "'backend':'diagonal', 1"})
    void anEstimateMovesWholeToWhereTheKernelsWork(String json, int storages) {
        Fisher f = of("w", DType.F32, "{'metric':'diag_fisher'," + json + "}", 5, 4);
        List<Storage> moved = new ArrayList<>();
        Kernels elsewhere = (Kernels) Proxy.newProxyInstance(Kernels.class.getClassLoader(), new Class<?>[] {Kernels.class},
                (proxy, method, args) -> {
                    assertEquals("resident", method.getName());
                    Storage.F32 s = (Storage.F32) args[0];
                    moved.add(new Storage.F32(s.array().clone(), s.length()));
                    return moved.getLast();
                });
        Fisher there = f.resident(elsewhere);
        assertEquals(storages, moved.size());
        assertSame(moved.getLast(), there.diagonal());
        assertArrayEquals(f.subspace().basis().toArray(), there.subspace().basis().toArray());
        moved.forEach(s -> s.fill(0, s.length(), 0));
        double left = java.util.Arrays.stream(there.subspace().basis().toArray()).map(Math::abs).sum();
        assertEquals(json.contains("diagonal") ? 2 : 0, left, "what was not moved; a mask has no values");
    }
}
