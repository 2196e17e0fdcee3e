package agl.app.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.error.AglException;
import agl.nn.checkpoint.ModelFiles;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InputsTest {
    @TempDir
    private Path folder;

    private Path write(String name, String text) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text);
    }

    @Test
    void whatChangesBehindARunIsRecordedAndSaid() throws IOException {
        Path overwritten = write("a.jsonl", "aaa");
        Path replaced = write("b.jsonl", "bbb");
        Path deleted = write("c.jsonl", "ccc");
        Path touched = write("d.jsonl", "ddd");
        Path same = write("e.jsonl", "eee");
        Inputs inputs = Inputs.read(Arrays.asList(overwritten, replaced, deleted, null, touched, same, folder.resolve("never.jsonl")));
        Map<String, String> before = inputs.hashes();
        assertEquals(5, before.size());
        assertTrue(inputs.changed().isEmpty());
        FileTime time = Files.getLastModifiedTime(overwritten);
        Files.writeString(overwritten, "AAAA");
        Files.setLastModifiedTime(overwritten, time);
        Files.move(write("new", "BBB"), replaced, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        Files.delete(deleted);
        Files.setLastModifiedTime(touched, FileTime.fromMillis(1_000_000));
        assertEquals(List.of(overwritten, replaced, deleted), inputs.changed());
        PrintStream old = System.err;
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
        try {
            Provenance.of("train", 1, new UsedSettings(), inputs).writeInto(folder);
        } finally {
            System.setErr(old);
        }
        var json = new ObjectMapper().readTree(folder.resolve("provenance.json").toFile());
        assertEquals(before.get(deleted.toString()), json.get("inputs_sha256").get(deleted.toString()).asText());
        assertEquals(3, json.get("inputs_changed_during_run").size());
        assertEquals(1, err.toString(StandardCharsets.UTF_8).lines().count());
        assertFalse(err.toString(StandardCharsets.UTF_8).contains("weights"), "data are read once: " + err);
        // Asked again, the new bytes are what counts: a hash once taken is not kept for a file that changed.
        assertNotEquals(before.get(replaced.toString()), Inputs.read(List.of(replaced)).hashes().get(replaced.toString()));
    }

    /** Weights stay mapped: written over in place they change the model in use; deleted or replaced they do not. */
    @Test
    void onlyWeightsThatAreWrittenOverAreTheReason() throws IOException {
        Path replaced = write("a.safetensors", "aaa");
        Path deleted = write("b.safetensors", "bbb");
        Path data = write("c.jsonl", "ccc");
        Path overwritten = write("d.safetensors", "ddd");
        Inputs inputs = Inputs.read(List.of(replaced, deleted, data, overwritten));
        Files.move(write("new", "AAA"), replaced, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        Files.delete(deleted);
        Files.writeString(data, "other");
        AglException failure = new AglException("the task loss is NaN");
        assertSame(failure, inputs.because(failure));
        inputs.requireUnchangedWeights();
        Files.writeString(overwritten, "dddd");
        assertEquals(List.of(overwritten), inputs.overwrittenWeights());
        String said = inputs.because(failure).getMessage();
        assertTrue(said.startsWith(overwritten + ": was written over") && said.contains("the task loss is NaN"), said);
        assertThrows(AglException.class, inputs::requireUnchangedWeights);
    }

    @Test
    void onlyTheFilesThatAreReadIdentifyAModel() throws IOException {
        write("m/config.json", "{}");
        write("m/model.safetensors.index.json",
                "{\"weight_map\":{\"a\":\"x-1.safetensors\",\"b\":\"x-2.safetensors\",\"c\":\"../up.safetensors\"}}");
        write("m/x-1.safetensors", "1");
        write("m/x-2.safetensors", "2");
        write("m/tokenizer.json", "{}");
        List<String> before = Inputs.read(List.of(folder.resolve("m"))).identity();
        assertEquals(5, before.size());
        write("m/README.md", "a stray file");
        write("m/x-3.safetensors", "a shard that nothing names");
        write("m/pytorch_model.bin", "weights in another form");
        write("up.safetensors", "outside");
        assertEquals(before, Inputs.read(List.of(folder.resolve("m"))).identity());
        write("m/chat_template.jinja", "{{ messages }}");
        assertNotEquals(before, Inputs.read(List.of(folder.resolve("m"))).identity());
        // Where a data file lies does not matter, which file of a model it is does.
        assertEquals(Inputs.read(List.of(write("1.csv", "x"))).identity(), Inputs.read(List.of(write("2.csv", "x"))).identity());
        write("n/config.json", "{}");
        write("o/generation_config.json", "{}");
        assertNotEquals(Inputs.read(List.of(folder.resolve("n"))).identity(), Inputs.read(List.of(folder.resolve("o"))).identity());
    }

    /** A file that some class begins to read must be among those that are hashed: the names are gathered from the sources. */
    @Test
    void everyFileThatTheSourcesNameIsKnown() throws IOException {
        Set<String> named = new TreeSet<>();
        for (String module : List.of("nn", "lora")) {
            try (Stream<Path> sources = Files.walk(Path.of("../" + module + "/src/main/java"))) {
                for (Path source : sources.filter(p -> p.toString().endsWith(".java")).toList()) {
                    Matcher m = Pattern.compile("\"([a-z_.]+\\.(json|jinja|txt|model|safetensors))\"").matcher(Files.readString(source));
                    while (m.find()) {
                        named.add(m.group(1));
                    }
                }
            }
        }
        named.remove("tekken.json"); // only named in a message
        named.remove("model.safetensors.index.json"); // counts where there is no single file, see above
        assertTrue(named.contains("config.json"), named.toString());
        for (String name : named) {
            write("all/" + name, "");
        }
        List<String> known = ModelFiles.of(folder.resolve("all")).stream().map(p -> p.getFileName().toString()).toList();
        named.removeAll(known);
        assertTrue(named.isEmpty(), "files that are read and would not be hashed; name them in agl.nn.checkpoint.ModelFiles: " + named);
    }
}
