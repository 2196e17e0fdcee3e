package agl.app.explain;

import agl.autograd.GradCheck;
import agl.autograd.GradientCase;
import agl.autograd.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

/**
 * The worst of the checks of one operation's or term's derivative against central differences, over several random shapes.
 *
 * @param shapes   of the inputs, in the check with the largest error
 * @param compared derivatives compared in all its checks
 */
public record CaseCheck(String operation, double error, double analytic, double numeric, String where, long seed, List<String> shapes,
        long compared, boolean passed) {
    /** The class that is checked: a case may add at which setting and where, as in "FisherAlignment, far". */
    public static String className(GradientCase c) {
        return c.name().split("[ ,]", 2)[0];
    }

    /** Checks one case at seeds 0 to {@code seeds} − 1. */
    public static CaseCheck of(GradientCase gradientCase, int seeds) {
        GradCheck.Result worst = null;
        long worstSeed = 0;
        long compared = 0;
        boolean passed = true;
        for (long seed = 0; seed < seeds; seed++) {
            GradCheck.Result result = gradientCase.check(seed);
            compared += result.compared();
            passed &= result.passed();
            // Written so that a NaN is the worst of all, and a failure worse than any check that passed.
            boolean worse = worst == null || worst.passed() && !result.passed()
                    || worst.passed() == result.passed() && !(result.error() <= worst.error());
            if (worse) {
                worst = result;
                worstSeed = seed;
            }
        }
        return new CaseCheck(gradientCase.name(), worst.error(), worst.analytic(), worst.numeric(), worst.where(), worstSeed,
                shapes(gradientCase, worstSeed), compared, passed);
    }

    private static List<String> shapes(GradientCase gradientCase, long seed) {
        List<String> shapes = new ArrayList<>();
        for (Tensor x : gradientCase.problem().apply(new SplittableRandom(seed)).inputs()) {
            shapes.add(Arrays.stream(x.shape()).mapToObj(Integer::toString).collect(Collectors.joining(", ", "(", ")")));
        }
        return shapes;
    }
}
