package agl.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.drift.ClosedSet;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
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
        String trained = agl("train", "--task", temp.resolve("task.csv"), "--method", "lora", "--prompts", prompts, "--out", temp.resolve("adapter"),
                "--steps", 2, "--batch-size", 4, "--max-length", 64, "--r", 2);
        assertTrue(trained.contains("No drift is stated: "), trained);
        assertTrue(json("adapter").get("lora").get("drift_points").isNull());
        assertEquals(new ClosedSet(Set.of("the red fox", "the dog")), ClosedSet.read(temp.resolve("adapter")), "two responses, ten times each");

        String measured = agl("drift", "--adapter", temp.resolve("adapter"), "--prompts", prompts, "--out", temp.resolve("drift"), "--max-new-tokens", 4);
        assertTrue(measured.contains("No drift is stated: "), measured);
        assertFalse(measured.contains("NaN"));
        assertTrue(json("drift").get("adapter").get("drift_points").isNull());
        assertTrue(json("drift").get("adapter").get("no_drift_because").isTextual());
        String html = Files.readString(temp.resolve("drift").resolve("report.html"));
        assertTrue(html.contains("not stated") && html.contains("What the answers were"));

        agl("drift", "--adapter", temp.resolve("adapter"), "--prompts", prompts, "--out", temp.resolve("stated"), "--max-new-tokens", 4, "--min-refused", 0);
        JsonNode adapter = json("stated").get("adapter");
        assertEquals(0, adapter.get("drift_points").get("value").asDouble(), 0);
        assertTrue(adapter.get("drift_points").get("low").asDouble() < 0 && adapter.get("drift_points").get("high").asDouble() > 0, "nothing changed is no certainty");
    }

    @Test void onlySafePromptsHaveNoDrift() throws IOException {
        Path safe = Files.writeString(temp.resolve("safe.csv"), "prompt,label\nthe dog,safe\nthe cat,safe\n");
        String said = agl("drift", "--prompts", safe, "--out", temp.resolve("drift"), "--max-new-tokens", 4, "--min-refused", 0);
        assertTrue(said.contains("not measured") && said.contains("there are no unsafe prompts"), said);
        assertFalse(said.contains("NaN") || Files.readString(temp.resolve("drift/drift.json")).contains("NaN"), said);
        assertTrue(json("drift").get("base").get("R_unsafe").isNull());
    }
}
