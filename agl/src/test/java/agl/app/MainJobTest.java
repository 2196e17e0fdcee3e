package agl.app;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole line on the user's own files, through the command line, with a tiny model. */
class MainJobTest {
    @TempDir Path temp;
    private Path base;
    private Path task;
    private Path alignment;
    private Path prompts;

    private record Run(int exit, String out, String err) { }

    @BeforeEach void files() throws IOException {
        base = TinyModel.write(temp.resolve("base"), 3);
        StringBuilder csv = new StringBuilder("instruction,input,response\n");
        StringBuilder jsonl = new StringBuilder();
        StringBuilder drift = new StringBuilder("prompt,label,category\n");
        for (int i = 0; i < 20; i++) {
            csv.append("tell me a story ").append(i).append(",the fox,\"the red fox\nsat on the mat\"\n");
            jsonl.append("{\"instruction\":\"about the dog ").append(i).append("\",\"output\":\"the cat sat\"}\n");
            drift.append("the dog ").append(i).append(i % 2 == 0 ? ",unsafe,violence\n" : ",safe,\n");
        }
        task = Files.writeString(temp.resolve("task.csv"), csv);
        alignment = Files.writeString(temp.resolve("alignment.jsonl"), jsonl);
        prompts = Files.writeString(temp.resolve("prompts.csv"), drift);
    }

