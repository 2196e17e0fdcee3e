package agl.regularizers.method;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.regularizers.AglSettings;
import agl.regularizers.Fisher;
import agl.regularizers.LoraFactors;
import agl.regularizers.Samples;
import agl.regularizers.TokenFactors;
import java.util.Arrays;
import java.util.List;

/** Small matrices as one writes them down. */
final class Hand {
    private Hand() { }

    static Tensor matrix(double[]... rows) {
        return Tensor.of(Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray(), rows.length, rows[0].length);
    }

    static double[] row(double... values) {
        return values;
    }

    /** The factors of "w", with s = 1. */
    static LoraFactors factors(Tensor b, Tensor a) {
        return factors("w", b, a, 1);
    }

    static LoraFactors factors(String name, Tensor b, Tensor a, double scale) {
        return new LoraFactors(name, a.requireGrad(), b.requireGrad(), scale);
    }

    /** s·B·A, row-major. */
    static double[] update(LoraFactors f) {
        double[] w = new double[f.out() * f.in()];
        for (int e = 0; e < w.length; e++) {
            for (int k = 0; k < f.rank(); k++) {
                w[e] += f.scale() * f.matrixB().get(e / f.in(), k) * f.matrixA().get(k, e % f.in());
            }
        }
        return w;
    }

    /** F of gradients e_i of the given sizes: u_k is the k-th largest entry's place and λ_k = size²/N. Not normalised. */
    static Fisher fisher(int out, int in, String settings, double[]... gradients) {
        AglSettings s = Samples.settings(settings);
        return Fisher.of(Kernels.plain(), "w", TokenFactors.ofDense(out, in, List.of(gradients)), s);
    }

    /** {@code size} at {@code place} of {@code length} zeros. */
    static double[] entry(int length, int place, double size) {
        double[] x = new double[length];
        x[place] = size;
        return x;
    }

    /** What a loss left in ∂L/∂A and ∂L/∂B. */
    static void gradients(Tape tape, LoraFactors f, double[] b, double[] a) {
        for (int i = 0; i < a.length; i++) {
            tape.grad(f.a()).set(i, a[i]);
        }
        for (int i = 0; i < b.length; i++) {
            tape.grad(f.b()).set(i, b[i]);
        }
    }

    static void assertGradients(double[] b, double[] a, LoraFactors f, double tolerance) {
        assertArrayEquals(b, f.b().gradArray(), tolerance, "dB");
        assertArrayEquals(a, f.a().gradArray(), tolerance, "dA");
    }
}
