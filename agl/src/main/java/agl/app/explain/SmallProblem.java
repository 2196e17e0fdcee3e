package agl.app.explain;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import agl.regularizers.AglLoss;
import agl.regularizers.AglSettings;
import agl.regularizers.Fisher;
import agl.regularizers.LoraFactors;
import agl.regularizers.TokenFactors;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * The adapted matrix used on the pages about AGL's terms: ΔW (4, 5) of rank 1 to 4, and six gradients of alignment examples. Generated from
 * a seed and rounded to two decimals, so that the page shows exactly the values used in the computation.
 */
final class SmallProblem {
    static final int OUT = 4;
    static final int IN = 5;
    static final int MAX_RANK = 4;
    static final int EXAMPLES = 6;
    static final double LORA_ALPHA = 4;

    private final double[] a = new double[MAX_RANK * IN];
    private final double[] b = new double[OUT * MAX_RANK];
    private final TokenFactors gradients;

    SmallProblem() {
        SplittableRandom random = new SplittableRandom(5);
        java.util.Arrays.setAll(a, i -> rounded(0.5 * random.nextGaussian()));
        java.util.Arrays.setAll(b, i -> rounded(0.08 * random.nextGaussian()));
        List<Storage> delta = new ArrayList<>();
        List<Storage> x = new ArrayList<>();
        for (int i = 0; i < EXAMPLES; i++) {
            double size = 1.5 / (i + 1);
            delta.add(numbers(random, size, 2 * OUT));
            x.add(numbers(random, 1, 2 * IN));
        }
        gradients = new TokenFactors(OUT, IN, delta, x);
    }

    private static Storage numbers(SplittableRandom random, double size, int n) {
        return Tensor.fill(DType.F64, i -> rounded(size * random.nextGaussian()), n).data();
    }

    private static double rounded(double x) {
        return Math.round(100 * x) / 100.0;
    }

    TokenFactors gradients() {
        return gradients;
    }

    /** A (r, 5): the first r rows. */
    Tensor a(int r) {
        return Tensor.of(java.util.Arrays.copyOf(a, r * IN), r, IN);
    }

    /** B (4, r): the first r columns. */
    Tensor b(int r) {
        return Tensor.fill(DType.F64, i -> b[i / r * MAX_RANK + i % r], OUT, r);
    }

    /** s = lora_alpha / r. */
    static double scale(int r) {
        return LORA_ALPHA / r;
    }

    LoraFactors factors(int r) {
        return new LoraFactors("W", a(r).requireGrad(), b(r).requireGrad(), scale(r));
    }

    /**
     * The default settings with m = 3, the λ_NC of preset as-read, so that all four terms are visible, and {@code changes} (JSON with
     * single quotes).
     */
    static AglSettings settings(String changes) {
        return AglSettings.DEFAULT.with("{\"m\":3,\"lambda_NC\":0.1}").with(changes.replace('\'', '"'));
    }

    Fisher fisher(AglSettings s) {
        return Fisher.normalise(Map.of("W", Fisher.of(Kernels.plain(), "W", gradients, s)), s.fisherNorm()).get("W");
    }

    /** All terms with rank r, the update multiplied by {@code size}. The caller owns the tape, which holds the tensors. */
    AglLoss loss(Tape tape, int r, double size, AglSettings s) {
        Tensor scaled = b(r);
        Tensor times = Tensor.fill(DType.F64, i -> size * scaled.get(i), OUT, r);
        return loss(tape, new LoraFactors("W", a(r), times, scale(r)), s);
    }

    AglLoss loss(Tape tape, LoraFactors f, AglSettings s) {
        Fisher fisher = fisher(s);
        return AglLoss.of(tape, f, fisher, s, s.h() == AglSettings.H.DIAG_FISHER ? fisher.diagonal() : null);
    }
}
