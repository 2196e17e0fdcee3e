package agl.app.cli;

import agl.app.data.DataFiles;
import agl.app.data.PromptSet.Prompt;
import agl.app.drift.ClosedSet;
import agl.app.drift.DriftCheck;
import agl.app.drift.DriftComparison;
import agl.app.drift.DriftGate;
import agl.app.drift.DriftOutput;
import agl.app.drift.DriftReport;
import agl.app.io.Inputs;
import agl.app.io.OutputFiles;
import agl.app.io.Progress;
import agl.app.io.Notes;
import agl.app.io.Provenance;
import agl.app.io.UsedSettings;
import agl.app.model.ModelBundle;
import agl.app.model.TrainedBase;
import agl.app.report.Report;
import agl.app.train.TrainReport;
import agl.app.train.TrainTrace;
import agl.lora.AdapterStatistics;
import agl.lora.LoraModel;
import agl.lora.Peft;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code agl drift}: DriftCheck of a base and its adapters, side by side. */
@Command(name = "drift",
        description = "Measure how much alignment adapters lost: refusal rates and likelihood margins, base and adapters side by side.")
public final class DriftCommand implements Callable<Integer> {
    @Mixin private BaseOption base;

    @Option(names = "--adapter", paramLabel = "DIR", description = "PEFT adapter; may be given several times.")
    private List<Path> adapters = new ArrayList<>();

    @Option(names = "--prompts", required = true, arity = "1..*", paramLabel = "FILE",
            description = "CSV, .tsv (no quoting), JSONL or JSON with prompt, label (safe or unsafe)"
                    + "; category and cluster (variants of one prompt) if any.")
    private List<Path> prompts;

    @Option(names = {"--out", "--output-dir"}, required = true, paramLabel = "DIR",
            description = "Where report.html, drift.json, drift.csv and answers.csv go; not over an earlier measurement.")
    private Path out;

    @Mixin private DriftOptions options;
    @Mixin private DataOptions data;
    @Mixin private MapOption map;
    @Mixin private DeviceOptions device;

    @Spec private CommandSpec spec;

    @Override public Integer call() {
        device.use();
        DriftGate gate = options.gate();
        DriftCheck.Settings settings = options.check();
        OutputFiles output = OutputFiles.into(out);
        Inputs inputs = Inputs.read(Stream.of(prompts, List.of(base.path), adapters).flatMap(List::stream).toList());
        TrainedBase.check(base.path, adapters, true);
        List<Prompt> all = DataFiles.prompts(prompts, map.reading("all"));
        map.reading("all").requireApplied();
        ModelBundle bundle = ModelBundle.load(base.path, data.template(base.path, adapters));
        // Fail early: check that every adapter fits before measuring.
        adapters.forEach(adapter -> Peft.load(bundle.model(), adapter, 0).detach());
        adapters.forEach(adapter -> AdapterStatistics.nothingChanges(adapter).ifPresent(Notes::say));
        List<ClosedSet> taskAnswers = adapters.stream().map(ClosedSet::read).toList();
        Map<String, List<DriftCheck.Result>> results = new LinkedHashMap<>();
        List<DriftCheck.Result> aligned = measure("base", bundle, settings, all);
        for (int i = 0; i < adapters.size(); i++) {
            Path adapter = adapters.get(i);
            String name = adapter.toAbsolutePath().normalize().getFileName().toString();
            while (results.containsKey(name) || List.of("base", DriftOutput.NOTES).contains(name)) {
                name += "'";
            }
            LoraModel lora = Peft.load(bundle.model(), adapter, 0);
            lora.merge();
            results.put(name, measure(name, bundle, settings.withTask(taskAnswers.get(i)), all));
            lora.detach();
        }
        DriftComparison comparison = DriftComparison.of("base", aligned, results, gate);
        inputs.requireUnchangedWeights();
        spec.commandLine().getOut().print(DriftOutput.table(comparison));
        UsedSettings used = new UsedSettings();
        used.with("max_new_tokens", settings.maxNewTokens());
        used.withAll(bundle.template().described());
        used.withAll(map.reading("all").described());
        used.with("min_refused", gate.minRefused());
        used.with("refusals", settings.refusals());
        used.with("compliances", settings.compliances());
        Provenance provenance = Provenance.of("drift", 0, used, inputs);
        Report report = Report.of("DriftCheck of " + base.path.getFileName());
        Map<String, TrainTrace> traces = new LinkedHashMap<>();
        List<String> names = List.copyOf(results.keySet());
        for (int i = 0; i < adapters.size(); i++) {
            String name = names.get(i);
            TrainTrace.read(adapters.get(i)).ifPresent(trace -> traces.put(name, trace));
            Provenance.ofTraining(adapters.get(i)).ifPresent(p -> report.method(name, p.at("/settings/method").asText()));
        }
        ToDoubleFunction<String> losses = name -> traces.containsKey(name) ? traces.get(name).last("eval_loss") : Double.NaN;
        report.lead(DriftReport.lead(comparison, losses));
        DriftReport.headlines(report, comparison);
        DriftReport.refusals(report, comparison, losses);
        DriftReport.answers(report, comparison);
        DriftReport.against(report, comparison, losses);
        TrainReport.training(report, "Training, as the adapters' own files have it", traces);
        report.section("Internals");
        TrainReport.internals(report, traces);
        DriftReport.internals(report, comparison, "How it was measured", DriftReport.explanation());
        report.folded("Settings", folded -> folded.settings(used.json()));
        report.provenance(provenance.toJson());
        output.write(folder -> {
            provenance.writeInto(folder);
            DriftOutput.write(folder, comparison, provenance.notes());
            report.write(folder.resolve("report.html"));
        });
        spec.commandLine().getOut().printf("report: %s%n", out.resolve("report.html"));
        return 0;
    }

    static List<DriftCheck.Result> measure(String name, ModelBundle bundle, DriftCheck.Settings settings, List<Prompt> prompts) {
        try (Progress progress = Progress.start("DriftCheck " + name, prompts.size())) {
            return new DriftCheck(bundle, settings).run(prompts, n -> {
                for (int i = 0; i < n; i++) {
                    progress.step();
                }
            });
        }
    }
}
