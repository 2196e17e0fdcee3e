package agl.app.cli;

import agl.app.data.BuiltinAlignment;
import agl.app.data.DataFiles;
import agl.app.data.Example;
import agl.app.io.Inputs;
import agl.app.io.Notes;
import agl.app.io.OutputFiles;
import agl.app.io.Provenance;
import agl.app.io.UsedSettings;
import agl.app.model.ModelBundle;
import agl.app.train.FineTune;
import agl.app.train.FisherArtefact;
import agl.app.train.FisherSource;
import agl.app.train.RunConfig;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.lora.LoraModel;
import agl.regularizers.AglSettings;
import agl.regularizers.Fisher;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code agl fisher}: the Fisher information of an aligned base as one file, for runs without alignment data. */
@Command(name = "fisher",
        description = "Estimate the Fisher information of alignment data once and write it to a file for train --fisher.",
        footer = {"", "The contrast with a task's own answers (agl.fisher_data=contrast_task, train's default) needs --task. Without it",
            "the contrast is with openings of compliance (agl.fisher_data=contrast), and the file serves any task. agl.fisher_data=task is",
            "refused: it is one task's, and train estimates it.", "",
            "Of the settings, agl.backend, m, energy, fisher_data, fisher_tokens, fisher_error and exact_storage decide, and",
            "fisher_examples, seed, max_length and target_modules. The file tells something of the alignment text:",
            "docs/ARTEFACT.md. agl inspect FILE shows what it holds."})
public final class FisherCommand implements Callable<Integer> {
    /** Settings besides those of the estimate that decide. */
    private static final Set<String> USED = Set.of("preset", "seed", "max_length", "fisher_examples", "target_modules");

    @Mixin private BaseOption base;

    @Option(names = "--alignment", required = true, arity = "1..*", paramLabel = "FILE",
            description = "Alignment data: CSV, TSV, JSONL or JSON with instruction[, input], response; prompt, completion; or messages. "
                    + "builtin names the refusals that come with agl.")
    private List<Path> alignment;

