package agl.app.cli;

import agl.app.data.BuiltinAlignment;
import agl.app.data.DataFiles;
import agl.app.data.EncodedExample;
import agl.app.data.Example;
import agl.app.data.PromptTemplate;
import agl.app.io.AtomicFiles;
import agl.app.io.Inputs;
import agl.app.io.MetricsLog;
import agl.app.io.Notes;
import agl.app.io.Progress;
import agl.app.io.Provenance;
import agl.app.io.UsedSettings;
import agl.app.model.ModelBundle;
import agl.app.model.ModelStorage;
import agl.app.train.AlignCheck;
import agl.app.train.Checkpoints;
import agl.app.train.FineTune;
import agl.app.train.RunConfig;
import agl.app.train.StepMetrics;
import agl.app.train.TrainSettings;
import agl.app.train.Trainer;
import agl.app.train.UnusedSettings;
import agl.app.train.WreckCheck;
import agl.app.train.WreckedException;
import agl.autograd.Tensor;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.error.NotFiniteException;
import agl.lora.LoraModel;
import agl.nn.Models;
import agl.nn.checkpoint.Json;
import agl.nn.checkpoint.OutputFolder;
import agl.regularizers.method.Method;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code agl align}: makes an aligned checkpoint, by training all weights or by training and merging a LoRA adapter. */
@Command(name = "align", description =
        "Train a model on alignment data and write an aligned checkpoint. "
        + "The learning rate is 3e-5 unless one is given; with --lora that of train.")
public final class AlignCommand implements Callable<Integer> {
    /** Training all weights: LoRA's learning rate, thirty times higher, wrecks the model in a few steps. */
    static final List<String> ALL_WEIGHTS = List.of("learning_rate=3e-5");

    @Mixin private BaseOption base;

    @Option(names = "--data", required = true, arity = "1..*", paramLabel = "FILE",
            description = "CSV, TSV, JSONL or JSON with instruction[, input], response; prompt, completion; or messages: requests "
                    + "to refuse, with refusals, and about as many harmless ones, answered. "
                    + "builtin names the data of both kinds that come with agl.")
    private List<Path> data;

    @Option(names = {"--out", "--output-dir"}, required = true, paramLabel = "DIR", description =
            "New model folder; must not exist or be empty. The loss of every step goes into OUT.metrics.jsonl beside it.")
    private Path out;

    @Option(names = "--lora",
            description = "Train an adapter and merge it, instead of all weights; the learning rate is then 1e-3 by default.")
    private boolean useLora;

    @Mixin private CheckpointOptions resume;
    @Mixin private ConfigOptions options;
    @Mixin private DataOptions prompts;
    @Mixin private ReadingOptions reading;
    @Spec private CommandSpec spec;

