package agl.regularizers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.GradCheck;
import agl.autograd.GradientCase;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class TermGradientsTest {

    @TestFactory Stream<DynamicTest> everyTermAtZeroNearAndFar() {
        return new TermCases().cases().stream().map(c -> DynamicTest.dynamicTest(c.name(), () -> {
            for (long seed = 0; seed < 25; seed++) {
                GradCheck.Result result = c.check(seed);
                assertTrue(result.compared() > 0, "nothing was compared");
                assertTrue(result.passed(), "seed " + seed + ": " + result);
                GradientCase.Problem p = c.problem().apply(new SplittableRandom(seed));
                GradCheck.Result added = GradCheck.accumulation(p.function(), Kernels.plain(), DType.F64, seed, p.inputs());
                assertTrue(added.passed() && added.compared() > 0, "seed " + seed + ": " + added);
            }
        }));
    }

    @Test void theCasesAreRegistered() {
        assertTrue(GradientCase.all().stream().anyMatch(c -> c.name().startsWith("AglLoss")));
    }

    /** The checks would be empty if every gradient they look at were zero. */
    @Test void gradientsFarFromZeroAreNotZero() {
        for (GradientCase c : new TermCases().cases()) {
            if (!c.name().endsWith("far")) {
                continue;
            }
            double largest = 0;
            for (long seed = 0; seed < 25; seed++) {
                largest = Math.max(largest, Math.abs(c.check(seed).analytic()));
            }
            assertTrue(largest > 1e-3, c.name() + ": largest gradient " + largest);
        }
        assertEquals(39, new TermCases().cases().size());
    }
}
