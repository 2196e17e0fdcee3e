package agl.regularizers;

import agl.error.AglException;
import org.hipparchus.exception.MathIllegalStateException;
import org.hipparchus.linear.Array2DRowRealMatrix;
import org.hipparchus.linear.EigenDecompositionSymmetric;

/**
 * K = V Λ Vᵀ of a symmetric positive semi-definite matrix, eigenvalues descending.
 *
 * @param values  λ_1 ≥ λ_2 ≥ …, negative rounding errors set to zero
 * @param vectors row k is the eigenvector of λ_k
 */
public record SymmetricEigen(double[] values, double[][] vectors) {

    /** All n eigenpairs of a symmetric positive semi-definite (n, n) matrix. */
    public static SymmetricEigen of(double[][] symmetric) {
        int n = symmetric.length;
        // Solved as K/scale + I, which has the same eigenvectors: the library's iteration stops when an entry is small relative to its
        // neighbors on the diagonal. In the null space of a low-rank matrix these are zero, and it would never stop.
        double scale = 0;
        for (double[] row : symmetric) {
            for (double v : row) {
                scale = Math.max(scale, Math.abs(v));
            }
        }
        double[][] vectors = new double[n][n];
        double[] values = new double[n];
        if (scale == 0) {
            for (int k = 0; k < n; k++) {
                vectors[k][k] = 1;
            }
            return new SymmetricEigen(values, vectors);
        }
        // A larger multiple of I if that is not enough; it costs as many digits of the smallest eigenvalues.
        double shift = 1;
        EigenDecompositionSymmetric e = null;
        while (e == null) {
            try {
                e = shifted(symmetric, scale, shift);
            } catch (MathIllegalStateException notConverged) {
                shift *= 100;
                if (shift > 1e6) {
                    throw new AglException(
                            "the eigenvectors of a " + n + " x " + n + " matrix did not converge: " + notConverged.getMessage(),
                            notConverged);
                }
            }
        }
        double[] unsorted = e.getEigenvalues();
        Integer[] order = new Integer[n];
        for (int k = 0; k < n; k++) {
            order[k] = k;
        }
        java.util.Arrays.sort(order, (i, j) -> Double.compare(unsorted[j], unsorted[i]));
        for (int k = 0; k < n; k++) {
            values[k] = Math.max(0, (unsorted[order[k]] - shift) * scale);
            vectors[k] = e.getEigenvector(order[k]).toArray();
        }
        return new SymmetricEigen(values, vectors);
    }

    private static EigenDecompositionSymmetric shifted(double[][] symmetric, double scale, double shift) {
        int n = symmetric.length;
        double[][] scaled = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                scaled[i][j] = symmetric[i][j] / scale + (i == j ? shift : 0);
            }
        }
        return new EigenDecompositionSymmetric(new Array2DRowRealMatrix(scaled, false));
    }

    /**
     * How many leading eigenvalues to keep: {@code m}, or with {@code energy} &gt; 0 the fewest whose sum is at least that fraction of the
     * trace; never one that is zero within rounding, since its eigenvector would be arbitrary.
     */
    // explain: How many eigenvectors
    static int keep(double[] descending, double trace, int m, double energy, double relativeFloor) {
        int limit = 0;
        while (limit < descending.length && descending[limit] > relativeFloor * descending[0]) {
            limit++;
        }
        if (energy <= 0) {
            return Math.min(m, limit);
        }
        int k = 0;
        for (double sum = 0; k < limit && sum < energy * trace; k++) {
            sum += descending[k];
        }
        return k;
    }
    // explain: end
}
