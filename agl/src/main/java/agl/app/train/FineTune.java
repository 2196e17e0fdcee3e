package agl.app.train;

import agl.app.data.EncodedExample;
import agl.app.data.Example;
import agl.app.io.MetricsLog;
import agl.app.io.Notes;
import agl.app.io.Progress;
import agl.app.model.ModelBundle;
import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.lora.LoraConfig;
import agl.lora.LoraModel;
import agl.lora.Peft;
import agl.regularizers.Fisher;
import agl.regularizers.LoraFactors;
import agl.regularizers.method.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.IntStream;

/**
 * One fine-tuning run with one method: attaches the adapter, prepares what the method needs, trains and logs every step, and applies the
 * method's post-processing.
 */
public final class FineTune {

    /**
     * Result of a run.
     *
     * @param lora    the model with the adapter to be written, after the method's post-processing
     * @param fisher  Fisher information by layer; null for a method without one
     * @param history metrics of every step; the held-out loss of the last is that of {@code lora}, unless weights on the way are kept
     * @param evalLoss loss of {@code lora} on the held-out examples; NaN if there are none
     * @param seconds of all but measuring the held-out loss of {@code lora}
     */
    public record Result(LoraModel lora, Map<String, Fisher> fisher, List<StepMetrics> history, double evalLoss, TrainedSteps steps,
                         double seconds) {
        /** The trace for a report. */
        public TrainTrace trace() {
            return TrainTrace.of(history, fisher, lora);
        }

        public StepMetrics lastStep() {
            return history.getLast();
        }
    }

    /** Called after every step with the current model. It must not change the adapter. */
    @FunctionalInterface
    public interface Observer {
        void step(int step, int total, LoraModel lora);
    }

    private final ModelBundle bundle;
    private final RunConfig config;
    private final FisherSource source;
    private final Checkpoints checkpoints;
    private final Kernels kernels = Kernels.best();
    private final Pool pool = new Pool(DType.F32);

    public FineTune(ModelBundle bundle, RunConfig config) {
        this(bundle, config, new FisherSource(bundle));
    }

    /** @param source source of Fisher estimates, shared by runs on the same model */
    public FineTune(ModelBundle bundle, RunConfig config, FisherSource source) {
        this(bundle, config, source, null);
    }

    /** @param checkpoints of this run, from which it goes on if there are any; null: none */
    public FineTune(ModelBundle bundle, RunConfig config, FisherSource source, Checkpoints checkpoints) {
        this.bundle = bundle;
        this.config = config;
        this.source = source;
        this.checkpoints = checkpoints;
    }

    /** As {@link #run(MethodChoice, TrainData, Map, MetricsLog, Observer)}, with a method's name and its default strength. */
    public Result run(String method, List<Example> task, List<Example> evaluation, List<Example> alignment, Map<String, Fisher> fisher,
            MetricsLog log) {
        return run(MethodChoice.of(method), new TrainData(task, evaluation, alignment), fisher, log, (step, total, lora) -> {});
    }

    /**
     * @param fisher a Fisher estimate to use, or null to compute one
     * @param log    log for the steps, or null
     */
    public Result run(MethodChoice choice, TrainData data, Map<String, Fisher> fisher, MetricsLog log, Observer observer) {
        long start = System.nanoTime();
        TrainSettings s = config.train();
        LoraModel lora = adapter(bundle, s, data);
        int least = Adapters.factors(lora).stream().mapToInt(LoraFactors::rank).min().orElse(lora.config().r());
        if (config.agl().twoBranch() && config.agl().alignmentRank() >= least) {
            throw new AglException(data.initAdapter() + ": its rank " + least + " leaves no room for agl.alignment_rank "
                    + config.agl().alignmentRank());
        }
        requireUpdate(choice.kind(), lora);
        requireEvaluations(choice.kind(), data);
        RunConfig resolved = config.resolved(choice);
        List<EncodedExample> examples = bundle.encode(data.task(), s.maxLength());
        List<EncodedExample> evaluation = bundle.encode(data.evaluation(), s.maxLength());
        bundle.sayCut(examples, s.maxLength(), "task examples");
        bundle.sayCut(evaluation, s.maxLength(), "held-out examples");
        MethodContext context = new MethodContext(bundle, lora, resolved, data, source, fisher);
        Method method = context.make();
        List<LoraFactors> factors = Adapters.factors(lora);
        // kl_own reads no answers, and says itself what it cuts.
        boolean cuts = choice.kind() != MethodKind.KL_OWN && choice.kind().usesAlignment(resolved.agl()) && data.fisher() == null
                && fisher == null;
        int steps = resolved.steps(data);
        boolean onAlignment = IntStream.range(0, steps).anyMatch(step -> method.source(step) != Method.Source.TASK);
        List<EncodedExample> alignment = !cuts && !onAlignment ? List.of()
                : bundle.encode(FisherSource.chosen(config, data.alignment()), s.maxLength());
        if (cuts) {
            bundle.sayCut(alignment, s.maxLength(), "alignment examples");
        }
        if (!evaluation.isEmpty() && evaluation.stream().mapToInt(EncodedExample::lossTokens).sum() == 0) {
            throw new AglException(
                    "none of the " + evaluation.size() + " held-out examples has an answer within max_length " + s.maxLength()
                            + ": there is nothing to measure");
        }
        List<StepMetrics> history = new ArrayList<>();
        Trainer trainer = new Trainer(bundle.model(), lora.parameters(), s);
        try (Progress progress = Progress.start(choice.label() + " seed " + s.seed(), steps)) {
            Trainer.Job job = new Trainer.Job(examples, evaluation, alignment, method, factors, steps);
            trainer.run(job, checkpoints, new Trainer.Listener() {
                @Override public void earlier(List<StepMetrics> before, int total) {
                    history.addAll(before);
                    progress.skip(before.size());
                    before.stream().filter(m -> m.step() < total).forEach(m -> write(log, choice, m));
                }

                @Override public void step(StepMetrics metrics, int total) {
                    history.add(metrics);
                    if (metrics.step() < total) {
                        write(log, choice, metrics);
                    }
                    progress.step(metrics.tokens(), message(metrics));
                    observer.step(metrics.step(), total, lora);
                }
            });
        }
        double last = s.keepBest() ? trainer.evaluate(evaluation) : Double.NaN;
        int kept = trainer.keepBest(last);
        if (kept > 0) {
            Notes.say("keep_best: the weights after step " + kept + " are kept, whose held-out loss is lower than the last ones'");
        }
        LoraModel result = afterTraining(method, lora, factors);
        double seconds = (System.nanoTime() - start) * 1e-9;
        double evalLoss = evaluation.isEmpty() ? Double.NaN : trainer.evaluate(evaluation);
        // The last step is logged only now: its held-out loss is that after post-processing; if other weights are kept, that of its own.
        // A run that ended early has logged it, with its own.
        double shown = kept > 0 ? last : evalLoss;
        if (!Double.isNaN(shown) && history.getLast().step() == steps) {
            history.set(history.size() - 1, history.getLast().withEvalLoss(shown));
        }
        if (history.getLast().step() == steps) {
            write(log, choice, history.getLast());
        }
        requireFinite(result, evaluation.isEmpty() ? 0 : evalLoss, s);
        int done = history.getLast().step();
        return new Result(result, context.fisher(), history, evalLoss, new TrainedSteps(kept == 0 ? done : kept, done, steps), seconds);
    }