    @Option(names = "--task", arity = "1..*", paramLabel = "FILE",
            description = "Task data, same form, for agl.fisher_data=contrast_task: its answers are the other side of the contrast.")
    private List<Path> task = new ArrayList<>();

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "The file to be written.")
    private Path out;

    @Option(names = "--dtype", defaultValue = "f32", paramLabel = "TYPE",
            description = "f32 (default): runs give the same adapter as with the data, byte for byte; bf16: half the size.")
    private String dtype;

    @Option(names = "--no-diagonal", description = "Leave out diag F, which ewc, agl.metric and agl.H=diag_fisher need: a smaller file.")
    private boolean noDiagonal;

    @Mixin private ConfigOptions options;
    @Mixin private DataOptions prompts;
    @Mixin private ReadingOptions reading;
    @Mixin private DeviceOptions device;
    @Spec private CommandSpec spec;

    @Override public Integer call() throws IOException {
        device.use();
        DType stored = stored();
        OutputFiles output = OutputFiles.of(out);
        Set<String> given = options.given();
        RunConfig asked = options.config();
        boolean chosen = options.names().contains("agl.fisher_data") || options.names().contains("preset");
        RunConfig config = chosen || !task.isEmpty() ? asked : options.config(List.of(), List.of("agl.fisher_data=contrast"));
        AglSettings own = config.agl();
        requireData(own);
        unused(given, own).forEach(Notes::say);
        Inputs inputs = Inputs.read(Stream.of(BuiltinAlignment.files(alignment), task, List.of(base.path)).flatMap(List::stream).toList())
                .with(BuiltinAlignment.hashes(alignment));
        List<Example> examples = DataFiles.alignment(alignment, reading.reading());
        List<Example> tasks = DataFiles.examples(task, reading.reading());
        reading.reading().requireApplied();
        ModelBundle bundle = ModelBundle.load(base.path, prompts.template(base.path));
        options.sayOtherTemplate(bundle.template());
        bundle.sayCut(bundle.encode(FisherSource.chosen(config, examples), config.train().maxLength()), config.train().maxLength(),
                "alignment examples");
        // Before normalization, which is the run's choice.
        AglSettings settings = own.with("{\"fisher_norm\":\"none\",\"H\":\"identity\",\"metric\":\""
                + (noDiagonal ? "euclidean" : "diag_fisher") + "\"}");
        FisherSource source = new FisherSource(bundle);
        double[] margins;
        Map<String, Fisher> matrices;
        try {
            margins = source.margins(config, settings, examples, tasks);
            LoraModel lora = LoraModel.attach(bundle.model(), FineTune.loraConfig(config.train()), config.train().seed(), DType.F32);
            matrices = source.estimate(lora, config, settings, examples, tasks);
            lora.detach();
        } catch (AglException e) {
            throw inputs.because(e);
        }
        inputs.requireUnchangedWeights();
        FisherArtefact.About about = new FisherArtefact.About(FisherArtefact.identity(base.path),
                settings.toJson().retain(AglSettings.names(AglSettings.Estimate.class)), Math.min(config.fisherExamples(), examples.size()),
                bundle.template().described(), stored, provenance(config, bundle, inputs));
        output.write(folder -> FisherArtefact.write(folder.resolve(out.getFileName()), about, matrices, margins));
        spec.commandLine().getOut().printf(Locale.ROOT, "wrote %s: %d matrices, %d examples, fisher_data %s, %,d bytes%n", out,
                matrices.size(), Math.min(config.fisherExamples(), examples.size()), settings.toJson().get("fisher_data").asText(),
                Files.size(out));
        return 0;
    }

    private DType stored() {
        return switch (dtype.toLowerCase(Locale.ROOT)) {
            case "f32" -> DType.F32;
            case "bf16" -> DType.BF16;
            default -> throw new AglException("--dtype must be f32 or bf16, got " + dtype);
        };
    }

    private void requireData(AglSettings s) {
        if (s.fisherData() == AglSettings.FisherData.TASK) {
            throw new AglException("agl.fisher_data=task is the Fisher information of one task, not of alignment data: train estimates it");
        }
        if (s.fisherData() == AglSettings.FisherData.CONTRAST_TASK && task.isEmpty()) {
            throw new AglException("agl.fisher_data=contrast_task needs --task FILE: the answers to contrast with; "
                    + "agl.fisher_data=contrast needs none");
        }
    }

    private List<String> unused(Set<String> given, AglSettings s) {
        List<String> lines = new ArrayList<>();
        if (!task.isEmpty() && s.fisherData() != AglSettings.FisherData.CONTRAST_TASK) {
            lines.add("--task is not used with agl.fisher_data=" + s.toJson().get("fisher_data").asText());
            task = List.of();
        }
        Set<String> others = new LinkedHashSet<>(given);
        others.removeIf(name -> USED.contains(name)
                || name.startsWith("agl.") && AglSettings.names(AglSettings.Estimate.class).contains(name.substring(4)));
        if (!others.isEmpty()) {
            lines.add("not used: " + String.join(", ", others) + " (settings of a run; the file does not depend on them)");
        }
        if (given.contains("agl.m") && s.energy() > 0) {
            lines.add("not used: agl.m (agl.energy decides)");
        }
        return lines;
    }

    /** As in provenance.json; of an input's path only the file's name, as the file may leave this machine. */
    private ObjectNode provenance(RunConfig config, ModelBundle bundle, Inputs inputs) throws JsonProcessingException {
        UsedSettings settings = new UsedSettings();
        settings.withAll(bundle.template().described());
        settings.withAll(reading.reading().described());
        settings.with("dtype", dtype);
        settings.with("diagonal", !noDiagonal);
        ObjectNode used = config.toJson();
        used.retain(USED);
        used.set("agl", config.agl().toJson().retain(AglSettings.names(AglSettings.Estimate.class)));
        settings.with("config", used);
        ObjectNode json = (ObjectNode) new ObjectMapper()
                .readTree(Provenance.of("fisher", config.train().seed(), settings, inputs).toJson());
        ArrayNode files = json.putArray("inputs_sha256");
        inputs.hashes().forEach((path, sha256) -> files.add(Path.of(path).getFileName() + "=" + sha256));
        if (json.has("inputs_changed_during_run")) {
            ArrayNode changed = json.putArray("inputs_changed_during_run");
            inputs.changed().forEach(path -> changed.add(path.getFileName().toString()));
        }
        json.remove("notes"); // they may name this machine's paths
        return json;
    }
}
