package agl.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.CommandLineRun;
import agl.app.TinyModel;
import agl.app.data.BuiltinAlignment;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code --alignment builtin} as a user gives it, on a tiny model. */
class BuiltinAlignmentCommandTest {
    @TempDir Path temp;
    private Path base;
    private Path task;

    @BeforeEach void files() throws IOException {
        base = TinyModel.write(temp.resolve("base"), 3);
        task = Files.writeString(temp.resolve("task.csv"), "instruction,response\n" + IntStream.range(0, 30)
                .mapToObj(i -> "tell me a story " + i + ",the red fox sat on the mat " + i % 3 + "\n").collect(Collectors.joining()));
    }

    private CommandLineRun run(String command, String... more) {
        return CommandLineRun.of(Stream.concat(Stream.of(command, "--base", base.toString(), "--template", "plain"), Stream.of(more))
                .toArray(String[]::new));
    }

    private CommandLineRun train(String out, String... more) {
        return run("train", Stream.concat(Stream.of("--task", task.toString(), "--steps", "3", "--r", "2", "--max-length", "64", "--out",
                temp.resolve(out).toString(), "-s", "fisher_examples=10"), Stream.of(more)).toArray(String[]::new));
    }

    private JsonNode hashes(String folder) throws IOException {
        return new ObjectMapper().readTree(temp.resolve(folder).resolve("provenance.json").toFile()).get("inputs_sha256");
    }

    private static String sha256() throws Exception {
        try (InputStream in = BuiltinAlignment.class.getResourceAsStream("/agl/alignment/builtin.csv")) {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(in.readAllBytes()));
        }
    }

    @ParameterizedTest @ValueSource(strings = {"agl", "kl", "lisa", "mix", "contrast", "contrast_linear"})
    void trainTakesItAndRecordsIt(String method) throws Exception {
        CommandLineRun run = train("a", "--method", method, "--alignment", "builtin");
        assertEquals(0, run.code(), run.err());
        assertTrue(Files.exists(temp.resolve("a/adapter_model.safetensors")));
        assertEquals(sha256(), hashes("a").get("builtin").asText());
        assertTrue(hashes("a").has(task.toString()));
        assertFalse(run.err().contains("./builtin"), run.err());
    }

    /** The same rows from a file give the same adapter. */
    @Test void itIsTheRefusalsAlone() throws IOException {
        Path file = temp.resolve("rows.jsonl");
        ObjectMapper json = new ObjectMapper();
        Files.writeString(file, BuiltinAlignment.unsafe().stream().map(e -> json.createObjectNode().put("instruction", e.instruction())
                .put("response", e.response()) + "\n").collect(Collectors.joining()));
        assertEquals(0, train("a", "--method", "kl", "--alignment", "builtin").code());
        assertEquals(0, train("b", "--method", "kl", "--alignment", file.toString()).code());
        assertEquals(0, train("c", "--method", "kl", "--alignment", task.toString()).code());
        assertEquals(bytes("a"), bytes("b"));
        assertNotEquals(bytes("a"), bytes("c"));
    }

    private List<Byte> bytes(String folder) throws IOException {
        byte[] all = Files.readAllBytes(temp.resolve(folder).resolve("adapter_model.safetensors"));
        return IntStream.range(0, all.length).mapToObj(i -> all[i]).toList();
    }

    @Test void compareRecordsItAndDoesNotTakeOtherDataForIt() throws Exception {
        CommandLineRun run = compare("builtin");
        assertEquals(0, run.code(), run.err());
        assertEquals(sha256(), hashes("out").get("builtin").asText());
        long before = runs();
        assertEquals(0, compare("builtin").code());
        assertEquals(before, runs());
        assertEquals(0, compare(task.toString()).code());
        assertTrue(runs() > before, "other alignment data are another run");
    }

    private CommandLineRun compare(String alignment) throws IOException {
        Path prompts = Files.writeString(temp.resolve("prompts.csv"), "prompt,label\nthe cat,safe\nthe dog,unsafe\n");
        return run("compare", "--task", task.toString(), "--prompts", prompts.toString(), "--out", temp.resolve("out").toString(),
                "--steps", "2", "--r", "2", "--max-length", "64", "--max-new-tokens", "2", "--min-refused", "0", "--seeds", "1",
                "--methods", "kl", "-s", "fisher_examples=4", "--alignment", alignment);
    }

    private long runs() throws IOException {
        try (Stream<Path> files = Files.list(temp.resolve("out/runs"))) {
            return files.count();
        }
    }

    /** The file made of it gives the adapter that it gives itself. */
    @Test void fisherTakesItAndRecordsIt() throws Exception {
        Path file = temp.resolve("builtin.fisher");
        CommandLineRun run = run("fisher", "--alignment", "builtin", "--max-length", "64", "-s", "fisher_examples=10", "--out",
                file.toString());
        assertEquals(0, run.code(), run.err());
        assertTrue(CommandLineRun.of("inspect", file.toString(), "--json").out().contains(sha256()));
        assertEquals(0, train("a", "-s", "agl.fisher_data=contrast", "--alignment", "builtin").code());
        assertEquals(0, train("b", "-s", "agl.fisher_data=contrast", "--fisher", file.toString()).code());
        assertEquals(bytes("a"), bytes("b"));
    }

    @Test void alignTakesBothHalves() throws Exception {
        CommandLineRun run = run("align", "--data", "builtin", "--steps", "2", "--max-length", "64", "--out",
                temp.resolve("aligned").toString());
        assertEquals(0, run.code(), run.err());
        assertEquals(sha256(), hashes("aligned").get("builtin").asText());
        assertTrue(run.out().contains("620 training examples"), run.out());
    }

    @Test void whereOtherDataAreNeededItIsRefused() {
        for (List<String> bad : List.of(List.of("drift", "--prompts", "builtin", "--out", temp.resolve("d").toString()),
                List.of("train", "--task", "builtin", "--method", "lora", "--out", temp.resolve("d").toString()),
                List.of("train", "--task", task.toString(), "--eval", "builtin", "--method", "lora", "--out", temp.resolve("d").toString()),
                List.of("train", "--task", task.toString(), "--prompts", "builtin", "--method", "lora", "--out",
                        temp.resolve("d").toString()))) {
            CommandLineRun run = run(bad.getFirst(), bad.stream().skip(1).toArray(String[]::new));
            assertEquals(2, run.code(), bad + run.err());
            assertTrue(run.err().startsWith("agl: builtin is the alignment data that comes with agl"), run.err());
            assertEquals(1, run.err().lines().count(), run.err());
        }
    }
}
