package agl.regularizers.method;

import agl.autograd.Storage;
import agl.autograd.Tape;
import agl.autograd.kernels.Kernels;
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
        int r = f.rank();
        int out = f.out();
        int in = f.in();
        Storage rest = minusC(tape, r, out, f.b().data(), f.bOffset(), f.bStride(), c.timesB(tape, f));
        Storage bb = tape.pool().take(r * r);
        Storage aa = tape.pool().take(r * r);
        k.gemm(true, false, r, r, out, 1, rest, 0, r, rest, 0, r, 0, bb, 0, r);
        k.gemm(false, true, r, r, in, 1, f.a().data(), f.aOffset(), in, f.a().data(), f.aOffset(), in, 0, aa, 0, r);
        double s2 = f.scale() * f.scale();
        double value = s2 * k.dot(r * r, bb, 0, aa, 0);
        double w = 2 * lambda * s2;
        k.gemm(false, false, r, in, r, w, bb, 0, r, f.a().data(), f.aOffset(), in, 1, tape.grad(f.a()), f.aOffset(), in);
        Storage twice = tape.pool().take(out * r);
        c.times(tape, r, rest, 0, r, twice);
        twice = minusC(tape, r, out, rest, 0, r, twice);
        k.gemm(false, false, out, r, r, w, twice, 0, r, aa, 0, r, 1, tape.grad(f.b()), f.bOffset(), f.bStride());
        for (Storage x : List.of(rest, bb, aa, twice)) {
            tape.pool().give(x);
        }
        return value;
    }
    // explain: end

    /** (I − C)X, given C·X, in the latter's memory. */
    private static Storage minusC(Tape tape, int r, int out, Storage x, int xOff, int stride, Storage cx) {
        tape.kernels().scale(out * r, -1, cx, 0, cx, 0);
        for (int i = 0; i < out; i++) {
            tape.kernels().axpy(r, 1, x, xOff + i * stride, cx, i * r);
        }
        return cx;
    }
}
