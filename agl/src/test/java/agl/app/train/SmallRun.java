package agl.app.train;

import agl.app.TinyModel;
import agl.app.data.Example;
import agl.autograd.Tensor;
import agl.autograd.kernels.Workers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A whole fine-tuning run, written down to the last bit: data in order, Fisher information, dropout, terms, optimiser. The model is small,
 * but its batches are large enough for every kernel to share its work among threads. As a program it is one run in a JVM of its own.
 */
final class SmallRun {
    private static final List<Example> TASK = IntStream.range(0, 24)
            .mapToObj(i -> new Example("tell me a story " + i, words(i, 13 + i % 5))).toList();
    private static final List<Example> ALIGNMENT = IntStream.range(0, 6).mapToObj(i -> new Example("about the dog " + i, words(31 * i, 12)))
            .toList();

    private SmallRun() { }

    private static String words(int seed, int count) {
        String[] words = {"the", "red", "fox", "sat", "cat", "dog", "mat", "story"};
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < count; i++) {
            text.append(words[(seed + i * (i + 3) + i / 2) % words.length]).append(i + 1 == count ? "." : " ");
        }
        return text.toString();
    }

    static Path model(Path folder) {
        return TinyModel.write(folder, 3, 64, 128, 128);
    }

    /** One line per step with every metric's bits in hexadecimal, then one per trained tensor. */
    static List<String> lines(Path model, int threads, String method, String... sets) {
        int before = Workers.threads();
        Workers.setThreads(threads);
        try {
            FineTune.Result result = result(model, method, sets);
            List<String> lines = new ArrayList<>();
            for (StepMetrics metrics : result.history()) {
                StringBuilder line = new StringBuilder();
                metrics.line().forEach(
                        (name, value) -> line.append(name).append('=').append(Double.toHexString(value.doubleValue())).append(' '));
                lines.add(line.toString());
            }
            for (Tensor t : result.lora().parameters()) {
                lines.add(IntStream.range(0, t.size()).mapToObj(i -> Integer.toHexString(Float.floatToRawIntBits((float) t.get(i))))
                        .toList().toString());
            }
            return lines;
        } finally {
            Workers.setThreads(before);
        }
    }

    static FineTune.Result result(Path model, String method, String... sets) {
        List<String> all = new ArrayList<>(
                List.of("steps=6", "batch_size=8", "learning_rate=0.005", "r=4", "max_length=128", "fisher_examples=6", "eval_every=3"));
        all.addAll(List.of(sets));
        return new FineTune(TinyModel.load(model), RunConfig.of(null, all)).run(method, TASK, TASK.subList(0, 4), ALIGNMENT, null, null);
    }

    /** The same in a JVM of its own with the given flags. */
    static List<String> inAnotherJvm(List<String> flags, Path model, int threads, String method, String... sets) throws Exception {
        Path out = Files.createTempFile(model.toAbsolutePath().getParent(), "run", ".txt");
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(flags);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), SmallRun.class.getName(), model.toString(),
                String.valueOf(threads), method));
        command.addAll(List.of(sets));
        Path errors = Files.createTempFile(model.toAbsolutePath().getParent(), "run", ".err");
        Process process = new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(errors.toFile()).start();
        int code = process.waitFor();
        List<String> lines = Files.readAllLines(out);
        if (code != 0) {
            throw new AssertionError("exit code " + code + ": " + Files.readString(errors));
        }
        return lines;
    }

    public static void main(String[] args) {
        String[] sets = java.util.Arrays.copyOfRange(args, 3, args.length);
        lines(Path.of(args[0]), Integer.parseInt(args[1]), args[2], sets).forEach(System.out::println);
    }
}
