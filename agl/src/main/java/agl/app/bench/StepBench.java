package agl.app.bench;

import agl.app.data.Batches;
import agl.app.data.EncodedExample;
import agl.app.train.Adapters;
import agl.app.train.MethodKind;
import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import agl.lora.LoraConfig;
import agl.lora.LoraModel;
import agl.nn.AdamW;
import agl.nn.Batch;
import agl.nn.Optimizer;
import agl.nn.Transformer;
import agl.regularizers.AglRegularizer;
import agl.regularizers.AglSettings;
import agl.regularizers.Fisher;
import agl.regularizers.FisherEstimator;
import agl.regularizers.LoraFactors;
import agl.regularizers.method.Agl;
import agl.regularizers.method.Method;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Training steps on a model of a given shape with random weights: LoRA on q_proj and v_proj, every token except the first of each sequence
 * is a target, gradient norm clipped at 1, AdamW. With AGL, plus its terms.
 *
 * @param agl            AGL's settings, or null for plain LoRA
 * @param fisherExamples examples from which AGL's Fisher information is estimated before the first step
 */
public record StepBench(Shape shape, int batch, int tokens, int rank, double dropout, DType dtype, AglSettings agl, int fisherExamples) {
    /** Maximum length of such a sequence. */
    private static final int FISHER_TOKENS = 64;

    /**
     * @param cpuSeconds   CPU time of all threads together, less affected by other load
     * @param termsSeconds seconds of each step spent in AGL's terms
     * @param split        seconds by kernel per step; empty unless asked for
     * @param flops        floating-point operations by kernel per step; likewise
     */
    public record Result(double[] seconds, double[] cpuSeconds, double[] termsSeconds, double fisherSeconds, double firstLoss,
            double lastLoss,
            Map<String, Double> split, Map<String, Double> flops) {}

    private Map<String, Fisher> fisher(LoraModel lora) {
        lora.enable(false);
        Map<String, Fisher> fisher = new FisherEstimator(Kernels.best(), lora.model(), agl, DType.F32).estimate(lora.layers().keySet(),
                alignment(), (done, total, what) -> {});
        lora.enable(true);
        return fisher;
    }

    /**
     * Sequences of at most {@link #FISHER_TOKENS} random tokens as the settings read them: the last {@code fisher_tokens} are in the loss,
     * and with a contrast there is a second sequence, which differs in these alone.
     */
    List<FisherEstimator.Example> alignment() {
        int length = Math.min(tokens, FISHER_TOKENS);
        int counted = agl.fisherTokens() == 0 ? length - 1 : Math.min(agl.fisherTokens(), length - 1);
        boolean contrast = agl.fisherData() == AglSettings.FisherData.CONTRAST || agl.fisherData() == AglSettings.FisherData.CONTRAST_TASK;
        List<EncodedExample> others = examples(fisherExamples, length, 3);
        List<FisherEstimator.Example> alignment = new ArrayList<>();
        for (EncodedExample answer : examples(fisherExamples, length, 2)) {
            boolean[] inLoss = new boolean[length];
            Arrays.fill(inLoss, length - counted, length, true);
            int[] other = others.get(alignment.size()).tokens();
            System.arraycopy(answer.tokens(), 0, other, 0, length - counted);
            alignment.add(new FisherEstimator.Example(Batches.collate(List.of(new EncodedExample(answer.tokens(), inLoss, false))),
                    contrast ? Batches.collate(List.of(new EncodedExample(other, inLoss, false))) : null));
        }
        return alignment;
    }

    public Result run(int warmup, int steps, boolean recompute, boolean profile) {
        Transformer model = shape.randomModel(Math.max(2048, tokens), dtype, 1);
        model.recompute(recompute);
        LoraModel lora = LoraModel.attach(model, LoraConfig.of(rank, 2 * rank, dropout, "q_proj", "v_proj"), 1, DType.F32);
        TimedKernels timed = profile ? new TimedKernels(Kernels.best()) : null;
        Kernels kernels = profile ? timed : Kernels.best();
        model.parameters().values().forEach(t -> t.resideWith(kernels));
        Pool pool = new Pool(DType.F32);
        Optimizer optimizer = new AdamW(kernels, AdamW.Settings.DEFAULT, lora.parameters());
        long startFisher = System.nanoTime();
        Method method = agl == null ? null : new Agl(AglRegularizer.of(agl, fisher(lora)), MethodKind.MEASURE_EVERY);
        double fisherSeconds = agl == null ? 0 : since(startFisher);
        List<LoraFactors> factors = Adapters.factors(lora);
        Batch data = Batches.collate(examples(batch, tokens, 1));
        double[] seconds = new double[steps];
        double[] cpuSeconds = new double[steps];
        double[] termsSeconds = new double[steps];
        double first = 0;
        double last = 0;
        for (int i = -warmup; i < steps; i++) {
            if (i == 0 && profile) {
                timed.clear();
            }
            long start = System.nanoTime();
            long startCpu = cpuNanos();
            try (Tape tape = Tape.training(kernels, pool)) {
                Tensor loss = model.loss(tape, data);
                last = loss.item();
                tape.backward(loss);
            }
            long startTerms = System.nanoTime();
            if (method != null) {
                // Not on the timed kernels: many matrices run in parallel, so the same second would be counted several times.
                try (Tape tape = Tape.inference(Kernels.best(), pool)) {
                    // As in training: terms of weight zero, and all rows for E_RM, only every few steps.
                    method.addGradients(tape, factors, i);
                }
            }
            double terms = since(startTerms);
            optimizer.step(1e-3, 1);
            if (i == -warmup) {
                first = last;
            }
            if (i >= 0) {
                seconds[i] = since(start);
                cpuSeconds[i] = (cpuNanos() - startCpu) * 1e-9;
                termsSeconds[i] = terms;
            }
        }
        Map<String, Double> split = profile ? split(timed.seconds(), seconds, termsSeconds) : Map.of();
        return new Result(seconds, cpuSeconds, termsSeconds, fisherSeconds, first, last, split,
                profile ? perStep(timed.flops(), steps) : Map.of());
    }

    private static double since(long nanos) {
        return (System.nanoTime() - nanos) * 1e-9;
    }

    /** CPU time of this process; 0 if the JVM does not report it. */
    private static long cpuNanos() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean os ? os.getProcessCpuTime()
                : 0;
    }

    /** Sequences of random tokens, each of them a target but the first. */
    List<EncodedExample> examples(int count, int length, long seed) {
        Storage.elements(count, length, shape.hidden()); // refused before that many tokens are drawn
        SplittableRandom random = new SplittableRandom(seed);
        List<EncodedExample> examples = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            boolean[] inLoss = new boolean[length];
            Arrays.fill(inLoss, true);
            examples.add(new EncodedExample(random.ints(length, 0, shape.vocabulary()).toArray(), inLoss, false));
        }
        return examples;
    }

    private static Map<String, Double> perStep(Map<String, Double> sums, int steps) {
        Map<String, Double> means = new LinkedHashMap<>();
        sums.forEach((name, sum) -> means.put(name, sum / steps));
        return means;
    }

    private Map<String, Double> split(Map<String, Double> kernels, double[] seconds, double[] termsSeconds) {
        int steps = seconds.length;
        Map<String, Double> split = perStep(kernels, steps);
        if (agl != null) {
            split.put("AGL's terms", Arrays.stream(termsSeconds).sum() / steps);
        }
        split.put("outside kernels", Arrays.stream(seconds).sum() / steps - split.values().stream().mapToDouble(v -> v).sum());
        return split;
    }
}
