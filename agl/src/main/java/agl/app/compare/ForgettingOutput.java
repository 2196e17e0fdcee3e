package agl.app.compare;

import agl.app.compare.ForgettingLaw.Constant;
import agl.app.compare.ForgettingLaw.Fit;
import agl.app.data.PromptSet.Prompt;
import agl.app.drift.DriftGate;
import agl.app.io.Notes;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/** The forgetting law's constants and curves as text, JSON and report. */
public final class ForgettingOutput {
    private static final JsonMapper JSON = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    private ForgettingOutput() { }

    /** The measurements: a line per base, method and number of examples, means over seeds, then notes. */
    public static String measured(Forgetting f) {
        StringBuilder s = new StringBuilder(
                String.format(Locale.ROOT, "%nloss on plain text, nats per token (means over seeds)%n%-24s %-24s %9s %12s %10s %10s%n",
                        "base", "method", "examples", "D, tokens",
                        "loss", "increase"));
        f.before().forEach((base, losses) -> {
            double loss = losses.pretrain();
            s.append(String.format(Locale.ROOT, "%-24s %-24s %9s %12s %10.4f %10s%s%n", Path.of(base).getFileName(), "base", "", "", loss,
                    "",
                    losses.saysNothing(base).isEmpty() ? "" : " [above guessing]"));
            List<RunRecord> runs = f.runs();
            runs.stream().map(RunRecord::label).distinct().forEach(method -> {
                TreeMap<Integer, List<RunRecord>> sizes = bySize(
                        runs.stream().filter(r -> r.base().equals(base) && r.label().equals(method)).toList());
                sizes.forEach((examples, of) -> s.append(String.format(Locale.ROOT, "%-24s %-24s %9d %12.0f %10.4f %+10.6f%s%n",
                        Path.of(base).getFileName(), method, examples,
                        of.stream().mapToLong(RunRecord::taskTokens).average().orElseThrow(), increase(of, 0), increase(of, loss),
                        f.marks(of))));
            });
        });
        f.notes().forEach(note -> s.append(note).append(System.lineSeparator()));
        return s.toString();
    }

    public static String table(Fit f) {
        StringBuilder s = new StringBuilder(
                "\nL_pt = L_pt0 + A D^beta / N^alpha + E   (D tokens in the loss, each once; N parameters; L in nats per token)\n");
        s.append(row("beta", f.beta())).append(row("alpha", f.alpha()));
        f.methods().forEach((name, m) -> s.append(name).append('\n').append(row("A", m.a())).append(row("E", m.e()))
                .append(row("A'", m.middle())));
        return s.append(String.format(Locale.ROOT,
                "value [95%% interval over %d seeds, all runs of a seed left out at once]; A' = A D0^beta / N0^alpha at D0 = %.0f tokens, "
                        + "N0 = %.0f parameters%s; %d runs, residual %.4f nats%n",
                f.seeds(), f.d0(), f.n0(), f.alpha().determined() ? "" : "; A stands for A / N^alpha", f.observations(), f.rms()))
                .toString();
    }

    private static String row(String name, Constant c) {
        return String.format(Locale.ROOT, "  %-6s %s%n", name, text(c));
    }

    static String text(Constant c) {
        return !c.determined() ? "not determined: " + c.note()
                : c.note() != null ? String.format(Locale.ROOT, "%.4g [no interval: %s]", c.value(), c.note())
                        : String.format(Locale.ROOT, "%.4g [%.4g, %.4g]", c.value(), c.low(), c.high());
    }