    private Run agl(Object... args) {
        PrintStream out = System.out;
        PrintStream err = System.err;
        ByteArrayOutputStream o = new ByteArrayOutputStream();
        ByteArrayOutputStream e = new ByteArrayOutputStream();
        System.setOut(new PrintStream(o, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(e, true, StandardCharsets.UTF_8));
        try {
            List<String> words = new ArrayList<>();
            for (Object a : args) {
                words.add(a.toString());
            }
            int exit = Main.execute(words.toArray(String[]::new));
            return new Run(exit, o.toString(StandardCharsets.UTF_8), e.toString(StandardCharsets.UTF_8));
        } finally {
            System.setOut(out);
            System.setErr(err);
        }
    }

    private static final List<String> SHORT = List.of("--steps", "3", "--batch-size", "4", "--max-length", "64", "--r", "2", "-s",
            "fisher_examples=5");

    private Run train(String method, Path out, Object... more) {
        List<Object> args = new ArrayList<>(
                List.of("train", "--base", base, "--task", task, "--alignment", alignment, "--method", method, "--out", out));
        args.addAll(SHORT);
        args.addAll(List.of(more));
        return agl(args.toArray());
    }

    @Test void alignTrainDriftGenerateMerge() throws IOException {
        Path aligned = temp.resolve("aligned");
        assertEquals(0,
                agl("align", "--base", base, "--data", alignment, "--out", aligned, "--steps", 3, "--batch-size", 4, "--max-length", 64)
                        .exit());
        assertTrue(Files.exists(aligned.resolve("model.safetensors")) && Files.exists(aligned.resolve("tokenizer.json")));
        base = aligned;
        for (String method : List.of("lora", "agl")) {
            Path out = temp.resolve(method);
            Run run = train(method, out);
            assertEquals(0, run.exit(), run.err());
            for (String file : List.of("adapter_config.json", "adapter_model.safetensors", "metrics.jsonl", "settings.json",
                    "provenance.json")) {
                assertTrue(Files.size(out.resolve(file)) > 0, file);
            }
            assertEquals(3, Files.readAllLines(out.resolve("metrics.jsonl")).size());
        }
        for (int i = 0; i < 2; i++) {
            assertEquals(0, train("agl", temp.resolve("cached" + i), "--fisher-cache", temp.resolve("cache")).exit());
            assertEquals(1, temp.resolve("cache").toFile().list().length);
            assertEquals(-1, Files.mismatch(temp.resolve("agl/adapter_model.safetensors"),
                    temp.resolve("cached" + i + "/adapter_model.safetensors")));
        }
        Run drift = agl("drift", "--base", base, "--adapter", temp.resolve("lora"), "--adapter", temp.resolve("agl"), "--prompts", prompts,
                "--out", temp.resolve("drift"), "--max-new-tokens", 4);
        assertEquals(0, drift.exit(), drift.err());
        assertTrue(drift.out().contains("R_unsafe") && drift.out().contains("agl"), drift.out());
        assertEquals(61, Files.readAllLines(temp.resolve("drift/answers.csv")).stream()
                .filter(l -> l.startsWith("base,") || l.startsWith("lora,") || l.startsWith("agl,") || l.startsWith("model,")).count());
        assertEquals(0,
                agl("generate", "--base", base, "--adapter", temp.resolve("agl"), "--prompt", "the cat", "--max-new-tokens", 3).exit());
        Run merge = agl("merge", "--base", base, "--adapter", temp.resolve("agl"), "--out", temp.resolve("merged"));
        assertEquals(0, merge.exit(), merge.err());
        assertTrue(merge.out().contains("largest logit difference"));
        assertEquals(0, agl("generate", "--base", temp.resolve("merged"), "--prompt", "the cat", "--max-new-tokens", 3).exit());
    }

    /** What was read is recorded, and what was trained is kept, when base and data are gone before the end. */
    @Test void inputsThatDisappearDoNotThrowTheTrainingAway() throws Exception {
        Run align = whileDeleting(temp.resolve("aligned.metrics.jsonl"),
                () -> agl("align", "--base", base, "--data", alignment, "--out", temp.resolve("aligned"),
                        "--steps", 60, "--batch-size", 4, "--max-length", 64, "--template", "plain"));
        assertEquals(0, align.exit(), align.err());
        assertTrue(Files.exists(temp.resolve("aligned/tokenizer.json")));
        recordsWhatWasThere(temp.resolve("aligned/provenance.json"), align);
        files();
        Run train = whileDeleting(temp.resolve("out/metrics.jsonl"),
                () -> agl("train", "--base", base, "--task", task, "--alignment", alignment,
                        "--out", temp.resolve("out"), "--steps", 60, "--batch-size", 4, "--max-length", 64, "--r", 2, "-s",
                        "fisher_examples=5", "--template", "plain"));
        assertEquals(0, train.exit(), train.err());
        assertTrue(Files.exists(temp.resolve("out/adapter_model.safetensors")));
        recordsWhatWasThere(temp.resolve("out/provenance.json"), train);
    }

    /** Weights are mapped: written over in place they are other weights in the midst of the run, and nothing of it is worth keeping. */
    @Test void weightsWrittenOverInPlaceLeaveNoAdapter() throws Exception {
        files();
        Path weights = base.resolve("model.safetensors");
        byte[] original = Files.readAllBytes(weights);
        Thread zeros = Thread.ofPlatform().start(() -> {
            while (!Files.exists(temp.resolve("zeros/metrics.jsonl")) && !Thread.currentThread().isInterrupted()) {
                Thread.onSpinWait();
            }
            try (RandomAccessFile file = new RandomAccessFile(weights.toFile(), "rw")) {
                file.seek(file.length() - 256);
                file.write(new byte[256]);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        Object[] command = {"train", "--base", base, "--task", task, "--method", "lora", "--steps", 60, "--batch-size", 4, "--max-length",
            64, "--r", 2, "--template", "plain", "--save-every", 1, "--resume", "--out", temp.resolve("zeros")};
        Run train = agl(command);
        zeros.join();
        assertEquals(2, train.exit(), train.err());
        assertTrue(train.err().contains("was written over while this run read its weights from there"), train.err());
        assertFalse(Files.exists(temp.resolve("zeros/adapter_model.safetensors")));
        // Nor is a step with those weights in a checkpoint: with the right ones the run ends as if nothing had happened.
        Files.write(weights, original);
        Run again = agl(command);
        assertEquals(0, again.exit(), again.err());
        command[command.length - 1] = temp.resolve("undisturbed");
        assertEquals(0, agl(command).exit());
        assertArrayEquals(Files.readAllBytes(temp.resolve("undisturbed/adapter_model.safetensors")),
                Files.readAllBytes(temp.resolve("zeros/adapter_model.safetensors")));
    }

    /** A job that is started again and again until it is done hears that it is done; what a kill after the end left goes. */
    @Test void aRunThatCameToItsEndIsNotResumed() throws IOException {
        files();
        Path ended = temp.resolve("ended");
        Object[] command = {"train", "--base", base, "--task", task, "--method", "lora", "--steps", 3, "--batch-size", 4, "--max-length",
            64, "--r", 2, "--template", "plain", "--save-every", 1, "--resume", "--out", ended};
        assertEquals(0, agl(command).exit());
        byte[] adapter = Files.readAllBytes(ended.resolve("adapter_model.safetensors"));
        Files.createDirectory(ended.resolve("checkpoints"));
        Files.write(ended.resolve("checkpoints/step-00000003.safetensors"), new byte[100]);
        Run again = agl(command);
        assertEquals(2, again.exit());
        assertTrue(again.err().contains("ended: this run has come to its end: there is nothing to resume"), again.err());
        assertFalse(Files.exists(ended.resolve("checkpoints")));
        assertArrayEquals(adapter, Files.readAllBytes(ended.resolve("adapter_model.safetensors")));
    }

    /** Going on from its checkpoints would wreck the model again: the next run, with other settings, finds none. */
    @Test void aWreckLeavesNoCheckpoints() throws IOException {
        files();
        Object[] command = {"train", "--base", base, "--task", task, "--method", "lora", "--steps", 3, "--batch-size", 4, "--max-length",
            64, "--r", 2, "--template", "plain", "--save-every", 1, "--out", temp.resolve("wreck"), "--lora-alpha", 1e30, "--lr", "30"};
        Run wrecked = agl(command);
        assertEquals(2, wrecked.exit(), wrecked.err());
        assertTrue(wrecked.err().contains("it is not written"), wrecked.err());
        assertFalse(Files.exists(temp.resolve("wreck/checkpoints")));
        command[command.length - 3] = 16;
        Run sound = agl(command);
        assertEquals(0, sound.exit(), sound.err());
    }

    private static void recordsWhatWasThere(Path provenance, Run run) throws IOException {
        var json = new com.fasterxml.jackson.databind.ObjectMapper().readTree(provenance.toFile());
        assertTrue(json.get("inputs_changed_during_run").size() >= 3, json.toString());
        json.get("inputs_changed_during_run")
                .forEach(file -> assertEquals(64, json.get("inputs_sha256").get(file.asText()).asText().length()));
        assertEquals(1, run.err().lines().filter(l -> l.startsWith("agl: changed or deleted after it was read")).count(), run.err());
    }

    private Run whileDeleting(Path started, java.util.function.Supplier<Run> work) throws InterruptedException {
        Thread deleting = Thread.ofPlatform().start(() -> {
            while (!Files.exists(started) && !Thread.currentThread().isInterrupted()) {
                Thread.onSpinWait();
            }
            for (Path gone : List.of(base, task, alignment)) {
                agl.app.io.AtomicFiles.deleteTree(gone);
            }
        });
        try {
            return work.get();
        } finally {
            deleting.interrupt();
            deleting.join();
        }
    }

    @Test void aDryRunShowsWhatWouldHappenAndWritesNothing() {
        Run run = train("agl", temp.resolve("out"), "--dry-run");
        assertEquals(0, run.exit(), run.err());
        assertTrue(run.out().contains("«") && run.out().contains("trained in") && run.out().contains("memory"), run.out());
        assertFalse(Files.exists(temp.resolve("out")));
    }

    @Test void badInputIsOneLineAndExitCode2() throws IOException {
        Path cut = Files.createDirectory(temp.resolve("cut"));
        for (String name : List.of("config.json", "tokenizer.json")) {
            Files.copy(base.resolve(name), cut.resolve(name));
        }
        byte[] weights = Files.readAllBytes(base.resolve("model.safetensors"));
        Files.write(cut.resolve("model.safetensors"), java.util.Arrays.copyOf(weights, weights.length / 2));
        Path column = Files.writeString(temp.resolve("column.csv"), "question,answer\na,b\n");
        Path broken = Files.writeString(temp.resolve("broken.csv"), "instruction,response\na,b\n\"c,d\n");
        Path file = Files.writeString(temp.resolve("file"), "x");
        record Bad(String says, Object... args) { }
        for (Bad bad : List.of(
                new Bad("nowhere", "train", "--base", temp.resolve("nowhere"), "--task", task, "--alignment", alignment, "--out",
                        temp.resolve("o")),
                new Bad("model.safetensors", "train", "--base", cut, "--task", task, "--alignment", alignment, "--out", temp.resolve("o")),
                new Bad("instruction", "train", "--base", base, "--task", column, "--alignment", alignment, "--out", temp.resolve("o")),
                new Bad("broken.csv", "train", "--base", base, "--task", broken, "--alignment", alignment, "--out", temp.resolve("o")),
                new Bad("--alignment", "train", "--base", base, "--task", task, "--out", temp.resolve("o")),
                new Bad("lambda_X", "train", "--base", base, "--task", task, "--alignment", alignment, "-s", "agl.lambda_X=1", "--out",
                        temp.resolve("o")),
                new Bad("file", "train", "--base", base, "--task", task, "--alignment", alignment, "--out", file),
                new Bad("adapter_config.json", "generate", "--base", base, "--adapter", base, "--prompt", "x"),
                new Bad("unknown", "generate", "--base", base, "--prompt", "x", "--unknown", "1"))) {
            Run run = agl(bad.args());
            assertEquals(2, run.exit(), bad.says() + ": " + run.err());
            List<String> lines = run.err().lines().filter(l -> l.startsWith("agl:")).toList();
            assertEquals(1, lines.size(), run.err());
            assertTrue(lines.get(0).contains(bad.says()), lines.get(0));
            assertFalse(run.err().contains("\tat "), run.err());
            assertFalse(Files.exists(temp.resolve("o/adapter_model.safetensors")));
        }
    }

    @Test void anAdapterOfAnotherModelIsRefused() {
        Path out = temp.resolve("adapter");
        assertEquals(0, train("lora", out, "--target-modules", "all-linear").exit());
        Path other = temp.resolve("other");
        agl.nn.Models.save(
                agl.nn.Models.random(agl.nn.ModelConfig.llama(24, 2, 4, 2, 24, 300).withPositions(96), 1, agl.autograd.storage.DType.F32),
                other, base, agl.autograd.storage.DType.F32);
        Run run = agl("generate", "--base", other, "--adapter", out, "--prompt", "x");
        assertEquals(2, run.exit());
        assertTrue(run.err().contains("does not fit"), run.err());
    }
}
