package agl.app.cli;

import agl.app.compare.Experiment;
import agl.app.compare.Forgetting;
import agl.app.compare.ForgettingLaw;
import agl.app.compare.ForgettingOutput;
import agl.app.compare.ForgettingReport;
import agl.app.compare.PlainText;
import agl.app.compare.Probe;
import agl.app.compare.RunRecord;
import agl.app.compare.RunStore;
import agl.app.compare.Variant;
import agl.app.data.Example;
import agl.app.data.PromptSet.Prompt;
import agl.app.io.AtomicFiles;
import agl.app.io.Inputs;
import agl.app.io.Notes;
import agl.app.io.OutputFiles;
import agl.app.io.Progress;
import agl.app.io.Provenance;
import agl.app.io.UsedSettings;
import agl.app.model.ModelBundle;
import agl.app.train.RunConfig;
import agl.app.train.TrainData;
import agl.error.AglException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code agl forgetting}: how much of pre-training is lost by amount of task data, model size and method, and the law fitted to it. */
@Command(name = "forgetting",
        description = "Fine-tune on more and more task data, measure the loss on plain text, fit the forgetting law. Resumes where it "
                + "stopped.")
public final class ForgettingCommand implements Callable<Integer> {
    @Option(names = {"--base", "--model"}, required = true, arity = "1..*", paramLabel = "DIR",
            description = "Aligned base models, Hugging Face folders; of different sizes for the law's α.")
    private List<Path> bases;

    @Option(names = "--methods", split = ",", defaultValue = "lora,agl", paramLabel = "NAME",
            description = "Methods, separated by commas (default ${DEFAULT-VALUE}).")
    private List<String> methods;

    @Option(names = "--strengths", defaultValue = "", paramLabel = "LIST", description = "Strengths, for example \"agl=300,1000;kl=1\".")
    private String strengths;

    @Option(names = "--sizes", split = ",", required = true, paramLabel = "N",
            description = "Numbers of task examples to train on, at least three, separated by commas. Sizes x seeds x methods x bases "
                    + "must be more than the law's "
                    + "1 + 2 x methods constants: with one method, one base and one seed four sizes.")
    private List<Integer> sizes;

    @Option(names = "--pretrain-text", required = true, paramLabel = "FILE", description = "Plain text like that of pre-training.")
    private Path pretrainText;

    @Option(names = "--pretrain-tokens", defaultValue = "20000",
            description = "Maximum number of tokens read from it (default ${DEFAULT-VALUE}).")
    private int pretrainTokens;

    @Mixin private ExperimentOptions options;
    @Spec private CommandSpec spec;

    @Override public Integer call() {
        List<Variant> variants = CompareCommand.variants(methods, strengths);
        options.require(variants);
        List<String> notes = options.dropUnused(variants, null);
        if (bases.size() > 1 && options.unaligned != null) {
            throw new AglException("--unaligned belongs to one base: compare safelora, safelora_number and asft one --base at a time");
        }
        if (bases.size() > 1 && options.fisher != null) {
            throw new AglException("--fisher belongs to one base: compare one --base at a time");
        }
        if (pretrainTokens < 2) {
            throw new AglException("--pretrain-tokens must be at least 2, got " + pretrainTokens);
        }
        OutputFiles output = OutputFiles.into(options.out);
        Inputs inputs = options.inputs(Stream.concat(bases.stream(), Stream.of(pretrainText)).toList());
        if (bases.stream().map(base -> Inputs.read(List.of(base)).identity()).distinct().count() < bases.size()) {
            throw new AglException("--base names the same model twice (or a copy of it): its runs would count twice");
        }
        TrainData data = options.data();
        for (int size : sizes) {
            if (size < 1 || size > data.task().size()) {
                throw new AglException("--sizes: " + size + " examples were asked for, the task data has " + data.task().size());
            }
        }
        if (sizes.stream().distinct().count() < 3) {
            throw new AglException("--sizes needs at least three different numbers to fit the law");
        }
        requireEnough(variants, notes);
        List<RunRecord> runs = new ArrayList<>();
        List<Prompt> prompts = options.promptList();
        Map<String, RunRecord> aligned = new LinkedHashMap<>();
        Map<String, Forgetting.Base> before = new LinkedHashMap<>();
        notes.addAll(data.notes(prompts));
        notes.addAll(options.warnings(variants, data));
        notes.forEach(Notes::say);
        for (Path base : bases) {
            aligned.put(base.toString(), run(base, variants, data, prompts, runs, before));
        }
        Forgetting result = Forgetting.of(runs, before);
        spec.commandLine().getOut().print(ForgettingOutput.measured(result));
        write(result, new ForgettingOutput.Drift(aligned, prompts, options.drift.gate()), inputs, output);
        if (result.noLaw() != null) {
            throw new AglException(result.noLaw() + "; what was measured is printed and written");
        }
        return 0;
    }

