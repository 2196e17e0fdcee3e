package agl.app.cli;

import agl.app.bench.Ceiling;
import agl.app.bench.ResidentMemory;
import agl.app.bench.Shape;
import agl.app.bench.StepBench;
import agl.app.bench.Timing;
import agl.app.train.RunConfig;
import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.Workers;
import agl.autograd.storage.DType;
import agl.error.AglException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
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

/** {@code agl bench step}: how long a training step takes on this machine, and what fraction of the processor's peak it reaches. */
@Command(name = "step", description = "Time training steps on a model of a known shape with random weights.",
        footer = {"", "Example:", "  agl bench step --shape smollm135M --batch 2 --tokens 256 --json"})
final class StepCommand implements Callable<Integer> {
    @Option(names = "--shape", defaultValue = "smollm135M",
            description = "stories15M, smollm135M, qwen0.5B, tinyllama1.1B or llama7B. Default: ${DEFAULT-VALUE}.")
    private String shape;

    @Option(names = "--batch", defaultValue = "2", description = "Sequences per step. Default: ${DEFAULT-VALUE}.")
    private int batch;

    @Option(names = "--tokens", defaultValue = "256", description = "Tokens per sequence. Default: ${DEFAULT-VALUE}.")
    private int tokens;

    @Option(names = "--rank", defaultValue = "8", description = "LoRA's rank, on q_proj and v_proj. Default: ${DEFAULT-VALUE}.")
    private int rank;

    @Option(names = "--threads", defaultValue = "0", description = "Threads; 0, the default: one per processor.")
    private int threads;

    @Option(names = "--steps", defaultValue = "8", description = "Steps that are measured. Default: ${DEFAULT-VALUE}.")
    private int steps;

    @Option(names = "--warmup", defaultValue = "4", description = "Steps before that, while the JVM compiles. Default: ${DEFAULT-VALUE}.")
    private int warmup;

    @Option(names = "--method", defaultValue = "lora", description = "lora or agl. Default: ${DEFAULT-VALUE}.")
    private String method;

    @Option(names = {"-s", "--set"}, paramLabel = "NAME=VALUE",
            description = "One of AGL's settings, e.g. -s agl.backend=kfac, or fisher_examples. Repeatable.")
    private List<String> sets = new ArrayList<>();

    @Option(names = "--layers", defaultValue = "0",
            description = "Another number of layers than the shape's; 0, the default: the shape's.")
    private int layers;

    @Option(names = "--dropout", defaultValue = "0", description = "Dropout before A. Default: ${DEFAULT-VALUE}.")
    private double dropout;

    @Option(names = "--dtype", defaultValue = "f32", description = "Type of the frozen weights, f32 or bf16. Default: ${DEFAULT-VALUE}.")
    private String dtype;

    @Option(names = "--recompute", description = "Keep only each layer's input for backward: less memory, more time.")
    private boolean recompute;

    @Option(names = "--profile", description = "Also show how the time splits over the kernels.")
    private boolean profile;

    @Mixin private JsonOption json;

    @Spec
    private CommandSpec spec;

    @Override public Integer call() throws JsonProcessingException {
        Map<String, Object> result = measure();
        PrintWriter out = spec.commandLine().getOut();
        if (json.asked) {
            out.println(new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsString(result));
        } else {
            result.forEach((name, value) -> out.println(line(name, value)));
        }
        out.flush();
        return 0;
    }

