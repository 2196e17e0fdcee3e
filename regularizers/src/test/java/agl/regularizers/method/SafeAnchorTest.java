package agl.regularizers.method;

import static agl.regularizers.method.Hand.assertGradients;
import static agl.regularizers.method.Hand.entry;
import static agl.regularizers.method.Hand.matrix;
import static agl.regularizers.method.Hand.row;
import static org.junit.jupiter.api.Assertions.assertEquals;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.storage.DType;
import agl.regularizers.Fisher;
import agl.regularizers.LoraFactors;
import agl.regularizers.Samples;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SafeAnchorTest {

    private static void transform(Tape tape, Fisher fisher, LoraFactors f) {
        new SafeAnchor(Map.of("w", fisher)).transformGradients(tape, List.of(f), 0);
    }

    /**
     * c = ⟨e_00, B·A⟩ = B_0·A_0 with B = (3, 1)ᵀ, A = (1, 2), so n = (∂c/∂B, ∂c/∂A) = (1, 0; 3, 0) of square 10. Of the gradient (5, 6; 7,
     * 8) the share (5 + 21)/10 = 2.6 of n is taken out.
     */
    @Test void thePartAlongTheCoefficientIsTakenOut() {
        LoraFactors f = Hand.factors(matrix(row(3), row(1)), matrix(row(1, 2)));
        try (Tape tape = Tape.plain()) {
            Hand.gradients(tape, f, row(5, 6), row(7, 8));
            transform(tape, Hand.fisher(2, 2, "{'m':1}", entry(4, 0, 1)), f);
            assertGradients(row(5 - 2.6, 6), row(7 - 3 * 2.6, 8), f, 1e-7);
        }
    }

    /**
     * At the start of training B = 0, and with rank one the coefficients of the entries (0, 0) and (0, 1) both grow along B_0 alone: two
     * dependent directions, one of which is taken out, whatever the size of A. What a ridge of 1e-9 leaves of it is below that share.
     */
    @ParameterizedTest @ValueSource(doubles = {1, 1e-6, 1e6})
    void dependentDirectionsAreTakenOutOnce(double size) {
        LoraFactors f = Hand.factors(matrix(row(0), row(0)), matrix(row(size, size)));
        try (Tape tape = Tape.plain()) {
            Hand.gradients(tape, f, row(1, 6), row(7, 8));
            transform(tape, Hand.fisher(2, 2, "{'m':2}", entry(4, 0, 2), entry(4, 1, 1)), f);
            assertGradients(row(0, 6), row(7, 8), f, 1e-9);
        }
    }

    /** No coefficient moves to first order where both factors are zero; and a Fisher of zero has no directions. */
    @Test void withNothingToKeepOffTheGradientStays() {
        LoraFactors zero = Hand.factors(matrix(row(0), row(0)), matrix(row(0, 0)));
        LoraFactors f = Hand.factors(matrix(row(3), row(1)), matrix(row(1, 2)));
        Fisher none = Hand.fisher(2, 2, "{'m':1}", new double[4]);
        assertEquals(0, none.subspace().size());
        try (Tape tape = Tape.plain()) {
            Hand.gradients(tape, zero, row(5, 6), row(7, 8));
            transform(tape, Hand.fisher(2, 2, "{'m':1}", entry(4, 0, 1)), zero);
            assertGradients(row(5, 6), row(7, 8), zero, 0);
            Hand.gradients(tape, f, row(5, 6), row(7, 8));
            transform(tape, none, f);
            assertGradients(row(5, 6), row(7, 8), f, 0);
        }
    }

    /** n_k = (s·Bᵀu_k, s·u_kAᵀ), A's part first, from u_k written out. */
    private static double[] direction(LoraFactors f, Tensor basis, int k) {
        int na = f.a().size();
        double[] n = new double[na + f.b().size()];
        for (int o = 0; o < f.out(); o++) {
            for (int j = 0; j < f.in(); j++) {
                double u = f.scale() * basis.get((k * f.out() + o) * f.in() + j);
                for (int r = 0; r < f.rank(); r++) {
                    n[r * f.in() + j] += f.matrixB().get(o, r) * u;
                    n[na + o * f.rank() + r] += u * f.matrixA().get(r, j);
                }
            }
        }
        return n;
    }

    private static void axpy(double x, double[] n, double[] to) {
        for (int i = 0; i < to.length; i++) {
            to[i] += x * n[i];
        }
    }

    /**
     * Two matrices of more than one tile, each against its own Fisher, with the directions made orthonormal one after the other
     * (Gram-Schmidt).
     */
    @Test void largeMatricesLoseTheSpanOfTheirDirections() {
        Samples.Shape[] shapes = {new Samples.Shape(131, 128, 4, 3, 2, 7), new Samples.Shape(70, 260, 4, 3, 3, 8)};
        LoraFactors[] factors = new LoraFactors[2];
        Fisher[] fisher = new Fisher[2];
        double[][] expected = new double[2][];
        try (Tape tape = Tape.plain()) {
            for (int i = 0; i < 2; i++) {
                SplittableRandom r = shapes[i].random();
                fisher[i] = Samples.fisher(Samples.gradients(r, DType.F64, shapes[i]), Samples.settings("{'m':3}"));
                LoraFactors f = Samples.factors(r, DType.F64, shapes[i], 0.3);
                factors[i] = Hand.factors("w" + i, f.b(), f.a(), f.scale());
                double[] g = r.doubles(f.a().size() + f.b().size(), -1, 1).toArray();
                Hand.gradients(tape, factors[i], java.util.Arrays.copyOfRange(g, f.a().size(), g.length),
                        java.util.Arrays.copyOf(g, f.a().size()));
                expected[i] = g;
                double[][] done = new double[3][];
                for (int k = 0; k < 3; k++) {
                    done[k] = direction(f, fisher[i].subspace().basis(), k);
                    for (int l = 0; l < k; l++) {
                        axpy(-Samples.dot(done[k], done[l]), done[l], done[k]);
                    }
                    axpy(1 / Math.sqrt(Samples.dot(done[k], done[k])) - 1, done[k].clone(), done[k]);
                    axpy(-Samples.dot(g, done[k]), done[k], g);
                }
            }
            new SafeAnchor(Map.of("w0", fisher[0], "w1", fisher[1])).transformGradients(tape, List.of(factors), 0);
        }
        for (int i = 0; i < 2; i++) {
            int na = factors[i].a().size();
            assertGradients(java.util.Arrays.copyOfRange(expected[i], na, expected[i].length), java.util.Arrays.copyOf(expected[i], na),
                    factors[i], 1e-7);
        }
    }
}
