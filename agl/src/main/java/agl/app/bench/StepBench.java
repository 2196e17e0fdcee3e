package agl.app.bench;

import agl.app.data.Batches;
import agl.app.data.EncodedExample;
import agl.app.train.Adapters;
import agl.autograd.DType;
import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.lora.LoraConfig;
import agl.lora.LoraModel;
import agl.nn.AdamW;
import agl.nn.Batch;
import agl.nn.Transformer;
import agl.regularizers.AglRegularizer;
import agl.regularizers.AglSettings;
import agl.regularizers.Fisher;
import agl.regularizers.FisherEstimator;
import agl.regularizers.LoraFactors;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Training steps on a model of a given shape with random weights: LoRA on q_proj and v_proj without dropout, every token but each
 * sequence's first a target, gradient norm clipped at 1, AdamW. With method agl, its terms on top.
 */
final class StepBench {
    /** Alignment examples for the Fisher information of {@code --method agl}. */
    private static final int FISHER_EXAMPLES = 8;

    /**
     * @param cpuSeconds processor time of all threads together, which a busy machine disturbs less
     * @param split      seconds by kernel per step; empty unless asked for
     */
    record Result(double[] seconds, double[] cpuSeconds, double firstLoss, double lastLoss, Map<String, Double> split) { }

    private final Shape shape;
    private final int batch;
    private final int tokens;
    private final int rank;
    private final DType dtype;
    private final boolean agl;
    private final AglSettings settings;

    StepBench(Shape shape, int batch, int tokens, int rank, DType dtype, boolean agl, AglSettings settings) {
        this.shape = shape;
        this.batch = batch;
        this.tokens = tokens;
        this.rank = rank;
        this.dtype = dtype;
        this.agl = agl;
        this.settings = settings;
    }

    private Map<String, Fisher> fisher(LoraModel lora) {
        List<FisherEstimator.Example> alignment = examples(FISHER_EXAMPLES, 2).stream().map(e -> new FisherEstimator.Example(Batches.collate(List.of(e)))).toList();
        lora.enable(false);
        Map<String, Fisher> fisher = new FisherEstimator(Kernels.best(), lora.model(), settings, DType.F32).estimate(lora.layers().keySet(), alignment, (done, total, what) -> { });
        lora.enable(true);
        return fisher;
    }

    Result run(int warmup, int steps, boolean recompute, boolean profile) {
        Transformer model = shape.randomModel(Math.max(2048, tokens), dtype, 1);
        model.recompute(recompute);
        LoraModel lora = LoraModel.attach(model, LoraConfig.of(rank, 2 * rank, 0, "q_proj", "v_proj"), 1, DType.F32);
        TimedKernels timed = profile ? new TimedKernels(Kernels.best()) : null;
        Kernels kernels = profile ? timed : Kernels.best();
        Pool pool = new Pool(DType.F32);
        AdamW optimizer = new AdamW(kernels, AdamW.Settings.DEFAULT, lora.parameters());
        AglRegularizer regularizer = agl ? AglRegularizer.of(settings, fisher(lora)) : null;
        List<LoraFactors> factors = Adapters.factors(lora);
        Batch data = Batches.collate(examples(batch, 1));
        double[] seconds = new double[steps];
        double[] cpuSeconds = new double[steps];
        double first = 0;
        double last = 0;
        for (int i = -warmup; i < steps; i++) {
            if (i == 0 && profile) {
                timed.take();
            }
            long start = System.nanoTime();
            long startCpu = cpuNanos();
            try (Tape tape = Tape.training(kernels, pool)) {
                Tensor loss = model.loss(tape, data);
                last = loss.item();
                tape.backward(loss);
            }
            if (regularizer != null) {
                try (Tape tape = Tape.inference(kernels, pool)) {
                    regularizer.addGradients(tape, factors, true);
                }
            }
            optimizer.step(1e-3, 1);
            if (i == -warmup) {
                first = last;
            }
            if (i >= 0) {
                seconds[i] = (System.nanoTime() - start) * 1e-9;
                cpuSeconds[i] = (cpuNanos() - startCpu) * 1e-9;
            }
        }
        return new Result(seconds, cpuSeconds, first, last, profile ? split(timed, seconds) : Map.of());
    }

    /** Of this process; 0 where the JVM does not tell. */
    private static long cpuNanos() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean os ? os.getProcessCpuTime() : 0;
    }

    private List<EncodedExample> examples(int count, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int vocabulary = shape.config(2048).vocabulary();
        List<EncodedExample> examples = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            boolean[] inLoss = new boolean[tokens];
            Arrays.fill(inLoss, true);
            examples.add(new EncodedExample(random.ints(tokens, 0, vocabulary).toArray(), inLoss, false));
        }
        return examples;
    }

    private static Map<String, Double> split(TimedKernels timed, double[] seconds) {
        Map<String, Double> split = new LinkedHashMap<>();
        double rest = Arrays.stream(seconds).sum();
        for (Map.Entry<String, Double> e : timed.take().entrySet()) {
            split.put(e.getKey(), e.getValue() / seconds.length);
            rest -= e.getValue();
        }
        split.put("outside kernels", rest / seconds.length);
        return split;
    }
}
