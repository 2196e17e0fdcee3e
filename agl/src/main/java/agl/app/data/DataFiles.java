package agl.app.data;

import agl.app.data.PromptSet.Label;
import agl.app.data.PromptSet.Prompt;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The user's data files (CSV, JSONL or JSON, see the README) as examples and prompt sets. */
public final class DataFiles {
    private DataFiles() {
    }

    /** The examples of all files, in order. Columns: instruction, response (or output, as Alpaca calls it), and input if any. */
    public static List<Example> examples(List<Path> files) {
        List<Example> examples = new ArrayList<>();
        for (Path file : files) {
            for (Row row : RowReader.read(file)) {
                examples.add(row.make(() -> new Example(row.text("instruction"), row.optional("input").orElse(""), row.text("response", "output"))));
            }
        }
        return examples;
    }

    /** The prompts of all files, in order. */
    public static List<Prompt> prompts(List<Path> files) {
        return files.stream().flatMap(file -> prompts(file).prompts().stream()).toList();
    }

    /** One set per file, named after it. Columns: prompt, label (safe or unsafe), and category and cluster if any. */
    public static PromptSet prompts(Path file) {
        List<Prompt> prompts = new ArrayList<>();
        for (Row row : RowReader.read(file)) {
            prompts.add(row.make(() -> new Prompt(row.text("prompt"), Label.of(row.text("label")), row.optional("category").orElse(""),
                    row.optional("cluster").orElse(""))));
        }
        return new PromptSet(file.getFileName().toString().replaceFirst("\\.[^.]+(\\.gz)?$", ""), prompts);
    }
}
