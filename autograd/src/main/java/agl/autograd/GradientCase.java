package agl.autograd;

import java.util.List;
import java.util.ServiceLoader;
import java.util.SplittableRandom;

/**
 * An operation or loss term together with inputs on which its gradient can be checked. Modules list theirs through {@link Provider}
 * (META-INF/services); {@code agl gradcheck} and the tests run them all, and a test fails if an operation has no case.
 *
 * @param name    the operation's class name, or the term's
 * @param problem makes the function and its inputs from a random source: shapes vary with the seed, size 1 and odd sizes included
 */
public record GradientCase(String name, java.util.function.Function<SplittableRandom, Problem> problem) {

    /** A function and the inputs it is checked at. */
    public record Problem(GradCheck.Function function, Tensor... inputs) { }

    /** Lists the cases of one module. */
    public interface Provider {
        List<GradientCase> cases();
    }

    /** All cases of all modules on the class path. */
    public static List<GradientCase> all() {
        return ServiceLoader.load(Provider.class).stream().flatMap(p -> p.get().cases().stream()).toList();
    }

    /** Checks the gradient at the inputs drawn from {@code seed}: in full if they are small, else in ten directions. */
    public GradCheck.Result check(long seed) {
        Problem p = problem.apply(new SplittableRandom(seed));
        int size = 0;
        for (Tensor x : p.inputs) {
            size += x.size();
        }
        return size <= 200 ? GradCheck.full(p.function, p.inputs) : GradCheck.directional(p.function, seed, 10, p.inputs);
    }
}
