package agl.app.cli;

import agl.app.compare.AnswerMatch;
import agl.app.compare.PlainText;
import agl.app.compare.Probe;
import agl.app.compare.Variant;
import agl.app.data.BuiltinAlignment;
import agl.app.data.DataFiles;
import agl.app.data.PromptSet.Prompt;
import agl.app.io.Inputs;
import agl.app.io.Notes;
import agl.app.io.UsedSettings;
import agl.app.model.ModelBundle;
import agl.app.train.FineTune;
import agl.app.train.FisherArtefact;
import agl.app.train.MethodKind;
import agl.app.train.Needs;
import agl.app.train.RunConfig;
import agl.app.train.RunNotes;
import agl.app.train.TrainData;
import agl.app.train.UnusedSettings;
import agl.error.AglException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options of every command that runs many fine-tunings: data, seeds, measurements, settings. */
public final class ExperimentOptions {
    @Option(names = {"--task", "--data"}, required = true, arity = "1..*", paramLabel = "FILE",
            description = "Task data: CSV, TSV, JSONL or JSON with instruction[, input], response; prompt, completion; or messages.")
    List<Path> task;

    @Option(names = "--alignment", arity = "1..*", paramLabel = "FILE",
            description = "Alignment data, same form, or builtin, the refusals that come with agl.")
    List<Path> alignment = new ArrayList<>();

    @Option(names = "--unaligned", paramLabel = "DIR", description =
            "The checkpoint from which the base was aligned (safelora, safelora_number, asft).")
    Path unaligned;

    @Option(names = "--eval", arity = "1..*", paramLabel = "FILE",
            description = "Held-out task data; without it the last 10%% of the task data, at most 200 examples, are held out.")
    List<Path> eval = new ArrayList<>();

    @Option(names = "--prompts", arity = "1..*", paramLabel = "FILE",
            description = "Prompts that no method saw: prompt, label (safe or unsafe), category and "
            + "cluster (variants of one prompt) if any.")
    List<Path> prompts = new ArrayList<>();

    @Option(names = "--seeds", split = ",", defaultValue = "1,2,3", paramLabel = "SEED",
            description = "Seeds, separated by commas (default ${DEFAULT-VALUE}).")
    List<Long> seeds;

    @Option(names = {"--out", "--output-dir"}, required = true, paramLabel = "DIR",
            description = "Where runs, tables and the report go; finished runs in it are not repeated.")
    Path out;

    @Option(names = "--save-every", paramLabel = "N", description =
            "Write a checkpoint of the run in progress after every N steps; default: about every two minutes, "
            + "more rarely if that takes more than 1%% of the time. "
            + "A second start goes on from it.")
    int saveEvery;

    @Option(names = "--fisher", paramLabel = "FILE", description =
            "Fisher information made by agl fisher from this base: methods with Fisher information then need no --alignment.")
    Path fisher;

    @Option(names = "--fisher-cache", paramLabel = "DIR", description = "Folder that keeps Fisher estimates for later runs.")
    Path fisherCache;

    @Option(names = "--answer-tokens", defaultValue = "0",
            description = "Longest answer to a held-out task example; 0 (default): measure the task's loss alone.")
    int answerTokens;

    @Option(names = "--match", defaultValue = "exact",
            description = "When a task answer is right: exact (the same words; default), starts, or number (the last number).")
    String match;

    @Mixin ConfigOptions settings;
    @Mixin DataOptions template;
    @Mixin private ReadingOptions reading;
    @Mixin DriftOptions drift;

    private final Map<Path, Map<String, String>> templates = new LinkedHashMap<>();
    private FisherArtefact artefact;
    private boolean fisherUnused;

    /** What --fisher names, read once; null without it. */
    private FisherArtefact artefact() {
        if (artefact == null && fisher != null) {
            artefact = FisherArtefact.read(fisher);
        }
        return fisher == null ? null : artefact;
    }

    /** The settings that all runs share. */
    RunConfig common() {
        RunConfig config = settings.config();
        return fisher == null ? config : settings.withFisher(artefact(), config);
    }

