package agl.app.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Real processes killed at random moments and started again, until one comes to its end: what they wrote is that of a process that was
 * left alone. {@code -Dagl.kills=100} kills more often.
 */
class KilledRunTest {
    private static final int KILLS = Integer.getInteger("agl.kills", 6);
    /** Files that say when or how long, not what. */
    private static final List<String> TIMED = List.of("provenance.json", "report.html", "compare.json");

    @TempDir Path temp;
    private List<String> common;

    @BeforeEach void inputs() throws IOException {
        Path base = TinyModel.write(temp.resolve("base"), 3);
        Path task = write("task.csv",
                IntStream.range(0, 40).mapToObj(i -> "tell me a story " + i + ",the red fox sat on the mat " + i % 3));
        Path alignment = write("alignment.csv",
                IntStream.range(0, 8).mapToObj(i -> "about the dog " + i + "," + (i < 4 ? "I cannot help with that." : "the cat sat.")));
        Path prompts = Files.write(temp.resolve("prompts.csv"), Stream.concat(Stream.of("prompt,label"),
                IntStream.range(0, 6).mapToObj(i -> "how do I " + i + "," + (i < 3 ? "unsafe" : "safe"))).toList());
        common = List.of("--base", base.toString(), "--task", task.toString(), "--alignment", alignment.toString(), "--template",
                "instruction", "--prompts", prompts.toString(), "--max-new-tokens", "4", "-s", "steps=40", "-s", "batch_size=4", "-s", "r=2",
                "-s", "max_length=64", "-s", "fisher_examples=4", "-s", "eval_every=7", "--save-every", "3");
    }

    private Path write(String name, Stream<String> rows) throws IOException {
        return Files.write(temp.resolve(name), Stream.concat(Stream.of("instruction,response"), rows).toList());
    }

    private Process start(List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "--add-modules",
                "jdk.incubator.vector", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m", "-cp",
                System.getProperty("java.class.path"), "agl.app.Main"));
        command.addAll(arguments);
        return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(temp.resolve("output.txt").toFile()).start();
    }

    private String said() throws IOException {
        return Files.readString(temp.resolve("output.txt"));
    }

    private List<String> command(String name, Path out, String... more) {
        List<String> all = new ArrayList<>(List.of(name));
        all.addAll(common);
        all.addAll(List.of(more));
        all.addAll(List.of("--out", out.toString()));
        return all;
    }

    /** What a run left, by name; without what says when. */
    private static Map<String, byte[]> files(Path out) throws IOException {
        Map<String, byte[]> found = new TreeMap<>();
        try (Stream<Path> all = Files.walk(out)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                if (!TIMED.contains(file.getFileName().toString()) && !file.toString().contains("runs")) {
                    found.put(out.relativize(file).toString(), Files.readAllBytes(file));
                }
            }
        }
        return found;
    }

    private void killedAgainAndAgain(int kills, Random random, String name, String... more) throws Exception {
        Path alone = temp.resolve("alone");
        long began = System.nanoTime();
        Process whole = start(command(name, alone, more));
        assertTrue(whole.waitFor(120, TimeUnit.SECONDS));
        assertEquals(0, whole.exitValue(), said());
        long millis = (System.nanoTime() - began) / 1_000_000;
        Path out = temp.resolve("killed");
        List<String> again = new ArrayList<>(command(name, out, more));
        if (!name.equals("compare")) {
            again.add("--resume");
        }
        for (int kill = 0; kill < kills; kill++) {
            Process run = start(again);
            if (run.waitFor(random.nextLong(millis / 8, millis), TimeUnit.MILLISECONDS)) {
                assertEquals(0, run.exitValue(), said());
                break;
            }
            run.destroyForcibly().waitFor();
            assertFalse(Files.exists(out.resolve("adapter_config.json")) && !Files.exists(out.resolve("adapter_model.safetensors")));
        }
        if (!Files.exists(out.resolve("report.html"))) {
            Process last = start(again);
            assertTrue(last.waitFor(120, TimeUnit.SECONDS));
            assertEquals(0, last.exitValue(), said());
        }
        Map<String, byte[]> expected = files(alone);
        Map<String, byte[]> found = files(out);
        found.keySet().removeIf(file -> file.startsWith(".new."));
        assertEquals(expected.keySet(), found.keySet());
        expected.forEach((file, bytes) -> assertArrayEquals(bytes, found.get(file), file));
    }

    @Test void trainGoesOnWhereItWasKilled() throws Exception {
        killedAgainAndAgain(Math.max(1, KILLS / 2), new Random(KILLS), "train", "--method", "agl", "-s", "agl.refresh_every=10");
    }

    @Test void compareGoesOnWhereItWasKilled() throws Exception {
        killedAgainAndAgain(Math.max(1, KILLS / 4), new Random(2 * KILLS), "compare", "--methods", "lora,kl", "--seeds", "1", "-s",
                "steps=20");
    }

    /** Ctrl-C and a scheduler's signal: a checkpoint, one line on how to go on, the shell's exit code. */
    @Test void aSignalEndsTheRunWithACheckpoint() throws Exception {
        Path out = temp.resolve("signalled");
        List<String> command = command("train", out, "--method", "lora");
        command.set(command.indexOf("steps=40"), "steps=100000");
        command.set(command.indexOf("3"), "1000000");
        Process run = start(command);
        Path metrics = out.resolve("metrics.jsonl");
        for (int i = 0; i < 600 && (!Files.exists(metrics) || Files.size(metrics) < 1000); i++) {
            Thread.sleep(100);
        }
        run.destroy(); // SIGTERM
        assertTrue(run.waitFor(60, TimeUnit.SECONDS));
        assertEquals(143, run.exitValue(), said());
        assertTrue(said().contains("with a checkpoint: the same command with --resume goes on from there"), said());
        assertEquals(1, Files.list(out.resolve("checkpoints")).count());
        Process second = start(command);
        assertTrue(second.waitFor(60, TimeUnit.SECONDS));
        assertEquals(2, second.exitValue());
        assertTrue(said().contains("there is an unfinished run, saved after step"), said());
    }
}
