package agl.autograd.kernels.vector;

import agl.autograd.kernels.Workers;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** Long sums of float products, accumulated in double: blocks of fixed length, whose sums are added in order. */
final class VectorReduce {
    private static final VectorSpecies<Double> S = DoubleVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Float> HALF = VectorSpecies.of(float.class, VectorShape.forBitSize(S.vectorBitSize() / 2));
    private static final int V = S.length();
    private static final int BLOCK = 1 << 16;

    private VectorReduce() { }

    static double dot(int n, float[] x, int xOff, float[] y, int yOff) {
        int blocks = Math.ceilDiv(n, BLOCK);
        if (blocks <= 1) {
            return block(n, x, xOff, y, yOff);
        }
        double[] sums = new double[blocks];
        Workers.parallelFor(blocks, b -> {
            int from = b * BLOCK;
            sums[b] = block(Math.min(BLOCK, n - from), x, xOff + from, y, yOff + from);
        });
        double sum = 0;
        for (double s : sums) {
            sum += s;
        }
        return sum;
    }

    private static double block(int n, float[] x, int xOff, float[] y, int yOff) {
        DoubleVector a = DoubleVector.zero(S);
        DoubleVector b = DoubleVector.zero(S);
        int i = 0;
        for (; i <= n - 2 * V; i += 2 * V) {
            DoubleVector x0 = (DoubleVector) FloatVector.fromArray(HALF, x, xOff + i).convertShape(VectorOperators.F2D, S, 0);
            DoubleVector y0 = (DoubleVector) FloatVector.fromArray(HALF, y, yOff + i).convertShape(VectorOperators.F2D, S, 0);
            DoubleVector x1 = (DoubleVector) FloatVector.fromArray(HALF, x, xOff + V + i).convertShape(VectorOperators.F2D, S, 0);
            DoubleVector y1 = (DoubleVector) FloatVector.fromArray(HALF, y, yOff + V + i).convertShape(VectorOperators.F2D, S, 0);
            a = x0.fma(y0, a);
            b = x1.fma(y1, b);
        }
        a = a.add(b);
        double sum = a.lane(0);
        for (int l = 1; l < V; l++) {
            sum += a.lane(l);
        }
        for (; i < n; i++) {
            sum += x[xOff + i] * (double) y[yOff + i];
        }
        return sum;
    }
}
