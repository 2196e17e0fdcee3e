package agl.regularizers.method;

import static agl.regularizers.method.Hand.matrix;
import static agl.regularizers.method.Hand.row;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.storage.DType;
import agl.regularizers.LoraFactors;
import agl.regularizers.Samples;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.hipparchus.linear.Array2DRowRealMatrix;
import org.hipparchus.linear.RealMatrix;
import org.hipparchus.linear.SingularValueDecomposition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OpLoraTest {
    /** The singular triples of W0 = [0 5 0; 3 0 0; 0 0 1; 0 0 0]: (5, e_1, e_2), (3, e_2, e_1), (1, e_3, e_3). */
    private static final Tensor W0 = matrix(row(0, 5, 0), row(3, 0, 0), row(0, 0, 1), row(0, 0, 0));

    private static LoraFactors ones() {
        return Hand.factors(matrix(row(1), row(2), row(3), row(4)), matrix(row(5, 6, 7)));
    }

    private static void assertFactors(double[] b, double[] a, LoraFactors f) {
        assertArrayEquals(b, f.b().toArray(), 1e-12, "B");
        assertArrayEquals(a, f.a().toArray(), 1e-12, "A");
    }

    @Test void bLosesTheLeftAndATheRightSingularVectors() {
        try (Tape tape = Tape.plain()) {
            LoraFactors one = ones();
            new OpLora(1, Map.of("w", W0)).afterStep(tape, List.of(one), 3);
            assertFactors(row(0, 2, 3, 4), row(5, 0, 7), one);
            LoraFactors two = ones();
            new OpLora(2, Map.of("w", W0)).afterStep(tape, List.of(two), 3);
            assertFactors(row(0, 0, 3, 4), row(0, 0, 7), two);
        }
    }

    /** Before the first step the factors are projected once; later it is after each step, and no gradient is added. */
    @Test void theFirstStepBeginsProjected() {
        OpLora method = new OpLora(1, Map.of("w", W0));
        try (Tape tape = Tape.plain()) {
            LoraFactors f = ones();
            assertEquals(Map.of(), method.addGradients(tape, List.of(f), 1));
            assertFactors(row(1, 2, 3, 4), row(5, 6, 7), f);
            assertEquals(Map.of(), method.addGradients(tape, List.of(f), 0));
            assertFactors(row(0, 2, 3, 4), row(5, 0, 7), f);
        }
    }

    /** W0 has three triples at most and here two or none: what has no singular value has no direction to be kept off. */
    @Test void aWeightOfLowRankHasFewerTriples() {
        try (Tape tape = Tape.plain()) {
            LoraFactors all = ones();
            new OpLora(9, Map.of("w", W0)).afterStep(tape, List.of(all), 0);
            assertFactors(row(0, 0, 0, 4), row(0, 0, 0), all);
            LoraFactors two = ones();
            new OpLora(3, Map.of("w", matrix(row(0, 5, 0), row(3, 0, 0), row(0, 0, 0), row(0, 0, 0)))).afterStep(tape, List.of(two), 0);
            assertFactors(row(0, 0, 3, 4), row(0, 0, 7), two);
            LoraFactors none = ones();
            new OpLora(2, Map.of("w", Tensor.zeros(DType.F64, 4, 3))).afterStep(tape, List.of(none), 0);
            assertFactors(row(1, 2, 3, 4), row(5, 6, 7), none);
        }
    }

    /** What counts as a singular value of zero depends on the others, not on the size of all. */
    @ParameterizedTest @ValueSource(doubles = {1e-6, 1e6}) void theSizeOfTheWeightMakesNoDifference(double size) {
        Tensor weight = Tensor.fill(DType.F64, i -> size * W0.get(i), 4, 3);
        try (Tape tape = Tape.plain()) {
            LoraFactors two = ones();
            new OpLora(2, Map.of("w", weight)).afterStep(tape, List.of(two), 0);
            assertFactors(row(0, 0, 3, 4), row(0, 0, 7), two);
            LoraFactors one = ones();
            new OpLora(3, Map.of("w", matrix(row(0, size, 0), row(0, 0, 0), row(0, 0, 0), row(0, 0, 0)))).afterStep(tape, List.of(one), 0);
            assertFactors(row(0, 2, 3, 4), row(5, 0, 7), one);
        }
    }

    private static RealMatrix dense(double[] values, int cols) {
        RealMatrix m = new Array2DRowRealMatrix(values.length / cols, cols);
        for (int e = 0; e < values.length; e++) {
            m.setEntry(e / cols, e % cols, values[e]);
        }
        return m;
    }

    /** P_L ΔW P_R with whole projectors, for two matrices of different shapes, one of them of more than one tile. */
    @Test void largeMatricesAreProjectedOnBothSides() {
        Samples.Shape[] shapes = {new Samples.Shape(131, 128, 1, 1, 3, 7), new Samples.Shape(40, 150, 1, 1, 2, 8)};
        Tensor[] weights = new Tensor[2];
        LoraFactors[] factors = new LoraFactors[2];
        for (int i = 0; i < 2; i++) {
            SplittableRandom r = shapes[i].random();
            weights[i] = Samples.gaussian(r, DType.F64, 1, shapes[i].out(), shapes[i].in());
            LoraFactors f = Samples.factors(r, DType.F64, shapes[i], 1);
            factors[i] = Hand.factors("w" + i, f.b(), f.a(), f.scale());
        }
        double[][] before = {Hand.update(factors[0]), Hand.update(factors[1])};
        try (Tape tape = Tape.plain()) {
            new OpLora(3, Map.of("w0", weights[0], "w1", weights[1])).afterStep(tape, List.of(factors), 0);
        }
        for (int i = 0; i < 2; i++) {
            int in = shapes[i].in();
            SingularValueDecomposition svd = new SingularValueDecomposition(dense(weights[i].toArray(), in));
            RealMatrix u = svd.getU().getSubMatrix(0, shapes[i].out() - 1, 0, 2);
            RealMatrix v = svd.getV().getSubMatrix(0, in - 1, 0, 2);
            RealMatrix w = dense(before[i], in);
            w = w.subtract(u.multiply(u.transpose()).multiply(w));
            w = w.subtract(w.multiply(v).multiply(v.transpose()));
            RealMatrix found = dense(Hand.update(factors[i]), in);
            for (int row = 0; row < shapes[i].out(); row++) {
                assertArrayEquals(w.getRow(row), found.getRow(row), 1e-9, "matrix " + i + ", row " + row);
            }
        }
    }
}
