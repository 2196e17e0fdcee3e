package agl.app.cli;

import agl.app.bench.CheckpointBench;
import agl.app.bench.Shape;
import agl.app.train.RunConfig;
import agl.app.train.TrainSettings;
import agl.error.AglException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code agl bench checkpoint}: how long training waits for a checkpoint, on this machine and its disk. */
@Command(name = "checkpoint", description = "Time checkpoints of a LoRA adapter and of all weights, on a model of a known shape with "
        + "random weights.",
        footer = {"", "Example:", "  agl bench checkpoint --shape smollm135M --batch 2 --tokens 256 --dir runs"})
final class BenchCheckpointCommand implements Callable<Integer> {
    @Option(names = "--shape", defaultValue = "smollm135M",
            description = "stories15M, smollm135M, qwen0.5B, tinyllama1.1B or llama7B. Default: ${DEFAULT-VALUE}.")
    private String shape;

    @Option(names = "--batch", defaultValue = "2", description = "Sequences per step. Default: ${DEFAULT-VALUE}.")
    private int batch;

    @Option(names = "--tokens", defaultValue = "256", description = "Tokens per sequence. Default: ${DEFAULT-VALUE}.")
    private int tokens;

    @Option(names = "--rank", defaultValue = "8", description = "LoRA's rank. Default: ${DEFAULT-VALUE}.")
    private int rank;

    @Option(names = "--steps", defaultValue = "6", description = "Steps, each with a checkpoint; the first is not counted. "
            + "Default: ${DEFAULT-VALUE}.")
    private int steps;

    @Option(names = "--only", paramLabel = "NAME", defaultValue = "", description = "lora or all: one of the two.")
    private String only;

    @Option(names = "--dir", paramLabel = "DIR", defaultValue = ".", description =
            "Where checkpoints are written, in a temporary folder; their disk is what is measured. Default: the current folder.")
    private Path disk;

    @Mixin private JsonOption json;

    @Spec private CommandSpec spec;

    @Override public Integer call() throws JsonProcessingException {
        require(batch >= 1, "--batch must be at least 1");
        require(tokens >= 2, "--tokens must be at least 2");
        require(rank >= 1, "--rank must be at least 1");
        require(steps >= 2, "--steps must be at least 2");
        require(List.of("", "lora", "all").contains(only), "there is no \"" + only + "\" to measure; choose lora or all");
        require(Files.isDirectory(disk), disk + ": no such folder");
        TrainSettings settings = RunConfig.of(null, List.of("steps=" + steps, "batch_size=" + batch, "max_length=" + tokens, "r=" + rank))
                .train();
        CheckpointBench bench = new CheckpointBench(Shape.of(shape), batch, tokens, settings, disk);
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("shape", shape);
        result.put("batch", batch);
        result.put("tokens", tokens);
        result.put("rank", rank);
        PrintWriter out = spec.commandLine().getOut();
        if (!only.equals("all")) {
            result.put("lora", bench.adapter());
        }
        if (!only.equals("lora")) {
            result.put("all", bench.allWeights());
        }
        if (json.asked) {
            out.println(new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsString(result));
        } else {
            result.forEach((name, value) -> out.println(StepCommand.line(name, value)));
        }
        out.flush();
        return 0;
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new AglException(message);
        }
    }
}
