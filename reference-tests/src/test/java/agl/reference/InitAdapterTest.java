package agl.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.Main;
import agl.lora.Peft;
import agl.nn.Models;
import agl.nn.Transformer;
import agl.nn.checkpoint.Json;
import agl.nn.checkpoint.SafeTensors;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code agl train --init-adapter} goes on from adapters that peft wrote, of every kind. */
class InitAdapterTest {
    private static final String LETTERS = " abcdefghijklmnopqrst";
    @TempDir Path temp;
    private Path task;

    @BeforeEach void data() throws IOException {
        task = Files.writeString(temp.resolve("task.csv"), "instruction,response\nhold that,a rope\nfind it,a map\nread that,a page\n");
    }

    /** The fixture's base with a tokenizer of letters: the fixtures have ids only. */
    private Path base(Fixture fixture) throws IOException {
        Path base = Files.createDirectory(temp.resolve("base"));
        try (Stream<Path> files = Files.list(Fixture.of(fixture.json().get("base").asText()).folder())) {
            for (Path f : files.filter(Files::isRegularFile).toList()) {
                Files.copy(f, base.resolve(f.getFileName()));
            }
        }
        StringBuilder vocabulary = new StringBuilder();
        for (int i = 0; i < LETTERS.length(); i++) {
            vocabulary.append(i == 0 ? "" : ",").append('"').append(LETTERS.charAt(i)).append("\":").append(i);
        }
        Files.writeString(base.resolve("tokenizer.json"), "{\"model\":{\"type\":\"BPE\",\"vocab\":{" + vocabulary + "},\"merges\":[]}}");
        return base;
    }

    private Path trained(Path base, Path given, String name, String rate) {
        Path out = temp.resolve(name);
        assertEquals(0,
                Main.execute("train", "--base", base.toString(), "--task", task.toString(), "--method", "lora", "--template", "plain",
                        "--init-adapter", given.toString(),
                        "--out", out.toString(), "--steps", "1", "--batch-size", "1", "--lr", rate, "--max-length", "12"));
        return out;
    }

    /** target_modules as they are written: a name whose layers are all excluded adapts nothing and is left out. */
    private static String adapted(JsonNode config) {
        if (!config.get("target_modules").isArray() || !config.path("exclude_modules").isArray()) {
            return config.get("target_modules").toString();
        }
        Set<String> excluded = new HashSet<>();
        config.get("exclude_modules").forEach(name -> excluded.add(name.toString()));
        List<String> kept = new ArrayList<>();
        config.get("target_modules").forEach(name -> kept.add(name.toString()));
        kept.removeAll(excluded);
        return "[" + String.join(",", kept) + "]";
    }

    @ParameterizedTest
    @ValueSource(strings = {"rslora", "dora", "dora-gpt2", "all-linear", "patterns", "regex", "layers", "bias-lora-only", "bias-all",
        "modules-to-save", "modules-to-save-tied"}) void goesOnFromAnAdapterOfPeft(String name) throws IOException {
        Fixture fixture = Fixture.at("adapters/" + name);
        Path base = base(fixture);
        // A step too small to count gives it back: same settings, names, shapes, numbers.
        Path same = trained(base, fixture.folder(), "same", "1e-12");
        JsonNode settings = Json.read(same.resolve("adapter_config.json"));
        JsonNode given = Json.read(fixture.folder().resolve("adapter_config.json"));
        assertEquals(adapted(given), settings.get("target_modules").toString());
        for (String key : new String[] {"r", "lora_alpha", "use_rslora", "use_dora", "rank_pattern", "alpha_pattern", "bias",
            "modules_to_save", "fan_in_fan_out"}) {
            assertEquals(given.get(key).toString(), settings.get(key).toString(), key);
        }
        try (SafeTensors expected = Peft.openWeights(fixture.folder()); SafeTensors actual = Peft.openWeights(same)) {
            assertEquals(expected.names().stream().sorted().toList(), actual.names().stream().sorted().toList());
            for (String tensor : expected.names()) {
                assertArrayEquals(expected.info(tensor).shape(), actual.info(tensor).shape(), tensor);
                assertArrayEquals(expected.info(tensor).toFloats(), actual.info(tensor).toFloats(), 1e-6f, tensor);
            }
        }
        Compute compute = Compute.all().findFirst().orElseThrow();
        Transformer model = Models.load(base);
        Peft.load(model, same, 1);
        Fixture.assertClose(fixture.tensor("adapted_logits"), compute.logits(model, fixture.batch()), 1e-4, "logits");
        // A real step moves it.
        Path moved = trained(base, fixture.folder(), "moved", "0.01");
        Transformer other = Models.load(base);
        Peft.load(other, moved, 1);
        double d = Fixture.difference(fixture.tensor("adapted_logits"), compute.logits(other, fixture.batch()));
        assertTrue(d > 1e-3, "difference after a step: " + d);
    }
}
