package agl.autograd.op;

import agl.autograd.Operation;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.storage.Storage;

/**
 * Rotary position embedding (Su et al. 2021), in the half-split layout of Hugging Face's Llama: in each head the pair (x_i, x_{i+d/2}) is
 * rotated by the angle position · θ_i. x (tokens, heads·headDim).
 *
 * <p>A rotation is linear, and its transpose is the inverse rotation: dL/dx = R(−angle) dL/dy.
 */
public final class Rope implements Operation {

    /** Cosines and sines of position · θ_i, (positions, headDim/2) each, row-major. */
    public record Table(int headDim, double[] cos, double[] sin) {

        /**
         * The table for {@code positions} positions from the frequencies θ_i, headDim/2 of them; cosines and sines are multiplied by
         * {@code factor}.
         */
        public static Table of(int positions, double[] frequencies, double factor) {
            int half = frequencies.length;
            double[] cos = new double[Storage.elements(positions, half)];
            double[] sin = new double[cos.length];
            for (int p = 0; p < positions; p++) {
                for (int i = 0; i < half; i++) {
                    cos[p * half + i] = factor * Math.cos(p * frequencies[i]);
                    sin[p * half + i] = factor * Math.sin(p * frequencies[i]);
                }
            }
            return new Table(2 * half, cos, sin);
        }

        /** θ_i = base^(−2i/headDim), the original frequencies. */
        public static double[] frequencies(int headDim, double base) {
            double[] f = new double[headDim / 2];
            for (int i = 0; i < f.length; i++) {
                f[i] = Math.pow(base, -2.0 * i / headDim);
            }
            return f;
        }
    }

    private final Tensor x;
    private final int[] positions;
    private final Table table;

    private Rope(Tensor x, int[] positions, Table table) {
        this.x = x;
        this.positions = positions;
        this.table = table;
    }

    /** @param positions position of each row in its sequence, within the table */
    public static Tensor of(Tape tape, Tensor x, int[] positions, Table table) {
        Tensor y = tape.alloc(x.shape());
        tape.kernels().rope(x.rows(), x.cols() / table.headDim, table.headDim, positions, table.cos, table.sin, 1, x.data(), y.data(),
                false);
        return tape.record(y, new Rope(x, positions, table), x);
    }

    @Override public boolean reads(Tensor t) {
        return false;
    }

    @Override public void backward(Tape tape, Tensor y) {
        boolean accumulate = tape.beta(x) != 0;
        tape.kernels().rope(x.rows(), x.cols() / table.headDim, table.headDim, positions, table.cos, table.sin, -1,
                y.grad(), tape.gradToWrite(x), accumulate);
    }
}