    /** Training, held-out and alignment data named by these options. */
    TrainData data() {
        TrainData data = TrainData.read(new TrainData.Sources(task, eval, alignment), reading.reading(), unaligned, null)
                .withFisher(artefact());
        if (data.evaluation().isEmpty()) {
            throw new AglException("there are no held-out task examples: name a file with --eval");
        }
        return data;
    }

    /** Read after {@link #data}: then all files are known. */
    List<Prompt> promptList() {
        List<Prompt> list = DataFiles.prompts(prompts, reading.reading());
        reading.reading().requireApplied();
        return list;
    }

    /** The common settings, with those of a variant and a seed. */
    RunConfig config(Variant variant, long seed) {
        List<String> decided = new ArrayList<>(variant.sets());
        decided.add("seed=" + seed);
        // Held-out loss is measured at the end and at checkpoints, together with everything else.
        decided.add("eval_every=0");
        RunConfig config = settings.config(List.of(), decided);
        if (config.train().keepBest() || config.train().patience() > 0) {
            throw new AglException("settings keep_best and patience are for train: runs that are compared are of the same length, and are "
                    + "measured on the way with --checkpoints where a command has it");
        }
        // Methods without Fisher information show the others' in their reports.
        return fisher != null || variant.usesFisher() ? settings.withFisher(artefact(), config) : config;
    }

    /** Warnings about the variants' settings before they run: each line once, with the variants it applies to. */
    List<String> warnings(List<Variant> variants, TrainData data) {
        Map<String, List<String>> labels = new LinkedHashMap<>();
        for (Variant v : variants) {
            RunConfig config = config(v, seeds.getFirst()).resolved(v.choice());
            List<String> lines = new ArrayList<>(v.choice().kind().reads() == MethodKind.Reads.EVERYTHING ? config.warnings() : List.of());
            lines.addAll(RunNotes.lines(config, data, settings.given()));
            lines.forEach(line -> labels.computeIfAbsent(line, x -> new ArrayList<>()).add(v.label()));
        }
        return labels.entrySet().stream().map(e -> String.join("; ", e.getValue()) + ": " + e.getKey()).toList();
    }

    Probe probe(TrainData data, List<Prompt> list, PlainText pretrain) {
        if (answerTokens < 0) {
            throw new AglException("--answer-tokens must be at least 0, got " + answerTokens);
        }
        return new Probe(data.evaluation(), list, settings.config().train().maxLength(), answerTokens, AnswerMatch.of(match),
                drift.maxNewTokens(), pretrain);
    }

    /** Checks what every variant needs, before the long work. */
    void require(List<Variant> variants) {
        if (seeds.isEmpty() || seeds.stream().distinct().count() < seeds.size()) {
            throw new AglException("--seeds must be distinct");
        }
        fisherUnused = fisher != null && variants.stream().noneMatch(Variant::usesFisher);
        if (fisherUnused) {
            fisher = null;
        }
        for (Variant v : variants) {
            RunConfig config = config(v, seeds.getFirst());
            boolean fromFile = fisher != null && v.usesFisher();
            v.choice().kind().require(config.agl(), !alignment.isEmpty() || fromFile, unaligned != null);
            if (fromFile) {
                artefact().require(v.choice().kind(), config.resolved(v.choice()).agl());
            }
            v.choice().kind().requireNothingBesideUpdate(config.train().useDora(), List.of());
        }
    }

