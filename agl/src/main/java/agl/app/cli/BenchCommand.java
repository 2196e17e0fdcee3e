package agl.app.cli;

import agl.app.bench.GemmBench;
import agl.app.bench.GpuBench;
import agl.app.bench.LayerBench;
import agl.app.bench.Measured;
import agl.app.bench.Measured.Yardsticks;
import agl.app.bench.Shape;
import agl.app.bench.TermsBench;
import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.Providers;
import agl.autograd.kernels.Workers;
import agl.error.AglException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code agl bench}: the kernels' speed on this machine, compared with the peak of processor and memory. */
@Command(name = "bench", subcommands = {StepCommand.class, BenchCheckpointCommand.class},
        description = "Measure the speed of the kernels, of a training step or of a checkpoint on this machine.",
        footer = {"", "Examples:", "  agl bench", "  agl bench --only sgemm,attention --threads 1 --json",
            "  agl bench --device gpu --shape smollm135M --tokens 256", "  agl bench step --shape smollm135M --batch 2 --tokens 256",
            "  agl bench checkpoint --shape smollm135M"})
public final class BenchCommand implements Callable<Integer> {
    @Option(names = "--threads", defaultValue = "0",
            description = "Most threads; one thread is measured as well. 0, the default: one per processor.")
    private int threads;

    @Option(names = "--only", split = ",", paramLabel = "NAME", description = "Some of ${COMPLETION-CANDIDATES}.",
            completionCandidates = Names.class)
    private List<String> only = new ArrayList<>();

    @Mixin
    private DeviceOptions device;

    @Option(names = "--shape", defaultValue = "stories15M", description = "On a device: sizes of this model. Default: ${DEFAULT-VALUE}.")
    private String shape;

    @Option(names = "--batch", defaultValue = "2", description = "On a device: sequences per step. Default: ${DEFAULT-VALUE}.")
    private int batch;

    @Option(names = "--tokens", defaultValue = "64", description = "On a device: tokens per sequence. Default: ${DEFAULT-VALUE}.")
    private int tokens;

    @Mixin private JsonOption json;

    @Spec
    private CommandSpec spec;

    /** What can be measured. */
    static final class Names extends ArrayList<String> {
        private static final long serialVersionUID = 1;

        Names() {
            super(List.of("sgemm", "layer_shapes", "lora_shapes", "generation", "attention", "cross_entropy", "elementwise", "agl_terms"));
        }
    }

    @Override public Integer call() throws JsonProcessingException {
        if (threads < 0) {
            throw new AglException("--threads must be at least 0");
        }
        for (String name : only) {
            if (!new Names().contains(name)) {
                throw new AglException("there is no \"" + name + "\" to measure; choose from " + String.join(", ", new Names()));
            }
        }
        device.use();
        if (Providers.onDevice()) {
            onDevice();
            return 0;
        }
        int before = Workers.threads();
        try {
            run(threads == 0 ? before : threads);
        } finally {
            Workers.setThreads(before);
        }
        return 0;
    }

    private void onDevice() throws JsonProcessingException {
        if (batch < 1 || tokens < 2) {
            throw new AglException("--batch must be at least 1 and --tokens at least 2");
        }
        PrintWriter out = spec.commandLine().getOut();
        GpuBench bench = new GpuBench(Kernels.best(), Shape.of(shape), batch, tokens);
        List<Map<String, Object>> kernels = bench.kernels();
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("device", Kernels.best().name());
        result.putAll(bench.step(5));
        if (json.asked) {
            result.put("kernels", kernels);
            out.println(new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsString(result));
        } else {
            result.forEach((name, value) -> out
                    .println(String.format(Locale.ROOT, value instanceof Double ? "%-28s %.3f" : "%-28s %s", name, value)));
            out.println(String.format(Locale.ROOT, "%n%-20s %10s %10s %10s", "kernel", "first ms", "steady ms", "GFLOP/s"));
            kernels.forEach(k -> out.println(String.format(Locale.ROOT,
                    k.containsKey("gflops") ? "%-20s %10.1f %10.2f %10.2f" : "%-20s %10.1f %10.2f", k.values().toArray())));
        }
        out.flush();
    }

    private void run(int most) throws JsonProcessingException {
        PrintWriter out = spec.commandLine().getOut();
        Kernels kernels = Kernels.best();
        Yardsticks y = Yardsticks.measure(most);
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("kernels", kernels.name());
        result.put("java", Runtime.version().toString());
        result.put("processors", Runtime.getRuntime().availableProcessors());
        result.put("threads", most);
        result.put("fma_ceiling_gflops", finite(y.coreGflops()));
        result.put("fma_ceiling_gflops_all", finite(y.gflops()));
        result.put("memory_gb_per_s", y.coreMemory());
        result.put("memory_gb_per_s_all", y.memory());
        result.put("cache_gb_per_s", y.coreCache());
        result.put("cache_gb_per_s_all", y.cache());
        if (!json.asked) {
            result.forEach((name, value) -> out
                    .println(String.format(Locale.ROOT, value instanceof Double ? "%-24s %.1f" : "%-24s %s", name, value)));
            out.println();
        }
        GemmBench gemm = new GemmBench(kernels, y);
        LayerBench layers = new LayerBench(kernels, y);
        List<Supplier<Measured>> all = List.of(gemm::bySize, gemm::layers, gemm::lora, gemm::generation, layers::attention,
                layers::crossEntropy,
                layers::elementwise, () -> TermsBench.run(most));
        for (int i = 0; i < all.size(); i++) {
            String name = new Names().get(i);
            if (!only.isEmpty() && !only.contains(name)) {
                continue;
            }
            Measured measured = all.get(i).get();
            result.put(name, measured.rows());
            if (!json.asked) {
                out.println(measured.table());
                out.flush();
            }
        }
        if (json.asked) {
            out.println(new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsString(result));
        }
        out.flush();
    }

    private static Object finite(double value) {
        return Double.isFinite(value) ? value : null;
    }
}
