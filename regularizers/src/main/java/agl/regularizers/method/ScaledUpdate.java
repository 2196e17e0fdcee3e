package agl.regularizers.method;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.regularizers.LoraFactors;
import java.util.List;

/**
 * The trained update, scaled after training: ΔW ← c·ΔW, that is B ← c·B, with one factor c for all matrices. It is the interpolation
 * W0 + c (W − W0) between the base's and the tuned weights of WiSE-FT (Wortsman et al. 2022, arXiv:2109.01903).
 */
public final class ScaledUpdate implements Method {
    private final double factor;

    /** @param factor c: 1 keeps the trained adapter */
    public ScaledUpdate(double factor) {
        this.factor = factor;
    }

    @Override public String name() {
        return "scale";
    }

    @Override public List<LoraFactors> afterTraining(Tape tape, List<LoraFactors> factors) {
        return factor == 1 ? factors : factors.stream().map(this::scaled).toList();
    }

    private LoraFactors scaled(LoraFactors f) {
        Tensor b = Tensor.fill(f.b().dtype(), i -> factor * f.b().get(i), f.b().shape());
        return new LoraFactors(f.name(), f.a(), b, f.scale(), f.from(), f.to());
    }
}
