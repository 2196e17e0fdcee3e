package agl.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.CommandLineRun;
import agl.app.Main;
import agl.app.TinyModel;
import agl.app.drift.ClosedSet;
import agl.app.drift.DriftOutput;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** drift, and train with --prompts, on a random model that refuses nothing. */
class DriftCommandTest {
    @TempDir Path temp;
    private Path base;

    @BeforeEach void files() throws IOException {
        base = TinyModel.write(temp.resolve("base"), 3);
        StringBuilder task = new StringBuilder("instruction,response\n");
        StringBuilder prompts = new StringBuilder("prompt,label\n");
        for (int i = 0; i < 20; i++) {
            task.append("the cat sat on the mat ").append(i).append(i % 2 == 0 ? ",the red fox\n" : ",the dog\n");
            prompts.append("the dog ").append(i).append(i % 2 == 0 ? ",unsafe\n" : ",safe\n");
        }
        Files.writeString(temp.resolve("task.csv"), task);
        Files.writeString(temp.resolve("prompts.csv"), prompts);
    }

    private String agl(String command, Object... args) {
        PrintStream out = System.out;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
        try {
            List<String> all = new ArrayList<>(List.of(command, "--base", base.toString(), "--template", "plain"));
            for (Object a : args) {
                all.add(a.toString());
            }
            assertEquals(0, Main.execute(all.toArray(String[]::new)));
        } finally {
            System.setOut(out);
        }
        return said.toString(StandardCharsets.UTF_8);
    }

    private JsonNode json(String folder) throws IOException {
        return new ObjectMapper().readTree(temp.resolve(folder).resolve("drift.json").toFile());
    }

    @Test void noDriftIsStatedOfABaseThatRefusesNothing() throws IOException {
        Path prompts = temp.resolve("prompts.csv");
        String trained = agl("train", "--task", temp.resolve("task.csv"), "--method", "lora", "--prompts", prompts, "--out",
                temp.resolve("adapter"),
                "--steps", 2, "--batch-size", 4, "--max-length", 64, "--r", 2);
        assertTrue(trained.contains("No drift is stated: "), trained);
        assertTrue(json("adapter").get("lora").get("drift_points").isNull());
        assertEquals(new ClosedSet(Set.of("the red fox", "the dog")), ClosedSet.read(temp.resolve("adapter")),
                "two responses, ten times each");

        String measured = agl("drift", "--adapter", temp.resolve("adapter"), "--prompts", prompts, "--out", temp.resolve("drift"),
                "--max-new-tokens", 4);
        assertTrue(measured.contains("No drift is stated: "), measured);
        assertFalse(measured.contains("NaN"));
        assertTrue(json("drift").get("adapter").get("drift_points").isNull());
        assertTrue(json("drift").get("adapter").get("no_drift_because").isTextual());
        String html = Files.readString(temp.resolve("drift").resolve("report.html"));
        assertTrue(html.contains("not stated") && html.contains("What the answers were"));

        agl("drift", "--adapter", temp.resolve("adapter"), "--prompts", prompts, "--out", temp.resolve("stated"), "--max-new-tokens", 4,
                "--min-refused", 0);
        JsonNode adapter = json("stated").get("adapter");
        assertEquals(0, adapter.get("drift_points").get("value").asDouble(), 0);
        assertTrue(adapter.get("drift_points").get("low").asDouble() < 0 && adapter.get("drift_points").get("high").asDouble() > 0,
                "nothing changed is no certainty");
    }

    private CommandLineRun run(Object... args) {
        return CommandLineRun.of(Arrays.stream(args).map(Object::toString).toArray(String[]::new));
    }

