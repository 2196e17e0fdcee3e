package agl.regularizers.method;

import agl.autograd.Storage;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.regularizers.LoraFactors;
import agl.regularizers.SymmetricEigen;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/**
 * OPLoRA (Xiong and Xie 2025, arXiv:2510.13003): the update is kept off the top-k singular directions of the frozen weight on both sides,
 * P_L ΔW P_R with P_L = I − U_kU_kᵀ, P_R = I − V_kV_kᵀ, W0 = UΣVᵀ; these k singular triples then survive training exactly.
 *
 * <p>Since P_L·B·A·P_R = (P_L B)(A P_R), the factors themselves are projected, before the first step and after each: the forward pass is
 * that of the projected architecture, and what is saved is an ordinary adapter.
 */
public final class OpLora implements Method {
    private final Map<String, Sides> sides = new LinkedHashMap<>();
    private final int k;

    /** U_k as rows (k, out) and V_k as rows (k, in). */
    private record Sides(Storage left, Storage right, int k) { }

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
        Storage right = new Storage.F64(new double[count * in], count * in);
        Storage left = new Storage.F64(new double[count * out], count * out);
        for (int c = 0; c < count; c++) {
            double sigma = Math.sqrt(eigen.values()[c]);
            for (int j = 0; j < in; j++) {
                right.set(c * in + j, eigen.vectors()[c][j]);
            }
            for (int o = 0; o < out && sigma > 0; o++) {
                double sum = 0;
                for (int j = 0; j < in; j++) {
                    sum += w.get(o * in + j) * eigen.vectors()[c][j];
                }
                left.set(c * out + o, sum / sigma);
            }
        }
        return new Sides(left, right, count);
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
            Storage ub = new Storage.F64(new double[s.k * r], s.k * r);
            // B ← B − U(UᵀB)
            plain.gemm(false, false, s.k, r, f.out(), 1, s.left, 0, f.out(), f.b().data(), f.bOffset(), f.bStride(), 0, ub, 0, r);
            plain.gemm(true, false, f.out(), r, s.k, -1, s.left, 0, f.out(), ub, 0, r, 1, f.b().data(), f.bOffset(), f.bStride());
            // A ← A − (A V)Vᵀ
            Storage av = new Storage.F64(new double[s.k * r], s.k * r);
            plain.gemm(false, true, r, s.k, f.in(), 1, f.a().data(), f.aOffset(), f.in(), s.right, 0, f.in(), 0, av, 0, s.k);
            plain.gemm(false, false, r, f.in(), s.k, -1, av, 0, s.k, s.right, 0, f.in(), 1, f.a().data(), f.aOffset(), f.in());
        }
    }
}
