package agl.regularizers.method;

import agl.autograd.Tape;
import agl.autograd.Workspace;
import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.Matrix;
import agl.regularizers.LoraFactors;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/**
 * AsFT (Yang et al. 2026, arXiv:2506.08473): λ ‖(I − C) ΔW‖_F², the part of the update that is orthogonal to the alignment direction, with
 * ΔW = s·B·A and C = V·Vᵀ/‖V‖ as in {@link AlignmentMatrix}.
 *
 * <p>With B' = (I − C)B: ‖B'A‖² = Σ (B'ᵀB')∘(A Aᵀ), ∂/∂B = 2(I − C)ᵀ B' (A Aᵀ), ∂/∂A = 2(B'ᵀB')A, and C is symmetric.
 */
public final class AsFt implements Method {
    private final double lambda;
    private final Map<String, AlignmentMatrix> alignment;

    /** @param alignment C by adapted matrix */
    public AsFt(double lambda, Map<String, AlignmentMatrix> alignment) {
        this.lambda = lambda;
        this.alignment = alignment;
    }

    @Override public String name() {
        return "asft";
    }

    @Override public SequencedMap<String, Double> addGradients(Tape tape, List<LoraFactors> factors, int step) {
        double sum = 0;
        for (LoraFactors f : factors) {
            sum += add(tape, f, alignment.get(f.name()));
        }
        return Method.logged("AsFT", sum, lambda * sum);
    }

    // explain: AsFt
    private double add(Tape tape, LoraFactors f, AlignmentMatrix c) {
        Kernels k = tape.kernels();
        double s2 = f.scale() * f.scale();
        try (Workspace w = tape.workspace()) {
            Matrix rest = minus(k, f.matrixB(), c.timesB(w, f));
            Matrix twice = minus(k, rest, c.times(w, rest));
            Matrix bb = w.product(1, rest.T(), rest);
            Matrix aa = w.product(1, f.matrixA(), f.matrixA().T());
            k.product(2 * lambda * s2, bb, f.matrixA(), 1, f.gradA(tape));
            k.product(2 * lambda * s2, twice, aa, 1, f.gradB(tape));
            return s2 * k.dot(bb.size(), bb.data(), 0, aa.data(), 0);
        }
    }
    // explain: end

    /** x − y, stored in y. */
    private static Matrix minus(Kernels k, Matrix x, Matrix y) {
        k.scale(y.size(), -1, y.data(), 0, y.data(), 0);
        for (int i = 0; i < x.rows(); i++) {
            k.axpy(x.cols(), 1, x.data(), x.rows(i, 1).offset(), y.data(), i * x.cols());
        }
        return y;
    }
}