    /** keep_best and patience need evaluations on the way, of what is kept. */
    private void requireEvaluations(MethodKind kind, TrainData data) {
        TrainSettings s = config.train();
        String name = s.keepBest() ? "keep_best" : s.patience() > 0 ? "patience" : null;
        if (name != null && (data.evaluation().isEmpty() || s.evalEvery() == 0)) {
            throw new AglException("setting " + name + " needs held-out examples (--eval) and eval_every above 0");
        }
        if (s.keepBest() && kind.changesFactorsAfterTraining()) {
            throw new AglException("setting keep_best: method " + kind.title() + " changes the adapter after training, so the held-out "
                    + "loss on the way is not that of what it keeps");
        }
    }

    private LoraModel afterTraining(Method method, LoraModel lora, List<LoraFactors> factors) {
        try (Tape tape = Tape.inference(kernels, pool)) {
            List<LoraFactors> kept = method.afterTraining(tape, factors);
            return kept.equals(factors) ? lora : Adapters.replace(lora, kept);
        }
    }

    /** The last update comes after the loop's last loss: neither it nor post-processing may leave non-finite weights. */
    private static void requireFinite(LoraModel lora, double evalLoss, TrainSettings s) {
        boolean finite = lora.parameters().stream().allMatch(t -> {
            for (int i = 0; i < t.size(); i++) {
                if (!Double.isFinite(t.get(i))) {
                    return false;
                }
            }
            return true;
        });
        if (!finite || !Double.isFinite(evalLoss)) {
            throw new WreckedException("training ended with "
                    + (finite ? "a held-out loss of " + evalLoss : "weights that are not finite")
                    + ": it is not written; " + WreckCheck.advice(s));
        }
    }

    /** Checks before the long work that the settings, or the adapter to continue from, fit this model and method. */
    public static void requireAdapter(ModelBundle bundle, MethodKind kind, TrainSettings s, TrainData data) {
        LoraModel lora = adapter(bundle, s, data);
        lora.detach();
        requireUpdate(kind, lora);
        if (data.fisher() != null && kind.usesFisher()) {
            data.fisher().requireLayers(lora);
        }
    }

    private static void requireUpdate(MethodKind kind, LoraModel lora) {
        kind.requireNothingBesideUpdate(lora.config().useDora(), lora.copies().keySet());
    }

    /** Attaches the adapter to be trained: a fresh one, or the one to continue from. */
    static LoraModel adapter(ModelBundle bundle, TrainSettings s, TrainData data) {
        return data.initAdapter() == null ? LoraModel.attach(bundle.model(), loraConfig(s), s.seed(), DType.F32)
                : Peft.load(bundle.model(), data.initAdapter(), s.seed());
    }

    /** The adapter that the settings describe. */
    public static LoraConfig loraConfig(TrainSettings s) {
        LoraConfig config = LoraConfig.of(s.r(), s.loraAlpha(), s.loraDropout(), s.targetModules(), s.useRslora());
        return s.useDora() ? config.withDora() : config;
    }

    /** The Fisher information of the adapter's target layers, from the data named by the settings; the adapter is disabled meanwhile. */
    public Map<String, Fisher> estimate(LoraModel lora, List<Example> alignment, List<Example> task) {
        return source.estimate(lora, config, config.agl(), alignment, task);
    }

    private void write(MetricsLog log, MethodChoice choice, StepMetrics metrics) {
        if (log != null) {
            SequencedMap<String, Number> numbers = metrics.line();
            numbers.putFirst("seed", config.train().seed());
            log.write(choice.kind().title(), numbers);
        }
    }

    /** Short text about a step, for the progress line. */
    static String message(StepMetrics m) {
        StringBuilder s = new StringBuilder(String.format(Locale.ROOT, "%s %.3f", m.source().title(), m.loss()));
        m.terms().forEach((term, value) -> {
            if (!term.equals("penalty") && !term.startsWith("weighted_")) {
                s.append(String.format(Locale.ROOT, "  %s %.2e", term, value));
            }
        });
        return s.toString();
    }
}
