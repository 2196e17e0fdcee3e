package agl.app;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.Tensor;
import agl.autograd.storage.DType;
import agl.lora.LoraConfig;
import agl.lora.LoraLinear;
import agl.lora.LoraModel;
import agl.lora.Peft;
import agl.nn.Batch;
import agl.nn.Models;
import agl.nn.checkpoint.SafeTensorsWriter;
import agl.nn.tokenizer.HfTokenizer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** logits, tokenize and inspect: the commands with which somebody checks this program against another. */
class HubCommandsTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    @TempDir Path temp;
    private Path base;
    private Path adapter;
    private LoraModel lora;

    @BeforeEach void aModelAndAnAdapter() {
        base = TinyModel.write(temp.resolve("base"), 3);
        adapter = temp.resolve("adapter");
        lora = LoraModel.attach(Models.load(base), LoraConfig.of(2, 6, 0, "q_proj,down_proj").withDora(), 1, DType.F32);
        for (Tensor t : lora.parameters()) {
            for (int i = 0; i < t.size(); i++) {
                t.data().set(i, Math.sin(i + t.size()));
            }
        }
        Peft.save(lora, adapter, "base");
    }

    private CommandLineRun run(String input, String... args) {
        return CommandLineRun.withInput(input.getBytes(StandardCharsets.UTF_8), args);
    }

    private static void assertRefused(CommandLineRun run, String... parts) {
        assertEquals(2, run.code(), run.toString());
        assertEquals(1, run.err().lines().count(), run.err());
        for (String part : parts) {
            assertTrue(run.err().contains(part), run.err());
        }
    }

    private double[] logits(String... more) throws IOException {
        List<String> args = new java.util.ArrayList<>(List.of("logits", "--base", base.toString(), "--tokens", "5, 6,7", "--json"));
        args.addAll(List.of(more));
        CommandLineRun run = run("", args.toArray(String[]::new));
        assertEquals(0, run.code(), run.err());
        JsonNode answer = JSON.readTree(run.out());
        assertEquals("[5,6,7]", answer.get("tokens").toString());
        double[] x = new double[answer.get("logits").size()];
        Arrays.setAll(x, i -> answer.get("logits").get(i).asDouble());
        return x;
    }

    @Test void logitsAreThoseOfTheLastPosition() throws IOException {
        for (String part : new String[] {"base", "adapted"}) {
            lora.enable(part.equals("adapted"));
            double[] expected;
            try (var tape = agl.autograd.Tape.inference(agl.autograd.kernels.Kernels.plain(), new agl.autograd.Pool(DType.F64))) {
                expected = lora.model().logits(tape, lora.model().hidden(tape, Batch.of(5, 6, 7)), 2).toArray();
            }
            assertArrayEquals(expected, part.equals("base") ? logits() : logits("--adapter", adapter.toString()), 1e-4, part);
        }
        assertFalse(Arrays.equals(logits(), logits("--adapter", adapter.toString())));
    }

    @Test void logitsInWordsAreTheTenLargest() {
        CommandLineRun run = run("", "logits", "--base", base.toString(), "--tokens", "5");
        assertEquals(10, run.out().lines().count(), run.out());
    }

    @Test void logitsNeedNoTokenizer() throws IOException {
        double[] with = logits();
        Files.delete(base.resolve("tokenizer.json"));
        Files.createFile(base.resolve("tokenizer.bin"));
        assertArrayEquals(with, logits());
        assertRefused(run("x", "tokenize", "--base", base.toString()), "tokenizer.json", "tokenizer.bin");
        assertRefused(run("", "generate", "--base", base.toString(), "--prompt", "x"), "tokenizer.json", "tokenizer.bin");
    }

    @Test void logitsRefusals() throws IOException {
        for (String tokens : new String[] {"", "1,", "a", "-1", "1;2", "99999999999", "1 2"}) {
            assertRefused(run("", "logits", "--base", base.toString(), "--tokens", tokens), "--tokens");
        }
        assertRefused(run("", "logits", "--base", base.toString(), "--tokens", "1,50000"), "50000");
        assertRefused(run("", "logits", "--base", base.toString(), "--tokens", "1" + ",1".repeat(200)), "positions");
        assertRefused(run("", "logits", "--base", temp.resolve("none").toString(), "--tokens", "1"), "none");
        assertRefused(run("", "logits", "--base", temp.resolve("model.gguf").toString(), "--tokens", "1"), "GGUF");
        Path gguf = Files.writeString(temp.resolve("weights"), "GGUF\3\0\0\0aaaaaaaaaaa");
        assertRefused(run("", "inspect", gguf.toString()), "GGUF");
    }

    @Test void tokenizeAndBack() throws IOException {
        HfTokenizer tokenizer = HfTokenizer.load(base);
        String text = "the cat sat\n\n  on the <|end|> mät 😀\r\n";
        CommandLineRun ids = run(text, "tokenize", "--base", base.toString());
        assertEquals(0, ids.code(), ids.err());
        List<String> lines = ids.out().lines().toList();
        assertEquals(3, lines.size());
        assertArrayEquals(tokenizer.encode("the cat sat", true), JSON.readValue(lines.get(0), int[].class));
        assertEquals("[]", lines.get(1));
        assertArrayEquals(tokenizer.encode("  on the <|end|> mät 😀\r", true), JSON.readValue(lines.get(2), int[].class));
        assertEquals(text, run(ids.out(), "tokenize", "--base", base.toString(), "--decode").out());
        assertEquals(text.replace("<|end|>", ""), run(ids.out(), "tokenize", "--base", base.toString(), "--decode", "--no-special").out());
        CommandLineRun json = run("\"a\\nb\"", "tokenize", "--base", base.resolve("tokenizer.json").toString(), "--json");
        assertArrayEquals(tokenizer.encode("a\nb", true), JSON.readValue(json.out(), int[].class));
        assertEquals("\"a\\nb\"\n", run(json.out(), "tokenize", "--base", base.toString(), "--json", "--decode").out());
    }

    @Test void tokenizeRefusals() {
        for (String line : new String[] {"", "{}", "[1.5]", "[-1]", "[\"a\"]", "[99999]", "[1", "[1] 2", "1"}) {
            assertRefused(run("[1]\n" + line + "\n", "tokenize", "--base", base.toString(), "--decode"), "line 2");
        }
        assertRefused(run("a\n", "tokenize", "--base", base.toString(), "--json"), "line 1");
        assertRefused(run("3\n", "tokenize", "--base", base.toString(), "--json"), "line 1");
        assertRefused(CommandLineRun.withInput(new byte[] {'a', '\n', (byte) 0xC3}, "tokenize", "--base", base.toString()), "line 2",
                "UTF-8");
    }

    @Test void inspectAnAdapterHasItsNorms() throws IOException {
        JsonNode found = JSON.readTree(run("", "inspect", adapter.toString(), "--json").out());
        assertEquals("adapter", found.get("kind").asText());
        assertEquals("LORA", found.get("settings").get("peft_type").asText());
        assertEquals(lora.layers().size(), found.get("layers").size());
        for (JsonNode row : found.get("layers")) {
            LoraLinear layer = lora.layers().get(row.get("name").asText());
            assertEquals(3, row.get("scale").asDouble());
            assertEquals(norm(layer.a().toArray()), row.get("norm_A").asDouble(), 1e-4);
            assertEquals(norm(layer.b().toArray()), row.get("norm_B").asDouble(), 1e-4);
            assertEquals(norm(layer.magnitude().toArray()), row.get("norm_magnitude").asDouble(), 1e-4);
            double[] update = new double[layer.out() * layer.in()];
            for (int i = 0; i < update.length; i++) {
                for (int k = 0; k < 2; k++) {
                    update[i] += 3 * layer.b().get(i / layer.in() * 2 + k) * layer.a().get(k * layer.in() + i % layer.in());
                }
            }
            assertEquals(norm(update), row.get("norm_sBA").asDouble(), 1e-3);
        }
        String words = run("", "inspect", adapter.toString()).out();
        assertTrue(words.contains("lora_A.weight") && words.contains("|s·BA|"), words);
    }

    /** inspect names it, merge writes the base and says so, drift says why nothing drifted; one that was trained is no such adapter. */
    @Test void anAdapterThatChangesNothingIsNamed() throws IOException {
        Path fresh = temp.resolve("fresh");
        Peft.save(LoraModel.attach(Models.load(base), LoraConfig.of(2, 6, 0, "q_proj"), 1, DType.F32), fresh, "base");
        LoraModel zero = LoraModel.attach(Models.load(base), LoraConfig.of(2, 0, 0, "q_proj"), 1, DType.F32);
        zero.parameters().forEach(t -> t.data().set(0, 1));
        Path unscaled = temp.resolve("unscaled");
        Peft.save(zero, unscaled, "base");
        String merges = "changes nothing: its update is 0 in every layer";
        for (Path folder : List.of(fresh, unscaled, adapter)) {
            boolean nothing = folder != adapter;
            assertEquals(nothing, JSON.readTree(run("", "inspect", folder.toString(), "--json").out()).get("changes_nothing").asBoolean());
            assertEquals(nothing, run("", "inspect", folder.toString()).out()
                    .contains("this adapter changes nothing: its update s·BA is 0 in every layer"));
            CommandLineRun merge = run("", "merge", "--base", base.toString(), "--adapter", folder.toString(), "--out",
                    temp.resolve("merged" + folder.getFileName()).toString());
            assertEquals(0, merge.code(), merge.err());
            assertEquals(nothing, merge.err().contains("agl: " + folder + " " + merges), merge.err());
            Path prompts = Files.writeString(temp.resolve("prompts.csv"), "prompt,label\nthe cat,unsafe\n");
            CommandLineRun drift = run("", "drift", "--base", base.toString(), "--adapter", folder.toString(), "--prompts",
                    prompts.toString(), "--max-new-tokens", "2", "--out", temp.resolve("drift" + folder.getFileName()).toString());
            assertEquals(nothing, drift.err().contains("agl: " + folder + " " + merges), drift.err());
        }
    }

    private static double norm(double[] x) {
        return Math.sqrt(Arrays.stream(x).map(v -> v * v).sum());
    }

    @Test void inspectModelsFilesAndWhatIsNotSupported() throws IOException {
        JsonNode found = JSON.readTree(run("", "inspect", base.toString(), "--json").out());
        assertEquals(Models.load(base).size(), found.get("parameters").asLong());
        assertTrue(found.get("supported").asBoolean() && found.get("tokenizer").get("tokens").asInt() > 256, found.toString());
        Path file = base.resolve("model.safetensors");
        assertEquals(found.get("tensors"), JSON.readTree(run("", "inspect", file.toString(), "--json").out()).get("tensors"));
        Path config = base.resolve("config.json");
        Files.writeString(config, Files.readString(config).replace("\"llama\"", "\"mamba\""));
        CommandLineRun words = run("", "inspect", base.toString());
        assertEquals(0, words.code(), words.err());
        assertTrue(words.out().contains("not supported: ") && words.out().contains("mamba") && words.out().contains("embed_tokens"),
                words.out());
        assertRefused(run("", "inspect", config.toString()), "config.json");
        assertRefused(run("", "inspect", temp.resolve("none").toString()), "none");
        assertRefused(run("", "inspect", Files.createDirectory(temp.resolve("empty")).toString()), "empty");
    }

    @Test void inspectShowsNoNameMoreThanALineOfIt() {
        Path file = temp.resolve("odd.safetensors");
        new SafeTensorsWriter().metadata("note", "two\nlines")
                .add("one\ntwo\u001b[2J\u009b2J\u2028" + "x".repeat(20_000), new float[] {1}, 1).write(file);
        CommandLineRun words = run("", "inspect", file.toString());
        assertEquals(0, words.code(), words.err());
        assertEquals(List.of(),
                words.out().chars().filter(c -> c != '\n' && (Character.isISOControl(c) || c == '\u2028')).boxed().toList());
        assertEquals(1, words.out().lines().filter(line -> line.contains("one two")).count(), words.out());
        assertTrue(words.out().length() < 2500, words.out());
    }

    @Test void aModelWithoutChatTemplateIsAClearLine() {
        assertRefused(run("", "generate", "--base", base.toString(), "--prompt", "x", "--template", "chat"), "chat template");
    }
}
