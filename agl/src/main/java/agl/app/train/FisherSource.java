package agl.app.train;

import agl.app.data.Batches;
import agl.app.data.BuiltinAlignment;
import agl.app.data.EncodedExample;
import agl.app.data.Example;
import agl.app.io.Inputs;
import agl.app.io.Progress;
import agl.app.model.ModelBundle;
import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.lora.LoraModel;
import agl.nn.Batch;
import agl.nn.checkpoint.Json;
import agl.regularizers.AglSettings;
import agl.regularizers.Fisher;
import agl.regularizers.FisherCache;
import agl.regularizers.FisherEstimator;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Estimates Fisher information and caches the last few estimates, so that methods that need the same estimate share it. */
public final class FisherSource {
    /** Affirmative openings without content, assigned to the examples round-robin. */
    private static final List<String> COMPLIANCES = List.of("Sure! Here is how to do it.", "Of course, this is how it goes.",
            "Yes, I can help with that.",
            "Here is what you asked for.", "To do this, follow these steps.");
    private static final int REMEMBERED = 2;

    private final ModelBundle bundle;
    private final Kernels kernels = Kernels.best();
    private final Pool pool = new Pool(DType.F32);
    private final FisherCache cache;
    /** The base's identity on disk, for the keys of cached estimates. */
    private final String base;
    private final Map<List<Object>, Made> estimates = new LinkedHashMap<>(4, 0.75f, true) {
        @Override protected boolean removeEldestEntry(Map.Entry<List<Object>, Made> eldest) {
            return size() > REMEMBERED;
        }
    };
    private double saved;

    /** @param seconds that it took */
    private record Made(Map<String, Fisher> fisher, double seconds) { }

    public FisherSource(ModelBundle bundle) {
        this(bundle, null);
    }

    /** @param cache cache folder for estimates, shared with other runs, or null */
    public FisherSource(ModelBundle bundle, Path cache) {
        this.bundle = bundle;
        this.cache = cache == null ? null : new FisherCache(cache);
        this.base = cache == null ? "" : String.join(",", Inputs.read(List.of(bundle.folder())).identity());
    }

    /**
     * The alignment examples a run uses: the same for the Fisher information and for every method that reads them. Drawn at random by the
     * seed; of the built-in data, of each category the same number or one more.
     */
    public static List<Example> chosen(RunConfig config, List<Example> source) {
        List<Example> chosen = new ArrayList<>(source);
        Collections.shuffle(chosen, new Random(config.train().seed()));
        return BuiltinAlignment.balanced(chosen).subList(0, Math.min(config.fisherExamples(), chosen.size()));
    }

    /** F of the adapter's target layers at the frozen base, from the data named by the settings; the adapter is disabled meanwhile. */
    public Map<String, Fisher> estimate(LoraModel lora, RunConfig config, AglSettings settings, List<Example> alignment,
            List<Example> task) {
        List<FisherEstimator.Example> sequences = sequences(config, settings, alignment, task);
        String key = FisherCache.key(base, FisherCache.hash(sequences), lora.layers().keySet(), settings, DType.F32);
        List<Object> normalised = List.of(key, settings.fisherNorm());
        Made known = estimates.get(normalised);
        if (known == null) {
            long start = System.nanoTime();
            FisherCache.Estimate estimate = () -> {
                lora.enable(false);
                try {
                    return estimate(lora, settings, sequences);
                } finally {
                    lora.enable(true);
                }
            };
            Map<String, Fisher> made = cache == null ? estimate.make() : cache.get(key, settings, estimate);
            estimates.put(normalised, new Made(made, (System.nanoTime() - start) * 1e-9));
            return made;
        }
        saved += known.seconds;
        return known.fisher;
    }

    /** Seconds that runs saved so far because an estimate of an earlier run was at hand. */
    public double secondsSaved() {
        return saved;
    }

    /** The same from the file of these data if they have one. */
    public Map<String, Fisher> estimate(LoraModel lora, RunConfig config, AglSettings settings, TrainData data) {
        return data.fisher() != null ? data.fisher().of(lora, settings) : estimate(lora, config, settings, data.alignment(), data.task());
    }

    /**
     * m_i = mean loss of the other answer − mean loss of the alignment answer, for each example of an estimate with a contrast, over the
     * same tokens, at the bundle's model; in nats. Empty without a contrast.
     */
    public double[] margins(RunConfig config, AglSettings settings, List<Example> alignment, List<Example> task) {
        return sequences(config, settings, alignment, task).stream().filter(e -> e.contrast() != null)
                .mapToDouble(e -> loss(e.contrast()) - loss(e.answer())).toArray();
    }

