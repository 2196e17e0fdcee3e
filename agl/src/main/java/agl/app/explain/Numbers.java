package agl.app.explain;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/** The computed examples of all pages, by the names used in the topic files. Each is computed when a page asks for it. */
final class Numbers {
    private final Map<String, Supplier<String>> all = new LinkedHashMap<>();

    Numbers() {
        OperationExamples.all().forEach((name, example) -> all.put(name, () -> example.html(name + " on small numbers")));
        all.put("five nodes", TapeNumbers::fiveNodes);
        all.put("a wrong derivative", TapeNumbers::wrongDerivative);
        LayerNumbers.into(all);
        FisherNumbers.into(all);
        TermNumbers.into(all);
        CarefulNumbers.into(all);
        StepNumbers.into(all);
        MethodNumbers.into(all);
        DriftNumbers.into(all);
        all.put("sliders", Sliders::html);
    }

    String html(String name) {
        Supplier<String> numbers = all.get(name);
        if (numbers == null) {
            throw new IllegalStateException("no numbers are named \"" + name + "\"");
        }
        return numbers.get();
    }

    Set<String> names() {
        return all.keySet();
    }
}
