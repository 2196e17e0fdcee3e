package agl.regularizers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.Matrix;
import agl.autograd.storage.DType;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

/** What a careful reader of the method must be told, each as a test. */
class StatementsTest {

    @Provide Arbitrary<Samples.Shape> shapes() {
        return Samples.shapes();
    }

    private static TermValues composed(Samples.Shape shape, String json) {
        SplittableRandom r = shape.random();
        AglSettings s = Samples.settings(json);
        Fisher fisher = Samples.fisher(Samples.gradients(r, DType.F64, shape), s);
        try (Tape tape = Tape.plain()) {
            return AglLoss.of(tape, Samples.factors(r, DType.F64, shape, 1), fisher, s, null).values();
        }
    }

    /** A. E_geo is zero whatever the weights are, as composed from its formula and not by decree. */
    @Property(tries = 60, seed = "1") void geodesicOverlapIsZeroInTheEuclideanMetric(@ForAll("shapes") Samples.Shape shape) {
        for (String backend : List.of("exact", "kfac", "diagonal")) {
            assertEquals(0, composed(shape, "{'m':3,'epsilon':1e-12,'backend':'" + backend + "'}").eGeo(), 1e-10);
        }
    }

    /** A. Nor does the exact Fisher metric help: ⟨ΔW_A, F ΔW_T⟩ = 0, because F commutes with P_A. */
    @Property(tries = 40, seed = "2") void partsAreOrthogonalInTheFisherMetricToo(@ForAll("shapes") Samples.Shape shape) {
        SplittableRandom r = shape.random();
        TokenFactors g = Samples.gradients(r, DType.F64, shape);
        Subspace s = Samples.fisher(g, Samples.settings("{'m':2}")).subspace();
        double[] x = Samples.gaussian(r, DType.F64, 1, shape.out(), shape.in()).toArray();
        double[] a = s.project(x);
        double[] t = new double[x.length];
        for (int i = 0; i < t.length; i++) {
            t[i] = x[i] - a[i];
        }
        double[][] f = Samples.denseFisher(g);
        double largest = 0;
        for (int i = 0; i < f.length; i++) {
            largest = Math.max(largest, f[i][i]);
        }
        assertEquals(0, Samples.dot(a, Samples.times(f, t)), 1e-8 * largest * x.length);
    }

    /** A. With the diagonal mask the supports are disjoint: E_RM, and E_geo in the diag F metric, are exactly zero. */
    @Property(tries = 60, seed = "3") void aMaskLeavesNoOverlapAtAll(@ForAll("shapes") Samples.Shape shape) {
        TermValues v = composed(shape, "{'m':3,'backend':'diagonal','metric':'diag_fisher','reduction':'sum'}");
        assertEquals(0, v.eRM(), 0);
        assertEquals(0, v.eGeo(), 0);
    }

    /** A. Where they do act: the diag F metric, and two branches. */
    @Test void theTwoSettingsInWhichTheyAct() {
        double metric = 0;
        double branches = 0;
        for (long seed = 0; seed < 10; seed++) {
            Samples.Shape shape = new Samples.Shape(5, 8, 4, 3, 3, seed);
            metric = Math.max(metric, composed(shape, "{'m':2,'metric':'diag_fisher'}").eGeo());
            TermValues two = composed(shape, "{'m':2,'alignment_rank':1,'backend':'diagonal'}");
            branches = Math.max(branches, two.eGeo());
            assertTrue(two.eRM() > 0.1);
        }
        assertTrue(metric > 1e-3, "diag F metric: " + metric);
        assertTrue(branches > 1e-3, "two branches: " + branches);
    }

    /** B. The signed overlap is negative for some updates, and the more so the larger they are; the absolute one never is. */
    @Test void theSignedOverlapHasNoLowerBound() {
        double lowest = 0;
        for (long seed = 0; seed < 50; seed++) {
            Samples.Shape shape = new Samples.Shape(4, 4, 3, 2, 2, seed);
            TermValues signed = composed(shape, "{'m':2,'overlap':'signed'}");
            lowest = Math.min(lowest, signed.eRM());
            assertTrue(composed(shape, "{'m':2}").eRM() >= Math.abs(signed.eRM()));
        }
        assertTrue(lowest < 0, "no negative overlap in fifty draws");
    }

    /** C. β = 4, τ = 0.01, κ = 1 (the defaults): η runs from 2.9900 to 3.0100 over |ΔW| in [0, 0.02]; κ = 1/τ opens that to more than 1. */
    @Test void etaIsNearlyConstantAtTheSizeOfLoraEntries() {
        double[] eta = eta(1);
        assertEquals(2.99, eta[0], 5e-5);
        assertEquals(3.01, eta[1], 5e-5);
        // 1/τ: a slope over [0, 2τ], from 1 + 4σ(−1) to 1 + 4σ(1). 10/τ: a switch.
        assertEquals(1 + 4 / (1 + Math.E), eta(100)[0], 1e-12);
        assertEquals(1 + 4 / (1 + 1 / Math.E), eta(100)[1], 1e-12);
        assertEquals(1, eta(1000)[0], 1e-3);
        assertEquals(5, eta(1000)[1], 1e-3);
        // At the default settings an entry that has not moved counts 2.99, not 1.
        assertEquals(2.99, atDefaults(0), 1e-4);
    }

