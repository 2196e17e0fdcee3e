package agl.app.cli;

import agl.app.train.MethodKind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What help texts list of every method: picocli puts the lists in the place of {@code ${COMPLETION-CANDIDATES}}. */
final class MethodLists {
    private MethodLists() { }

    /** The names of all methods. */
    static final class Names extends ArrayList<String> {
        private static final long serialVersionUID = 1;

        Names() {
            super(MethodKind.names());
        }
    }

    /** The name of each strength and the methods that have it: "ewc and asft lambda". */
    static final class Strengths extends ArrayList<String> {
        private static final long serialVersionUID = 1;

        Strengths() {
            Map<String, List<String>> methods = new LinkedHashMap<>();
            Arrays.stream(MethodKind.values()).filter(k -> k.strength().name() != null)
                    .forEach(k -> methods.computeIfAbsent(k.strength().name(), name -> new ArrayList<>()).add(k.title()));
            methods.forEach((name, of) -> add(MethodKind.list(of, "and") + " " + name));
        }
    }
}
