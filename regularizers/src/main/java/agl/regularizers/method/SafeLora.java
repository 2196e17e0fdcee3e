package agl.regularizers.method;

import agl.autograd.Storage;
import agl.autograd.Tape;
import agl.autograd.Tensor;
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
    private final double threshold;
    private final Map<String, AlignmentMatrix> alignment;
    private final Map<String, Double> cosines = new LinkedHashMap<>();

    /**
     * @param threshold an update whose cosine with its projection is below this is projected
     * @param alignment C by adapted matrix
     */
    public SafeLora(double threshold, Map<String, AlignmentMatrix> alignment) {
        this.threshold = threshold;
        this.alignment = alignment;
    }

    @Override public String name() {
        return "safelora";
    }

    @Override public List<LoraFactors> afterTraining(Tape tape, List<LoraFactors> factors) {
        cosines.clear();
        List<LoraFactors> kept = new ArrayList<>();
        for (LoraFactors f : factors) {
            Storage cb = alignment.get(f.name()).timesB(tape, f);
            double cosine = cosine(tape, f, cb);
            cosines.put(f.name(), cosine);
            if (cosine < threshold) {
                Tensor b = Tensor.zeros(f.b().dtype(), f.out(), f.rank());
                tape.kernels().scale(f.out() * f.rank(), 1, cb, 0, b.data(), 0);
                Tensor a = Tensor.fill(f.a().dtype(), i -> f.a().get(f.aOffset() + i), f.rank(), f.in());
                kept.add(new LoraFactors(f.name(), a, b, f.scale()));
            } else {
                kept.add(f);
            }
            tape.pool().give(cb);
        }
        return kept;
    }

    /** ⟨CB·A, B·A⟩ / (‖CB·A‖ ‖B·A‖) through r x r products: ⟨X·A, Y·A⟩ = Σ (XᵀY)∘(A Aᵀ). 1 for an update that is zero. */
    private static double cosine(Tape tape, LoraFactors f, Storage cb) {
        int r = f.rank();
        Storage aa = tape.pool().take(r * r);
        tape.kernels().gemm(false, true, r, r, f.in(), 1, f.a().data(), f.aOffset(), f.in(), f.a().data(), f.aOffset(), f.in(), 0, aa, 0, r);
        double cross = inner(tape, f, cb, 0, r, f.b().data(), f.bOffset(), f.bStride(), aa);
        double left = inner(tape, f, cb, 0, r, cb, 0, r, aa);
        double right = inner(tape, f, f.b().data(), f.bOffset(), f.bStride(), f.b().data(), f.bOffset(), f.bStride(), aa);
        tape.pool().give(aa);
        return left > 0 && right > 0 ? cross / Math.sqrt(left * right) : 1;
    }

    private static double inner(Tape tape, LoraFactors f, Storage x, int xOff, int ldx, Storage y, int yOff, int ldy, Storage aa) {
        int r = f.rank();
        Storage xy = tape.pool().take(r * r);
        tape.kernels().gemm(true, false, r, r, f.out(), 1, x, xOff, ldx, y, yOff, ldy, 0, xy, 0, r);
        double sum = tape.kernels().dot(r * r, xy, 0, aa, 0);
        tape.pool().give(xy);
        return sum;
    }

    /** The cosine of each matrix at the last {@link #afterTraining}: below the threshold means pulled back. */
    public Map<String, Double> cosines() {
        return cosines;
    }
}
