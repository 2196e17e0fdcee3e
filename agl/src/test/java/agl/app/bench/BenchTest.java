package agl.app.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.CommandLineRun;
import agl.app.train.RunConfig;
import agl.app.train.TrainSettings;
import agl.autograd.Tensor;
import agl.autograd.kernels.Workers;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import agl.nn.Transformer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the measurements say about the work done has to be the work done; how fast it was is nobody's business here. */
class BenchTest {
    private static JsonNode json(String... args) throws Exception {
        CommandLineRun run = CommandLineRun.of(args);
        assertEquals(0, run.code(), run.err());
        return new ObjectMapper().readTree(run.out());
    }

    /** Published sizes; qwen0.5B without the biases of q, k and v, tinyllama1.1B with a tied head. */
    @Test
    void shapesHaveTheSizesOfTheirModels() {
        Map<String, Long> published = Map.of("stories15M", 15_191_712L, "smollm135M", 134_515_008L,
                "qwen0.5B", 494_032_768L - 24 * (896 + 128 + 128), "tinyllama1.1B", 1_100_048_384L - 32_000L * 2048);
        published.forEach((title, size) -> assertEquals(size, Shape.of(title).parameters(), title));
    }

    @Test
    void parametersAreThoseOfTheModel() {
        for (String title : List.of("stories15M", "smollm135M")) {
            Shape shape = Shape.of(title);
            try (Arena arena = Arena.ofConfined()) {
                Storage shared = new Storage.Mapped(arena.allocate(2L * shape.vocabulary() * shape.hidden()), DType.BF16);
                Transformer model = Transformer.of(shape.config(64), (name, dims) -> Tensor.of(shared, dims));
                assertEquals(model.size(), shape.parameters(), title);
            }
        }
    }

    @Test
    void flopsOfAStepAreThoseOfItsKernels() {
        for (int layers : new int[] {1, 3}) {
            Shape shape = new Shape("small", 48, layers, 6, 2, 80, 500);
            StepBench.Result r = new StepBench(shape, 3, 20, 4, 0, DType.F32, null, 0).run(0, 2, false, true);
            double counted = r.flops().values().stream().mapToDouble(f -> f).sum();
            assertEquals(shape.flopsPerStep(3, 20, 4), counted, 1e-9 * counted, layers + " layers: " + r.flops());
            assertEquals(Arrays.stream(r.seconds()).sum() / 2, r.split().values().stream().mapToDouble(s -> s).sum(), 1e-9);
        }
    }

    @Test
    void aStepIsReported() throws Exception {
        int before = Workers.threads();
        JsonNode lora = json("bench", "step", "--shape", "stories15M", "--layers", "1", "--batch", "1", "--tokens", "8", "--threads", "1",
                "--steps", "2", "--warmup", "1", "--json");
        for (String name : List.of("median_s", "tokens_per_s", "max_rss_mb", "flops_fraction_of_ceiling", "fma_ceiling_gflops")) {
            assertTrue(lora.get(name).asDouble() > 0, name + ": " + lora);
        }
        assertEquals(8 / lora.get("median_s").asDouble(), lora.get("tokens_per_s").asDouble(), 1e-6 * lora.get("tokens_per_s").asDouble());
        assertTrue(lora.get("last_loss").asDouble() < lora.get("first_loss").asDouble());
        assertEquals(before, Workers.threads());
        for (String backend : List.of("exact", "kfac", "diagonal")) {
            JsonNode agl = json("bench", "step", "--shape", "stories15M", "--layers", "1", "--batch", "1", "--tokens", "8", "--steps", "1",
                    "--warmup", "0", "--method", "agl",
                    "-s", "agl.backend=" + backend, "-s", "fisher_examples=2", "--profile", "--json");
            assertEquals(backend, agl.get("agl_backend").asText());
            assertTrue(agl.get("agl_terms_s").asDouble() > 0 && agl.get("agl_share_of_step").asDouble() < 1, agl.toString());
            assertTrue(agl.get("seconds_by_kernel").has("AGL's terms"), agl.toString());
        }
    }

