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
 * The worst check of one operation's or term's derivative against central differences, over several random shapes.
 *
 * @param shapes   input shapes in the check with the largest error
 * @param compared number of derivatives compared in all checks
 */
public record CaseCheck(String operation, double error, double analytic, double numeric, String where, long seed, List<String> shapes,
        long compared, boolean passed) {
    /** Name of the class under test: a case's name may append a setting and a location, as in "FisherAlignment, far". */
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
            // NaN counts as the worst of all, and a failure as worse than any check that passed.
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