    @Override public Integer call() {
        OutputFolder.requireFree(out);
        resume.require();
        RunConfig config = options.config(useLora ? List.of() : ALL_WEIGHTS);
        TrainSettings s = config.train();
        UnusedSettings.ofAligning(options.given(), useLora, s).forEach(Notes::say);
        Inputs inputs = Inputs.read(Stream.concat(BuiltinAlignment.files(data).stream(), Stream.of(base.path)).toList())
                .with(BuiltinAlignment.hashes(data));
        List<Example> examples = DataFiles.toAlignOn(data, reading.reading());
        reading.reading().requireApplied();
        PromptTemplate template = prompts.template(base.path);
        options.sayOtherTemplate(template);
        ModelBundle bundle = useLora ? ModelBundle.load(base.path, template) : ModelBundle.loadTrainable(base.path, template);
        LoraModel lora = useLora ? LoraModel.attach(bundle.model(), FineTune.loraConfig(s), s.seed(), DType.F32) : null;
        List<Tensor> parameters = useLora ? lora.parameters() : new ArrayList<>(bundle.model().parameters().values());
        List<EncodedExample> encoded = bundle.encode(examples, s.maxLength());
        bundle.sayCut(encoded, s.maxLength(), "examples");
        Path metrics = OutputGuard.besideIt(out);
        Checkpoints checkpoints = resume.open(CheckpointOptions.beside(out), identity(config, template));
        if (useLora) { // the frozen weights are mapped
            checkpoints.onlyIf(inputs::requireUnchangedWeights);
        }
        AlignCheck check = new AlignCheck(examples, encoded, s);
        // Read now: the output must not depend on whether the base still exists when training ends.
        DType stored = ModelStorage.storedType(base.path);
        if (Files.exists(metrics)) {
            // Not a note: what comes out is the same, and a killed run leaves such a log too.
            System.err.println("agl: " + metrics + " is an earlier run's; it is replaced when this one has succeeded");
        }
        Path companions = companions();
        AlignCheck.Found found;
        try (MetricsLog log = MetricsLog.beside(metrics)) {
            AlignCheck.Before before = check.before(bundle);
            train(bundle, parameters, s, encoded, new Logs(log, checkpoints));
            log.force();
            AlignCheck.Found[] measured = new AlignCheck.Found[1];
            // Checks the checkpoint as written: rounded to its type, read back, and moved into place only after it has passed.
            OutputFolder.writeNew(out, temporary -> {
                Models.save(bundle.model(), temporary, companions, stored);
                measured[0] = check.of(ModelBundle.load(temporary, template), before);
                measured[0].warnings().forEach(Notes::say);
                if (useLora) {
                    inputs.requireUnchangedWeights();
                }
                UsedSettings settings = new UsedSettings();
                settings.with("lora", useLora);
                settings.withAll(template.described());
                settings.withAll(reading.reading().described());
                settings.with("train", s.toJson(useLora));
                Provenance.of("align", s.seed(), settings, inputs).writeInto(temporary);
            });
            log.keep();
            found = measured[0];
        } catch (WreckedException e) {
            checkpoints.delete();
            throw inputs.because(e);
        } catch (NotFiniteException e) {
            checkpoints.delete(); // the weights do not fit into the stored type, and would not from there either
            throw inputs.because(new AglException(e.getMessage() + "; " + WreckCheck.advice(s), e));
        } catch (AglException e) {
            throw inputs.because(e);
        } finally {
            AtomicFiles.deleteTree(companions);
        }
        checkpoints.delete(); // now, when the log is on the disk as well
        spec.commandLine().getOut().printf(Locale.ROOT, "wrote %s (%s): %s; every step in %s%n", out, stored, found.inWords(), metrics);
        return 0;
    }

    /** A copy of the base's tokenizer files. */
    private Path companions() {
        try {
            Path copies = Files.createTempDirectory("agl-companions");
            try {
                Models.copyCompanions(base.path, copies);
            } catch (IOException e) {
                AtomicFiles.deleteTree(copies);
                throw e;
            }
            return copies;
        } catch (IOException e) {
            throw new AglException(base.path + ": its tokenizer files cannot be copied to " + System.getProperty("java.io.tmpdir") + ": "
                    + Json.reason(e), e);
        }
    }

    /** Where a run writes what it does. */
    private record Logs(MetricsLog metrics, Checkpoints checkpoints) { }

    private static void train(ModelBundle bundle, List<Tensor> parameters, TrainSettings s, List<EncodedExample> encoded, Logs logs) {
        int steps = s.totalSteps(encoded.size());
        Trainer.Job job = new Trainer.Job(encoded, List.of(), List.of(), Method.lora(), List.of(), steps);
        try (Progress progress = Progress.start("align", steps)) {
            new Trainer(bundle.model(), parameters, s).run(job, logs.checkpoints, new Trainer.Listener() {
                @Override public void earlier(List<StepMetrics> before, int total) {
                    before.forEach(m -> logs.metrics.write(m.line()));
                    progress.skip(before.size());
                }

                @Override public void step(StepMetrics m, int total) {
                    logs.metrics.write(m.line());
                    progress.step(m.tokens(), String.format(Locale.ROOT, "loss %.3f", m.loss()));
                }
            });
        }
    }

    private ObjectNode identity(RunConfig config, PromptTemplate template) {
        ObjectNode settings = config.toJson().put("lora", useLora);
        ObjectNode all = CheckpointOptions.identity("align", settings, template, reading.reading());
        CheckpointOptions.with(all, "the base", Inputs.read(List.of(base.path)));
        CheckpointOptions.with(all, "the data", Inputs.read(BuiltinAlignment.files(data)).with(BuiltinAlignment.hashes(data)));
        return all;
    }
}