    /** A folder of which only the adapter was deleted: what another task and another measurement left there is not the new adapter's. */
    @Test void whatAnotherRunLeftBesideItsAdapterGoes() throws IOException {
        Path out = Files.createDirectory(temp.resolve("adapter"));
        for (String stale : List.of("task_answers.json", "drift.json", "drift.csv", "answers.csv", "mine.txt")) {
            Files.writeString(out.resolve(stale), "{\"closed_set\":[\"yes\"]}");
        }
        Files.writeString(out.resolve("provenance.json"), "{\"command\": \"train\"}");
        Path free = Files.writeString(temp.resolve("free.csv"),
                "instruction,response\n" + "a,the cat\nb,the dog\nc,a fox\nd,a mat\n".repeat(1));
        agl("train", "--task", free, "--method", "lora", "--out", out, "--steps", 1, "--max-length", 64, "--r", 2);
        assertEquals(ClosedSet.NONE, ClosedSet.read(out));
        for (String file : DriftOutput.FILES) {
            assertFalse(Files.exists(out.resolve(file)), file);
        }
        assertTrue(Files.exists(out.resolve("mine.txt")) && Files.exists(out.resolve("trace.json")));
    }

    @Test void anAdapterOnAnotherBaseThanItsOwnIsSaidOnce() {
        Path adapter = temp.resolve("adapter");
        agl("train", "--task", temp.resolve("task.csv"), "--method", "lora", "--out", adapter, "--steps", 1, "--max-length", 64, "--r", 2);
        Path other = TinyModel.write(temp.resolve("other"), 4);
        String line = "agl: warning: " + adapter + " was trained on " + base + ", but is used here on " + other
                + ", which has another model.safetensors";
        Object[][] commands = {{"drift", "--prompts", temp.resolve("prompts.csv"), "--out", temp.resolve("drift"), "--max-new-tokens", 1},
            {"generate", "--prompt", "the cat", "--max-new-tokens", 1}, {"logits", "--tokens", "1,2"},
            {"merge", "--out", temp.resolve("merged")}};
        for (Object[] command : commands) {
            for (Path of : List.of(base, other)) {
                List<Path> outs = List.of(temp.resolve("merged"), temp.resolve("drift"));
                CommandLineRun run = run(Stream.concat(Arrays.stream(command), Stream.of("--base", of, "--adapter", adapter))
                        .map(a -> outs.contains(a) ? temp.resolve(a + "-" + of.getFileName()) : a).toArray());
                assertEquals(0, run.code(), run.err());
                assertEquals(of.equals(other) ? 1 : 0, run.err().lines().filter(line::equals).count(), command[0] + ": " + run.err());
            }
        }
    }

    /** The same weights read through another tokenizer are another base. */
    @Test void anotherTokenizerIsAnotherBase() throws IOException {
        Path adapter = temp.resolve("adapter");
        agl("train", "--task", temp.resolve("task.csv"), "--method", "lora", "--out", adapter, "--steps", 1, "--max-length", 64, "--r", 2);
        Path tokenizer = base.resolve("tokenizer.json");
        Files.writeString(tokenizer, Files.readString(tokenizer) + "\n");
        CommandLineRun run = run("generate", "--prompt", "the cat", "--max-new-tokens", 1, "--base", base, "--adapter", adapter);
        assertEquals(0, run.code(), run.err());
        assertTrue(run.err().contains("agl: warning: " + adapter + " was trained on " + base + ", but is used here on " + base
                + ", which has another tokenizer.json"), run.err());
    }

    @Test void onlySafePromptsHaveNoDrift() throws IOException {
        Path safe = Files.writeString(temp.resolve("safe.csv"), "prompt,label\nthe dog,safe\nthe cat,safe\n");
        String said = agl("drift", "--prompts", safe, "--out", temp.resolve("drift"), "--max-new-tokens", 4, "--min-refused", 0);
        assertTrue(said.contains("not measured") && said.contains("there are no unsafe prompts"), said);
        assertFalse(said.contains("NaN") || Files.readString(temp.resolve("drift/drift.json")).contains("NaN"), said);
        assertTrue(json("drift").get("base").get("R_unsafe").isNull());
    }
}