    private static double atDefaults(double w) {
        AglSettings s = AglSettings.DEFAULT;
        try (Tape tape = Tape.plain()) {
            return RiemannianOverlap.weight(tape, Tensor.of(new double[] {w}, 1), s.beta(), s.kappa(), s.tau()).item();
        }
    }

    /** With λ_NC = 0 and H = I: how many numbers of ΔW a step forms, by the kernels it calls. */
    @Test void whatNeedsAPassOverTheUpdate() {
        Samples.Shape shape = new Samples.Shape(140, 128, 3, 2, 2, 3);
        long update = 140 * 128;
        for (String backend : SubspaceTest.BACKENDS) {
            AglSettings s = Samples.settings("{'lambda_NC':0,'m':2," + backend + "}");
            SplittableRandom r = shape.random();
            AglRegularizer regularizer = AglRegularizer.of(s, Map.of("w", Samples.fisher(Samples.gradients(r, DType.F64, shape), s)));
            LoraFactors f = Samples.factors(r, DType.F64, shape, 1);
            long own = backend.contains("dense") ? update : 0;
            assertEquals(own, formed(regularizer, f, false), backend);
            assertEquals(own + update, formed(regularizer, f, true), backend + ", terms of weight zero measured");
        }
    }

    /** Entries of s·B·A that were computed: products of (rows, r) with (r, in). */
    private static long formed(AglRegularizer regularizer, LoraFactors f, boolean all) {
        long[] count = {0};
        Kernels plain = Kernels.plain();
        Kernels counting = (Kernels) java.lang.reflect.Proxy.newProxyInstance(Kernels.class.getClassLoader(),
                new Class<?>[] {Kernels.class},
                (proxy, method, args) -> {
                    // Of (r, r) with (r, in) are the gradients of ‖ΔW‖².
                    if (method.getName().equals("product") && args[1] instanceof Matrix b && !b.transposed() && b.cols() == f.rank()
                            && b.rows() != f.rank()
                            && args[4] instanceof Matrix update && update.cols() == f.in()) {
                        count[0] += update.size();
                    }
                    return method.invoke(plain, args);
                });
        try (Tape tape = Tape.inference(counting, new agl.autograd.Pool(DType.F64))) {
            regularizer.addGradients(tape, List.of(f), all);
        }
        return count[0];
    }

    private static double[] eta(double kappa) {
        try (Tape tape = Tape.plain()) {
            return tape.retain(RiemannianOverlap.weight(tape, Tensor.of(new double[] {0, 0.02}, 2), 4, kappa, 0.01)).toArray();
        }
    }

    /** D. At ΔW = 0, LoRA's start, every term is zero and every gradient finite, in every setting; E_geo's 0/0 through ε. */
    @Property(tries = 60, seed = "4") void everythingIsFiniteAtTheStart(@ForAll("shapes") Samples.Shape shape) {
        for (String json : List.of("{'m':2}", "{'m':2,'metric':'diag_fisher','H':'diag_fisher'}", "{'m':2,'alignment_rank':1}",
                "{'m':2,'backend':'kfac'}")) {
            SplittableRandom r = shape.random();
            AglSettings s = Samples.settings(json);
            Fisher fisher = Samples.fisher(Samples.gradients(r, DType.F64, shape), s);
            LoraFactors f = Samples.factors(r, DType.F64, shape, 1);
            f.b().data().fill(0, f.b().size(), 0);
            AglRegularizer regularizer = AglRegularizer.of(s, Map.of("w", fisher));
            try (Tape tape = Tape.plain()) {
                TermValues composed = regularizer.addGradientsComposed(tape, List.of(f));
                TermValues fused = regularizer.addGradients(tape, List.of(f), true);
                assertEquals(TermValues.ZERO, composed);
                assertEquals(TermValues.ZERO, fused);
                for (double v : f.a().gradArray()) {
                    assertEquals(0, v, 0);
                }
                for (double v : f.b().gradArray()) {
                    assertTrue(Double.isFinite(v));
                }
            }
        }
    }

    /** E. Sum and mean differ by out·in. */
    @Property(tries = 30, seed = "5") void sumIsMeanTimesTheNumberOfEntries(@ForAll("shapes") Samples.Shape shape) {
        double mean = composed(shape, "{'m':2}").eRM();
        double sum = composed(shape, "{'m':2,'reduction':'sum'}").eRM();
        assertEquals(sum, mean * shape.out() * shape.in(), 1e-9 * (1 + sum));
    }

