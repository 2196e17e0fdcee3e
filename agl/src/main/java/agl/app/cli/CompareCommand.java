package agl.app.cli;

import agl.app.compare.Variant;
import agl.app.io.Numbers;
import agl.app.train.MethodChoice;
import agl.app.train.MethodKind;
import agl.error.AglException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code agl compare}: methods, strengths and seeds side by side. */
@Command(name = "compare", description =
        "Run several methods with several seeds on the same data and show drift against task score. Resumes where it stopped.")
public final class CompareCommand implements Callable<Integer> {
    @Mixin private BaseOption base;

    @Option(names = "--methods", split = ",", defaultValue = "lora,agl", paramLabel = "NAME",
            completionCandidates = MethodLists.Names.class,
            description = "Separated by commas: ${COMPLETION-CANDIDATES} (default ${DEFAULT-VALUE}).")
    private List<String> methods;

    @Option(names = "--strengths", defaultValue = "", paramLabel = "LIST", description =
            "Strengths to try, for example \"agl=300,1000;kl=0.1,1\"; without any, a method's default.")
    private String strengths;

    @Option(names = "--checkpoints", defaultValue = "0", paramLabel = "STEPS", description =
            "Measure every so many steps as well (default: only at the end).")
    private int checkpoints;

    @Mixin private ExperimentOptions options;
    @Spec private CommandSpec spec;

    @Override public Integer call() {
        new Comparison("compare", base.path, options, checkpoints).run(variants(methods, strengths), spec.commandLine().getOut());
        return 0;
    }

    /** Each method with each of its strengths. */
    static List<Variant> variants(List<String> methods, String strengths) {
        Map<MethodKind, Set<Double>> wanted = new LinkedHashMap<>();
        Arrays.stream(strengths.split(";")).map(String::strip).filter(s -> !s.isEmpty()).forEach(part -> {
            int at = part.indexOf('=');
            if (at < 0) {
                throw new AglException("--strengths: \"" + part + "\" is not method=number,number");
            }
            MethodKind kind = MethodKind.of(part.substring(0, at).strip());
            try {
                List<Double> numbers = Arrays.stream(part.substring(at + 1).split(",", -1)).map(Numbers::parse).toList();
                wanted.computeIfAbsent(kind, k -> new LinkedHashSet<>()).addAll(numbers);
            } catch (AglException e) {
                throw new AglException("--strengths: \"" + part + "\" is not method=number,number: " + e.getMessage(), e);
            }
        });
        List<Variant> variants = new ArrayList<>();
        List<MethodKind> kinds = methods.stream().map(String::strip).map(MethodKind::of).distinct().toList();
        for (MethodKind kind : kinds) {
            for (double s : wanted.getOrDefault(kind, Set.of(Double.NaN))) {
                variants.add(Variant.of(new MethodChoice(kind, s)));
            }
        }
        wanted.keySet().stream().filter(k -> !kinds.contains(k)).findFirst().ifPresent(k -> {
            throw new AglException("--strengths names " + k.title() + ", which --methods does not");
        });
        return variants;
    }
}
