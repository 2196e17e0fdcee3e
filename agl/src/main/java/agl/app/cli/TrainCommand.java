package agl.app.cli;

import agl.app.data.BuiltinAlignment;
import agl.app.data.DataFiles;
import agl.app.data.EncodedExample;
import agl.app.data.Example;
import agl.app.data.PromptSet.Prompt;
import agl.app.drift.ClosedSet;
import agl.app.drift.DriftCheck;
import agl.app.drift.DriftComparison;
import agl.app.drift.DriftGate;
import agl.app.drift.DriftOutput;
import agl.app.io.AtomicFiles;
import agl.app.io.Inputs;
import agl.app.io.MetricsLog;
import agl.app.io.Notes;
import agl.app.io.OutputFiles;
import agl.app.io.Provenance;
import agl.app.io.UsedSettings;
import agl.app.model.ModelBundle;
import agl.app.model.TrainedBase;
import agl.app.train.Checkpoints;
import agl.app.train.DryRun;
import agl.app.train.FineTune;
import agl.app.train.FisherArtefact;
import agl.app.train.FisherSource;
import agl.app.train.MethodChoice;
import agl.app.train.MethodKind;
import agl.app.train.MetricsCsv;
import agl.app.train.Needs;
import agl.app.train.RunConfig;
import agl.app.train.RunNotes;
import agl.app.train.TrainData;
import agl.app.train.TrainRunReport;
import agl.app.train.TrainTrace;
import agl.app.train.Trainer;
import agl.app.train.UnusedSettings;
import agl.app.train.WreckCheck;
import agl.app.train.WreckedException;
import agl.error.AglException;
import agl.lora.Peft;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code agl train}: the main command. Task data and alignment data in, a PEFT adapter out. */
@Command(name = "train", description = "Fine-tune an aligned model on a task with LoRA, preserving its alignment with AGL.")
public final class TrainCommand implements Callable<Integer> {
    /** Files beside an adapter that belong to it. */
    static final List<String> BESIDE = Stream.concat(Stream.of(ClosedSet.FILE, TrainTrace.FILE, MetricsCsv.FILE),
            DriftOutput.FILES.stream()).toList();

    @Mixin private BaseOption base;

    @Option(names = {"--task", "--data"}, required = true, arity = "1..*", paramLabel = "FILE", description =
            "Task data: CSV, TSV, JSONL or JSON with instruction[, input], response; prompt, completion; or messages.")
    private List<Path> task;

    @Option(names = "--alignment", arity = "1..*", paramLabel = "FILE", description =
            "Alignment data, same form, or builtin, the refusals that come with agl: what agl, ewc, safeanchor and projection estimate the "
            + "Fisher information on, where kl, kl_sparse, kl_first, der and safegrad keep the model close to the base, what lisa trains "
            + "on in alternating phases, the prompts of kl_own and sbr, mix among the task's examples, and what contrast and "
            + "contrast_linear take their pairs from.")
    private List<Path> alignment = new ArrayList<>();

    @Option(names = "--eval", arity = "1..*", paramLabel = "FILE", description =
            "Held-out task data; without it the last 10%% of the task data, at most 200 examples, are held out.")
    private List<Path> eval = new ArrayList<>();

    @Option(names = "--method", paramLabel = "NAME", completionCandidates = MethodLists.Names.class,
            description = "One of ${COMPLETION-CANDIDATES}; default: agl.")
    private String method;

    @Option(names = "--strength", paramLabel = "X", completionCandidates = MethodLists.Strengths.class,
            description = "The method's own weight: ${COMPLETION-CANDIDATES}.")
    private double strength = Double.NaN;

    @Option(names = "--unaligned", paramLabel = "DIR", description =
            "The checkpoint from which the base was aligned (safelora, safelora_number, asft).")
    private Path unaligned;

    @Option(names = "--init-adapter", paramLabel = "DIR", description =
            "PEFT adapter to continue training; rank, alpha, dropout and target layers are its own.")
    private Path initAdapter;