    @Test
    void aCheckpointIsThatOfTheWholeState(@TempDir Path disk) throws Exception {
        Shape shape = new Shape("small", 48, 2, 6, 2, 80, 500);
        TrainSettings settings = RunConfig.of(null, List.of("steps=3", "batch_size=2", "r=4", "max_length=20")).train();
        CheckpointBench bench = new CheckpointBench(shape, 2, 20, settings, disk);
        Map<String, Object> all = bench.allWeights();
        Map<String, Object> lora = bench.adapter();
        assertEquals(shape.parameters(), all.get("values"));
        for (Map<String, Object> one : List.of(all, lora)) {
            double values = (Long) one.get("values") * 4e-6;
            double mb = (Double) one.get("checkpoint_mb");
            // Weights and the optimizer's two means in float, and a header.
            assertTrue(mb > 3 * values && mb < 3 * values + 0.1, one.toString());
            assertEquals((Double) one.get("checkpoint_s") / 120, (Double) one.get("share_of_120_s"), 1e-12);
            assertTrue((Double) one.get("step_s") > 0 && (Double) one.get("checkpoint_s") > 0, one.toString());
        }
        JsonNode r = json("bench", "checkpoint", "--shape", "stories15M", "--only", "lora", "--batch", "1", "--tokens", "8", "--steps", "2",
                "--dir", disk.toString(), "--json");
        assertTrue(r.at("/lora/checkpoint_mb").asDouble() > 0 && !r.has("all"), r.toString());
        assertEquals(0, disk.toFile().list().length, "nothing is left");
    }

    @Test
    void kernelsAreComparedWithTheCeilingOfTheSameRun() throws Exception {
        JsonNode r = json("bench", "--only", "attention", "--threads", "1", "--json");
        double ceiling = r.get("fma_ceiling_gflops").asDouble();
        assertTrue(ceiling > 0 && r.get("memory_gb_per_s").asDouble() > 0 && r.get("cache_gb_per_s").asDouble() > 0, r.toString());
        assertTrue(r.get("attention").size() >= 6 && !r.has("sgemm"), r.toString());
        for (JsonNode row : r.get("attention")) {
            assertEquals(row.get("gflops").asDouble() / ceiling, row.get("fraction_of_ceiling").asDouble(), 1e-9);
        }
    }

    @Test
    void aTableHasTheRowsNamesAsItsHead() {
        Measured m = new Measured("x", "A title");
        m.row("kernel", "one", "threads", 2, "gb_per_s", 12.3456, "fraction", Double.NaN);
        m.row("kernel", "another", "threads", 1, "gb_per_s", 0.001, "fraction", 0.5);
        assertEquals(
                List.of("A title", "kernel   threads  gb_per_s  fraction", "one            2      12.3         -",
                        "another        1  1.00e-03     0.500"),
                m.table().lines().toList());
        assertEquals(null, m.rows().getFirst().get("fraction"));
    }

    @Test void wrongOptionsAreRefusedInOneLine() {
        for (List<String> bad : List.of(List.of("bench", "--only", "nothing"), List.of("bench", "--threads", "-1"),
                List.of("bench", "step", "--shape", "huge"), List.of("bench", "checkpoint", "--shape", "huge"),
                List.of("bench", "checkpoint", "--steps", "1"), List.of("bench", "checkpoint", "--only", "kl"),
                List.of("bench", "checkpoint", "--dir", "no such folder"),
                List.of("bench", "checkpoint", "--shape", "stories15M", "--only", "lora", "--batch", "2000000000"),
                List.of("bench", "step", "--method", "sgd"), List.of("bench", "step", "--dtype", "f8"),
                List.of("bench", "step", "--tokens", "1"),
                List.of("bench", "step", "-s", "agl.backend=kfac"), List.of("bench", "step", "--method", "agl", "-s", "learning_rate=1"))) {
            CommandLineRun run = CommandLineRun.of(bad.toArray(new String[0]));
            assertEquals(2, run.code(), bad + run.out());
            assertEquals(1, run.err().strip().lines().count(), bad + ": " + run.err());
        }
    }
}
