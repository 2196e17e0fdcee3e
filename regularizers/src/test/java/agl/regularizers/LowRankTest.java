package agl.regularizers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.Matrix;
import agl.autograd.kernels.Workers;
import agl.autograd.storage.DType;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LowRankTest {
    private static final int TOKENS = 90;
    private static final int OUT = 60;
    private static final int IN = 70;

    /** A gradient of 90 tokens with singular values falling by {@code decay}: δ and x of each token mix that many directions. */
    private static Matrix[] tokens(double decay, int directions, DType dtype) {
        SplittableRandom r = new SplittableRandom(3);
        Tensor mix = Samples.gaussian(r, dtype, 1, TOKENS, directions);
        Tensor out = Samples.gaussian(r, dtype, 1, directions, OUT);
        for (int e = 0; e < out.size(); e++) {
            out.data().set(e, out.get(e) * Math.pow(decay, e / OUT));
        }
        Matrix delta = Matrix.of(Tensor.zeros(dtype, TOKENS, OUT).data(), TOKENS, OUT);
        Kernels.plain().product(1, Matrix.of(mix.data(), TOKENS, directions), Matrix.of(out.data(), directions, OUT), 0, delta);
        return new Matrix[] {delta, Matrix.of(Samples.gaussian(r, dtype, 1, TOKENS, IN).data(), TOKENS, IN)};
    }

    private static double[] gradient(Matrix delta, Matrix x) {
        double[] g = new double[delta.cols() * x.cols()];
        for (int t = 0; t < delta.rows(); t++) {
            for (int e = 0; e < g.length; e++) {
                g[e] += delta.get(t, e / x.cols()) * x.get(t, e % x.cols());
            }
        }
        return g;
    }

    private static double norm(double[] g) {
        double sum = 0;
        for (double v : g) {
            sum += v * v;
        }
        return Math.sqrt(sum);
    }

    private static double error(double[] g, LowRank of) {
        double[] difference = gradient(of.delta(), of.x());
        for (int e = 0; e < g.length; e++) {
            difference[e] -= g[e];
        }
        return norm(difference) / norm(g);
    }

    /** Within the error that is asked for, and with one direction fewer not: 0.7^k is 0.1, 0.01 and 0.001 at k near 7, 13 and 20. */
    @ParameterizedTest @ValueSource(doubles = {0.1, 0.01, 0.001}) void theErrorIsAsAsked(double allowed) {
        Matrix[] tokens = tokens(0.7, 40, DType.F64);
        double[] g = gradient(tokens[0], tokens[1]);
        LowRank found = LowRank.of(Kernels.plain(), tokens[0], tokens[1], allowed);
        int rank = found.delta().rows();
        assertEquals(rank, found.x().rows());
        assertEquals(Math.log(allowed) / Math.log(0.7), rank, 3.5);
        assertTrue(error(g, found) <= allowed, error(g, found) + " with " + rank);
        assertTrue(error(g, new LowRank(found.delta().rows(0, rank - 1), found.x().rows(0, rank - 1))) > allowed);
        assertEquals(norm(g) * norm(g), norm(gradient(found.delta(), found.x())) * norm(gradient(found.delta(), found.x()))
                + Math.pow(error(g, found) * norm(g), 2), 1e-9 * norm(g) * norm(g), "a projection");
    }

    /** A first attempt of 32 directions does not hold 40 equal ones; the second, of 60, does. */
    @Test void moreDirectionsAreTried() {
        Matrix[] tokens = tokens(1, 40, DType.F64);
        LowRank found = LowRank.of(Kernels.plain(), tokens[0], tokens[1], 1e-6);
        assertEquals(40, found.delta().rows());
        assertTrue(error(gradient(tokens[0], tokens[1]), found) <= 1e-6);
    }

    @Test void tokensStayWhereTheyHaveLittleInCommon() {
        Matrix[] tokens = tokens(1, 50, DType.F64);
        Matrix few = tokens[0].rows(0, 40);
        Matrix theirs = tokens[1].rows(0, 40);
        LowRank kept = LowRank.of(Kernels.plain(), few, theirs, 1e-6);
        assertSame(few, kept.delta());
        assertSame(theirs, kept.x());
        Matrix zero = Matrix.of(Tensor.zeros(DType.F64, TOKENS, OUT).data(), TOKENS, OUT);
        assertSame(zero, LowRank.of(Kernels.plain(), zero, tokens[1], 0.01).delta(), "no gradient");
        assertSame(zero.data(), LowRank.of(Kernels.plain(), zero.rows(4, 1), tokens[1].rows(4, 1), 0.01).delta().data(), "one token");
    }

    /** In float, through the collector: a large matrix is reduced, a small one and one without an allowed error are not. */
    @Test void theCollectorKeepsLargeMatricesAsDirections() {
        int before = Workers.threads();
        SplittableRandom r = new SplittableRandom(4);
        Tensor delta = Samples.gaussian(r, DType.F32, 1, 80, 256);
        Tensor x = Samples.gaussian(r, DType.F32, 1, 80, 256);
        // Both sequences of the first example are the same prompt; δ of all but five tokens is small.
        for (int e = 0; e < 40 * 256; e++) {
            delta.data().set(e, delta.get(e) * (e / 256 % 20 < 5 ? 1 : 1e-3));
        }
        double[][] exact = collected(0, delta, x, 80);
        double[][][] bits = new double[2][][];
        try {
            for (int threads = 1; threads <= 2; threads++) {
                Workers.setThreads(threads);
                bits[threads - 1] = collected(0.01, delta, x, 10 + 40);
            }
        } finally {
            Workers.setThreads(before);
        }
        for (int i = 0; i < 2; i++) {
            assertArrayEquals(bits[0][i], bits[1][i], 0, "the same bits with one thread and with two");
            double[] difference = bits[0][i].clone();
            for (int e = 0; e < difference.length; e++) {
                difference[e] -= exact[i][e];
            }
            double error = norm(difference) / norm(exact[i]);
            assertTrue(i == 0 ? error > 1e-5 && error <= 0.01 : error == 0, "example " + i + ": " + error);
        }
        Tensor narrow = Tensor.of(delta.data(), 80, 256);
        GradientCollector small = new GradientCollector(Kernels.plain(), DType.F32, 0.01, List.of("w"));
        small.batch(new int[] {0, 80});
        small.listener("w").accept(Tensor.of(x.data(), 80, 255), narrow.data());
        assertEquals(80, small.take("w").totalTokens(), "65,280 entries");
    }

    /** The gradients of two examples, of two sequences of 20 tokens each. */
    private static double[][] collected(double error, Tensor delta, Tensor x, int tokens) {
        GradientCollector collector = new GradientCollector(Kernels.best(), DType.F32, error, List.of("w"));
        collector.batch(new int[] {0, 20, 40, 60, 80}, new double[] {1, -1, 1, -1}, 2);
        collector.listener("w").accept(x, delta.data());
        TokenFactors g = collector.take("w");
        assertEquals(tokens, g.totalTokens());
        return Samples.dense(g);
    }
}
