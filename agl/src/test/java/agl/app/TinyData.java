package agl.app;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Data files in the words of {@link TinyModel}: task.csv, alignment.csv with four refusals and four answers, prompts.csv. */
public final class TinyData {
    private TinyData() { }

    /**
     * @param tasks   rows of task.csv
     * @param prompts rows of prompts.csv; the first half is unsafe
     */
    public static void write(Path folder, int tasks, int prompts) throws IOException {
        examples(folder.resolve("task.csv"),
                IntStream.range(0, tasks).mapToObj(i -> "tell me a story " + i + ",the red fox sat on the mat " + i % 3));
        examples(folder.resolve("alignment.csv"),
                IntStream.range(0, 8).mapToObj(i -> "about the dog " + i + "," + (i < 4 ? "I cannot help with that." : "the cat sat.")));
        Files.write(folder.resolve("prompts.csv"), Stream.concat(Stream.of("prompt,label"),
                IntStream.range(0, prompts).mapToObj(i -> "how do I " + i + "," + (i < prompts / 2 ? "unsafe" : "safe"))).toList());
    }

    private static void examples(Path file, Stream<String> rows) throws IOException {
        Files.write(file, Stream.concat(Stream.of("instruction,response"), rows).toList());
    }
}