    /**
     * Refuses, before the work, sizes and runs that cannot determine the law's constants; notes examples that training does not reach.
     */
    private void requireEnough(List<Variant> variants, List<String> notes) {
        long fewest = Long.MAX_VALUE;
        for (Variant v : variants) {
            RunConfig config = options.config(v, options.seeds.getFirst()).resolved(v.choice());
            Map<Integer, Long> reached = new TreeMap<>();
            sizes.forEach(size -> reached.put(size, Math.min(size, (long) config.taskSteps(size) * config.train().batchSize())));
            String comes = v.label() + ": training comes to " + reached.entrySet().stream().map(e -> e.getValue() + " of " + e.getKey())
                    .collect(Collectors.joining(", ")) + " examples (steps, epochs, batch_size and the method decide)";
            fewest = Math.min(fewest, Set.copyOf(reached.values()).size());
            if (fewest < 3) {
                throw new AglException(comes + ": fewer than three amounts of data do not determine the law");
            }
            if (reached.entrySet().stream().anyMatch(e -> e.getValue() < e.getKey())) {
                notes.add(comes + "; D counts those alone");
            }
        }
        int runs = (int) sizes.stream().distinct().count() * options.seeds.size() * variants.size() * bases.size();
        int constants = ForgettingLaw.constants(1, variants.size());
        if (runs <= constants) {
            throw new AglException(runs + " runs do not determine the law's " + constants + " constants; give more --sizes or --seeds");
        }
    }

    /** Adds the runs of one base to {@code runs} and the base's own losses to {@code before}; returns the base's measurements. */
    private RunRecord run(Path base, List<Variant> variants, TrainData data, List<Prompt> prompts, List<RunRecord> runs,
            Map<String, Forgetting.Base> before) {
        ModelBundle bundle = options.load(base);
        PlainText text = PlainText.read(pretrainText, pretrainTokens, options.settings.config().train().maxLength());
        text.few(bundle).ifPresent(Notes::say);
        Probe probe = options.probe(data, prompts, text);
        Experiment experiment = new Experiment(bundle, probe, new RunStore(options.out, options.saveEvery()),
                options.origin(base, List.of(pretrainText)), 0,
                new Experiment.Fishers(variants.stream().anyMatch(Variant::usesFisher), options.fisherCache));
        Forgetting.Base own = Forgetting.Base.of(experiment.base(), bundle.model().config().vocabulary());
        before.put(base.toString(), own);
        if (!own.saysNothing(base.toString()).isEmpty()) {
            System.err.println("agl: " + own.saysNothing(base.toString()));
        }
        int done = 0;
        for (long seed : options.seeds) {
            // Each size includes the smaller ones, in an order determined by the seed.
            List<Example> order = new ArrayList<>(data.task());
            Collections.shuffle(order, new Random(seed));
            for (int size : sizes.stream().distinct().sorted().toList()) {
                TrainData part = new TrainData(List.copyOf(order.subList(0, size)), data.evaluation(), data.alignment(), data.unaligned(),
                        null, data.fisher());
                for (Variant v : variants) {
                    Progress.say(base + ", run " + ++done + ": " + v.label() + ", " + size + " examples, seed " + seed);
                    RunConfig config = options.config(v, seed);
                    RunRecord r = experiment.run(v, config, part);
                    runs.add(r.named(r.label(), r.group(), r.variant().sets(), base.toString()));
                    if (r.wrecked()) {
                        System.err.println("agl: " + Forgetting.line(r));
                    }
                }
            }
        }
        return experiment.base();
    }

    private void write(Forgetting result, ForgettingOutput.Drift drift, Inputs inputs, OutputFiles output) {
        PrintWriter out = spec.commandLine().getOut();
        if (result.fit() != null) {
            out.print(ForgettingOutput.table(result.fit()));
        }
        UsedSettings settings = new UsedSettings();
        settings.with("sizes", sizes);
        settings.with("seeds", options.seeds);
        settings.with("pretrain_tokens", pretrainTokens);
        settings.withAll(options.templates());
        settings.withAll(options.described());
        settings.with("config", options.common().toJson());
        Provenance provenance = Provenance.of("forgetting", options.seeds.getFirst(), settings, inputs);
        output.write(folder -> {
            provenance.writeInto(folder);
            AtomicFiles.writeText(folder.resolve("forgetting.json"), ForgettingOutput.json(result, provenance.notes()));
            ForgettingReport.write(folder.resolve("report.html"), result, drift, settings.json(), provenance.toJson());
        });
        out.printf("wrote %s: report.html, forgetting.json, runs, provenance%n", options.out);
        out.printf("report: %s%n", options.out.resolve("report.html"));
        out.flush();
    }
}
