package agl.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.TinyData;
import agl.app.TinyModel;
import agl.app.io.AtomicFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Real processes killed at random moments and started again: whenever one comes to its end, every file is that of a process that was left
 * alone, but for times. {@code -Dagl.kills=100} kills more often, and more commands.
 */
class KilledRunTest {
    private static final int SHORT = 10;
    private static final int EVERY = 3;
    private static final int KILLS = Integer.getInteger("agl.kills", SHORT);
    private static final Pattern WRITTEN = Pattern.compile("20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z");
    /** In JSON, and in the table of compare's report, which has one number in a row. */
    private static final Pattern SECONDS = Pattern
            .compile("(?<=\"seconds\"[ :\\[]{1,6})[0-9.E-]+|(?<=</th><td class=\"n\">)[0-9.]+(?=</td></tr>)");
    private static final Pattern SUM = Pattern.compile("(?<=\"agl_sha256\":\")[0-9a-f]{64}");

    /** @param share of all kills */
    private record Job(String name, int share, List<String> words) {
        private boolean resumes() {
            return List.of("train", "align").contains(words.getFirst());
        }

        @Override public String toString() {
            return name;
        }
    }

    private static Job job(String name, int share, String... words) {
        return new Job(name, share, List.of(words));
    }

    private static Job train(String name, int share, String... more) {
        return new Job(name, share, Stream.concat(Stream.of("train", "--method"), Stream.of(more)).toList());
    }

    static Stream<Job> jobs() {
        List<Job> brief = List.of(train("agl, refreshed", 3, "agl", "-s", "agl.refresh_every=10"), job("align", 3, "align"),
                job("compare", 2, "compare", "--methods", "lora,kl", "--seeds", "1"), job("merge", 1, "merge"), job("fisher", 1, "fisher"));
        List<Job> others = List.of(train("lora", 1, "lora"), train("agl, kfac", 1, "agl", "-s", "agl.backend=kfac"),
                train("agl, diagonal", 1, "agl", "-s", "agl.backend=diagonal"), train("kl", 1, "kl"), train("lisa", 1, "lisa"),
                job("align --lora", 1, "align", "--lora"), job("forgetting", 2, "forgetting"), job("demo", 2, "demo"));
        return KILLS > SHORT ? Stream.concat(brief.stream(), others.stream()) : brief.stream();
    }

    /** As many as its share of all that are run. */
    private static int kills(Job job) {
        return Math.max(1, KILLS * job.share / jobs().mapToInt(Job::share).sum());
    }

    @TempDir Path temp;

    @BeforeEach void inputs() throws IOException {
        TinyModel.write(temp.resolve("base"), 3);
        TinyData.write(temp, 40, 6);
        Files.writeString(temp.resolve("text.txt"), "the quick brown fox jumps over the lazy dog. ".repeat(20));
    }

    private String in(String name) {
        return temp.resolve(name).toString();
    }