    /**
     * One line for each option that no run here uses; unused inputs are then neither read nor recorded.
     *
     * @param checkpoints steps between measurements during training; null for a command without them
     */
    List<String> dropUnused(List<Variant> variants, Integer checkpoints) {
        List<UnusedSettings.Run> runs = variants.stream().map(v -> new UnusedSettings.Run(v.choice(), config(v, seeds.getFirst())))
                .toList();
        Set<String> given = new LinkedHashSet<>(settings.given());
        List<String> notes = new ArrayList<>();
        if (given.remove("seed")) {
            notes.add("not used: seed (--seeds decides)");
        }
        if (given.remove("eval_every")) {
            notes.add("not used: eval_every (" + (checkpoints == null ? "held-out loss is measured at the end" : "--checkpoints decides")
                    + ")");
        }
        if (checkpoints != null && checkpoints > 0 && variants.stream().allMatch(v -> v.choice().kind().changesFactorsAfterTraining())) {
            notes.add("--checkpoints is not used: methods that act after training have no trajectory");
        }
        notes.addAll(UnusedSettings.lines(given, runs));
        if (fisherUnused) {
            notes.add("--fisher is used by no method here");
        }
        boolean aligns = runs.stream().map(UnusedSettings.Run::choice).anyMatch(c -> c.kind().readsAlignment());
        if (!alignment.isEmpty() && (fisher != null ? !aligns
                : runs.stream().noneMatch(r -> r.choice().kind().usesAlignment(r.config().agl())))) {
            notes.add("--alignment is used by no method here" + (fisher != null ? " with --fisher" : ""));
            alignment = List.of();
        }
        if (unaligned != null && runs.stream().noneMatch(r -> r.choice().kind().needs() == Needs.UNALIGNED)) {
            notes.add("--unaligned is used by no method here");
            unaligned = null;
        }
        if (fisherCache != null && (fisher != null || variants.stream().noneMatch(Variant::usesFisher))) {
            notes.add(fisher != null ? "--fisher-cache is not used with --fisher" : "--fisher-cache is used by no method here");
            fisherCache = null;
        }
        if (answerTokens == 0 && !match.equals("exact")) {
            notes.add("--match is not used: no answers to task examples are asked for (--answer-tokens)");
        }
        if (prompts.isEmpty()) {
            notes.addAll(drift.unused());
        }
        return notes;
    }

    ModelBundle load(Path base) {
        ModelBundle bundle = ModelBundle.load(base, template.template(base));
        settings.sayOtherTemplate(bundle.template());
        if (fisher != null) {
            artefact().requireBase(base);
            FineTune.requireAdapter(bundle, MethodKind.AGL, settings.config().train(),
                    new TrainData(List.of(), List.of(), List.of()).withFisher(artefact()));
            artefact().notes(settings.config(), settings.names(), seeds, bundle.template().described())
                    .forEach(Notes::say);
        }
        templates.put(base, bundle.template().described());
        return bundle;
    }

    /** How the data were read, for provenance. */
    Map<String, String> described() {
        return reading.reading().described();
    }

    /** The template in use, for provenance; by base if the bases use different ones. */
    Map<String, ?> templates() {
        boolean one = Set.copyOf(templates.values()).size() == 1;
        return one ? templates.values().iterator().next() : Map.of("template", templates);
    }

    /** Hashes by role of everything that results on this loaded base depend on; file names do not matter. */
    int saveEvery() {
        if (saveEvery < 0) {
            throw new AglException("--save-every " + saveEvery + ": give a number of steps, 1 or more");
        }
        return saveEvery;
    }

    ObjectNode origin(Path base, List<Path> more) {
        return new UsedSettings().withAll(templates.get(base)).withAll(described()).with("base", hashes(List.of(base)))
                .with("alignment", Inputs.read(BuiltinAlignment.files(alignment)).with(BuiltinAlignment.hashes(alignment)).identity())
                .with("unaligned", unaligned == null ? List.of() : hashes(List.of(unaligned)))
                .with("eval", hashes(eval.isEmpty() ? task : eval))
                .with("prompts", hashes(prompts)).with("more", hashes(more)).json();
    }

    private static List<String> hashes(List<Path> inputs) {
        return Inputs.read(inputs).identity();
    }

    /** All files that a run reads, in their current state; call before the work. */
    Inputs inputs(List<Path> more) {
        List<Path> all = new ArrayList<>(task);
        all.addAll(BuiltinAlignment.files(alignment));
        all.addAll(eval);
        all.addAll(prompts);
        all.addAll(more);
        all.add(unaligned);
        all.add(fisher);
        return Inputs.read(all).with(BuiltinAlignment.hashes(alignment));
    }
}