    private Map<String, Object> measure() {
        require(batch >= 1, "--batch must be at least 1");
        require(tokens >= 2, "--tokens must be at least 2");
        require(rank >= 1, "--rank must be at least 1");
        require(steps >= 1 && warmup >= 0, "--steps must be at least 1 and --warmup at least 0");
        require(threads >= 0, "--threads must be at least 0");
        require(method.equals("lora") || method.equals("agl"), "there is no method \"" + method + "\"; choose lora or agl");
        require(dtype.equals("f32") || dtype.equals("bf16"), "there is no dtype \"" + dtype + "\"; choose f32 or bf16");
        require(layers >= 0, "--layers must be at least 0");
        require(dropout >= 0 && dropout < 1, "--dropout must be at least 0 and below 1");
        boolean agl = method.equals("agl");
        for (String set : sets) {
            require(agl, "-s sets what --method agl uses, and the method is " + method);
            require(set.startsWith("agl.") || set.startsWith("fisher_examples="),
                    "-s takes agl.NAME=VALUE or fisher_examples=N here, not \"" + set + "\"");
        }
        RunConfig config = RunConfig.of(null, Stream.concat(Stream.of("fisher_examples=8"), sets.stream()).toList());
        Shape known = Shape.of(shape);
        Shape s = layers == 0 ? known : known.withLayers(layers);
        int before = Workers.threads();
        try {
            Workers.setThreads(threads == 0 ? before : threads);
            return measure(s, new StepBench(s, batch, tokens, rank, dropout, dtype.equals("f32") ? DType.F32 : DType.BF16,
                    agl ? config.agl() : null, config.fisherExamples()));
        } finally {
            Workers.setThreads(before);
        }
    }

    private Map<String, Object> measure(Shape s, StepBench bench) {
        StepBench.Result r = bench.run(warmup, steps, recompute, profile);
        double[] sorted = r.seconds().clone();
        Arrays.sort(sorted);
        double median = Timing.median(r.seconds());
        double ceiling = Ceiling.gflops();
        double flops = s.flopsPerStep(batch, tokens, rank);
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("shape", s.title());
        result.put("layers", s.layers());
        result.put("parameters", s.parameters());
        result.put("batch", batch);
        result.put("tokens", tokens);
        result.put("rank", rank);
        result.put("threads", Workers.threads());
        result.put("method", method);
        result.put("dtype", dtype);
        result.put("recompute", recompute);
        result.put("kernels", Kernels.best().name());
        result.put("steps", steps);
        result.put("median_s", median);
        result.put("min_s", sorted[0]);
        result.put("max_s", sorted[steps - 1]);
        result.put("cpu_s", Timing.median(r.cpuSeconds()));
        result.put("tokens_per_s", batch * tokens / median);
        result.put("max_rss_mb", ResidentMemory.peakMb());
        result.put("fma_ceiling_gflops", ceiling);
        result.put("gflop_per_step", flops * 1e-9);
        result.put("flops_fraction_of_ceiling", flops / (median * 1e9 * ceiling * Workers.threads()));
        result.put("first_loss", r.firstLoss());
        result.put("last_loss", r.lastLoss());
        if (bench.agl() != null) {
            double terms = Timing.median(r.termsSeconds());
            result.put("agl_backend", bench.agl().toJson().get("backend").asText());
            result.put("fisher_examples", bench.fisherExamples());
            result.put("fisher_s", r.fisherSeconds());
            result.put("agl_terms_s", terms);
            result.put("agl_share_of_step", terms / median);
        }
        if (profile) {
            result.put("seconds_by_kernel", r.split());
            Map<String, Double> rates = new LinkedHashMap<>();
            r.flops().forEach((name, work) -> rates.put(name, work * 1e-9 / r.split().get(name)));
            result.put("gflops_by_kernel", rates);
        }
        return result;
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new AglException(message);
        }
    }

    /** A name and its value; one that is a map is a block. */
    static String line(String name, Object value) {
        if (value instanceof Map<?, ?> map) {
            StringBuilder s = new StringBuilder(name);
            map.forEach((k, v) -> s.append(String.format(Locale.ROOT, v instanceof Double ? "%n  %-24s %.4f" : "%n  %-24s %s", k, v)));
            return s.toString();
        }
        return String.format(Locale.ROOT, value instanceof Double ? "%-26s %.4g" : "%-26s %s", name, value);
    }
}
