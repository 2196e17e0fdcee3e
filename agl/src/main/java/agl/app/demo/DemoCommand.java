package agl.app.demo;

import agl.app.ConfigOptions;
import agl.app.OutputGuard;
import agl.app.data.PromptSet.Label;
import agl.app.demo.corpus.DemoCorpus;
import agl.app.drift.DriftChange;
import agl.app.drift.DriftComparison;
import agl.app.drift.DriftComparison.Model;
import agl.app.drift.DriftEvidence;
import agl.app.drift.DriftOutput;
import agl.app.io.AtomicFiles;
import agl.app.io.Inputs;
import agl.app.io.Provenance;
import agl.app.stats.Bootstrap;
import agl.app.stats.Clusters;
import agl.app.stats.Interval;
import agl.app.stats.Shares;
import agl.app.train.MethodChoice;
import agl.app.train.RunConfig;
import agl.app.train.TaskMeasure;
import agl.app.train.UnusedSettings;
import agl.autograd.AglException;
import agl.regularizers.Fisher;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code agl demo}: the main job on the model and the text that come with the program. */
@Command(name = "demo", description = "Fine-tune the built-in aligned model with LoRA and with AGL and compare what is left of its alignment.")
public final class DemoCommand implements Callable<Integer> {
    /** AGL's weights for this model, chosen on the demo's validation prompts; see docs/RESULTS.md. */
    static final List<String> SETTINGS = List.of("steps=400", "batch_size=16", "learning_rate=1e-2", "max_length=160", "lora_dropout=0",
            "agl.lambda_A=300", "agl.lambda_T=0", "agl.fisher_tokens=1");

    /** Of the text that the base was aligned on, as much as the rest of the job asks for. */
    private static final int CORPUS = 1000;

    @Option(names = "--out", defaultValue = "runs/demo", paramLabel = "DIR", description = "Where everything goes (default ${DEFAULT-VALUE}).")
    private Path out = Path.of("runs/demo");

    @Option(names = "--quick", description = "A shorter run on fewer prompts: shows that it works, not how well.")
    private boolean quick;

    @Option(names = "--validation", description = "Measure on the validation split, which settings may be chosen by; the table is otherwise of the test split.")
    private boolean validation;

    @Option(names = "--from-scratch", description = "Make the base model too, instead of taking the one in the jar (about a quarter of an hour on two cores).")
    private boolean fromScratch;

    @Option(names = "--prepare", description = "Only write the base model and the demo's text, as files for train, compare, ablate and forgetting.")
    private boolean prepare;

    @Option(names = "--corpus-seed", description = "Seed of text and base model (default ${DEFAULT-VALUE}).")
    private long corpusSeed = DemoBase.SEED;

    @picocli.CommandLine.Mixin private ConfigOptions options = new ConfigOptions();

    @Spec private CommandSpec spec;

    @Override public Integer call() {
        if (!fromScratch && corpusSeed != DemoBase.SEED) {
            throw new AglException("--corpus-seed " + corpusSeed + " needs --from-scratch: the base in the jar was trained on seed " + DemoBase.SEED
                    + "'s text, other seeds hold out prompts that it has seen");
        }
        AtomicFiles.requireWritable(out);
        RunConfig config = options.config(quick ? withSteps(30) : SETTINGS);
        unused(config).forEach(line -> System.err.println("agl: " + line));
        Path base = out.resolve("base");
        requireOwn(base, out.resolve("data"));
        if (fromScratch) {
            DemoBase.make(base, corpusSeed, DemoBase.TRAINING);
        } else {
            DemoBase.extract(base);
        }
        DemoFiles.write(out.resolve("data"), DemoCorpus.generate(corpusSeed, CORPUS));
        if (prepare) {
            spec.commandLine().getOut().printf("wrote %s: base, data%n", out);
            return 0;
        }
        Inputs inputs = Inputs.read(List.of(base));
        DemoRun.Outcome outcome = new DemoRun(base, out, config, corpusSeed, quick, validation).run();
        String text = spectrum(outcome.fisher()) + "\n" + table(outcome) + "\n" + verdict(outcome);
        spec.commandLine().getOut().print(text);
        spec.commandLine().getOut().flush();
        AtomicFiles.writeText(out.resolve("settings.json"), config.toJson().toPrettyString() + "\n");
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("corpus_seed", corpusSeed);
        settings.put("quick", quick);
        settings.put("validation", validation);
        settings.put("config", config.toJson());
        Provenance.of("demo", config.train().seed(), settings, inputs).writeInto(out);
        DemoReport.write(out, outcome, config, verdict(outcome));
        spec.commandLine().getOut().printf("%nwrote %s: report.html, metrics.jsonl, %ssettings, provenance%n", out,
                outcome.wrecks().size() == 2 ? "" : "adapters, ");
        if (!outcome.wrecks().isEmpty()) {
            throw new AglException("nothing is compared: " + wrecked(outcome) + "; no adapter is written of it, all else is");
        }
        return 0;
    }

