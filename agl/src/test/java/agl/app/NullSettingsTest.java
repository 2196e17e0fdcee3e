package agl.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.storage.DType;
import agl.lora.LoraConfig;
import agl.lora.LoraModel;
import agl.lora.Peft;
import agl.nn.Models;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Null, and values nested too deep, at every place of every JSON file that is read: the file is read or refused in one line, never a bug.
 */
class NullSettingsTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    /** A vocabulary has too many entries to try each. */
    private static final int MOST_FIELDS = 60;

    @TempDir Path temp;

    /** Paths of all fields of objects, as JSON pointers. */
    private static void fields(JsonNode node, String at, List<String> into) {
        if (node.size() <= MOST_FIELDS) {
            node.properties().forEach(e -> {
                String pointer = at + "/" + e.getKey().replace("~", "~0").replace("/", "~1");
                into.add(pointer);
                fields(e.getValue(), pointer, into);
            });
            if (node.isArray() && !node.isEmpty()) {
                fields(node.get(0), at + "/0", into);
            }
        }
    }

    private static void assertReadOrRefused(Path file, String... command) throws IOException {
        String original = Files.readString(file);
        List<String> pointers = new ArrayList<>();
        fields(JSON.readTree(original), "", pointers);
        assertTrue(pointers.size() >= 2, file.toString());
        JsonNode deep = JSON.readTree("[".repeat(70) + "]".repeat(70));
        for (String pointer : pointers) {
            for (JsonNode value : new JsonNode[] {JSON.nullNode(), deep}) {
                JsonNode changed = JSON.readTree(original);
                int cut = pointer.lastIndexOf('/');
                ((ObjectNode) changed.at(pointer.substring(0, cut))).set(pointer.substring(cut + 1).replace("~1", "/").replace("~0", "~"),
                        value);
                Files.writeString(file, changed.toString());
                CommandLineRun run = CommandLineRun.of(command);
                String what = file.getFileName() + " " + pointer + " = " + (value.isNull() ? "null" : "deep") + ": " + run.err();
                assertTrue(run.code() == 0 || run.code() == 2, what);
                if (value == deep) {
                    assertEquals(2, run.code(), what);
                    assertTrue(run.err().lines().count() == 1 && run.err().contains(file.getFileName().toString()), what);
                }
            }
        }
        Files.writeString(file, original);
    }

    @Test void modelAndAdapter() throws IOException {
        Path base = TinyModel.write(temp.resolve("base"), 3);
        Path adapter = temp.resolve("adapter");
        Peft.save(LoraModel.attach(Models.load(base), LoraConfig.of(2, 6, 0, "q_proj,down_proj"), 1, DType.F32), adapter, "base");
        String[] logits = {"logits", "--tokens", "1", "--base", base.toString(), "--adapter", adapter.toString()};
        String[] generate = {"generate", "--prompt", "x", "--max-new-tokens", "1", "--base", base.toString()};
        assertReadOrRefused(base.resolve("config.json"), logits);
        assertReadOrRefused(adapter.resolve("adapter_config.json"), logits);
        assertReadOrRefused(base.resolve("tokenizer.json"), generate);
        assertReadOrRefused(base.resolve("tokenizer_config.json"), generate);
    }

    @Test void settingsAndTerms() throws IOException {
        Path base = TinyModel.write(temp.resolve("base"), 3);
        Path task = Files.writeString(temp.resolve("task.csv"),
                "instruction,response\nsay cat,the cat\nsay dog,the dog\nsay fox,the fox\n");
        ObjectNode settings = agl.app.train.RunConfig.DEFAULT.toJson();
        settings.put("r", 2);
        Path config = Files.writeString(temp.resolve("settings.json"), settings.toString());
        assertReadOrRefused(config, "train", "--dry-run", "--base", base.toString(), "--task", task.toString(), "--method", "lora",
                "--config", config.toString(), "--out",
                temp.resolve("out").toString());
        Path terms = Files.writeString(temp.resolve("terms.json"), "{\"A\": [[1, 0, 0.5]], \"B\": [[0.2], [-0.1]], \"scale\": 2, \"m\": 1,"
                + "\"gradients\": [[[3, 0, 0], [0, 0, 0]], [[0, 0, 0], [0, 1, 0]]], \"options\": " + settings.get("agl") + "}");
        assertReadOrRefused(terms, "terms", "--input", terms.toString());
    }

    @Test void nullIsNamed() throws IOException {
        Path base = TinyModel.write(temp.resolve("base"), 3);
        Path task = Files.writeString(temp.resolve("task.csv"), "instruction,response\nsay cat,the cat\n");
        for (String[] c : new String[][] {{"{\"target_modules\": null}", "setting target_modules does not take null"},
            {"{\"agl\": {\"fisher_norm\": null}}", "setting fisher_norm does not take null; expected one of none,"},
            {"{\"fisher_examples\": 2.5}", "fisher_examples must be a whole number"},
            {"{\"fisher_examples\": 4294967297}", "fisher_examples must be a whole number"},
            {"{\"fisher_examples\": null}", "fisher_examples must be a whole number"}, {"{\"nosuch\": null}", "unknown setting"}}) {
            Path config = Files.writeString(temp.resolve("c.json"), c[0]);
            CommandLineRun run = CommandLineRun.of("train", "--dry-run", "--base", base.toString(), "--task", task.toString(), "--method",
                    "agl", "--alignment", task.toString(),
                    "--config", config.toString(), "--out", temp.resolve("out").toString());
            assertTrue(run.code() == 2 && run.err().contains(c[1]), c[0] + ": " + run);
        }
    }
}
