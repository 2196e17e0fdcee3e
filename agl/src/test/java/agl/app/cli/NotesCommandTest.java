package agl.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.CommandLineRun;
import agl.app.TinyModel;
import agl.app.io.Notes;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a command says about its data on standard error stands in everything it writes about its results. */
class NotesCommandTest {
    private static final String REPEATED = "2 of 10 prompts repeat another one and are not counted again";
    private static final String TAUGHT = "1 of 8 prompts are in the task data too: drift on them is what their own answers taught";
    private static final String ALIGNED = "1 of 8 prompts are in the alignment data too: "
            + "drift on them is not drift on prompts that the method never saw";
    private static final String HELD = "2 of 2 held-out examples are among the task&#39;s rows too: "
            + "their loss is that of what was trained on";

    @TempDir Path temp;

    @BeforeEach void files() throws IOException {
        TinyModel.write(temp.resolve("base"), 3);
        CompareCommandTest.writeData(temp);
        append("prompts.csv", "the cat 0,safe\nthe cat 1,unsafe\n");
        append("task.csv", "the cat 3,the fox\n");
        append("alignment.csv", "the cat 5,the dog\n");
        Files.writeString(temp.resolve("eval.csv"), "instruction,response\n"
                + "tell me a story 1,the red fox sat on the mat 1\ntell me a story 2,the red fox sat on the mat 2\n");
        Files.writeString(temp.resolve("task.csv"), Files.readString(temp.resolve("task.csv")).replaceAll("(?m)$(?=\n)", ",x")
                .replaceFirst("response,x", "response,color"));
    }

    private void append(String name, String rows) throws IOException {
        Path file = temp.resolve(name);
        Files.writeString(file, Files.readString(file) + rows);
    }

    /** The result's JSON file after a run of this command on all of these data. */
    private JsonNode run(List<String> notes, String json, String command, String... more) throws IOException {
        List<String> args = new ArrayList<>(List.of(command, "--out", temp.resolve("out").toString(), "--max-new-tokens", "4"));
        if (!command.equals("drift")) {
            args.addAll(List.of("--task", temp.resolve("task.csv").toString(), "--eval", temp.resolve("eval.csv").toString(),
                    "--alignment", temp.resolve("alignment.csv").toString(), "--batch-size", "4", "--r", "2", "--max-length", "64"));
        }
        if (!command.equals("drift") && !command.equals("forgetting")) {
            args.addAll(List.of("--steps", "2"));
        }
        args.addAll(List.of("--prompts", temp.resolve("prompts.csv").toString(), "--template", "plain", "--min-refused", "0", "--base",
                temp.resolve("base").toString()));
        args.addAll(Arrays.asList(more));
        CommandLineRun run = CommandLineRun.of(args.toArray(String[]::new));
        assertEquals(0, run.code(), run.err());
        String report = Files.readString(temp.resolve("out/report.html"));
        JsonNode found = new ObjectMapper().readTree(temp.resolve("out").resolve(json).toFile()).get("notes");
        JsonNode provenance = new ObjectMapper().readTree(temp.resolve("out/provenance.json").toFile()).get("notes");
        for (String note : notes) {
            String said = note.replace("&#39;", "'");
            assertEquals(2, (run.err() + " ").split(Pattern.quote("agl: " + said)).length, "once: " + said + run.err());
            assertTrue(report.contains("<p class=\"warning\">" + note + "</p>"), note);
            assertTrue(texts(provenance).contains(said), said + ": " + provenance);
            assertTrue(texts(found).contains(said), said + ": " + found);
        }
        return found;
    }

    private static List<String> texts(JsonNode list) {
        return list.valueStream().map(JsonNode::asText).toList();
    }

    private String column() {
        return temp.resolve("task.csv") + ": not used: column color";
    }

    @Test void compare() throws IOException {
        JsonNode notes = run(List.of(REPEATED, TAUGHT, ALIGNED, HELD, column()), "compare.json", "compare", "--methods", "lora,kl",
                "--seeds", "1");
        assertTrue(texts(notes).stream().anyMatch(note -> note.startsWith("Too few safe prompts")), notes + " has those of figures too");
    }

    @Test void forgetting() throws IOException {
        run(List.of(REPEATED, TAUGHT, ALIGNED, HELD, column()), "forgetting.json", "forgetting", "--methods", "lora,kl", "--seeds", "1,2",
                "--sizes", "4,8,16", "--epochs", "1", "--pretrain-text", temp.resolve("plain.txt").toString());
    }

    @Test void trainAndDrift() throws IOException {
        run(List.of(REPEATED, TAUGHT, ALIGNED, HELD, column()), "drift.json", "train", "--method", "kl");
        Path adapter = Files.move(temp.resolve("out"), temp.resolve("notes"));
        JsonNode all = run(List.of(REPEATED), "drift.json", "drift", "--adapter", adapter.toString());
        assertTrue(all.isArray(), "an adapter of that name is another key");
    }

    @Test void nothingToSayIsNoNote() throws IOException {
        Path file = temp.resolve("prompts.csv");
        Files.writeString(file, Files.readString(file).replace("the cat 0,safe\nthe cat 1,unsafe\n", "") + "the cat 0,safe\n");
        CommandLineRun run = CommandLineRun.of("drift", "--base", temp.resolve("base").toString(), "--prompts", file.toString(), "--out",
                temp.resolve("out").toString(), "--template", "plain", "--max-new-tokens", "2");
        assertEquals(0, run.code(), run.err());
        assertFalse(Files.readString(temp.resolve("out/provenance.json")).contains("notes"));
        assertTrue(Notes.said().isEmpty());
    }

    @Test void whatIsSaidTwiceIsKeptOnce() {
        List<String> said = Notes.kept(() -> {
            Stream.of("a", "b", "a").forEach(Notes::say);
            return Notes.said();
        });
        assertEquals(List.of("a", "b"), said);
        assertEquals(List.of("a", "b", "c"), Notes.all(said, List.of("c")));
    }
}
