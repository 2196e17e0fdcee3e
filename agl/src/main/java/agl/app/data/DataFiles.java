package agl.app.data;

import agl.app.data.PromptSet.Label;
import agl.app.data.PromptSet.Prompt;
import agl.app.io.Notes;
import agl.error.AglException;
import agl.nn.checkpoint.Json;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** The user's data files (CSV, TSV, JSONL or JSON, see docs/USAGE.md) as examples and prompt sets. */
public final class DataFiles {
    private static final Set<String> EXAMPLE = Set.of("instruction", "input", "response", "output");
    private static final Set<String> PROMPT = Set.of("prompt", "label", "category", "cluster");

    private DataFiles() {
    }

    /** The examples of all files, in order. Columns: instruction, response (or output, as Alpaca calls it), and input if any. */
    public static List<Example> examples(List<Path> files) {
        BuiltinAlignment.refuse(files, "name a file of task data");
        return examples(files, List.of());
    }

    /** The same for {@code --alignment}: "builtin" stands for the refusals of {@link BuiltinAlignment}. */
    public static List<Example> alignment(List<Path> files) {
        return examples(files, BuiltinAlignment.unsafe());
    }

    /** The same for {@code align --data}: "builtin" stands for both halves of {@link BuiltinAlignment}. */
    public static List<Example> toAlignOn(List<Path> files) {
        return examples(files, BuiltinAlignment.rows().stream().map(BuiltinAlignment.Labelled::example).toList());
    }

    private static List<Example> examples(List<Path> files, List<Example> builtin) {
        for (int i = 0; i < files.size(); i++) {
            Path file = files.get(i).toAbsolutePath().normalize();
            if (files.subList(0, i).stream().anyMatch(f -> f.toAbsolutePath().normalize().equals(file))) {
                throw new AglException(files.get(i) + ": is named twice, and its examples would count twice");
            }
        }
        if (files.stream().anyMatch(BuiltinAlignment::isNamed)) {
            BuiltinAlignment.mistakable(Path.of(BuiltinAlignment.NAME)).ifPresent(Notes::say);
        }
        return files.stream().flatMap(file -> (BuiltinAlignment.isNamed(file) ? builtin : examples(file)).stream()).toList();
    }

    private static List<Example> examples(Path file) {
        return read(file, EXAMPLE,
                row -> new Example(row.text("instruction"), row.optional("input").orElse(""), row.text("response", "output")));
    }

    /**
     * The prompts of all files, in order. A repeated prompt is counted once, which is reported; a prompt with two labels is refused.
     */
    public static List<Prompt> prompts(List<Path> files) {
        BuiltinAlignment.refuse(files, "prompts to measure on must be others than those trained on: name a file of prompts");
        List<Prompt> all = files.stream().flatMap(file -> prompts(file).prompts().stream()).toList();
        Map<String, Prompt> first = new LinkedHashMap<>();
        for (Prompt prompt : all) {
            Prompt before = first.putIfAbsent(prompt.prompt().strip(), prompt);
            if (before != null && before.label() != prompt.label()) {
                throw new AglException(
                        "the prompt \"" + Json.quote(prompt.prompt()) + "\" is labeled safe in one row and unsafe in another");
            }
        }
        if (first.size() < all.size()) {
            Notes.say((all.size() - first.size()) + " of " + all.size() + " prompts repeat another one and are not counted again");
        }
        return List.copyOf(first.values());
    }

    /** One set per file, named after it. Columns: prompt, label (safe or unsafe), and category and cluster if any. */
    public static PromptSet prompts(Path file) {
        List<Prompt> prompts = read(file, PROMPT,
                row -> new Prompt(prompt(row), Label.of(row.text("label")), row.optional("category").orElse(""),
                        row.optional("cluster").orElse("")));
        return new PromptSet(file.getFileName().toString().replaceFirst("\\.[^.]+(\\.gz)?$", ""), prompts);
    }

    /** A prompt is asked as it stands: text in another column would be left out of the question. */
    private static String prompt(Row row) {
        if (row.optional("input").isPresent()) {
            throw new AglException("column input: prompts have no input; write the text into prompt, or remove the column");
        }
        return row.text("prompt");
    }

    /** One column of a file as text; blank if a row has no value. */
    public static List<String> column(Path file, String name) {
        List<Row> rows = RowReader.read(file);
        if (rows.stream().noneMatch(row -> row.fields().containsKey(name))) {
            rows.getFirst().text(name);
        }
        return rows.stream().map(row -> row.optional(name).orElse("")).toList();
    }

    private static <T> List<T> read(Path file, Set<String> used, Function<Row, T> maker) {
        List<Row> rows = RowReader.read(file);
        Columns.refuse(file, rows);
        List<T> made = rows.stream().map(row -> row.make(() -> maker.apply(row))).toList();
        Columns.sayUnused(file, rows, used);
        return made;
    }
}