    @Option(names = {"--out", "--output-dir"}, required = true, paramLabel = "DIR", description =
            "Folder for the adapter, report.html, metrics.jsonl, settings and provenance.")
    private Path out;

    @Option(names = "--prompts", arity = "1..*", paramLabel = "FILE",
            description = "Prompts for DriftCheck before and after: prompt, label (safe or unsafe), category and cluster (variants of "
                    + "one prompt) if any. "
                    + "The report then says how much alignment was lost.")
    private List<Path> promptFiles = new ArrayList<>();

    @Option(names = "--fisher", paramLabel = "FILE", description =
            "Fisher information made by agl fisher from this base: agl, ewc, safeanchor and projection then need no --alignment.")
    private Path fisher;

    @Option(names = "--fisher-cache", paramLabel = "DIR", description =
            "Folder that keeps Fisher estimates for later runs.")
    private Path fisherCache;

    @Option(names = "--dry-run", description =
            "Show decoded samples with their loss mask, what max_length cuts, what of the files is left out, parameter counts and a memory "
            + "estimate, and stop.")
    private boolean dryRun;

    @Mixin private ConfigOptions options;
    @Mixin private CheckpointOptions resume;
    @Mixin private LogOption log;
    @Mixin private DriftOptions driftOptions;
    @Mixin private DataOptions prompts;
    @Mixin private ReadingOptions reading;
    @Mixin private DeviceOptions device;
    @Spec private CommandSpec spec;