    /** A side without target tokens counts as 0, as in the estimate. */
    private double loss(Batch batch) {
        try (Tape tape = Tape.inference(kernels, pool)) {
            return Arrays.stream(bundle.model().tokenLosses(tape, batch)).sum() / Math.max(1, batch.targetCount());
        }
    }

    /**
     * The estimate at the current weights, with the update temporarily merged into them: no dropout, no gradient reaches A and B, and
     * training's random masks are unaffected.
     */
    Map<String, Fisher> current(LoraModel lora, RunConfig config, AglSettings settings, List<Example> alignment, List<Example> task) {
        return lora.whileMerged(() -> estimate(lora, settings, sequences(config, settings, alignment, task)));
    }

    /** Losses and gradients of these examples at the current weights, as {@link #current} takes them. */
    FisherEstimator.Gradients gradients(LoraModel lora, AglSettings settings, List<FisherEstimator.Example> examples) {
        FisherEstimator estimator = new FisherEstimator(kernels, bundle.model(), settings, DType.F32);
        return lora.whileMerged(() -> estimator.gradients(lora.layers().keySet(), examples, (done, total, what) -> { }));
    }

    private static List<Example> data(AglSettings settings, List<Example> alignment, List<Example> task) {
        List<Example> source = settings.fisherData() == AglSettings.FisherData.TASK ? task : alignment;
        if (source.isEmpty()) {
            throw new AglException("the Fisher information needs alignment examples: name a file with --alignment");
        }
        return source;
    }

    private List<FisherEstimator.Example> sequences(RunConfig config, AglSettings settings, List<Example> alignment, List<Example> task) {
        List<Example> chosen = chosen(config, data(settings, alignment, task));
        List<String> others = switch (settings.fisherData()) {
            case ALIGNMENT, TASK -> List.of();
            case CONTRAST -> COMPLIANCES;
            case CONTRAST_TASK -> task.stream().map(Example::response).toList();
        };
        List<FisherEstimator.Example> sequences = new ArrayList<>();
        for (int i = 0; i < chosen.size(); i++) {
            sequences.add(others.isEmpty()
                    ? new FisherEstimator.Example(batch(encode(chosen.get(i), config).answerPart(0, settings.fisherTokens())))
                    : contrast(config, settings.fisherTokens(), chosen.get(i), others, i));
        }
        return sequences;
    }

    /**
     * The example's own answer against the first other one, starting at index {@code turn}, that diverges from it. Their common prefix is
     * context: both losses contain it equally, so it carries no weight and is not counted in any mean.
     *
     * @param tokens of each answer, from where they diverge; 0: all
     */
    FisherEstimator.Example contrast(RunConfig config, int tokens, Example e, List<String> others, int turn) {
        EncodedExample answer = encode(e, config);
        for (int k = 0; k < others.size(); k++) {
            EncodedExample other = encode(new Example(e.request(), others.get((turn + k) % others.size())), config);
            int alike = answer.commonAnswerTokens(other);
            if (alike < Math.max(answer.lossTokens(), other.lossTokens())) {
                return new FisherEstimator.Example(batch(answer.answerPart(alike, tokens)),
                        batch(other.answerPart(alike, tokens)));
            }
        }
        throw new AglException("the Fisher information contrasts each alignment answer with another one, but within max_length "
                + config.train().maxLength() + " every other answer is the same as that to " + Json.quote(e.instruction()));
    }

    private static Batch batch(EncodedExample e) {
        return Batches.collate(List.of(e));
    }

    private Map<String, Fisher> estimate(LoraModel lora, AglSettings settings, List<FisherEstimator.Example> sequences) {
        FisherEstimator estimator = new FisherEstimator(kernels, bundle.model(), settings, DType.F32);
        try (Progress progress = Progress.start("Fisher", sequences.size())) {
            long[] shown = {0};
            return estimator.estimate(lora.layers().keySet(), sequences, (done, total, what) -> {
                for (; shown[0] < Math.min(done, sequences.size()); shown[0]++) {
                    progress.step(0, what);
                }
            });
        }
    }

    private EncodedExample encode(Example e, RunConfig config) {
        return bundle.encode(List.of(e), config.train().maxLength()).getFirst();
    }
}
