package agl.app.cli;

import agl.app.data.PromptTemplate;
import agl.app.io.Notes;
import agl.app.model.TrainedTemplate;
import agl.app.train.FisherArtefact;
import agl.app.train.RunConfig;
import agl.error.AglException;
import agl.lora.Peft;
import agl.lora.Targets;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Option;

/** Settings of a run: a file, then overrides. */
public final class ConfigOptions {
    @Option(names = "--config", paramLabel = "FILE", description =
            "Settings as JSON; AGL's own under \"agl\". \"preset\": default or as-read. The settings.json that a run wrote repeats it.")
    private Path file;

    @Option(names = {"-s", "--set"}, paramLabel = "NAME=VALUE", description =
            "One setting, e.g. -s learning_rate=2e-4 -s agl.lambda_A=300. Repeatable.")
    private List<String> sets = new ArrayList<>();

    @Option(names = {"--steps", "--max-steps"}, description = "Optimizer steps (0: by epochs). Default: ${bundle:default.steps}.")
    private String steps;

    @Option(names = "--epochs", description = "Passes over the data. Default: ${bundle:default.epochs}.")
    private String epochs;

    @Option(names = "--batch-size", description = "Examples per step. Default: ${bundle:default.batch_size}.")
    private String batchSize;

    @Option(names = {"--learning-rate", "--lr"}, description = "Peak learning rate. Default: ${bundle:default.learning_rate}.")
    private String learningRate;

    @Option(names = "--max-length", description = "Longest example in tokens. Default: ${bundle:default.max_length}.")
    private String maxLength;

    @Option(names = "--recompute", description = "Keep less for backward and recompute it: less memory, more time.")
    private boolean recompute;

    @Option(names = "--seed", description = "Seed of adapter, data order and dropout. Default: ${bundle:default.seed}.")
    private String seed;

    @Option(names = "--r", description = "LoRA rank. Default: ${bundle:default.r}.")
    private String r;

    @Option(names = "--lora-alpha", description = "LoRA alpha; the scale is lora_alpha / r. Default: ${bundle:default.lora_alpha}.")
    private String loraAlpha;

    @Option(names = "--lora-dropout", description = "Dropout before A. Default: ${bundle:default.lora_dropout}.")
    private String loraDropout;

    @Option(names = "--target-modules", description =
            "Layers to adapt: suffixes separated by commas, a regular expression, or all-linear. Default: ${bundle:default.target_modules}.")
    private String targetModules;

    @Option(names = "--preset",
            description = "AGL's weights to start from: default (ours, measured) or as-read (from secondary sources); not used by align. "
                    + "Default: ${bundle:default.preset}.")
    private String preset;

    private final Set<String> said = new HashSet<>();

    /** File and overrides merged, for a command that runs one method; named options win. */
    public RunConfig configWithMethod() {
        RunConfig config = RunConfig.of(List.of(), file, commandLine());
        RunConfig without = preset == null ? config : RunConfig.of(List.of(), file, commandLineWithout("preset"));
        if (preset == null || !config.sameSettings(without)) {
            return config;
        }
        if (said.add("preset")) {
            Notes.say("not used: preset (all of its settings are overridden)");
        }
        return without;
    }

    private List<String> commandLineWithout(String name) {
        return commandLine().stream().filter(set -> !set.startsWith(name + "=")).toList();
    }

    /** Warns if the prompt template differs from that of the run whose settings.json is repeated: the template is not a setting. */
    public void sayOtherTemplate(PromptTemplate template) {
        Path folder = file == null ? null : file.toAbsolutePath().getParent();
        Optional<TrainedTemplate> then = folder == null ? Optional.empty() : TrainedTemplate.read(folder);
        then.filter(t -> !t.fits(template))
                .ifPresent(t -> Notes.say("warning: the run of " + file + " had template " + t.name() + ", this one has "
                        + (t.name().equals(template.name()) ? "another chat template" : template.name()) + "; --template decides"));
    }

    /** As {@link #configWithMethod}, for a command that chooses its own methods. */
    public RunConfig config() {
        return config(List.of());
    }

    /** As {@link #config()}, on top of a command's own defaults. */
    public RunConfig config(List<String> defaults) {
        return config(defaults, List.of());
    }

