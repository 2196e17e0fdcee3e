package agl.app.bench;

import agl.app.data.EncodedExample;
import agl.app.io.AtomicFiles;
import agl.app.train.Adapters;
import agl.app.train.Checkpoints;
import agl.app.train.FineTune;
import agl.app.train.StepMetrics;
import agl.app.train.TrainSettings;
import agl.app.train.Trainer;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.lora.LoraModel;
import agl.nn.Transformer;
import agl.nn.checkpoint.Json;
import agl.regularizers.LoraFactors;
import agl.regularizers.method.Method;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What the checkpoints of a run cost: training as {@code train} and {@code align} do it, on a model of a given shape with random weights,
 * with a checkpoint after every step. Training waits while one is written, forced to the disk and given its checksum.
 *
 * @param settings with the number of steps; the first one and its checkpoint are not counted, as the VM compiles meanwhile
 * @param disk     an existing folder on the disk to be measured
 */
public record CheckpointBench(Shape shape, int batch, int tokens, TrainSettings settings, Path disk) {

    /** Of a LoRA adapter, with the optimizer's state. */
    public Map<String, Object> adapter() {
        Transformer model = shape.randomModel(Math.max(2048, tokens), DType.F32, 1);
        LoraModel lora = LoraModel.attach(model, FineTune.loraConfig(settings), settings.seed(), DType.F32);
        return run(model, lora.parameters(), Adapters.factors(lora));
    }

    /** Of all weights, with the optimizer's state. */
    public Map<String, Object> allWeights() {
        Transformer frozen = shape.randomModel(Math.max(2048, tokens), DType.F32, 1);
        Map<String, Tensor> weights = frozen.parameters();
        Transformer model = Transformer.of(frozen.config(), (name, sizes) -> weights.get(name).to(DType.F32).requireGrad());
        return run(model, new ArrayList<>(model.parameters().values()), List.of());
    }

    private Map<String, Object> run(Transformer model, List<Tensor> trained, List<LoraFactors> factors) {
        model.parameters().values().forEach(t -> t.resideWith(Kernels.best()));
        List<EncodedExample> examples = new StepBench(shape, batch, tokens, settings.r(), 0, DType.F32, null, 0).examples(batch, tokens, 1);
        List<Double> steps = new ArrayList<>();
        List<Double> saves = new ArrayList<>();
        long bytes;
        Path folder = null;
        try {
            folder = Files.createTempDirectory(disk, "agl-bench-");
            Checkpoints checkpoints = new Checkpoints(folder, JsonNodeFactory.instance.objectNode(), 1, "");
            Trainer.Job job = new Trainer.Job(examples, List.of(), List.of(), Method.lora(), factors, settings.steps());
            new Trainer(model, trained, settings).run(job, checkpoints, new Trainer.Listener() {
                private long saved;

                @Override public void step(StepMetrics metrics, int total) {
                    long now = System.nanoTime();
                    if (metrics.step() > 1) {
                        // The time since the last step is that of its checkpoint and of this step.
                        steps.add((now - saved) * 1e-9 - checkpoints.lastSeconds());
                    }
                    if (metrics.step() > 2) {
                        saves.add(checkpoints.lastSeconds());
                    }
                    saved = now;
                }
            });
            saves.add(checkpoints.lastSeconds());
            bytes = newest(folder);
        } catch (IOException e) {
            throw new AglException(disk + ": cannot be written: " + Json.reason(e), e);
        } finally {
            if (folder != null) {
                AtomicFiles.deleteTree(folder);
            }
        }
        double save = median(saves);
        double step = median(steps);
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("values", trained.stream().mapToLong(Tensor::size).sum());
        result.put("checkpoint_mb", bytes * 1e-6);
        result.put("step_s", step);
        result.put("checkpoint_s", save);
        result.put("checkpoint_in_steps", save / step);
        result.put("share_of_120_s", save / 120);
        return result;
    }

    private static long newest(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().mapToLong(CheckpointBench::size).reduce(0, (before, last) -> last);
        }
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static double median(List<Double> values) {
        return Timing.median(values.stream().mapToDouble(v -> v).toArray());
    }
}
