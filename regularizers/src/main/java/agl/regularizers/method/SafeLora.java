package agl.regularizers.method;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.Workspace;
import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.Matrix;
import agl.autograd.storage.DType;
import agl.regularizers.LoraFactors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Safe LoRA (Hsu et al. 2024, arXiv:2405.16833), after training: where cos(C·B·A, B·A) &lt; τ, the update has left the alignment direction
 * and is pulled back, B ← C·B. C is {@link AlignmentMatrix}; the cosine is that of the matrices as vectors.
 */
public final class SafeLora implements Method {
    /** An update whose cosine with its projection is below this is projected; NaN: the lowest {@code number} are. */
    private final double threshold;
    private final int number;
    private final Map<String, AlignmentMatrix> alignment;
    private final Map<String, Double> cosines = new LinkedHashMap<>();

    /**
     * @param threshold an update whose cosine with its projection is below this is projected
     * @param alignment C by adapted matrix
     */
    public SafeLora(double threshold, Map<String, AlignmentMatrix> alignment) {
        this(threshold, 0, alignment);
    }

    private SafeLora(double threshold, int number, Map<String, AlignmentMatrix> alignment) {
        this.threshold = threshold;
        this.number = number;
        this.alignment = alignment;
    }

    /**
     * The published code's other choice: the matrices with the lowest cosines are projected.
     *
     * @param number how many; equal ones besides
     */
    public static SafeLora lowest(int number, Map<String, AlignmentMatrix> alignment) {
        return new SafeLora(Double.NaN, number, alignment);
    }

    @Override public String name() {
        return number > 0 ? "safelora_number" : "safelora";
    }

    @Override public List<LoraFactors> afterTraining(Tape tape, List<LoraFactors> factors) {
        cosines.clear();
        for (LoraFactors f : factors) {
            try (Workspace w = tape.workspace()) {
                cosines.put(f.name(), cosine(w, tape.kernels(), f, alignment.get(f.name()).timesB(w, f)));
            }
        }
        double highest = cosines.values().stream().sorted().limit(number).reduce((low, high) -> high).orElse(Double.NaN);
        List<LoraFactors> kept = new ArrayList<>();
        for (LoraFactors f : factors) {
            double cosine = cosines.get(f.name());
            kept.add((number > 0 ? cosine <= highest : cosine < threshold) ? projected(tape, f) : f);
        }
        return kept;
    }

    private LoraFactors projected(Tape tape, LoraFactors f) {
        try (Workspace w = tape.workspace()) {
            Matrix cb = alignment.get(f.name()).timesB(w, f);
            return new LoraFactors(f.name(), copy(f.matrixA(), f.a().dtype()), copy(cb, f.b().dtype()), f.scale());
        }
    }

    /**
     * ⟨CB·A, B·A⟩ / (‖CB·A‖ ‖B·A‖) through r x r products: ⟨X·A, Y·A⟩ = Σ (XᵀY)∘(A Aᵀ). 1 for an update that is zero; 0 for one that C maps
     * to zero, which is entirely outside the alignment direction.
     */
    private static double cosine(Workspace w, Kernels k, LoraFactors f, Matrix cb) {
        Matrix b = f.matrixB();
        Matrix aa = w.product(1, f.matrixA(), f.matrixA().T());
        double cross = inner(k, w.product(1, cb.T(), b), aa);
        double left = inner(k, w.product(1, cb.T(), cb), aa);
        double right = inner(k, w.product(1, b.T(), b), aa);
        if (!(right > 0)) {
            return 1;
        }
        return left > 0 ? cross / Math.sqrt(left * right) : 0;
    }

    private static double inner(Kernels k, Matrix x, Matrix y) {
        return k.dot(x.size(), x.data(), 0, y.data(), 0);
    }

    private static Tensor copy(Matrix m, DType dtype) {
        return Tensor.fill(dtype, i -> m.get(i / m.cols(), i % m.cols()), m.rows(), m.cols());
    }

    /** The cosine of each matrix at the last {@link #afterTraining}: below the threshold means that it was projected. */
    public Map<String, Double> cosines() {
        return cosines;
    }
}