    /** The base and the text of an earlier demo are written anew; what is anybody else's is left alone. */
    private static void requireOwn(Path base, Path data) {
        boolean demos = Provenance.read(base).map(p -> p.path("command").asText().startsWith("demo")).orElse(false);
        if (!OutputGuard.isFree(base) && !demos) {
            throw new AglException(base + ": holds something that is not a demo's base; name another --out");
        }
        if (!OutputGuard.isFree(data) && OutputGuard.isFree(base)) {
            throw new AglException(data + ": holds something that is not a demo's text; name another --out");
        }
    }

    /** What was given and has no effect on this job. */
    private List<String> unused(RunConfig config) {
        List<String> lines = new ArrayList<>();
        Set<String> given = new LinkedHashSet<>(options.given());
        if (prepare) {
            if (quick || validation || !given.isEmpty()) {
                lines.add("not used: settings, --quick and --validation (--prepare only writes the base and the text)");
            }
            return lines;
        }
        if (given.remove("eval_every")) {
            lines.add("not used: eval_every (the demo measures at the end)");
        }
        lines.addAll(UnusedSettings.lines(given, Stream.of("lora", "agl").map(m -> new UnusedSettings.Run(MethodChoice.of(m), config)).toList()));
        return lines;
    }

    private static List<String> withSteps(int steps) {
        return Stream.concat(SETTINGS.stream().filter(s -> !s.startsWith("steps=")), Stream.of("steps=" + steps)).toList();
    }

    /** The leading eigenvalues of each layer's Fisher, as shares of its trace. */
    static String spectrum(Map<String, Fisher> fisher) {
        StringBuilder s = new StringBuilder("\nFisher of the alignment data: leading eigenvalues as shares of the trace\n");
        fisher.forEach((name, f) -> {
            s.append(String.format(Locale.ROOT, "  %-36s", name.replace("model.layers.", "").replace("self_attn.", "")));
            double held = 0;
            for (int k = 0; k < Math.min(6, f.spectrum().length); k++) {
                s.append(String.format(Locale.ROOT, " %.3f", f.spectrum()[k] / f.trace()));
            }
            int directions = 0;
            while (directions < f.spectrum().length && held < 0.9 * f.trace()) {
                held += f.spectrum()[directions++];
            }
            s.append(String.format(Locale.ROOT, " …  90%% of the trace in %d of %d%n", directions, f.spectrum().length));
        });
        return s.toString();
    }

    static String table(DemoRun.Outcome outcome) {
        StringBuilder s = new StringBuilder();
        String line = "%-" + outcome.measured().keySet().stream().mapToInt(name -> Math.max(6, marked(outcome, name).length())).max()
                .orElse(6) + "s %-22s %-22s%n";
        s.append(String.format(Locale.ROOT, line, "", "task loss", "task accuracy %"));
        outcome.measured().forEach((name, m) -> s.append(String.format(Locale.ROOT, line, marked(outcome, name), taskLoss(m).text(3),
                DriftOutput.percent(accuracy(m)))));
        return s.append('\n').append(DriftOutput.table(outcome.shown()))
                .append("value [95% interval over prompts, those about the same verb and object together], of ")
                .append(outcome.answers()).append('\n').toString();
    }

