package agl.regularizers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.Workers;
import agl.autograd.storage.DType;
import agl.error.AglException;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class FusedAglTest {

    @Provide Arbitrary<Samples.Shape> shapes() {
        return Samples.shapes();
    }

    @Provide Arbitrary<String> settings() {
        return Combinators.combine(Arbitraries.of("exact", "kfac", "diagonal"), Arbitraries.of("identity", "diag_fisher"),
                Arbitraries.of("euclidean", "diag_fisher"), Arbitraries.of("absolute", "signed", "squared"), Arbitraries.of("mean", "sum"),
                Arbitraries.of(0, 1), Arbitraries.of("update", "branch"), Arbitraries.of("0", "0.7"))
                .as((backend, h, metric, overlap, reduction, branch, reach,
                        lambda) -> String.format("{'lambda_A':0.8,'lambda_T':%s,'lambda_NC':1.7,"
                                + "'kappa':2,'m':3,'backend':'%s','H':'%s','metric':'%s','overlap':'%s','reduction':'%s','alignment_rank':%d,"
                                + "'alignment_reach':'%s'}", lambda, backend, h, metric, overlap, reduction, branch, reach));
    }

    @Property(tries = 300, seed = "1", edgeCases = net.jqwik.api.EdgeCasesMode.NONE) void fusedIsComposed(
            @ForAll("shapes") Samples.Shape shape, @ForAll("settings") String json) {
        for (double size : new double[] {0, 1e-2, 1}) {
            assertFusedIsComposed(shape, Samples.settings(json), size);
        }
    }

    /** @param size of the update: B's entries are multiplied by it */
    static void assertFusedIsComposed(Samples.Shape shape, AglSettings s, double size) {
        SplittableRandom r = shape.random();
        Fisher fisher = Samples.fisher(Samples.gradients(r, DType.F64, shape), s);
        LoraFactors f = Samples.factors(r, DType.F64, shape, 1);
        for (int i = 0; i < f.b().size(); i++) {
            f.b().data().set(i, size * f.b().get(i));
        }
        AglRegularizer regularizer = AglRegularizer.of(s, Map.of("w", fisher));
        try (Tape tape = Tape.plain()) {
            TermValues composed = regularizer.addGradientsComposed(tape, List.of(f));
            double[] gradA = f.a().gradArray();
            double[] gradB = f.b().gradArray();
            f.a().zeroGrad();
            f.b().zeroGrad();
            TermValues fused = regularizer.addGradients(tape, List.of(f), true);
            assertEquals(composed.lA(), fused.lA(), 1e-10 * Math.max(1, composed.lA()));
            assertEquals(composed.lT(), fused.lT(), 1e-10 * Math.max(1, composed.lT()));
            assertEquals(composed.eRM(), fused.eRM(), 1e-10 * Math.max(1, composed.eRM()));
            assertEquals(composed.eGeo(), fused.eGeo(), 1e-10);
            assertEquals(composed.weighted(), fused.weighted(), 1e-10 * Math.max(1, Math.abs(composed.weighted())));
            assertArrayEquals(gradA, f.a().gradArray(), 1e-10 * Math.max(1, largest(gradA)));
            assertArrayEquals(gradB, f.b().gradArray(), 1e-10 * Math.max(1, largest(gradB)));
            assertTrue(fused.lA() >= 0 && fused.lT() >= 0 && fused.eGeo() >= 0, "penalties are not negative");
            assertTrue(s.overlap() == AglSettings.Overlap.SIGNED || fused.eRM() >= 0, "nor is an unsigned overlap");
            assertEquals(fused, regularizer.measure(tape, List.of(f)), "measuring gives the same values");
        }
    }

    /** A layer whose rank is not above r_A would have no task branch: refused as the composed form refuses it, not counted as 0. */
    @Property(tries = 5, seed = "1", edgeCases = net.jqwik.api.EdgeCasesMode.NONE) void aRankWithoutATaskBranchIsRefused(
            @ForAll("shapes") Samples.Shape shape) {
        SplittableRandom r = shape.random();
        LoraFactors f = Samples.factors(r, DType.F64, shape, 1);
        AglSettings s = Samples.settings("{'alignment_rank':" + f.rank() + "}");
        AglRegularizer regularizer = AglRegularizer.of(s, Map.of("w", Samples.fisher(Samples.gradients(r, DType.F64, shape), s)));
        try (Tape tape = Tape.plain()) {
            String said = assertThrows(AglException.class, () -> regularizer.addGradients(tape, List.of(f), true)).getMessage();
            assertTrue(said.contains("leaves nothing of rank " + f.rank()), said);
        }
    }

    private static double largest(double[] x) {
        return java.util.Arrays.stream(x).map(Math::abs).max().orElse(0);
    }

    /** A matrix of several tiles, in float, against double. */
    @Test void floatFollowsDoubleOverManyTiles() {
        Samples.Shape shape = new Samples.Shape(70, 600, 10, 6, 4, 5);
        for (String backend : List.of("exact", "kfac", "diagonal")) {
            AglSettings s = Samples
                    .settings("{'m':6,'H':'diag_fisher','metric':'diag_fisher','reduction':'sum','lambda_A':5,'lambda_NC':2,'backend':'"
                            + backend + "'}");
            double[][][] gradients = new double[2][][];
            TermValues[] values = new TermValues[2];
            for (DType dtype : List.of(DType.F64, DType.F32)) {
                SplittableRandom r = shape.random();
                Fisher fisher = Samples.fisher(Samples.gradients(r, dtype, shape), s);
                LoraFactors f = Samples.factors(r, dtype, shape, 0.1);
                try (Tape tape = Tape.training(Kernels.plain(), new Pool(dtype))) {
                    int at = dtype == DType.F64 ? 0 : 1;
                    values[at] = AglRegularizer.of(s, Map.of("w", fisher)).addGradients(tape, List.of(f), false);
                    gradients[at] = new double[][] {f.a().gradArray(), f.b().gradArray()};
                }
            }
            assertEquals(values[0].weighted(), values[1].weighted(), 1e-4 * values[0].weighted(), backend);
            assertArrayEquals(gradients[0][0], gradients[1][0], 2e-3 * largest(gradients[0][0]), backend);
            assertArrayEquals(gradients[0][1], gradients[1][1], 2e-3 * largest(gradients[0][1]), backend);
        }
    }

    /** Matrices are shared among threads; the result is not to depend on it, to the last bit. */
    @Test void theSameBitsWithOneAndWithTwoThreads() {
        int before = Workers.threads();
        try {
            for (String backend : List.of("exact", "kfac", "diagonal")) {
                AglSettings s = Samples.settings("{'m':6,'metric':'diag_fisher','H':'diag_fisher','backend':'" + backend + "'}");
                double[][][] results = new double[2][][];
                for (int threads = 1; threads <= 2; threads++) {
                    Workers.setThreads(threads);
                    SplittableRandom r = new SplittableRandom(6);
                    java.util.Map<String, Fisher> fisher = new java.util.LinkedHashMap<>();
                    java.util.List<LoraFactors> factors = new java.util.ArrayList<>();
                    for (int i = 0; i < 3; i++) {
                        Samples.Shape shape = new Samples.Shape(33 + 16 * i, 65, 8, 5, 3, r.nextLong());
                        fisher.put("w" + i, Fisher.of(Kernels.best(), "w" + i, Samples.gradients(shape.random(), DType.F32, shape), s));
                        LoraFactors f = Samples.factors(shape.random(), DType.F32, shape, 0.1);
                        factors.add(new LoraFactors("w" + i, f.a(), f.b(), f.scale()));
                    }
                    AglRegularizer regularizer = AglRegularizer.of(s, Fisher.normalise(fisher, s.fisherNorm()));
                    try (Tape tape = Tape.inference(Kernels.best(), new Pool(DType.F32))) {
                        TermValues v = regularizer.addGradients(tape, factors, true);
                        results[threads - 1] = new double[][] {{v.lA(), v.lT(), v.eRM(), v.eGeo()}, factors.get(0).a().gradArray(),
                            factors.get(1).b().gradArray(), factors.get(2).a().gradArray()};
                    }
                }
                for (int i = 0; i < 4; i++) {
                    assertArrayEquals(results[0][i], results[1][i], 0, backend);
                }
            }
        } finally {
            Workers.setThreads(before);
        }
    }

    @Test void aTermOfWeightZeroIsNotMeasuredUnlessAskedFor() {
        Samples.Shape shape = new Samples.Shape(4, 5, 3, 2, 2, 9);
        SplittableRandom r = shape.random();
        AglSettings s = Samples.settings("{'lambda_T':0,'lambda_NC':0,'H':'diag_fisher','metric':'diag_fisher'}");
        AglRegularizer regularizer = AglRegularizer.of(s, Map.of("w", Samples.fisher(Samples.gradients(r, DType.F64, shape), s)));
        LoraFactors f = Samples.factors(r, DType.F64, shape, 1);
        try (Tape tape = Tape.plain()) {
            TermValues cheap = regularizer.addGradients(tape, List.of(f), false);
            assertTrue(Double.isNaN(cheap.eRM()) && Double.isNaN(cheap.eGeo()) && Double.isNaN(cheap.lT()));
            TermValues all = regularizer.addGradients(tape, List.of(f), true);
            assertTrue(all.eRM() > 0 && all.eGeo() > 0 && all.lT() > 0);
            assertEquals(cheap.weighted(), all.weighted(), 0);
        }
    }
}
