package agl.app;

import agl.app.data.DataFiles;
import agl.app.data.EncodedExample;
import agl.app.data.Example;
import agl.app.data.PromptTemplate;
import agl.app.io.Inputs;
import agl.app.io.MetricsLog;
import agl.app.io.Progress;
import agl.app.io.Provenance;
import agl.app.train.FineTune;
import agl.app.train.RunConfig;
import agl.app.train.TrainSettings;
import agl.app.train.Trainer;
import agl.autograd.AglException;
import agl.autograd.DType;
import agl.autograd.Tensor;
import agl.lora.LoraModel;
import agl.nn.Models;
import agl.nn.checkpoint.OutputFolder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code agl align}: makes an aligned checkpoint, by training all weights or a LoRA adapter that is merged. */
@Command(name = "align", description = "Train a model on alignment data and write an aligned checkpoint.")
public final class AlignCommand implements Callable<Integer> {
    @Option(names = "--base", required = true, paramLabel = "DIR", description = "Hugging Face model folder.")
    private Path base;

    @Option(names = "--data", required = true, arity = "1..*", paramLabel = "FILE", description = "CSV, JSONL or JSON with instruction[, input], response.")
    private List<Path> data;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "New model folder; must not exist or be empty.")
    private Path out;

    @Option(names = "--lora", description = "Train an adapter and merge it, instead of all weights.")
    private boolean useLora;

    @Mixin private ConfigOptions options;
    @Mixin private DataOptions prompts;
    @Spec private CommandSpec spec;

    @Override public Integer call() {
        OutputFolder.requireFree(out);
        RunConfig config = options.config();
        TrainSettings s = config.train();
        Inputs inputs = Inputs.read(Stream.concat(data.stream(), Stream.of(base)).toList());
        List<Example> examples = DataFiles.examples(data);
        PromptTemplate template = prompts.template(base);
        ModelBundle bundle = useLora ? ModelBundle.load(base, template) : ModelBundle.loadTrainable(base, template);
        LoraModel lora = useLora ? LoraModel.attach(bundle.model(), FineTune.loraConfig(s), s.seed(), DType.F32) : null;
        List<Tensor> parameters = useLora ? lora.parameters() : new ArrayList<>(bundle.model().parameters().values());
        List<EncodedExample> encoded = bundle.encode(examples, s.maxLength());
        bundle.sayCut(encoded, s.maxLength(), "examples");
        Path metrics = out.resolveSibling(out.getFileName() + ".metrics.jsonl");
        Map<String, Object> last;
        try (MetricsLog log = new MetricsLog(metrics); Progress progress = Progress.start("align", s.totalSteps(encoded.size()))) {
            last = new Trainer(bundle.model(), parameters, s).run(encoded, List.of(), (step, total, m) -> {
                log.write(m);
                progress.step(((Number) m.get("tokens")).longValue(), String.format(Locale.ROOT, "loss %.3f", m.get("task_loss")));
            });
        }
        DType stored = ModelStorage.storedType(base);
        if (!Double.isFinite((Double) last.get("task_loss"))) {
            throw new AglException("training ended with a loss that is no number; nothing was written");
        }
        Models.save(bundle.model(), out, base, stored);
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("lora", useLora);
        settings.putAll(template.described());
        settings.put("train", s);
        Provenance.of("align", s.seed(), settings, inputs).writeInto(out);
        spec.commandLine().getOut().printf(Locale.ROOT, "wrote %s (%s), last loss %.3f; every step in %s%n", out, stored, last.get("task_loss"), metrics);
        return 0;
    }
}