    @Override public Integer call() {
        device.use();
        resume.require();
        log.require();
        DriftGate gate = driftOptions.gate();
        DriftCheck.Settings check = driftOptions.check();
        RunConfig given = initAdapter == null ? options.configWithMethod() : options.goingOnFrom(initAdapter, options.configWithMethod());
        List<String> notes = new ArrayList<>();
        MethodChoice choice = choice(given, notes);
        FisherArtefact artefact = fisher == null || !choice.kind().usesFisher() ? null : FisherArtefact.read(fisher);
        RunConfig asked = choice.kind().usesFisher() ? options.withFisher(artefact, given) : given;
        choice.kind().require(asked.agl(), !alignment.isEmpty() || artefact != null, unaligned != null);
        notes.addAll(UnusedSettings.lines(options.given(), List.of(new UnusedSettings.Run(choice, asked))));
        RunConfig config = asked.resolved(choice);
        if (artefact != null) {
            artefact.require(choice.kind(), config.agl());
            artefact.requireBase(base.path);
        }
        notes.addAll(dropUnused(choice.kind(), config));
        Inputs inputs = Inputs.read(Stream.of(task, BuiltinAlignment.files(alignment), eval, promptFiles,
                Arrays.asList(base.path, unaligned, initAdapter, fisher)).flatMap(List::stream).toList())
                .with(BuiltinAlignment.hashes(alignment));
        TrainedBase.check(base.path, initAdapter == null ? List.of() : List.of(initAdapter), true);
        TrainData data = TrainData.read(new TrainData.Sources(task, eval, alignment), reading.reading(), unaligned, initAdapter)
                .withFisher(artefact);
        List<Prompt> driftPrompts = DataFiles.prompts(promptFiles, reading.reading());
        reading.reading().requireApplied();
        ModelBundle bundle = ModelBundle.load(base.path,
                prompts.template(base.path, initAdapter == null ? List.of() : List.of(initAdapter)));
        options.sayOtherTemplate(bundle.template());
        if (artefact != null) {
            notes.addAll(artefact.notes(given, options.names(), List.of(given.train().seed()), bundle.template().described()));
        }
        if (dryRun) {
            spec.commandLine().getOut().print(DryRun.describe(bundle, config, data) + DryRun.leftOut(reading.reading()));
            return 0;
        }
        Checkpoints checkpoints = resume.open(CheckpointOptions.within(out), identity(choice, config, bundle));
        checkpoints.onlyIf(inputs::requireUnchangedWeights);
        OutputFiles output = OutputFiles.into(out);
        FineTune.requireAdapter(bundle, choice.kind(), config.train(), data);
        List<EncodedExample> encoded = bundle.encode(data.task(), config.train().maxLength());
        if (choice.kind().reads() == MethodKind.Reads.EVERYTHING) {
            notes.addAll(config.warnings());
        }
        notes.addAll(RunNotes.lines(config, data, options.given()));
        notes.addAll(data.notes(driftPrompts));
        if (driftPrompts.isEmpty()) {
            notes.addAll(driftOptions.unused());
        }
        if (data.evaluation().isEmpty() && options.given().contains("eval_every")) {
            notes.add("not used: eval_every (nothing is held out)");
        }
        notes.forEach(Notes::say);
        List<EncodedExample> held = bundle.encode(data.evaluation(), config.train().maxLength());
        bundle.sayCut(encoded, config.train().maxLength(), "task examples");
        bundle.sayCut(held, config.train().maxLength(), "held-out examples");
        double before = new Trainer(bundle.model(), List.of(), config.train()).evaluate(held);
        List<DriftCheck.Result> aligned = driftPrompts.isEmpty() ? List.of() : DriftCommand.measure("base", bundle, check, driftPrompts);
        ClosedSet answers = ClosedSet.of(data.task().stream().map(Example::response).toList());
        FineTune.Result result;
        WreckCheck wreck = new WreckCheck(held.isEmpty() ? encoded : held, config.train());
        boolean heldAreMeasured = wreck.measured() == held.size();
        double intact = heldAreMeasured ? before : wreck.loss(bundle.model());
        wreck.before(bundle.model(), intact).ifPresent(Notes::say);
        try (MetricsLog steps = new MetricsLog(out.resolve("metrics.jsonl"))) {
            result = new FineTune(bundle, config, new FisherSource(bundle, fisherCache), checkpoints)
                    .run(choice, data, null, steps, (step, total, lora) -> { });
            wreck.require(bundle.model(), intact, heldAreMeasured ? result.evalLoss() : wreck.loss(bundle.model()));
        } catch (WreckedException e) {
            checkpoints.delete();
            throw inputs.because(e);
        } catch (AglException e) {
            throw inputs.because(e);
        }
        Optional<DriftComparison> drift = Optional.empty();
        if (!driftPrompts.isEmpty()) {
            String name = choice.kind().title();
            drift = Optional.of(DriftComparison.of("base", aligned, Map.of(name, result.lora().whileMerged(
                    () -> DriftCommand.measure(name, bundle, check.withTask(answers), driftPrompts))), gate));
        }
        inputs.requireUnchangedWeights();
        String loss = loss(result, before, held.size());
        UsedSettings settings = new UsedSettings();
        settings.with("method", choice.kind().title());
        if (choice.kind().strength().name() != null) {
            settings.with("strength", config.inForce(data));
        }
        settings.withAll(bundle.template().described());
        settings.withAll(reading.reading().described());
        if (!driftPrompts.isEmpty()) {
            settings.with("max_new_tokens", check.maxNewTokens());
        }
        settings.with("config", config.toJson());
        Provenance provenance = Provenance.of("train", config.train().seed(), settings, inputs);
        TrainTrace trace = result.trace();
        Optional<DriftComparison> measured = drift;
        output.write(BESIDE, folder -> {
            AtomicFiles.writeText(folder.resolve("settings.json"), config.toJson().toPrettyString() + "\n");
            Peft.writeInto(result.lora(), folder, base.path.toString());
            provenance.writeInto(folder);
            trace.writeInto(folder);
            if (log.csv()) {
                MetricsCsv.writeInto(folder, choice.kind(), config.train().seed(), result.history());
            }
            answers.writeInto(folder);
            measured.ifPresent(d -> DriftOutput.write(folder, d, provenance.notes()));
            TrainRunReport.write(folder.resolve("report.html"), new TrainRunReport.Run(config.described(data), data.evaluation().size(),
                    before, result.evalLoss(), result.steps(), trace, measured), settings.json(), provenance.toJson());
        });
        checkpoints.delete();
        spec.commandLine().getOut().printf(Locale.ROOT, "%s: %s %s; adapter in %s%n",
                config.described(data), loss, result.steps().inWords(), out);
        drift.ifPresent(d -> spec.commandLine().getOut().print(DriftOutput.table(d)));
        spec.commandLine().getOut().printf("report: %s%n", out.resolve("report.html"));
        return 0;
    }

