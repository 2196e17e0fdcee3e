package agl.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.CommandLineRun;
import agl.app.TinyModel;
import agl.app.data.PromptTemplate;
import agl.app.data.Reading;
import agl.nn.checkpoint.Json;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands on conversations, with a tiny chat model. */
class ConversationCommandTest {
    private static final String CHAT = "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system here') }}"
            + "{% endif %}[{{ m.role }}]{{ m.content }}<|end|>{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}";

    @TempDir Path temp;
    private Path base;

    @BeforeEach void files() throws IOException {
        base = TinyModel.write(temp.resolve("base"), 3, 16, 24, 256);
        Files.writeString(base.resolve("chat_template.jinja"), CHAT);
        write("task.jsonl", 12, "the cat sat", "the dog sat");
        write("alignment.jsonl", 4, "I cannot help with that.", "the cat sat on the mat.");
        Files.writeString(temp.resolve("prompts.csv"), "ask,label\ntell me,unsafe\nabout the dog,safe\n");
    }

    private void write(String name, int rows, String first, String second) throws IOException {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < rows; i++) {
            text.append("{\"conversations\":[{\"from\":\"human\",\"value\":\"tell me ").append(i)
                    .append("\"},{\"from\":\"gpt\",\"value\":\"").append(first)
                    .append("\"},{\"from\":\"human\",\"value\":\"a story\"},{\"from\":\"gpt\",\"value\":\"").append(second)
                    .append("\"}]}\n");
        }
        Files.writeString(temp.resolve(name), text);
    }

    private CommandLineRun run(String command, String... more) {
        List<String> args = new ArrayList<>(List.of(command, "--base", base.toString()));
        Arrays.stream(more).map(a -> Files.exists(temp.resolve(a)) || a.startsWith("out") ? temp.resolve(a).toString() : a)
                .forEach(args::add);
        return CommandLineRun.of(args.toArray(String[]::new));
    }

    private CommandLineRun good(String command, String... more) {
        CommandLineRun run = run(command, more);
        assertEquals(0, run.code(), run.toString());
        return run;
    }

    @Test void aDryRunShowsTheConversationWithTheAnswerMarked() {
        CommandLineRun all = good("train", "--task", "task.jsonl", "--method", "lora", "--out", "out", "--dry-run");
        // One of twelve rows is held out whole.
        assertTrue(all.out().contains("examples       22, "), all.out());
        assertTrue(all.out().contains("[user]tell me 0<|end|>[assistant]the cat sat<|end|>[user]a story<|end|>[assistant]"
                + "«the dog sat<|end|>»"),
                all.out());
        assertTrue(all.out().contains("left out       nothing"), all.out());
        CommandLineRun last = good("train", "--task", "task.jsonl", "--method", "lora", "--out", "out", "--dry-run", "--train-on", "last",
                "--max-length", "24");
        assertTrue(last.out().contains("examples       11, "), last.out());
        assertTrue(last.out().contains("are context only (--train-on last): 12"), last.out());
        assertTrue(last.out().contains("% of the prompts'"), last.out());
        assertFalse(Files.exists(temp.resolve("out")));
    }

    @Test void trainingRecordsHowItsDataWereRead() {
        good("train", "--task", "task.jsonl", "--alignment", "alignment.jsonl", "--prompts", "prompts.csv", "--method", "kl_own", "--out",
                "out", "--steps", "2", "--batch-size", "2", "--train-on", "last", "--map", "prompt=ask", "--max-new-tokens", "4");
        var settings = Json.read(temp.resolve("out/provenance.json")).get("settings");
        assertEquals("last", settings.get("train_on").textValue());
        assertEquals("prompt=ask", settings.get("map").textValue());
        good("train", "--task", "task.jsonl", "--method", "lora", "--out", "out2", "--steps", "2", "--batch-size", "2");
        assertFalse(Json.read(temp.resolve("out2/provenance.json")).get("settings").has("train_on"), "nothing was asked for");
    }

    @Test void everyCommandOnExamplesReadsThem() {
        good("align", "--data", "alignment.jsonl", "--out", "out", "--lora", "--steps", "1", "--batch-size", "2");
        good("fisher", "--alignment", "alignment.jsonl", "--task", "task.jsonl", "--out", "out.fisher", "-s", "fisher_examples=4");
        good("drift", "--prompts", "prompts.csv", "--map", "prompt=ask", "--max-new-tokens", "4", "--out", "out3");
        String[] compare = {"--task", "task.jsonl", "--alignment", "alignment.jsonl", "--prompts", "prompts.csv", "--map", "prompt=ask",
            "--max-new-tokens", "4", "--seeds", "1", "--steps",
            "1", "--batch-size", "2", "--answer-tokens", "4", "--out", "out4"};
        String[] both = Stream.concat(Arrays.stream(compare), Stream.of("--methods", "kl,contrast")).toArray(String[]::new);
        good("compare", both);
        List<Path> runs = runs();
        assertEquals(3, runs.size(), "the base and two methods");
        good("compare", both);
        assertEquals(runs, runs());
        good("compare", Stream.concat(Arrays.stream(compare), Stream.of("--methods", "kl", "--train-on", "last")).toArray(String[]::new));
        assertEquals(5, runs().size(), "other examples, other runs");
    }

    private List<Path> runs() {
        try (Stream<Path> files = Files.list(temp.resolve("out4/runs"))) {
            return files.filter(f -> f.toString().endsWith(".json")).sorted().toList();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test void whatCannotBeTrainedOnIsOneLineWithItsRow() throws IOException {
        Path task = temp.resolve("task.jsonl");
        Files.writeString(task, Files.readString(task) + "{\"messages\":[{\"role\":\"system\",\"content\":\"s\"},{\"role\":\"user\","
                + "\"content\":\"a\"},{\"role\":\"assistant\",\"content\":\"b\"}]}\n" + Files.readString(task));
        String[][] wrong = {{"--method", "lora"}, {"--method", "lora", "--template", "plain"}, {"--method", "lora", "--map", "respons=a"},
            {"--method", "lora", "--map", "messages=conversation"}, {"--method", "lora", "--train-on", "first"}};
        String[] said = {task + ", row 13: ", task + ", row 1: a conversation needs a chat template",
            "--map respons: no such name; did you mean response?",
            "--map messages=conversation: no file has this column; did you mean conversations?",
            "--train-on must be all or last, got first"};
        for (int i = 0; i < wrong.length; i++) {
            CommandLineRun run = run("train", Stream.concat(Stream.of("--task", "task.jsonl", "--out", "out", "--steps", "1"),
                    Arrays.stream(wrong[i])).toArray(String[]::new));
            assertEquals(2, run.code(), run.toString());
            assertTrue(run.err().contains(said[i]), run.err());
            assertFalse(Files.exists(temp.resolve("out/adapter_model.safetensors")));
        }
        CommandLineRun run = run("train", "--task", "task.jsonl", "--out", "out", "--method", "lora");
        assertTrue(run.err().lines().anyMatch(l -> l.contains(", row 13: ") && l.contains("no system here")), run.err());
    }

    @Test void anUnfinishedRunOnOtherAnswersIsAnother() {
        JsonMapper json = new JsonMapper();
        Reading last = new Reading(List.of(), "last");
        assertNotEquals(CheckpointOptions.identity("train", json.createObjectNode(), PromptTemplate.PLAIN, Reading.plain()),
                CheckpointOptions.identity("train", json.createObjectNode(), PromptTemplate.PLAIN, last));
    }
}
