package agl.app.demo;

import agl.app.data.Example;
import agl.app.data.PromptSet;
import agl.app.demo.corpus.DemoCorpus;
import agl.app.io.AtomicFiles;
import agl.app.train.RunConfig;
import agl.error.AglException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The demo's text as files in the format of user data: for train, compare, ablate and forgetting without data of one's own. */
public final class DemoFiles {
    private static final JsonMapper JSON = new JsonMapper();

    private DemoFiles() { }

    /**
     * Writes task, held-out task and alignment data, data to align a base on, and prompts for choosing settings and for reporting, as
     * JSONL; and the demo's settings, for {@code --config}. Fails if one of the files is there with other content: somebody edited it, or
     * it belongs to another seed or version.
     */
    public static void write(Path folder, DemoCorpus corpus, RunConfig settings) {
        examples(folder.resolve("task.jsonl"), corpus.taskTrain());
        examples(folder.resolve("task-val.jsonl"), corpus.taskVal());
        examples(folder.resolve("task-test.jsonl"), corpus.taskTest());
        examples(folder.resolve("alignment.jsonl"), corpus.fisherAlignment());
        examples(folder.resolve("align.jsonl"), corpus.alignmentTrain());
        prompts(folder.resolve("prompts-val.jsonl"), corpus.driftVal());
        prompts(folder.resolve("prompts-test.jsonl"), corpus.driftTest());
        text(folder.resolve("settings.json"), settings.toJson().toPrettyString() + "\n");
    }

    private static void examples(Path file, List<Example> examples) {
        lines(file, examples,
                e -> JSON.createObjectNode().put("instruction", e.instruction()).put("input", e.input()).put("response", e.response()));
    }

    private static void prompts(Path file, PromptSet set) {
        lines(file, set.prompts(),
                p -> JSON.createObjectNode().put("prompt", p.prompt()).put("label", p.label().name().toLowerCase(Locale.ROOT))
                        .put("category", p.category()).put("cluster", p.cluster()));
    }

    private static <T> void lines(Path file, List<T> items, Function<T, ObjectNode> json) {
        text(file, items.stream().map(i -> json.apply(i) + "\n").collect(Collectors.joining()));
    }

    private static void text(Path file, String text) {
        if (Files.exists(file) && !AtomicFiles.holds(file, text.getBytes(StandardCharsets.UTF_8))) {
            throw new AglException(file + ": is not as this demo writes it (edited, or of another seed or version); name another --out");
        }
        AtomicFiles.writeText(file, text);
    }
}
