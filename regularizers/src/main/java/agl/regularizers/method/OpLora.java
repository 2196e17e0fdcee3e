package agl.regularizers.method;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.Matrix;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import agl.regularizers.LoraFactors;
import agl.regularizers.SymmetricEigen;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/**
 * OPLoRA (Xiong and Xie 2025, arXiv:2510.13003): the update is kept orthogonal to the top-k singular directions of the frozen weight on
 * both sides, P_L ΔW P_R with P_L = I − U_kU_kᵀ, P_R = I − V_kV_kᵀ, W0 = UΣVᵀ; these k singular triples then survive training exactly.
 *
 * <p>Since P_L·B·A·P_R = (P_L B)(A P_R), the factors themselves are projected, before the first step and after each: the forward pass is
 * that of the projected architecture, and what is saved is an ordinary adapter.
 */
public final class OpLora implements Method {
    /** A squared singular value below this fraction of the largest one is rounding error. */
    private static final double ZERO = 1e-10;

    private final Map<String, Sides> sides = new LinkedHashMap<>();
    private final int k;

    /** U_k (out, k) and V_k (in, k). */
    private record Sides(Matrix u, Matrix v) {
        int k() {
            return u.cols();
        }
    }

    /** @param weights W0 (out, in) of each adapted matrix */
    public OpLora(int k, Map<String, Tensor> weights) {
        this.k = k;
        weights.forEach((name, w) -> sides.put(name, sides(w)));
    }

    private Sides sides(Tensor w) {
        int out = w.dim(0);
        int in = w.dim(1);
        int count = Math.min(k, Math.min(out, in));
        double[][] gram = new double[in][in];
        double[] row = new double[in];
        for (int o = 0; o < out; o++) {
            for (int j = 0; j < in; j++) {
                row[j] = w.get(o * in + j);
            }
            for (int i = 0; i < in; i++) {
                for (int j = 0; j < in; j++) {
                    gram[i][j] += row[i] * row[j];
                }
            }
        }
        SymmetricEigen eigen = SymmetricEigen.of(gram);
        // If W0 has rank below k, fewer triples are kept: the other eigenvectors of its Gram matrix are arbitrary.
        while (count > 0 && eigen.values()[count - 1] <= ZERO * eigen.values()[0]) {
            count--;
        }
        Storage right = Storage.allocate(DType.F64, Storage.elements(count, in));
        Storage left = Storage.allocate(DType.F64, Storage.elements(count, out));
        for (int c = 0; c < count; c++) {
            double sigma = Math.sqrt(eigen.values()[c]);
            for (int j = 0; j < in; j++) {
                right.set(c * in + j, eigen.vectors()[c][j]);
            }
            for (int o = 0; o < out; o++) {
                double sum = 0;
                for (int j = 0; j < in; j++) {
                    sum += w.get(o * in + j) * eigen.vectors()[c][j];
                }
                left.set(c * out + o, sum / sigma);
            }
        }
        return new Sides(Matrix.of(left, count, out).T(), Matrix.of(right, count, in).T());
    }

    @Override public String name() {
        return "oplora";
    }

    @Override public SequencedMap<String, Double> addGradients(Tape tape, List<LoraFactors> factors, int step) {
        if (step == 0) {
            afterStep(tape, factors, step);
        }
        return new LinkedHashMap<>();
    }

    @Override public void afterStep(Tape tape, List<LoraFactors> factors, int step) {
        Kernels plain = Kernels.plain();
        for (LoraFactors f : factors) {
            Sides s = sides.get(f.name());
            int r = f.rank();
            // B ← B − U(UᵀB)
            Matrix ub = Matrix.of(Storage.allocate(DType.F64, Storage.elements(s.k(), r)), s.k(), r);
            plain.product(1, s.u.T(), f.matrixB(), 0, ub);
            plain.product(-1, s.u, ub, 1, f.matrixB());
            // A ← A − (A V)Vᵀ
            Matrix av = Matrix.of(Storage.allocate(DType.F64, Storage.elements(s.k(), r)), r, s.k());
            plain.product(1, f.matrixA(), s.v, 0, av);
            plain.product(-1, av, s.v.T(), 1, f.matrixA());
        }
    }
}
