package agl.regularizers;

import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.Matrix;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import java.util.SplittableRandom;

/**
 * A gradient g = Σ_t δ_t x_tᵀ of T tokens as the sum of fewer products: g̃ = Σ_k δ̃_k x̃_kᵀ with ‖g − g̃‖_F ≤ error·‖g‖_F. The tokens of a
 * prompt, and the two sequences of a contrast, which share one, have much in common: a few directions hold most of g.
 *
 * <p>A truncated singular value decomposition within the range of g·Ω, Ω random combinations of the x_t (Halko, Martinsson and Tropp 2011,
 * "Finding structure with randomness", algorithms 4.4 and 5.1). The error is that of g̃ itself, not a bound: g̃ is a projection of g, so
 * ‖g − g̃‖² = ‖g‖² − ‖g̃‖².
 *
 * @param delta δ̃ (K, out), orthonormal rows if there are fewer than T
 * @param x     x̃ (K, in)
 */
record LowRank(Matrix delta, Matrix x) {
    /** Directions of the first attempt. */
    private static final int FIRST = 32;

    /**
     * The fewest directions within the error; the tokens themselves if that takes as many.
     *
     * @param delta δ (T, out)
     * @param x     x (T, in)
     */
    static LowRank of(Kernels kernels, Matrix delta, Matrix x, double error) {
        DType dtype = delta.data().dtype();
        int tokens = delta.rows();
        Matrix xx = product(kernels, x, x.T(), dtype);
        double all = kernels.dot(product(kernels, delta, delta.T(), dtype), xx);
        int most = Math.min(tokens - 1, Math.min(delta.cols(), x.cols()));
        double allowed = error * error * all;
        for (int width = Math.min(FIRST, most); width > 0 && allowed > 0; width = Math.min(2 * width, most)) {
            // g Ω = δᵀ (x xᵀ) R for Ω = xᵀ R
            Matrix range = product(kernels, product(kernels, xx, gaussian(tokens, width, dtype), dtype).T(), delta, dtype);
            orthonormalize(kernels, range);
            // Once to and fro, gᵀ and then g: the range then has the leading directions nearly as the decomposition has them.
            Matrix opposite = product(kernels, product(kernels, range, delta.T(), dtype), x, dtype);
            orthonormalize(kernels, opposite);
            range = product(kernels, product(kernels, opposite, x.T(), dtype), delta, dtype);
            orthonormalize(kernels, range);
            Matrix inRange = product(kernels, product(kernels, range, delta.T(), dtype), x, dtype);
            double left = all - kernels.dot(inRange, inRange);
            if (left <= allowed) {
                return truncated(kernels, range, inRange, all - allowed);
            }
            if (width == most) {
                break;
            }
        }
        return new LowRank(delta, x);
    }

    /** The leading singular directions of rangeᵀ·inRange, as few as hold this much of ‖g‖². */
    private static LowRank truncated(Kernels kernels, Matrix range, Matrix inRange, double enough) {
        DType dtype = range.data().dtype();
        int width = range.rows();
        Matrix pairs = product(kernels, inRange, inRange.T(), dtype);
        double[][] symmetric = new double[width][width];
        for (int i = 0; i < width; i++) {
            for (int j = 0; j < width; j++) {
                symmetric[i][j] = (pairs.get(i, j) + pairs.get(j, i)) / 2;
            }
        }
        SymmetricEigen eigen = SymmetricEigen.of(symmetric);
        int kept = 0;
        for (double sum = 0; kept < width && (kept == 0 || sum < enough); kept++) {
            sum += eigen.values()[kept];
        }
        Matrix v = Matrix.of(Storage.allocate(dtype, kept * width), kept, width);
        for (int k = 0; k < kept; k++) {
            for (int j = 0; j < width; j++) {
                v.add(k, j, eigen.vectors()[k][j]);
            }
        }
        return new LowRank(product(kernels, v, range, dtype), product(kernels, v, inRange, dtype));
    }

    private static Matrix product(Kernels kernels, Matrix a, Matrix b, DType dtype) {
        Matrix c = Matrix.of(kernels.allocate(dtype, Storage.elements(a.rows(), b.cols())), a.rows(), b.cols());
        kernels.product(1, a, b, 0, c);
        return c;
    }

    /** The same numbers at every call. */
    private static Matrix gaussian(int rows, int cols, DType dtype) {
        SplittableRandom random = new SplittableRandom(1);
        Storage values = Storage.allocate(dtype, Storage.elements(rows, cols));
        for (int e = 0; e < values.length(); e++) {
            values.set(e, random.nextGaussian());
        }
        return Matrix.of(values, rows, cols);
    }

    /** Orthonormal rows with the same span: Gram-Schmidt, each row twice; a row that depends on those before it becomes 0. */
    private static void orthonormalize(Kernels kernels, Matrix rows) {
        int n = rows.cols();
        Storage r = rows.data();
        for (int k = 0; k < rows.rows(); k++) {
            double before = kernels.dot(n, r, k * n, r, k * n);
            for (int pass = 0; pass < 2; pass++) {
                for (int j = 0; j < k; j++) {
                    kernels.axpy(n, -kernels.dot(n, r, j * n, r, k * n), r, j * n, r, k * n);
                }
            }
            double length = kernels.dot(n, r, k * n, r, k * n);
            kernels.scale(n, length > Fisher.floor(r.dtype()) * before ? 1 / Math.sqrt(length) : 0, r, k * n, r, k * n);
        }
    }
}