    /** @param said what the command had to say about data and settings */
    public static String json(Forgetting f, List<String> said) {
        ObjectNode all = JSON.createObjectNode();
        all.set("law", JSON.valueToTree(f.fit()));
        all.put("no_law_because", f.noLaw());
        all.set("notes", JSON.valueToTree(Notes.all(said, f.notes())));
        all.set("pretrain_loss_before", JSON.valueToTree(byBase(f, Forgetting.Base::pretrain)));
        all.set("pretrain_loss_of_guessing", JSON.valueToTree(byBase(f, Forgetting.Base::uniform)));
        all.set("task_loss_before", JSON.valueToTree(byBase(f, Forgetting.Base::task)));
        ArrayNode runs = all.putArray("runs");
        for (RunRecord r : f.runs()) {
            runs.addObject().put("method", r.label()).put("seed", r.seed()).put("base", r.base()).put("examples", r.examples())
                    .put("tokens", r.taskTokens()).put("parameters", r.parameters()).put("pretrain_loss", r.last().pretrainLoss())
                    .put("above_guessing", f.aboveUniform(r)).put("task_loss", Measures.taskLoss(r.last()))
                    .put("task_loss_above_base", f.aboveBase(r)).put("wrecked_because", r.wreck());
        }
        try {
            return JSON.writeValueAsString(all) + "\n";
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Map<String, Double> byBase(Forgetting f, ToDoubleFunction<Forgetting.Base> loss) {
        Map<String, Double> all = new LinkedHashMap<>();
        f.before().forEach((name, base) -> all.put(name, loss.applyAsDouble(base)));
        return all;
    }

    /** The bases' results on the prompts, if there are any. */
    public record Drift(Map<String, RunRecord> bases, List<Prompt> prompts, DriftGate gate) { }

    /**
     * How much is forgotten, at what amount of task data and what task loss, and compared with what; first, whether the text is
     * informative.
     */
    static String verdict(Forgetting f) {
        String nothing = f.before().entrySet().stream().map(e -> e.getValue().saysNothing(e.getKey())).filter(s -> !s.isEmpty())
                .map(s -> s + " ").collect(Collectors.joining());
        long wrecks = f.runs().size() - f.sound().size();
        return f.sound().isEmpty() ? nothing + f.noLaw() + "." : nothing + forgotten(f)
                + (wrecks == 0 ? "" : " Training wrecked " + wrecks + " of " + f.runs().size()
                + " runs: left out here, see the notes.");
    }

    private static String forgotten(Forgetting f) {
        Fit fit = f.fit();
        List<RunRecord> runs = f.sound();
        // A method's run with the most data may be a wreck.
        Map<String, Integer> most = new LinkedHashMap<>();
        runs.forEach(r -> most.merge(r.label(), r.examples(), Math::max));
        boolean alike = most.values().stream().distinct().count() == 1;
        boolean law = fit != null && fit.methods().values().stream().allMatch(ForgettingLaw.OfMethod::determined);
        String start = fit == null ? f.noLaw() + ". Measured" : law ? String.format(Locale.ROOT,
                "After %.0f tokens of task data the law puts the rise of the loss on plain text at", fit.d0())
                : "The runs do not determine the law. Measured";
        return start + most.keySet().stream().map(method -> {
            List<RunRecord> of = runs.stream().filter(r -> r.label().equals(method) && r.examples() == most.get(method)).toList();
            double task = of.stream().mapToDouble(r -> Measures.taskLoss(r.last())).average().orElseThrow();
            double own = of.stream().mapToDouble(r -> f.before().get(r.base()).task()).average().orElseThrow();
            double rise = law ? fit.predict(method, fit.d0(), fit.n0())
                    : of.stream().mapToDouble(r -> r.last().pretrainLoss() - f.before().get(r.base()).pretrain()).average().orElseThrow();
            return String.format(Locale.ROOT, " %.4f nats per token for %s (task loss %.3f with %s%s)", rise, method, task,
                    alike ? "the most data" : most.get(method) + " examples", task > own
                            ? String.format(Locale.ROOT, ", above the base's own %.3f", own) : "");
        }).collect(Collectors.joining(",")) + (law || !alike ? "." : String.format(Locale.ROOT, ", each after its %d examples.",
                most.values().iterator().next()));
    }

    static TreeMap<Integer, List<RunRecord>> bySize(List<RunRecord> runs) {
        return runs.stream().collect(Collectors.groupingBy(RunRecord::examples, TreeMap::new, Collectors.toList()));
    }

    static double increase(List<RunRecord> runs, double before) {
        return runs.stream().mapToDouble(r -> r.last().pretrainLoss() - before).average().orElseThrow();
    }
}
