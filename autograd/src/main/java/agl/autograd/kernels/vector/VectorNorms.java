package agl.autograd.kernels.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** RMS norm, forward and backward. Formulas: {@link agl.autograd.kernels.Kernels}. */
final class VectorNorms {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int V = S.length();

    private VectorNorms() { }

    static void forward(int rows, int cols, float[] x, float[] w, double eps, float[] y, float[] inverseRms) {
        Ranges.shareRows(rows, cols, (from, to) -> {
            for (int r = from; r < to; r++) {
                int o = r * cols;
                float inverse = (float) (1 / Math.sqrt(VectorMath.dot(cols, x, o, x, o) / (double) cols + eps));
                inverseRms[r] = inverse;
                normalize(cols, x, o, w, inverse, y);
            }
        });
    }

    private static void normalize(int n, float[] x, int off, float[] w, float inverse, float[] y) {
        int j = 0;
        for (; j <= n - V; j += V) {
            FloatVector.fromArray(S, x, off + j).mul(inverse).mul(FloatVector.fromArray(S, w, j)).intoArray(y, off + j);
        }
        for (; j < n; j++) {
            y[off + j] = x[off + j] * inverse * w[j];
        }
    }

    static void backward(int rows, int cols, float[] x, float[] w, float[] inverseRms, float[] dy, float[] dx, float[] dw) {
        if (dx != null) {
            Ranges.shareRows(rows, cols, (from, to) -> {
                for (int r = from; r < to; r++) {
                    int o = r * cols;
                    float inverse = inverseRms[r];
                    float along = inverse * inverse * inverse * along(cols, x, dy, o, w) / cols;
                    addInputGradient(cols, x, dy, o, w, inverse, along, dx);
                }
            });
        }
        if (dw != null) {
            // Threads split the columns, not the rows: each sum over the rows has one thread and one order.
            Ranges.share(cols, Math.max(V, Math.ceilDiv(Ranges.ELEMENTS / Math.max(1, rows), V) * V), (from, to) -> {
                for (int r = 0; r < rows; r++) {
                    addWeightGradient(from, to, x, dy, r * cols, inverseRms[r], dw);
                }
            });
        }
    }

    /** Σ dy·w·x. */
    private static float along(int n, float[] x, float[] dy, int off, float[] w) {
        FloatVector a = FloatVector.zero(S);
        FloatVector b = FloatVector.zero(S);
        int j = 0;
        for (; j <= n - 2 * V; j += 2 * V) {
            a = FloatVector.fromArray(S, dy, off + j).mul(FloatVector.fromArray(S, w, j)).fma(FloatVector.fromArray(S, x, off + j), a);
            b = FloatVector.fromArray(S, dy, off + V + j).mul(FloatVector.fromArray(S, w, V + j))
                    .fma(FloatVector.fromArray(S, x, off + V + j), b);
        }
        float sum = VectorMath.lanes(a.add(b));
        for (; j < n; j++) {
            sum = Math.fma(dy[off + j] * w[j], x[off + j], sum);
        }
        return sum;
    }

    /** dx += inverse·dy·w − along·x. */
    private static void addInputGradient(int n, float[] x, float[] dy, int off, float[] w, float inverse, float along, float[] dx) {
        int j = 0;
        for (; j <= n - V; j += V) {
            FloatVector d = FloatVector.fromArray(S, dy, off + j).mul(FloatVector.fromArray(S, w, j)).mul(inverse);
            d = FloatVector.fromArray(S, x, off + j).fma(FloatVector.broadcast(S, -along), d);
            d.add(FloatVector.fromArray(S, dx, off + j)).intoArray(dx, off + j);
        }
        for (; j < n; j++) {
            dx[off + j] += Math.fma(x[off + j], -along, dy[off + j] * w[j] * inverse);
        }
    }

    private static void addWeightGradient(int from, int to, float[] x, float[] dy, int off, float inverse, float[] dw) {
        int j = from;
        for (; j <= to - V; j += V) {
            FloatVector n = FloatVector.fromArray(S, x, off + j).mul(inverse);
            FloatVector.fromArray(S, dy, off + j).fma(n, FloatVector.fromArray(S, dw, j)).intoArray(dw, j);
        }
        for (; j < to; j++) {
            dw[j] = Math.fma(dy[off + j], x[off + j] * inverse, dw[j]);
        }
    }
}