    /** As {@link #config(List)}, with settings that the command itself fixes, applied last. */
    public RunConfig config(List<String> defaults, List<String> decided) {
        List<String> all = commandLine();
        all.addAll(decided);
        RunConfig config = RunConfig.of(defaults, file, all);
        if (config.choice() != null && said.add("method")) {
            Notes.say("not used: method" + (Double.isNaN(config.choice().strength()) ? "" : ", strength")
                    + " (settings of train; this command has its own)");
        }
        return config.withoutChoice();
    }

    /** Names of the settings on the command line, from -s and from named options; AGL's as agl.name. */
    public Set<String> given() {
        return RunConfig.names(null, commandLine());
    }

    /** As {@link #given}, and those in the config file. */
    public Set<String> names() {
        return RunConfig.names(file, commandLine());
    }

    /**
     * The settings of a run that continues from an adapter: the adapter determines its own shape. A conflicting setting, in the file or on
     * the command line, is refused.
     */
    public RunConfig goingOnFrom(Path adapter, RunConfig config) {
        RunConfig own = config.withAdapter(Peft.readConfig(adapter));
        ObjectNode wanted = config.toJson();
        ObjectNode has = own.toJson();
        for (String name : names()) {
            if (!name.startsWith("agl.") && !name.equals("preset") && !same(wanted.get(name), has.get(name))) {
                throw new AglException("setting " + name + " is " + wanted.get(name).asText() + ", the adapter to go on from (" + adapter
                        + ") has " + has.get(name).asText()
                        + ": leave " + name + " out, it is the adapter's own");
            }
        }
        return own;
    }

    /**
     * The settings of a run whose Fisher information is read from a file. A setting of the estimate, in the config file or on the command
     * line, that contradicts it is refused.
     *
     * @param artefact null for a run that estimates it: then the settings must not be those of a run that read it
     */
    public RunConfig withFisher(FisherArtefact artefact, RunConfig config) {
        if (config.fisher() != null && (artefact == null || !config.fisher().equals(artefact.sha256()))) {
            throw new AglException("the settings are of a run with the Fisher artefact of SHA-256 " + config.fisher()
                    + (artefact == null ? "; name its file with --fisher" : ", and " + artefact.file() + " is another one"));
        }
        if (artefact == null) {
            return config;
        }
        Set<String> names = names();
        artefact.requireNoContradiction(config.agl(), names);
        return config.withFisher(artefact, names.contains("agl.m"));
    }

    private static boolean same(JsonNode a, JsonNode b) {
        if (a == null || !a.isTextual()) {
            return a == null || a.equals(b);
        }
        Targets one = Targets.of(a.asText());
        Targets other = Targets.of(b.asText());
        return Objects.equals(one.pattern(), other.pattern()) && Set.copyOf(one.names()).equals(Set.copyOf(other.names()));
    }

    private List<String> commandLine() {
        List<String> all = new ArrayList<>();
        sets.forEach(set -> add(all, set));
        add(all, "steps", steps);
        add(all, "epochs", epochs);
        add(all, "batch_size", batchSize);
        add(all, "learning_rate", learningRate);
        add(all, "max_length", maxLength);
        add(all, "recompute", recompute ? "true" : null);
        add(all, "seed", seed);
        add(all, "r", r);
        add(all, "lora_alpha", loraAlpha);
        add(all, "lora_dropout", loraDropout);
        add(all, "target_modules", targetModules);
        add(all, "preset", preset);
        return all;
    }

    private void add(List<String> all, String name, String value) {
        if (value != null) {
            add(all, name + "=" + value);
        }
    }

    /** If a setting is given twice with different values, the last one counts, as scripts expect; this is reported once. */
    private void add(List<String> all, String set) {
        String name = set.substring(0, Math.max(0, set.indexOf('='))).strip();
        List<String> before = all.stream().filter(other -> !name.isEmpty() && other.startsWith(name + "=") && !other.equals(set)).toList();
        if (!before.isEmpty() && said.add(set)) {
            Notes.say("not used: " + String.join(", ", before) + " (" + set + " is given too, and counts)");
        }
        all.add(set);
    }
}
