package agl.app.cli;

import agl.app.data.PromptTemplate;
import agl.app.demo.DemoBase;
import agl.app.demo.DemoFiles;
import agl.app.demo.DemoReport;
import agl.app.demo.DemoRun;
import agl.app.demo.DemoSummary;
import agl.app.demo.corpus.DemoCorpus;
import agl.app.io.AtomicFiles;
import agl.app.io.Inputs;
import agl.app.io.Notes;
import agl.app.io.OutputFiles;
import agl.app.io.Provenance;
import agl.app.io.UsedSettings;
import agl.app.train.MethodChoice;
import agl.app.train.RunConfig;
import agl.app.train.UnusedSettings;
import agl.error.AglException;
import agl.nn.checkpoint.OutputFolder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code agl demo}: LoRA against AGL on the model and the text that come with the program. */
@Command(name = "demo",
        description = "Fine-tune the built-in aligned model with LoRA and with AGL and compare how much of its alignment is left.")
public final class DemoCommand implements Callable<Integer> {
    /** AGL's weights for this model, chosen on the demo's validation prompts; see docs/RESULTS.md. */
    static final List<String> SETTINGS = List.of("steps=400", "batch_size=16", "learning_rate=1e-2", "max_length=160", "lora_dropout=0",
            "agl.lambda_A=300", "agl.lambda_T=0", "agl.fisher_tokens=1");

    /** Alignment examples to generate: as many as the rest of the demo needs. */
    private static final int CORPUS = 1000;

    @Option(names = {"--out", "--output-dir"}, defaultValue = "runs/demo", paramLabel = "DIR",
            description = "Where everything goes (default ${DEFAULT-VALUE}).")
    private Path out = Path.of("runs/demo");

    @Option(names = "--quick", description = "A shorter run on fewer prompts: shows that it works, not how well.")
    private boolean quick;

    @Option(names = "--validation",
            description = "Measure on the validation split, on which settings may be chosen, instead of the test split.")
    private boolean validation;

    @Option(names = "--from-scratch",
            description = "Make the base model too, instead of taking the one in the jar (about a quarter of an hour on two cores).")
    private boolean fromScratch;

    @Option(names = "--prepare",
            description = "Only write the base model and the demo's text, as files for train, compare, ablate and "
                    + "forgetting, with the demo's settings.")
    private boolean prepare;

    @Option(names = "--corpus-seed", description = "Seed of text and base model (default ${DEFAULT-VALUE}).")
    private long corpusSeed = DemoBase.SEED;

    @Mixin private ConfigOptions options = new ConfigOptions();

    @Spec private CommandSpec spec;

    @Override public Integer call() {
        if (!fromScratch && corpusSeed != DemoBase.SEED) {
            throw new AglException(
                    "--corpus-seed " + corpusSeed + " needs --from-scratch: the base in the jar was trained on seed " + DemoBase.SEED
                            + "'s text, other seeds hold out prompts that it has seen");
        }
        OutputFiles output = OutputFiles.into(out);
        RunConfig config = options.config(quick ? withSteps(30) : SETTINGS);
        unused(config).forEach(Notes::say);
        Path base = out.resolve("base");
        DemoRun.ADAPTERS.forEach(name -> requireOwnAdapter(out.resolve(name)));
        DemoBase.requireOwn(base, fromScratch);
        DemoFiles.write(out.resolve("data"), DemoCorpus.generate(corpusSeed, CORPUS), RunConfig.of(null, SETTINGS));
        if (fromScratch) {
            DemoBase.make(base, corpusSeed, DemoBase.TRAINING);
        } else {
            DemoBase.extract(base);
        }
        if (prepare) {
            spec.commandLine().getOut().printf("wrote %s: base, data%n", out);
            return 0;
        }
        Inputs inputs = Inputs.read(List.of(base));
        DemoRun.Outcome outcome = new DemoRun(base, out, config, corpusSeed, quick, validation)
                .run(() -> provenance(config, inputs));
        String text = DemoSummary.spectrum(outcome.fisher()) + "\n" + DemoSummary.table(outcome) + "\n" + DemoSummary.verdict(outcome);
        spec.commandLine().getOut().print(text);
        spec.commandLine().getOut().flush();
        Provenance provenance = provenance(config, inputs);
        output.write(folder -> {
            provenance.writeInto(folder);
            AtomicFiles.writeText(folder.resolve("settings.json"), config.toJson().toPrettyString() + "\n");
            DemoReport.write(folder.resolve("report.html"), outcome, config, provenance.toJson(), DemoSummary.verdict(outcome));
        });
        spec.commandLine().getOut().printf("%nwrote %s: report.html, metrics.jsonl, %ssettings, provenance%n", out,
                outcome.wrecks().size() == 2 ? "" : "adapters, ");
        spec.commandLine().getOut().printf("report: %s%n", out.resolve("report.html"));
        if (!outcome.wrecks().isEmpty()) {
            throw new AglException("nothing is compared: " + DemoSummary.wrecked(outcome) + "; its adapter is not written, "
                    + "everything else is");
        }
        return 0;
    }

    /** The adapter of an earlier demo may be overwritten; any other content is left alone. */
    private static void requireOwnAdapter(Path adapter) {
        OutputFolder.clear(adapter);
        if (!OutputFolder.isFree(adapter) && Provenance.command(adapter).filter("demo"::equals).isEmpty()) {
            throw new AglException(adapter + ": holds something that is not a demo's adapter; name another --out");
        }
    }

    private Provenance provenance(RunConfig config, Inputs inputs) {
        UsedSettings settings = new UsedSettings();
        settings.with("corpus_seed", corpusSeed);
        settings.with("quick", quick);
        settings.with("validation", validation);
        settings.withAll(PromptTemplate.INSTRUCTION.described());
        settings.with("config", config.toJson());
        return Provenance.of("demo", config.train().seed(), settings, inputs);
    }

    /** Options that were given but have no effect on the demo. */
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
        lines.addAll(UnusedSettings.lines(given,
                Stream.of("lora", "agl").map(m -> new UnusedSettings.Run(MethodChoice.of(m), config)).toList()));
        return lines;
    }

    private static List<String> withSteps(int steps) {
        return Stream.concat(SETTINGS.stream().filter(s -> !s.startsWith("steps=")), Stream.of("steps=" + steps)).toList();
    }
}
