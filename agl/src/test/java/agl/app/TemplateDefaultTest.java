package agl.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.data.PromptTemplate;
import agl.app.data.Request;
import agl.app.model.ModelBundle;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.lora.LoraConfig;
import agl.lora.LoraModel;
import agl.lora.Peft;
import agl.nn.Models;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which prompt template a command uses when none is named, and what it says about it. */
class TemplateDefaultTest {
    private static final String CHAT = "{% for m in messages %}[{{ m.role }}]{{ m.content }}<|end|>{% endfor %}{% if "
            + "add_generation_prompt %}[assistant]{% endif %}";
    @TempDir Path temp;
    private Path base;
    private Path task;
    private Path prompts;

    @BeforeEach void aChatModel() throws IOException {
        base = TinyModel.write(temp.resolve("base"), 3);
        Files.writeString(base.resolve("chat_template.jinja"), CHAT);
        task = Files.writeString(temp.resolve("task.jsonl"), "{\"instruction\": \"the cat\", \"response\": \"sat on\"}\n".repeat(3));
        prompts = Files.writeString(temp.resolve("prompts.jsonl"),
                "{\"prompt\": \"the dog\", \"label\": \"unsafe\"}\n{\"prompt\": \"a fox\", \"label\": \"safe\"}\n");
    }

    private static CommandLineRun run(Object... args) {
        return CommandLineRun.of(Arrays.stream(args).map(Object::toString).toArray(String[]::new));
    }

    private Path adapter(String name, String template) throws IOException {
        Path adapter = temp.resolve(name);
        Peft.save(LoraModel.attach(Models.load(base), LoraConfig.of(2, 4, 0, "q_proj"), 1, DType.F32), adapter, "base");
        Files.writeString(adapter.resolve("provenance.json"), "{\"settings\": " + template + "}");
        return adapter;
    }

    private int measured;

    /** The settings that a measurement's provenance records; {@code lines} is filled with what was said. */
    private JsonNode drift(List<String> lines, Object... more) throws IOException {
        Path out = temp.resolve("drift-" + ++measured);
        CommandLineRun run = run(Stream
                .concat(Stream.of("drift", "--base", base, "--prompts", prompts, "--out", out, "--max-new-tokens", 2), Arrays.stream(more))
                .toArray());
        assertEquals(0, run.code(), run.err());
        lines.clear();
        lines.addAll(run.err().lines().filter(l -> l.contains("trained with template")).toList());
        return new ObjectMapper().readTree(out.resolve("provenance.json").toFile()).get("settings");
    }

    @Test
    void theModelsOwnChatTemplateIsTheDefault() {
        CommandLineRun dry = run("train", "--base", base, "--task", task, "--method", "lora", "--dry-run", "--out", temp.resolve("o"));
        assertTrue(dry.out().contains("\n[user]the cat<|end|>[assistant]«sat on<|end|>»\n"), dry.out() + dry.err());
        CommandLineRun headings = run("train", "--base", base, "--task", task, "--method", "lora", "--dry-run", "--out", temp.resolve("o"),
                "--template", "instruction");
        assertTrue(headings.out().contains("### Response:\n«sat on<|end|>»\n"), headings.out() + headings.err());
    }

    @Test
    void whatTheAdapterOrTheBaseWasTrainedWithComesFirst() throws IOException {
        List<String> said = new java.util.ArrayList<>();
        JsonNode chat = drift(said);
        assertEquals("chat", chat.get("template").textValue());
        assertEquals(64, chat.get("template_sha256").textValue().length());
        assertEquals(List.of(), said);
        Path plain = adapter("plain", "{\"template\": \"plain\"}");
        assertEquals("plain", drift(said, "--adapter", plain).get("template").textValue());
        assertEquals(List.of(), said);
        assertEquals("instruction", drift(said, "--adapter", plain, "--template", "instruction").get("template").textValue());
        assertEquals(List.of("agl: warning: " + plain + " was trained with template plain, but is used here with instruction"), said);
        Path other = adapter("other", "{\"template\": \"chat\", \"template_sha256\": \"" + "0".repeat(64) + "\"}");
        assertEquals("chat", drift(said, "--adapter", other).get("template").textValue());
        assertEquals(1, said.size());
        assertTrue(said.getFirst().endsWith("another chat template"), said.toString());
        CommandLineRun both = run("drift", "--base", base, "--adapter", plain, "--adapter", other, "--prompts", prompts, "--out",
                temp.resolve("drift"));
        assertEquals(2, both.code());
        assertEquals(1, both.err().lines().count(), both.err());
        assertTrue(both.err().contains("--template"), both.err());
        Path measuredHere = adapter("measured", "{\"template\": \"plain\"}, \"command\": \"drift\"");
        assertEquals("chat", drift(said, "--adapter", measuredHere).get("template").textValue(),
                "what a measurement used is not what was trained");
        assertEquals(List.of(), said);
        Path merged = temp.resolve("merged");
        assertEquals(0, run("merge", "--base", base, "--adapter", plain, "--out", merged).code());
        assertEquals("plain",
                new ObjectMapper().readTree(merged.resolve("provenance.json").toFile()).get("settings").get("template").textValue());
        Files.writeString(base.resolve("provenance.json"), "{\"settings\": {\"template\": \"Q: {instruction}\"}}");
        assertEquals("Q: {instruction}", drift(said).get("template").textValue());
    }

    @Test
    void aChatTemplateThatCannotBeUsedNamesTheWayOut() throws IOException {
        Files.writeString(base.resolve("chat_template.jinja"), "{% include 'x' %}");
        CommandLineRun run = run("generate", "--base", base, "--prompt", "the cat", "--max-new-tokens", "1");
        assertEquals(2, run.code(), run.err());
        assertEquals(1, run.err().lines().count(), run.err());
        assertTrue(run.err().contains("--template instruction"), run.err());
        assertEquals(0,
                run("generate", "--base", base, "--prompt", "the cat", "--max-new-tokens", "1", "--template", "instruction").code());
    }

    @Test
    void promptsBeyondTheModelsPositionsAreCutAndCounted() {
        ModelBundle bundle = ModelBundle.load(base, PromptTemplate.PLAIN); // 96 positions
        String longText = String.join(" ", Collections.nCopies(200, "cat"));
        List<int[]> ids = bundle.prompts(List.of(new Request(longText), new Request("the cat")), 10, 20);
        assertEquals(84, ids.getFirst().length); // an eighth of the positions is left for the answer
        int[] whole = bundle.prompt(new Request(longText));
        assertEquals(0, Arrays.compare(ids.getFirst(), Arrays.copyOfRange(whole, whole.length - 84, whole.length)));
        assertThrows(AglException.class, () -> bundle.prompts(List.of(), 95, 95));
        CommandLineRun run = run("generate", "--base", base, "--prompt", longText, "--max-new-tokens", "60");
        assertEquals(0, run.code(), run.err());
        assertEquals(2, run.err().lines().count(), run.err());
        assertTrue(run.err().lines().allMatch(l -> l.startsWith("agl: ") && l.contains("96 positions")), run.err());
        assertFalse(run.err().lines().findFirst().orElseThrow().contains("0 of 1"), run.err());
    }
}