    private Process start(List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "--add-modules",
                "jdk.incubator.vector", "-XX:+UseSerialGC", "-Xmx512m"));
        if (KILLS == SHORT) {
            // Short processes: the quick compiler, and the kernels that it makes fast; the vector ones take it three times as long.
            command.addAll(List.of("-XX:TieredStopAtLevel=1", "-Dagl.kernels=plain"));
        }
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), "agl.app.Main"));
        command.addAll(arguments);
        return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(temp.resolve("output.txt").toFile()).start();
    }

    private void expect(Process run) throws Exception {
        assertTrue(run.waitFor(300, TimeUnit.SECONDS));
        assertEquals(0, run.exitValue(), said());
    }

    private String said() throws IOException {
        return Files.readString(temp.resolve("output.txt"));
    }

    private List<String> command(Job job, Path out) {
        List<String> all = new ArrayList<>(job.words);
        String name = job.words.getFirst();
        if (!name.equals("demo")) {
            all.addAll(List.of("--base", in("base")));
        }
        if (name.equals("align")) {
            all.addAll(List.of("--data", in("task.csv")));
        } else if (List.of("train", "compare", "fisher", "forgetting").contains(name)) {
            all.addAll(List.of("--alignment", in("alignment.csv"), "-s", "fisher_examples=4"));
        }
        if (List.of("train", "compare", "forgetting").contains(name)) {
            all.addAll(List.of("--task", in("task.csv"), "--prompts", in("prompts.csv"), "--max-new-tokens", "4"));
        }
        if (List.of("train", "align", "compare", "forgetting").contains(name)) {
            all.addAll(List.of("-s", "batch_size=4", "-s", "r=2", "-s", "eval_every=7", "--save-every", String.valueOf(EVERY)));
            all.addAll(List.of("-s", name.equals("train") ? "steps=40" : "steps=20"));
        }
        if (!List.of("demo", "merge").contains(name)) {
            all.addAll(List.of("-s", "max_length=64", "--template", "instruction"));
        }
        all.addAll(switch (name) {
            case "forgetting" -> List.of("--sizes", "6,12,18,24", "--seeds", "1", "--methods", "lora", "--pretrain-text", in("text.txt"));
            case "train" -> List.of("--log", "csv");
            case "merge" -> List.of("--adapter", in("adapter"));
            case "demo" -> List.of("--quick", "-s", "steps=5");
            default -> List.<String>of();
        });
        all.addAll(List.of("--out", out.toString()));
        return all;
    }

    /** What a run left, by name, without what says when, how long or where. Checksums in files with a time are left out with it. */
    private static Map<String, String> files(Path out) throws IOException {
        Map<String, String> found = new TreeMap<>();
        try (Stream<Path> all = Files.walk(out)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                String text = Files.readString(file, StandardCharsets.ISO_8859_1).replace(out.toString(), "FOLDER");
                String timeless = SECONDS.matcher(WRITTEN.matcher(text).replaceAll("WRITTEN")).replaceAll("SECONDS");
                found.put(out.relativize(file).toString(), timeless.equals(text) ? text : SUM.matcher(timeless).replaceAll("SUM"));
            }
        }
        return found;
    }

    @ParameterizedTest @MethodSource("jobs") void goesOnWhereItWasKilled(Job job) throws Exception {
        Random random = new Random(KILLS);
        if (job.name.equals("merge")) {
            expect(start(command(train("lora", 0, "lora"), temp.resolve("adapter"))));
        }
        // The same name in another folder: results name their files.
        Path alone = Files.createDirectory(temp.resolve("alone")).resolve("out");
        Path out = Files.createDirectory(temp.resolve("again")).resolve("out");
        long began = System.nanoTime();
        expect(start(command(job, alone)));
        long millis = (System.nanoTime() - began) / 1_000_000;
        List<String> again = command(job, out);
        if (job.resumes()) {
            again.add("--resume");
        }
        int killed = 0;
        boolean compared = false;
        while (killed < kills(job) || !compared) {
            Process run = start(again);
            boolean ended = run.waitFor(killed < kills(job) ? random.nextLong(millis / 8, millis) : 300_000, TimeUnit.MILLISECONDS);
            if (ended) {
                // Killed after its end, a run is not repeated.
                assertEquals(said().contains("this run has come to its end: there is nothing to resume") ? 2 : 0, run.exitValue(), said());
            } else {
                run.destroyForcibly().waitFor();
                killed++;
                lostAtMostAnInterval(out);
                // A checkpoint is moved into place whole: killed after that, the command has nothing left to do.
                ended = job.name.equals("merge") && Files.exists(out);
            }
            compared = ended;
            if (ended) {
                Map<String, String> expected = files(alone.getParent());
                Map<String, String> found = files(out.getParent());
                assertEquals(expected.keySet(), found.keySet());
                expected.forEach((file, text) -> assertEquals(text, found.get(file), file));
                AtomicFiles.deleteTree(out.getParent());
                Files.createDirectory(out.getParent());
            }
        }
    }

    /** The steps that were logged are in a checkpoint, but for those after the newest. */
    private static void lostAtMostAnInterval(Path out) throws IOException {
        Path log = out.resolve("metrics.jsonl");
        if (Files.exists(log) && !Files.exists(out.resolve("report.html"))) {
            long logged = last(Pattern.compile("(?m)^\\{\"step\":([0-9]+)").matcher(Files.readString(log)));
            Path folder = out.resolve("checkpoints");
            String saved = Files.exists(folder) ? String.join(" ", Objects.requireNonNull(folder.toFile().list())) : "";
            long newest = last(Pattern.compile("step-0*([0-9]+)").matcher(saved));
            assertTrue(newest >= logged - EVERY, logged + " steps logged, checkpoints " + saved);
        }
    }

    private static long last(Matcher matcher) {
        return matcher.results().mapToLong(found -> Long.parseLong(found.group(1))).max().orElse(0);
    }

    /** Ctrl-C and a scheduler's signal: a checkpoint, one line on how to go on, the shell's exit code. */
    @Test void aSignalEndsTheRunWithACheckpoint() throws Exception {
        Path out = temp.resolve("signalled");
        List<String> command = command(train("lora", 0, "lora"), out);
        command.set(command.indexOf("steps=40"), "steps=100000");
        command.set(command.indexOf(String.valueOf(EVERY)), "1000000");
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
