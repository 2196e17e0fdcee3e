package agl.regularizers;

import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;

/** Random matrices, gradients and factors from a shape and a seed. */
public final class Samples {
    private Samples() { }

    /** What a property needs to be run again. */
    public record Shape(int out, int in, int examples, int tokens, int rank, long seed) {
        public SplittableRandom random() {
            return new SplittableRandom(seed);
        }
    }

    /** Size 1, odd sizes and tails included. */
    public static Arbitrary<Shape> shapes() {
        Arbitrary<Integer> size = Arbitraries.of(1, 2, 3, 5, 8, 13);
        return Combinators.combine(size, size, Arbitraries.integers().between(1, 7), Arbitraries.integers().between(1, 4),
                Arbitraries.integers().between(2, 4), Arbitraries.longs()).as(Shape::new);
    }

    public static Tensor gaussian(SplittableRandom r, DType dtype, double size, int... shape) {
        return Tensor.fill(dtype, i -> size * r.nextGaussian(), shape);
    }

    public static TokenFactors gradients(SplittableRandom r, DType dtype, Shape s) {
        List<Storage> delta = new ArrayList<>();
        List<Storage> x = new ArrayList<>();
        for (int i = 0; i < s.examples; i++) {
            int tokens = 1 + r.nextInt(s.tokens);
            delta.add(gaussian(r, dtype, 1, tokens, s.out).data());
            x.add(gaussian(r, dtype, 1, tokens, s.in).data());
        }
        return new TokenFactors(s.out, s.in, delta, x);
    }

    public static LoraFactors factors(SplittableRandom r, DType dtype, Shape s, double size) {
        return new LoraFactors("w", gaussian(r, dtype, size, s.rank, s.in).requireGrad(),
                gaussian(r, dtype, size, s.out, s.rank).requireGrad(), 1.5);
    }

    public static Fisher fisher(TokenFactors g, AglSettings s) {
        return Fisher.normalise(Map.of("w", Fisher.of(Kernels.plain(), "w", g, s)), s.fisherNorm()).get("w");
    }

    public static AglSettings settings(String json) {
        // With all four terms on; the default has no collision terms.
        return AglSettings.DEFAULT.with("{\"lambda_NC\":0.1}").with(json.replace('\'', '"'));
    }

    /** The gradients whole: row i is vec(g_i). */
    public static double[][] dense(TokenFactors g) {
        double[][] rows = new double[g.examples()][];
        for (int i = 0; i < rows.length; i++) {
            double[] sum = new double[g.out() * g.in()];
            for (int t = 0; t < g.tokens(i); t++) {
                for (int o = 0; o < g.out(); o++) {
                    for (int j = 0; j < g.in(); j++) {
                        sum[o * g.in() + j] += g.deltaOf(i).get(t, o) * g.xOf(i).get(t, j);
                    }
                }
            }
            rows[i] = sum;
        }
        return rows;
    }

    /** F = (1/N) Σ g_i g_iᵀ, (d, d). */
    public static double[][] denseFisher(TokenFactors g) {
        double[][] rows = dense(g);
        int d = g.out() * g.in();
        double[][] f = new double[d][d];
        for (double[] row : rows) {
            for (int i = 0; i < d; i++) {
                for (int j = 0; j < d; j++) {
                    f[i][j] += row[i] * row[j] / rows.length;
                }
            }
        }
        return f;
    }

    public static double[] times(double[][] m, double[] x) {
        double[] y = new double[m.length];
        for (int i = 0; i < y.length; i++) {
            y[i] = dot(m[i], x);
        }
        return y;
    }

    public static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }
}