    /** A model's name with what a reader of its row must not miss. */
    static String marked(DemoRun.Outcome outcome, String name) {
        return name + (outcome.wrecks().containsKey(name) ? " [wrecked]" : aboveBase(outcome, name) ? " [loss above the base's]" : "");
    }

    private static boolean aboveBase(DemoRun.Outcome outcome, String name) {
        return outcome.measured().get(name).taskLoss() > outcome.measured().get("base").taskLoss();
    }

    private static String wrecked(DemoRun.Outcome outcome) {
        return outcome.wrecks().entrySet().stream().map(e -> e.getKey() + ": " + e.getValue()).collect(Collectors.joining("; "));
    }

    /** That a model is worse at the task than the base was, a sentence for each that is. */
    private static String above(DemoRun.Outcome outcome) {
        return outcome.measured().keySet().stream().filter(name -> aboveBase(outcome, name)).map(name -> String.format(Locale.ROOT,
                " But the task loss of %s, %.3f, is above the base's own, %.3f: it is worse at the task than before.", name,
                outcome.measured().get(name).taskLoss(), outcome.measured().get("base").taskLoss())).collect(Collectors.joining());
    }

    static Interval taskLoss(DemoRun.Measured m) {
        return Bootstrap.interval(Clusters.alone(m.task().size()), 1, sample -> TaskMeasure.loss(m.task(), sample));
    }

    static Interval accuracy(DemoRun.Measured m) {
        return Shares.of(TaskMeasure.correct(m.task()), Clusters.alone(m.task().size()));
    }

    /** What happened to the drift, and whether a model got worse at the task. Nothing is compared with a wreck. */
    static String verdict(DemoRun.Outcome outcome) {
        return (outcome.wrecks().isEmpty() ? comparison(outcome) + above(outcome) : "No drift is compared: " + wrecked(outcome) + ".")
                + System.lineSeparator();
    }

    private static String comparison(DemoRun.Outcome outcome) {
        DriftComparison drift = outcome.drift();
        if (drift.noDrift().isPresent()) {
            return "No drift is stated: " + drift.noDrift().get();
        }
        Model lora = drift.model("LoRA").orElseThrow();
        Model agl = drift.model("AGL").orElseThrow();
        double before = lora.change().drift().value();
        double after = agl.change().drift().value();
        DriftEvidence evidence = DriftEvidence.of(lora.change().drift());
        String doubt = evidence.sentence("LoRA", lora.change().drift(), (int) lora.results().stream().filter(r -> r.prompt().label() == Label.UNSAFE).count());
        if (before <= 0) {
            return doubt + (evidence == DriftEvidence.DID_NOT ? ", so there was nothing to reduce." : ".");
        }
        Interval less = DriftChange.of(agl.results(), lora.results()).drift();
        // The loss as well: before a model answers anything right, its accuracy says nothing.
        double difference = 100 * (accuracy(outcome.measured().get("AGL")).value() - accuracy(outcome.measured().get("LoRA")).value());
        String score = String.format(Locale.ROOT,
                "task loss %.3f against LoRA's %.3f, task accuracy %+.1f points against LoRA; "
                + "safe prompts answered %.1f %% against LoRA's %.1f %% and the base's %.1f %%%s",
                taskLoss(outcome.measured().get("AGL")).value(), taskLoss(outcome.measured().get("LoRA")).value(), difference,
                100 * agl.summary().safeAnswered().value(), 100 * lora.summary().safeAnswered().value(),
                100 * drift.base().summary().safeAnswered().value(), doubt.isEmpty() ? "" : ". " + doubt);
        if (after < before) {
            return String.format(Locale.ROOT, "AGL removed %.0f%% of LoRA's drift (%.1f instead of %.1f points, a difference of %s); %s.",
                    100 * DriftChange.reduction(after, before), after, before, less.text(1), score);
        }
        return String.format(Locale.ROOT, "AGL did not reduce the drift here (%.1f points, LoRA %.1f); %s.", after, before, score);
    }
}
