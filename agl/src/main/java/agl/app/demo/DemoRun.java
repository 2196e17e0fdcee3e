package agl.app.demo;

import agl.app.data.Example;
import agl.app.data.PromptSet.Prompt;
import agl.app.data.PromptTemplate;
import agl.app.demo.corpus.DemoCorpus;
import agl.app.demo.corpus.TaskScorer;
import agl.app.drift.ClosedSet;
import agl.app.drift.DriftCheck;
import agl.app.drift.DriftComparison;
import agl.app.drift.DriftGate;
import agl.app.io.MetricsLog;
import agl.app.io.OutputFiles;
import agl.app.io.Progress;
import agl.app.io.Provenance;
import agl.app.model.ModelBundle;
import agl.app.train.FineTune;
import agl.app.train.RunConfig;
import agl.app.train.TaskMeasure;
import agl.app.train.TrainTrace;
import agl.app.train.WreckCheck;
import agl.lora.LoraModel;
import agl.lora.Peft;
import agl.regularizers.Fisher;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/** The demo: base, LoRA and AGL on the demo's own data, each measured on held-out prompts and on the task. */
public final class DemoRun {
    /** Longest answer in tokens: the demo's answers are short, and this limit halves its run time. */
    private static final int MAX_ANSWER = 48;
    /** The files of an adapter. */
    private static final List<String> METHODS = List.of("lora", "agl");
    /** The folders of the adapters. */
    public static final List<String> ADAPTERS = METHODS.stream().map(method -> "adapter-" + method).toList();
    private static final List<String> ADAPTER = List.of(Peft.CONFIG, "adapter_model.safetensors", ClosedSet.FILE, TrainTrace.FILE,
            Provenance.FILE);

    private final Path base;
    private final Path out;
    private final RunConfig config;
    private final ModelBundle bundle;
    private final List<Example> task;
    private final List<Example> taskTest;
    private final List<Example> alignment;
    private final List<Prompt> prompts;

    /** Measurements of one model. */
    public record Measured(List<TaskMeasure.Result> task, List<DriftCheck.Result> drift) {
        /** Nats per answer token on all held-out task examples. */
        public double taskLoss() {
            return TaskMeasure.loss(task, IntStream.range(0, task.size()).toArray());
        }
    }

    /**
     * Everything the report shows.
     *
     * @param measured by name: base, LoRA, AGL
     * @param runs     by name: LoRA, AGL
     * @param traces  each run's trace for the report
     * @param seconds  time of each step of the job
     * @param wrecks   by name, why training wrecked the model and what to change; no entry for a sound run
     */
    public record Outcome(Map<String, Measured> measured, Map<String, FineTune.Result> runs, Map<String, TrainTrace> traces,
            Map<String, Fisher> fisher, Map<String, Double> seconds, Map<String, String> wrecks) {
        /** LoRA and AGL against the base. */
        public DriftComparison drift() {
            return drift(name -> name);
        }

        /** The same for tables and charts, with wrecks marked beside their names. */
        DriftComparison shown() {
            return drift(this::shown);
        }

        /** A model's name, marked if it is a wreck. */
        String shown(String name) {
            return wrecks.containsKey(name) ? name + " [wrecked]" : name;
        }

        private DriftComparison drift(UnaryOperator<String> named) {
            Map<String, List<DriftCheck.Result>> tuned = new LinkedHashMap<>();
            measured.forEach((name, m) -> tuned.put(named.apply(name), m.drift()));
            return DriftComparison.of("base", tuned.remove("base"), tuned, DriftGate.DEFAULT);
        }

        /**
         * How the demo's answers differ from those of agl drift, so that the same adapters may get slightly different figures there.
         */
        String answers() {
            return "greedy answers of at most " + MAX_ANSWER + " tokens (agl drift: " + DriftCheck.Settings.DEFAULT.maxNewTokens()
                    + " unless --max-new-tokens says otherwise)";
        }
    }

    /**
     * @param base  the aligned base's folder
     * @param quick      a quick run with fewer prompts and steps
     * @param validation measure on the validation prompts and task examples, on which settings are chosen, instead of the test split
     */
    public DemoRun(Path base, Path out, RunConfig config, long corpusSeed, boolean quick, boolean validation) {
        this.base = base;
        this.out = out;
        this.config = config;
        bundle = ModelBundle.load(base, PromptTemplate.INSTRUCTION);
        DemoCorpus corpus = DemoCorpus.generate(corpusSeed, quick ? 100 : 1000);
        task = corpus.taskTrain();
        List<Example> held = validation ? corpus.taskVal() : corpus.taskTest();
        taskTest = quick ? held.subList(0, 40) : held;
        alignment = corpus.fisherAlignment();
        List<Prompt> all = (validation ? corpus.driftVal() : corpus.driftTest()).prompts();
        prompts = quick ? all.subList(0, 80) : all;
    }

