package agl.regularizers;

import agl.autograd.GradientCase;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.op.Affine;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Function;

/**
 * Inputs on which the gradient of every term with respect to A and B is checked: at ΔW = 0 (LoRA's start), near it and far from it, with
 * every backend and every setting that changes a formula.
 */
public final class TermCases implements GradientCase.Provider {
    /** Names of the places, and the size of B's entries there. */
    private static final Map<String, Double> PLACES = new java.util.TreeMap<>(Map.of("at zero", 0.0, "near zero", 1e-2, "far", 1.0));

    /** @param degree the term grows like |ΔW| to this power */
    private record Kind(String name, String settings, Function<AglLoss, Tensor> term, int degree) { }

    private static final List<Kind> KINDS = List.of(
            new Kind("FisherAlignment", "{}", AglLoss::lA, 2),
            new Kind("FisherAlignment two-branch", "{'alignment_rank':1,'alignment_reach':'branch'}", AglLoss::lA, 2),
            new Kind("TaskStability", "{}", AglLoss::lT, 2),
            new Kind("TaskStability diag_fisher", "{'H':'diag_fisher'}", AglLoss::lT, 2),
            new Kind("RiemannianOverlap", "{'reduction':'sum','kappa':3}", AglLoss::eRM, 2),
            new Kind("RiemannianOverlap mean signed", "{'overlap':'signed'}", AglLoss::eRM, 2),
            new Kind("RiemannianOverlap squared", "{'reduction':'sum','overlap':'squared'}", AglLoss::eRM, 4),
            new Kind("RiemannianOverlap two-branch", "{'reduction':'sum','alignment_rank':1}", AglLoss::eRM, 2),
            new Kind("GeodesicOverlap diag_fisher", "{'metric':'diag_fisher'}", AglLoss::eGeo, 0),
            new Kind("GeodesicOverlap two-branch", "{'alignment_rank':1}", AglLoss::eGeo, 0),
            total("exact"), total("kfac"), total("diagonal"));

    private static Kind total(String backend) {
        return new Kind("AglLoss " + backend,
                "{'lambda_A':2,'lambda_T':0.5,'lambda_NC':3,'alpha':1,'reduction':'sum','backend':'" + backend + "'}",
                AglLoss::total, 2);
    }

    @Override public List<GradientCase> cases() {
        List<GradientCase> cases = new ArrayList<>();
        for (Kind kind : KINDS) {
            PLACES.forEach((place, size) -> cases.add(new GradientCase(kind.name + ", " + place, r -> problem(r, kind, size))));
        }
        return cases;
    }

    private static GradientCase.Problem problem(SplittableRandom random, Kind kind, double size) {
        AglSettings s = AglSettings.DEFAULT.with("{\"m\":2,\"lambda_NC\":0.1}").with(kind.settings.replace('\'', '"'));
        int rank = s.twoBranch() ? 2 + random.nextInt(2) : 1 + random.nextInt(2);
        int out = 1 + random.nextInt(5);
        int in = 1 + random.nextInt(5);
        Fisher fisher = Fisher.normalise(Map.of("w", Fisher.of(Kernels.plain(), "w", gradients(random, out, in), s)), s.fisherNorm())
                .get("w");
        Storage h = s.h() == AglSettings.H.DIAG_FISHER ? fisher.diagonal() : null;
        // Small values would pass with any gradient: they are compared in units of their own size.
        double unit = size == 0 ? 1 : Math.pow(size, -kind.degree);
        Tensor a;
        Tensor b;
        do {
            a = gaussian(random, 1, rank, in);
            b = gaussian(random, size, out, rank);
        } while (nearKink(a, b, fisher, s, 1e-3 * size));
        return new GradientCase.Problem((tape, x) -> Affine.scale(tape, unit,
                kind.term.apply(AglLoss.of(tape, new LoraFactors("w", x[0], x[1], 1.5), fisher, s, h))), a.requireGrad(), b.requireGrad());
    }

    /** |ΔW|, |ΔW_A| and |ΔW_T| have kinks at 0: whether an entry is so close to a kink that a difference quotient would step across it. */
    private static boolean nearKink(Tensor a, Tensor b, Fisher fisher, AglSettings s, double distance) {
        try (Tape tape = Tape.plain()) {
            Decomposition d = AglLoss.of(tape, new LoraFactors("w", a, b, 1.5), fisher, s, null).decomposition();
            for (Tensor part : List.of(d.deltaW(), d.deltaA(), d.deltaT())) {
                for (double v : part.toArray()) {
                    // Zero within rounding stays zero: a masked entry, or a part that is always zero.
                    if (Math.abs(v) > 1e-13 && Math.abs(v) < distance) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    /** Random token factors: 3 to 5 examples of 1 to 3 tokens. */
    private static TokenFactors gradients(SplittableRandom random, int out, int in) {
        List<Storage> delta = new ArrayList<>();
        List<Storage> x = new ArrayList<>();
        int examples = 3 + random.nextInt(3);
        for (int i = 0; i < examples; i++) {
            int tokens = 1 + random.nextInt(3);
            delta.add(gaussian(random, 1, tokens, out).data());
            x.add(gaussian(random, 1, tokens, in).data());
        }
        return new TokenFactors(out, in, delta, x);
    }

    private static Tensor gaussian(SplittableRandom random, double size, int... shape) {
        return Tensor.fill(DType.F64, i -> size * random.nextGaussian(), shape);
    }
}
