package agl.app.cli;

import agl.app.explain.CaseCheck;
import agl.app.io.BuildInfo;
import agl.autograd.GradCheck;
import agl.autograd.GradientCase;
import agl.error.AglException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code agl gradcheck}: checks every derivative of this program against central differences, in double. Exit code 1 if one is wrong. */
@Command(name = "gradcheck", description = "Compare every operation's and loss term's derivative with central differences.",
        footer = {"", "The error is |analytic - numeric| / max(|analytic|, |numeric|, 1); a check passes when",
            "|analytic - numeric| <= 1e-5 + 1e-3 |numeric|. Seed and shapes are those of the worst check."})
public final class GradcheckCommand implements Callable<Integer> {
    @Option(names = "--op", paramLabel = "NAME",
            description = "Only this operation or term, by its class or by its whole name; may be repeated.")
    private List<String> names = List.of();

    @Option(names = "--all", description = "Every operation and term (the default).")
    private boolean all;

    @Option(names = "--seeds", paramLabel = "N", defaultValue = "40",
            description = "Random shapes and numbers per operation (default: ${DEFAULT-VALUE}).")
    private int seeds;

    @Mixin private JsonOption json;

    @Spec
    private CommandSpec spec;

    @Override public Integer call() throws JsonProcessingException {
        if (seeds < 1) {
            throw new AglException("--seeds " + seeds + ": at least 1 is needed");
        }
        if (all && !names.isEmpty()) {
            throw new AglException("--all and --op exclude each other");
        }
        List<CaseCheck> rows = selected().stream().map(c -> CaseCheck.of(c, seeds)).toList();
        boolean passed = rows.stream().allMatch(CaseCheck::passed);
        PrintWriter out = spec.commandLine().getOut();
        if (json.asked) {
            Map<String, Object> answer = new LinkedHashMap<>();
            answer.put("version", BuildInfo.version());
            answer.put("eps", GradCheck.EPS);
            answer.put("atol", GradCheck.ATOL);
            answer.put("rtol", GradCheck.RTOL);
            answer.put("seeds", seeds);
            answer.put("passed", passed);
            answer.put("operations", rows);
            out.println(new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsString(answer));
        } else {
            print(rows, out);
        }
        out.flush();
        return passed ? 0 : 1;
    }

    private List<GradientCase> selected() {
        List<GradientCase> known = GradientCase.all();
        for (String name : names) {
            if (known.stream().noneMatch(c -> isNamed(c, name))) {
                throw new AglException("--op " + name + ": no operation or term of that name; there are "
                        + String.join(", ", known.stream().map(CaseCheck::className).collect(Collectors.toCollection(TreeSet::new))));
            }
        }
        return names.isEmpty() ? known : known.stream().filter(c -> names.stream().anyMatch(name -> isNamed(c, name))).toList();
    }

    private static boolean isNamed(GradientCase c, String name) {
        return c.name().equalsIgnoreCase(name) || CaseCheck.className(c).equalsIgnoreCase(name);
    }

    private static void print(List<CaseCheck> rows, PrintWriter out) {
        int width = Math.max(9, rows.stream().mapToInt(r -> r.operation().length()).max().orElse(0));
        String format = "%-" + width + "s  %9s  %13s  %13s  %4s  %8s  %s%n";
        out.printf(Locale.ROOT, format, "operation", "error", "analytic", "numeric", "seed", "compared", "shapes");
        for (CaseCheck r : rows) {
            out.printf(Locale.ROOT, format, r.operation(), String.format(Locale.ROOT, "%.1e", r.error()),
                    String.format(Locale.ROOT, "%.6g", r.analytic()),
                    String.format(Locale.ROOT, "%.6g", r.numeric()), r.seed(), r.compared(),
                    String.join(" ", r.shapes()) + (r.passed() ? "" : "  WRONG at " + r.where()));
        }
        long wrong = rows.stream().filter(r -> !r.passed()).count();
        out.printf(Locale.ROOT, "%d operations and terms, %,d derivatives compared with central differences (eps %.0e): %s%n", rows.size(),
                rows.stream().mapToLong(CaseCheck::compared).sum(), GradCheck.EPS, wrong == 0 ? "all agree" : wrong + " WRONG");
    }
}
