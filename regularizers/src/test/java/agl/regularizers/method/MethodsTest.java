package agl.regularizers.method;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.GradCheck;
import agl.autograd.GradientCase;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.op.Linear;
import agl.autograd.op.LogSoftmax;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.regularizers.Fisher;
import agl.regularizers.LoraFactors;
import agl.regularizers.Samples;
import agl.regularizers.Tiles;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.hipparchus.linear.Array2DRowRealMatrix;
import org.hipparchus.linear.RealMatrix;
import org.hipparchus.linear.SingularValueDecomposition;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class MethodsTest {

    @Provide Arbitrary<Samples.Shape> shapes() {
        return Samples.shapes();
    }

    @TestFactory Stream<DynamicTest> gradients() {
        return new MethodCases().cases().stream().map(c -> DynamicTest.dynamicTest(c.name(), () -> {
            double largest = 0;
            for (long seed = 0; seed < 40; seed++) {
                GradCheck.Result result = c.check(seed);
                assertTrue(result.passed(), "seed " + seed + ": " + result);
                largest = Math.max(largest, Math.abs(result.analytic()));
            }
            assertTrue(largest > 1e-3, "gradients are zero");
            assertTrue(GradientCase.all().stream().anyMatch(g -> g.name().equals(c.name())), "not registered");
        }));
    }

    private static RealMatrix matrix(Tensor t) {
        double[][] rows = new double[t.dim(0)][t.dim(1)];
        for (int i = 0; i < rows.length; i++) {
            for (int j = 0; j < rows[i].length; j++) {
                rows[i][j] = t.get(i * rows[i].length + j);
            }
        }
        return new Array2DRowRealMatrix(rows);
    }

    private static RealMatrix update(LoraFactors f) {
        return matrix(f.b()).multiply(matrix(f.a())).scalarMultiply(f.scale());
    }

    private static void assertMatrix(RealMatrix expected, RealMatrix got, double tolerance) {
        for (int i = 0; i < expected.getRowDimension(); i++) {
            assertArrayEquals(expected.getRow(i), got.getRow(i), tolerance);
        }
    }

    @Property(tries = 40, seed = "1") void asFtIsTheDenseFormula(@ForAll("shapes") Samples.Shape shape) {
        SplittableRandom r = shape.random();
        Tensor v = Samples.gaussian(r, DType.F64, 1, shape.out(), shape.in());
        LoraFactors f = Samples.factors(r, DType.F64, shape, 1);
        RealMatrix c = matrix(v).multiply(matrix(v).transpose()).scalarMultiply(1 / matrix(v).getFrobeniusNorm());
        double norm = update(f).subtract(c.multiply(update(f))).getFrobeniusNorm();
        try (Tape tape = Tape.plain()) {
            Map<String, Double> log = new AsFt(3, Map.of("w", new AlignmentMatrix(v))).addGradients(tape, List.of(f), 0);
            assertEquals(3 * norm * norm, log.get("penalty"), 1e-9 * (1 + norm * norm));
        }
    }

    @Property(tries = 40, seed = "2") void safeLoraPullsBackWhatLeftTheAlignmentDirection(@ForAll("shapes") Samples.Shape shape) {
        SplittableRandom r = shape.random();
        Tensor v = Samples.gaussian(r, DType.F64, 1, shape.out(), shape.in());
        LoraFactors f = Samples.factors(r, DType.F64, shape, 1);
        RealMatrix c = matrix(v).multiply(matrix(v).transpose()).scalarMultiply(1 / matrix(v).getFrobeniusNorm());
        RealMatrix w = update(f);
        RealMatrix cw = c.multiply(w);
        double cosine = cw.transpose().multiply(w).getTrace() / (cw.getFrobeniusNorm() * w.getFrobeniusNorm());
        Map<String, AlignmentMatrix> alignment = Map.of("w", new AlignmentMatrix(v));
        try (Tape tape = Tape.plain()) {
            SafeLora never = new SafeLora(cosine - 1e-6, alignment);
            assertSame(f, never.afterTraining(tape, List.of(f)).getFirst());
            assertEquals(cosine, never.cosines().get("w"), 1e-9);
            LoraFactors back = new SafeLora(cosine + 1e-6, alignment).afterTraining(tape, List.of(f)).getFirst();
            assertMatrix(cw, update(back), 1e-9 * (1 + cw.getFrobeniusNorm()));
            assertMatrix(w, update(f), 0);
        }
    }

    @Test void safeLoraSaysWhenThereIsNoAlignmentDirection() {
        Tensor w = Tensor.zeros(DType.F64, 3, 2);
        AglException e = assertThrows(AglException.class, () -> AlignmentMatrix.of("model.q_proj", w, w, DType.F64));
        assertTrue(e.getMessage().contains("model.q_proj"));
        assertThrows(AglException.class, () -> AlignmentMatrix.of("q", w, Tensor.zeros(DType.F64, 2, 2), DType.F64));
    }

    @Property(tries = 40, seed = "3") void projectionTakesTheSubspaceOut(@ForAll("shapes") Samples.Shape shape) {
        for (String backend : List.of("exact", "kfac", "diagonal")) {
            SplittableRandom r = shape.random();
            Fisher fisher = Samples.fisher(Samples.gradients(r, DType.F64, shape), Samples.settings("{'m':2,'backend':'" + backend + "'}"));
            LoraFactors f = Samples.factors(r, DType.F64, shape, 1);
            double[] w = Stream.of(update(f).getData()).flatMapToDouble(java.util.Arrays::stream).toArray();
            double[] inside = fisher.subspace().project(w);
            RealMatrix expected = update(f).copy();
            for (int i = 0; i < shape.out(); i++) {
                for (int j = 0; j < shape.in(); j++) {
                    expected.addToEntry(i, j, -inside[i * shape.in() + j]);
                }
            }
            try (Tape tape = Tape.plain()) {
                HardProjection full = new HardProjection(Map.of("w", fisher), Math.min(shape.out(), shape.in()));
                assertMatrix(expected, update(full.afterTraining(tape, List.of(f)).getFirst()), 1e-6 * (1 + expected.getFrobeniusNorm()));
                assertEquals(0, full.lost().get("w"), 1e-12);
                HardProjection one = new HardProjection(Map.of("w", fisher), 1);
                LoraFactors cut = one.afterTraining(tape, List.of(f)).getFirst();
                assertEquals(1, cut.rank());
                double error = expected.subtract(update(cut)).getFrobeniusNorm();
                double total = expected.getFrobeniusNorm();
                // Nothing of rank one is closer than the leading singular direction.
                double best = total * total - Math.pow(new SingularValueDecomposition(expected).getNorm(), 2);
                assertEquals(Math.max(0, best), error * error, 1e-6 * (1 + total * total));
                if (total > 1e-6) {
                    assertEquals(error * error / (total * total), one.lost().get("w"), 1e-6);
                }
            }
        }
    }

    @Property(tries = 40, seed = "4") void aProjectedGradientMovesNoCoefficient(@ForAll("shapes") Samples.Shape shape) {
        SplittableRandom r = shape.random();
        Fisher fisher = Samples.fisher(Samples.gradients(r, DType.F64, shape), Samples.settings("{'m':2}"));
        LoraFactors f = Samples.factors(r, DType.F64, shape, 1);
        Tensor ga = Samples.gaussian(r, DType.F64, 1, shape.rank(), shape.in());
        Tensor gb = Samples.gaussian(r, DType.F64, 1, shape.out(), shape.rank());
        try (Tape tape = Tape.plain()) {
            tape.kernels().axpy(ga.size(), 1, ga.data(), 0, tape.grad(f.a()), 0);
            tape.kernels().axpy(gb.size(), 1, gb.data(), 0, tape.grad(f.b()), 0);
            new SafeAnchor(Map.of("w", fisher)).transformGradients(tape, List.of(f), 0);
            double[] pa = f.a().gradArray();
            double[] pb = f.b().gradArray();
            // What was taken out is orthogonal to what is left: a projection, not a shrinkage.
            double cross = 0;
            double left = 0;
            double all = 0;
            for (int i = 0; i < pa.length; i++) {
                cross += pa[i] * (ga.get(i) - pa[i]);
                left += pa[i] * pa[i];
                all += ga.get(i) * ga.get(i);
            }
            for (int i = 0; i < pb.length; i++) {
                cross += pb[i] * (gb.get(i) - pb[i]);
                left += pb[i] * pb[i];
                all += gb.get(i) * gb.get(i);
            }
            assertEquals(0, cross, 1e-5 * all);
            assertTrue(left <= all * (1 + 1e-9));
            double[] before = fisher.subspace().coefficients(tape, f);
            double step = 1e-6;
            tape.kernels().axpy(pa.length, -step, f.a().grad(), 0, f.a().data(), 0);
            tape.kernels().axpy(pb.length, -step, f.b().grad(), 0, f.b().data(), 0);
            double[] after = fisher.subspace().coefficients(tape, f);
            for (int k = 0; k < before.length; k++) {
                assertEquals(before[k], after[k], 1e-5 * step * (1 + all), "first order in the step");
            }
        }
    }

    @Test void aSubspaceGradientIsTakenOutWhole() {
        Samples.Shape shape = new Samples.Shape(4, 5, 3, 2, 2, 1);
        SplittableRandom r = shape.random();
        Fisher fisher = Samples.fisher(Samples.gradients(r, DType.F64, shape), Samples.settings("{'m':2}"));
        LoraFactors f = Samples.factors(r, DType.F64, shape, 1);
        try (Tape tape = Tape.plain()) {
            fisher.subspace().addGradient(tape, f, new double[] {1, -2});
            new SafeAnchor(Map.of("w", fisher)).transformGradients(tape, List.of(f), 0);
            for (double g : f.b().gradArray()) {
                assertEquals(0, g, 1e-6);
            }
        }
    }

    @Property(tries = 30, seed = "5") void opLoraKeepsTheLeadingSingularTriples(@ForAll("shapes") Samples.Shape shape) {
        SplittableRandom r = shape.random();
        Tensor w0 = Samples.gaussian(r, DType.F64, 1, shape.out(), shape.in());
        LoraFactors f = Samples.factors(r, DType.F64, shape, 1);
        OpLora method = new OpLora(1, Map.of("w", w0));
        try (Tape tape = Tape.plain()) {
            method.addGradients(tape, List.of(f), 0);
        }
        SingularValueDecomposition before = new SingularValueDecomposition(matrix(w0));
        double[] u = before.getU().getColumn(0);
        double[] v = before.getV().getColumn(0);
        RealMatrix sum = matrix(w0).add(update(f));
        double[] sigmaU = sum.operate(v);
        for (int i = 0; i < u.length; i++) {
            assertEquals(before.getSingularValues()[0] * u[i], sigmaU[i], 1e-6);
        }
        double[] sigmaV = sum.transpose().operate(u);
        for (int j = 0; j < v.length; j++) {
            assertEquals(before.getSingularValues()[0] * v[j], sigmaV[j], 1e-6);
        }
    }

    @Property(tries = 40, seed = "6") void klIsTheFormulaOverLogProbabilities(@ForAll("shapes") Samples.Shape shape) {
        SplittableRandom r = shape.random();
        int vocabulary = shape.out() + 1;
        Tensor w = Samples.gaussian(r, DType.F64, 1, vocabulary, shape.in());
        Tensor h = Samples.gaussian(r, DType.F64, 1, 4, shape.in());
        Tensor base = Samples.gaussian(r, DType.F64, 1, 2, shape.in());
        int[] rows = {3, 1};
        try (Tape tape = Tape.plain()) {
            double[] tuned = tape.retain(LogSoftmax.of(tape, Linear.of(tape, h, w))).toArray();
            double[] aligned = tape.retain(LogSoftmax.of(tape, Linear.of(tape, base, w))).toArray();
            double expected = 0;
            for (int i = 0; i < rows.length; i++) {
                for (int v = 0; v < vocabulary; v++) {
                    double p = aligned[i * vocabulary + v];
                    expected += Math.exp(p) * (p - tuned[rows[i] * vocabulary + v]) / rows.length;
                }
            }
            double kl = KlToBase.of(tape, h, base.data(), w, rows).item();
            assertEquals(expected, kl, 1e-10 * (1 + expected));
            assertTrue(kl >= 0);
            Tensor same = Tensor.fill(DType.F64, i -> h.get((i / shape.in() == 0 ? 3 : 1) * shape.in() + i % shape.in()), 2, shape.in());
            assertEquals(0, KlToBase.of(tape, h, same.data(), w, rows).item(), 1e-12, "nothing moved");
        }
    }

    @Test void lisaAlternates() {
        Lisa lisa = new Lisa(2, 3, 2);
        StringBuilder phases = new StringBuilder();
        for (int step = 0; step < 10; step++) {
            phases.append(lisa.source(step) == Method.Source.TASK ? 't' : 'a');
        }
        assertEquals("aatttaattt", phases.toString());
        LoraFactors f = new LoraFactors("w", Tensor.of(new double[] {1}, 1, 1), Tensor.of(new double[] {2}, 1, 1), 1);
        try (Tape tape = Tape.plain()) {
            assertEquals(0, lisa.addGradients(tape, List.of(f), 0).get("penalty"));
            assertEquals(0, lisa.addGradients(tape, List.of(f), 1).get("penalty"));
            assertEquals(0, lisa.addGradients(tape, List.of(f), 2).get("penalty"), "at the switch the weights are the other phase's");
            f.a().data().set(0, 1.5);
            assertEquals(2 * 0.25 / 2, lisa.addGradients(tape, List.of(f), 3).get("penalty"), 1e-12);
            assertEquals(2 * 0.5, f.a().gradArray()[0], 1e-12);
        }
        assertThrows(AglException.class, () -> new Lisa(1, 0, 1));
    }

    @Test void ewcIsTheWeightedSquareOfTheUpdate() {
        Samples.Shape shape = new Samples.Shape(5, 7, 4, 2, 2, 4);
        SplittableRandom r = shape.random();
        Fisher fisher = Samples.fisher(Samples.gradients(r, DType.F64, shape), Samples.settings("{'metric':'diag_fisher'}"));
        LoraFactors f = Samples.factors(r, DType.F64, shape, 1);
        double expected = 0;
        RealMatrix w = update(f);
        for (int i = 0; i < 5; i++) {
            for (int j = 0; j < 7; j++) {
                expected += fisher.diagonal().get(i * 7 + j) * w.getEntry(i, j) * w.getEntry(i, j) / 2;
            }
        }
        try (Tape tape = Tape.plain()) {
            Map<String, Double> log = new EwcLora(4, Map.of("w", fisher)).addGradients(tape, List.of(f), 0);
            assertEquals(expected, log.get("EWC"), 1e-10);
            assertEquals(4 * expected, log.get("penalty"), 1e-10);
            assertEquals(w.getFrobeniusNorm() * w.getFrobeniusNorm(), Tiles.squaredNorm(tape, f), 1e-9);
        }
        Fisher bare = Samples.fisher(Samples.gradients(r, DType.F64, shape), Samples.settings("{}"));
        assertThrows(AglException.class, () -> new EwcLora(1, Map.of("w", bare)));
    }
}