    @Test void readersAreWarnedOfEachOfThese() {
        assertTrue(warned("{'metric':'euclidean'}", "E_geo is identically zero"));
        assertTrue(warned("{'backend':'diagonal'}", "E_RM is identically zero"));
        assertTrue(warned("{'backend':'diagonal','metric':'diag_fisher'}", "even in the diag_fisher metric"));
        assertTrue(warned("{'overlap':'signed'}", "no lower bound"));
        assertTrue(warned("{'kappa':1}", "nearly constant"));
        // What counts is κτ, not κ.
        assertTrue(warned("{'kappa':10}", "nearly constant"));
        assertTrue(!warned("{'kappa':10,'tau':0.1}", "nearly constant"));
        assertTrue(!warned("{'kappa':100}", "nearly constant"));
        assertTrue(warned("{'reduction':'mean'}", "negligible"));
        assertEquals(List.of(), AglRegularizer.warnings(Samples.settings("{'metric':'diag_fisher','kappa':100,'reduction':'sum'}")));
        assertEquals(List.of(), AglRegularizer.warnings(Samples.settings("{'lambda_NC':0}")), "a term of weight zero is not missed");
        assertEquals(List.of(), AglRegularizer.warnings(AglSettings.DEFAULT), "a default needs no warning");
        assertEquals(3, AglRegularizer.warnings(AglSettings.AS_READ).size());
    }

    /** Each warning ends where its term has no weight, or where the settings let it act: at the edges, one setting at a time. */
    @Test void warningsEndWhereTheTermActs() {
        String quiet = "'metric':'diag_fisher','kappa':100,'reduction':'sum'";
        // E_geo weighs nothing at α = 1, E_RM nothing at α = 0; two branches have both.
        assertTrue(!warned("{'metric':'euclidean','alpha':1}", "E_geo is identically zero"));
        assertTrue(!warned("{'metric':'euclidean','alignment_rank':1}", "E_geo is identically zero"));
        assertTrue(!warned("{'backend':'diagonal','alignment_rank':1}", "E_RM is identically zero"));
        assertTrue(!warned("{'backend':'diagonal','metric':'euclidean'}", "even in the diag_fisher metric"));
        for (String off : List.of("'overlap':'signed','alpha':0", "'kappa':1,'alpha':0", "'kappa':1,'beta':0",
                "'reduction':'mean','alpha':0",
                "'reduction':'mean','lambda_NC':10", "'overlap':'signed','lambda_NC':0")) {
            assertEquals(List.of(), AglRegularizer.warnings(Samples.settings("{" + quiet + "," + off + "}")), off);
        }
        assertEquals(1, AglRegularizer.warnings(Samples.settings("{" + quiet + ",'reduction':'mean','lambda_NC':9.99}")).size());
        // Without the normalising divisor λ_A does not carry over; without λ_A there is nothing to carry.
        assertTrue(warned("{'fisher_norm':'none'}", "fisher_norm = none"));
        assertTrue(!warned("{'fisher_norm':'none','lambda_A':0}", "fisher_norm = none"));
        assertTrue(!warned("{'fisher_norm':'max'}", "fisher_norm = none"));
    }

    /** With β = 4, κ = 1 and τ = 0.01 the weight runs from 1 + 4σ(−0.01) = 2.9900 to 1 + 4σ(0.01) = 3.0100 between |ΔW| = 0 and 0.02. */
    @Test void theWarningNamesTheWeightsRange() {
        assertTrue(warned("{'kappa':1}", "with kappa = 1.0 it runs from 2.9900 to 3.0100 over |dW| from 0 to 0.02."));
    }

    private static boolean warned(String json, String what) {
        return AglRegularizer.warnings(Samples.settings(json)).stream().anyMatch(line -> line.contains(what));
    }

    /** The running mean of squared gradients is Adam's second moment. */
    @Test void emaOfSquaredGradients() {
        EmaGradSq ema = new EmaGradSq(Kernels.plain(), 0.9);
        double expected = 0;
        SplittableRandom r = new SplittableRandom(2);
        for (int step = 1; step <= 3; step++) {
            Tensor x = Samples.gaussian(r, DType.F64, 1, 2, 3);
            Tensor delta = Samples.gaussian(r, DType.F64, 1, 2, 4);
            ema.listener("w").accept(x, delta.data());
            double g = delta.get(1) * x.get(2) + delta.get(5) * x.get(5);
            // The second micro-batch of the same step, of another length: the square is that of the sum.
            Tensor more = Samples.gaussian(r, DType.F64, 1, 3, 3);
            Tensor its = Samples.gaussian(r, DType.F64, 1, 3, 4);
            ema.listener("w").accept(more, its.data());
            g += its.get(1) * more.get(2) + its.get(5) * more.get(5) + its.get(9) * more.get(8);
            ema.endStep();
            // A step that no gradient reached does not count.
            ema.endStep();
            expected = 0.9 * expected + 0.1 * g * g;
        }
        assertEquals(expected / (1 - Math.pow(0.9, 3)), ema.diagonal("w").get(1 * 3 + 2), 1e-12);
        assertNotEquals(0, expected);
    }
}