    /**
     * Runs the demo; afterwards the folder holds metrics.jsonl and the adapters, except one that training wrecked.
     *
     * @param provenance written beside each adapter
     */
    public Outcome run(Supplier<Provenance> provenance) {
        Map<String, String> wrecks = new LinkedHashMap<>();
        Map<String, Double> seconds = new LinkedHashMap<>();
        Map<String, Measured> measured = new LinkedHashMap<>();
        Map<String, FineTune.Result> runs = new LinkedHashMap<>();
        Map<String, TrainTrace> traces = new LinkedHashMap<>();
        FineTune fineTune = new FineTune(bundle, config);
        ClosedSet answers = ClosedSet.of(task.stream().map(Example::response).toList());
        timed(seconds, "measure base", () -> measured.put("base", measure("base", ClosedSet.NONE)));
        Map<String, Fisher> fisher = new LinkedHashMap<>();
        timed(seconds, "Fisher", () -> {
            LoraModel lora = LoraModel.attach(bundle.model(), FineTune.loraConfig(config.train()), config.train().seed(),
                    agl.autograd.storage.DType.F32);
            fisher.putAll(fineTune.estimate(lora, alignment, task));
            lora.detach();
        });
        clear();
        try (MetricsLog log = new MetricsLog(out.resolve("metrics.jsonl"))) {
            for (String method : METHODS) {
                String name = method.equals("lora") ? "LoRA" : "AGL";
                timed(seconds, "train " + name, () -> runs.put(name, fineTune.run(method, task, List.of(), alignment, fisher, log)));
                LoraModel lora = runs.get(name).lora();
                timed(seconds, "measure " + name, () -> measured.put(name, lora.whileMerged(() -> measure(name, answers))));
                TrainTrace trace = runs.get(name).trace();
                traces.put(name, trace);
                wreck(measured.get("base").taskLoss(), measured.get(name).taskLoss()).ifPresent(reason -> wrecks.put(name, reason));
                Path folder = out.resolve(ADAPTERS.get(METHODS.indexOf(method)));
                if (!wrecks.containsKey(name)) {
                    OutputFiles.into(folder).write(ADAPTER, into -> {
                        Peft.writeInto(lora, into, base.toString());
                        provenance.get().writeInto(into);
                        trace.writeInto(into);
                        answers.writeInto(into);
                    });
                }
                lora.detach();
            }
        }
        return new Outcome(measured, runs, traces, fisher, seconds, wrecks);
    }

    /** An earlier run's report and adapters must not pass for this one's, however this one ends. */
    private void clear() {
        OutputFiles.into(out).write(List.of("report.html", "settings.json", "metrics.jsonl", Provenance.FILE), into -> { });
        ADAPTERS.stream().map(out::resolve).filter(Files::isDirectory)
                .forEach(folder -> OutputFiles.into(folder).write(ADAPTER, into -> { }));
    }

    private Optional<String> wreck(double before, double after) {
        WreckCheck check = new WreckCheck(bundle.encode(taskTest, config.train().maxLength()), config.train());
        return check.reason(bundle.model(), before, after).map(reason -> reason + "; " + WreckCheck.advice(config.train()));
    }

    private Measured measure(String name, ClosedSet answers) {
        List<TaskMeasure.Result> taskResults = TaskMeasure.run(bundle, taskTest, config.train().maxLength(), MAX_ANSWER,
                TaskScorer::correct);
        try (Progress progress = Progress.start("DriftCheck " + name, prompts.size())) {
            return new Measured(taskResults,
                    new DriftCheck(bundle, DriftCheck.Settings.DEFAULT.withMaxNewTokens(MAX_ANSWER).withTask(answers)).run(prompts, n -> {
                        for (int i = 0; i < n; i++) {
                            progress.step();
                        }
                    }));
        }
    }

    private static void timed(Map<String, Double> seconds, String what, Runnable work) {
        long start = System.nanoTime();
        work.run();
        seconds.put(what, (System.nanoTime() - start) * 1e-9);
    }
}
