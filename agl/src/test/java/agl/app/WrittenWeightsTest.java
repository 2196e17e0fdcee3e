package agl.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.nn.checkpoint.Json;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Weights that were written with their provenance are read again only as they were written. */
class WrittenWeightsTest {
    private static final List<String> SHORT = List.of("-s", "steps=2", "-s", "batch_size=2", "-s", "max_length=48", "--template", "plain");

    @TempDir Path temp;
    private Path base;
    private Path adapter;

    @BeforeEach void anAlignedBaseAndAnAdapter() throws IOException {
        TinyModel.write(temp.resolve("first"), 3);
        TinyData.write(temp, 12, 6);
        base = temp.resolve("base");
        adapter = temp.resolve("adapter");
        right(ended("align", "--base", temp.resolve("first"), "--data", temp.resolve("alignment.csv"), "--out", base));
        right(ended("train", "--method", "lora", "-s", "r=2", "--base", base, "--task", temp.resolve("task.csv"), "--out", adapter));
    }

    private static CommandLineRun ended(Object... words) {
        boolean trains = List.of("align", "train").contains(words[0]);
        return CommandLineRun.of(Stream.concat(List.of(words).stream(), trains ? SHORT.stream() : Stream.of())
                .map(Object::toString).toArray(String[]::new));
    }

    private static void right(CommandLineRun run) {
        assertEquals(0, run.code(), run.err());
    }

    private static void refused(Path weights, CommandLineRun run) {
        assertEquals(2, run.code(), run.err());
        assertTrue(run.err().contains("agl: " + weights + ": is not the file that agl "), run.err());
        assertTrue(run.err().strip().endsWith("wrote there, whose SHA-256 is in provenance.json: if it is damaged, write it again; "
                + "if you replaced it, delete outputs_sha256 from provenance.json"), run.err());
    }

    /** Another bit in the last value, which stays finite: no reader could know. */
    private static void damage(Path weights) throws IOException {
        byte[] bytes = Files.readAllBytes(weights);
        bytes[bytes.length - 4] ^= 1;
        Files.write(weights, bytes);
    }

    private static void forget(Path folder) throws IOException {
        Path file = folder.resolve("provenance.json");
        ObjectNode provenance = (ObjectNode) Json.read(file);
        assertTrue(provenance.path("outputs_sha256").path(folder.getFileName().toString().equals("adapter")
                ? "adapter_model.safetensors" : "model.safetensors").isTextual());
        provenance.remove("outputs_sha256");
        Files.writeString(file, provenance.toString());
    }

    private CommandLineRun generate() {
        return ended("generate", "--base", base, "--adapter", adapter, "--prompt", "the cat", "--max-new-tokens", 2);
    }

    private CommandLineRun drift(String out) {
        return ended("drift", "--base", base, "--adapter", adapter, "--prompts", temp.resolve("prompts.csv"), "--max-new-tokens", 2,
                "--out", temp.resolve(out));
    }

    private CommandLineRun goOn(String out) {
        return ended("train", "--method", "lora", "--base", base, "--init-adapter", adapter, "--task", temp.resolve("task.csv"), "--out",
                temp.resolve(out));
    }

    private CommandLineRun merge(String out) {
        return ended("merge", "--base", base, "--adapter", adapter, "--out", temp.resolve(out));
    }

    @Test void anAdapterThatHasChangedIsRefusedEverywhere() throws IOException {
        Path weights = adapter.resolve("adapter_model.safetensors");
        right(generate());
        damage(weights);
        refused(weights, generate());
        refused(weights, ended("logits", "--base", base, "--adapter", adapter, "--tokens", "1,2"));
        refused(weights, drift("drift"));
        refused(weights, goOn("next"));
        refused(weights, merge("merged"));
        for (String out : List.of("drift", "next", "merged")) {
            assertFalse(Files.exists(temp.resolve(out)), out);
        }
        forget(adapter);
        right(generate());
        right(drift("drift"));
        right(goOn("next"));
        right(merge("merged"));
        damage(temp.resolve("merged").resolve("model.safetensors"));
        refused(temp.resolve("merged").resolve("model.safetensors"), ended("align", "--base", temp.resolve("merged"), "--data",
                temp.resolve("alignment.csv"), "--out", temp.resolve("again")));
    }

    @Test void anAlignedBaseThatHasChangedIsRefusedEverywhere() throws IOException {
        Path weights = base.resolve("model.safetensors");
        damage(weights);
        refused(weights, generate());
        refused(weights, ended("logits", "--base", base, "--tokens", "1,2"));
        refused(weights, goOn("next"));
        refused(weights, drift("drift"));
        refused(weights, ended("fisher", "--base", base, "--alignment", temp.resolve("alignment.csv"), "--out", temp.resolve("fisher")));
        forget(base);
        right(goOn("next"));
        right(drift("drift"));
    }

    /** Inspecting shows what there is; it says that this is not what was written. */
    @Test void inspectSaysThatWeightsHaveChanged() throws IOException {
        for (Path folder : List.of(base, adapter)) {
            CommandLineRun sound = ended("inspect", folder);
            right(sound);
            assertFalse(sound.err().contains("is not the file"), sound.err());
            Path weights = folder.resolve(folder.equals(base) ? "model.safetensors" : "adapter_model.safetensors");
            damage(weights);
            CommandLineRun damaged = ended("inspect", folder);
            right(damaged);
            assertTrue(damaged.err().contains("warning: " + weights + ": is not the file that agl "), damaged.err());
        }
    }

    @Test void hashesThatAreNoneAreRefused() throws IOException {
        Path file = adapter.resolve("provenance.json");
        for (String value : List.of("[]", "null", "\"none\"", "{\"adapter_model.safetensors\":1}")) {
            ObjectNode provenance = (ObjectNode) Json.read(file);
            provenance.set("outputs_sha256", new com.fasterxml.jackson.databind.ObjectMapper().readTree(value));
            Files.writeString(file, provenance.toString());
            CommandLineRun run = generate();
            assertEquals(2, run.code(), value + ": " + run.err());
            assertTrue(run.err().contains("outputs_sha256 is not an object of file names with their SHA-256"), run.err());
        }
    }
}