    /** What determines the training: the settings and the bytes of what it reads. */
    private ObjectNode identity(MethodChoice choice, RunConfig config, ModelBundle bundle) {
        ObjectNode settings = config.toJson().put("method", choice.label());
        ObjectNode all = CheckpointOptions.identity("train", settings, bundle.template(), reading.reading());
        CheckpointOptions.with(all, "the base", Inputs.read(List.of(base.path)));
        CheckpointOptions.with(all, "the task data", Inputs.read(task));
        CheckpointOptions.with(all, "the held-out data", Inputs.read(eval));
        CheckpointOptions.with(all, "the alignment data",
                Inputs.read(BuiltinAlignment.files(alignment)).with(BuiltinAlignment.hashes(alignment)));
        CheckpointOptions.with(all, "the unaligned checkpoint", Inputs.read(Arrays.asList(unaligned)));
        CheckpointOptions.with(all, "the first adapter", Inputs.read(Arrays.asList(initAdapter)));
        CheckpointOptions.with(all, "the Fisher artefact", Inputs.read(Arrays.asList(fisher)));
        return all;
    }

    /** The method from the command line, else from the settings, else agl; the settings' strength applies to the settings' method only. */
    private MethodChoice choice(RunConfig asked, List<String> notes) {
        MethodKind own = asked.choice() == null ? null : asked.choice().kind();
        MethodKind kind = method != null ? MethodKind.of(method) : own != null ? own : MethodKind.AGL;
        if (own != null && own != kind) {
            notes.add("not used: method " + own.title() + " of the settings"
                    + (Double.isNaN(asked.choice().strength()) ? "" : ", and its strength")
                    + " (--method " + kind.title() + " decides)");
        }
        return new MethodChoice(kind, Double.isNaN(strength) && own == kind ? asked.choice().strength() : strength);
    }

    /** The loss of the written adapter and of the base. */
    private static String loss(FineTune.Result result, double before, int held) {
        double after = result.evalLoss();
        if (held == 0) {
            return String.format(Locale.ROOT, "no held-out loss (the last batch's was %.4f before the last update)",
                    result.lastStep().loss());
        }
        if (after > before) {
            Notes.say(String.format(Locale.ROOT, "the adapter's held-out loss, %.4f, is above the base's, %.4f", after, before));
        }
        return String.format(Locale.ROOT, "task loss %.4f on %d held-out %s (base %.4f)", after, held, held == 1 ? "example" : "examples",
                before);
    }

    /** Drops inputs that the method does not use, so that they are neither read nor recorded; a line for each. */
    private List<String> dropUnused(MethodKind kind, RunConfig config) {
        List<String> notes = new ArrayList<>();
        if (fisher != null && !kind.usesFisher()) {
            notes.add("--fisher is not used by " + kind.title() + ", which has no Fisher information");
            fisher = null;
        }
        if (fisher != null && !alignment.isEmpty()) {
            notes.add("--alignment is not used by " + kind.title() + " with --fisher");
            alignment = List.of();
        }
        if (fisher != null && fisherCache != null) {
            notes.add("--fisher-cache is not used with --fisher");
            fisherCache = null;
        }
        if (!alignment.isEmpty() && !kind.usesAlignment(config.agl())) {
            notes.add("--alignment is not used by " + kind.title() + (kind.needs() == Needs.FISHER
                    ? " with agl.fisher_data=task" : ""));
            alignment = List.of();
        }
        if (unaligned != null && kind.needs() != Needs.UNALIGNED) {
            notes.add("--unaligned is not used by " + kind.title());
            unaligned = null;
        }
        if (fisherCache != null && kind.needs() != Needs.FISHER) {
            notes.add("--fisher-cache is not used by " + kind.title() + ", which has no Fisher information");
            fisherCache = null;
        }
        return notes;
    }
}
