package agl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.TinyModel;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launcher and the JVM that it starts, as real processes that are killed. */
class LauncherProcessTest {
    private static final long SECONDS = 60;

    @TempDir
    private Path folder;
    private final List<Process> started = new ArrayList<>();

    @BeforeEach
    void files() throws IOException {
        TinyModel.write(folder.resolve("base"), 3);
        StringBuilder rows = new StringBuilder();
        for (int i = 0; i < 20; i++) {
            rows.append("{\"instruction\":\"about the dog ").append(i).append("\",\"output\":\"the cat sat\"}\n");
        }
        Files.writeString(folder.resolve("task.jsonl"), rows);
    }

    @AfterEach
    void endAll() {
        for (Process p : started) {
            p.descendants().forEach(ProcessHandle::destroyForcibly);
            p.destroyForcibly();
        }
    }

    private Process agl(File out, String... args) throws IOException {
        List<String> command = new ArrayList<>(List.of(System.getProperty("java.home") + "/bin/java", "-Xmx300m", "-cp",
                System.getProperty("java.class.path"), "agl.Launcher"));
        command.addAll(List.of(args));
        Process p = new ProcessBuilder(command).directory(folder.toFile()).redirectOutput(out)
                .redirectError(folder.resolve("err" + started.size()).toFile()).start();
        started.add(p);
        return p;
    }

    private Process train(int steps, int r) throws IOException {
        return agl(folder.resolve("out" + started.size()).toFile(), "train", "--base", "base", "--task", "task.jsonl", "--method", "lora",
                "--batch-size", "2", "--max-length", "64",
                "--template", "plain", "--steps", Integer.toString(steps), "--r", Integer.toString(r), "--out", "out");
    }

    private static void await(String what, BooleanSupplier condition) throws InterruptedException {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < until, what + " did not come about");
            Thread.sleep(20);
        }
    }

    /** What this program said; the launcher's own JVM may say that the vector module is an incubator's. */
    private String err(int run) throws IOException {
        return Files.readString(folder.resolve("err" + run)).lines().filter(l -> l.startsWith("agl: ")).collect(Collectors.joining("\n"));
    }

    private ProcessHandle training(Process launcher) throws InterruptedException {
        await("the first step", () -> Files.exists(folder.resolve("out/metrics.jsonl")) || !launcher.isAlive());
        assertTrue(launcher.isAlive());
        return launcher.children().findFirst().orElseThrow();
    }

    /** In a container nobody may collect a process that has ended: it stays listed, but without a command. */
    private static boolean running(ProcessHandle process) {
        return process.isAlive() && process.info().command().isPresent();
    }

    /** kill -9 of the launcher ends the training, and the run that is started next is the one whose adapter stays. */
    @Test
    void whatAKilledLauncherStartedEnds() throws Exception {
        ProcessHandle child = training(train(1_000_000, 8));
        started.getFirst().destroyForcibly();
        Process second = train(2, 4);
        assertTrue(second.waitFor(SECONDS, TimeUnit.SECONDS));
        assertEquals(0, second.exitValue(), err(1));
        await("the end of the training", () -> !running(child));
        assertEquals(4, new ObjectMapper().readTree(folder.resolve("out/adapter_config.json").toFile()).get("r").asInt());
        try (Stream<Path> lock = Files.list(folder)) {
            assertTrue(lock.noneMatch(p -> p.toString().endsWith(".agl-lock")));
        }
    }

    /** A second run on the same output is refused while the first one goes on; SIGTERM to the launcher reaches the training. */
    @Test
    void twoRunsOnOneOutputAndAnOrdinaryKill() throws Exception {
        Process first = train(1_000_000, 8);
        ProcessHandle child = training(first);
        Process second = train(2, 4);
        assertTrue(second.waitFor(SECONDS, TimeUnit.SECONDS));
        assertEquals(2, second.exitValue());
        assertTrue(err(1).startsWith("agl: out: another agl run is writing there (process " + child.pid() + ")"), err(1));
        assertEquals(1, err(1).lines().count(), err(1));
        assertTrue(child.isAlive());
        first.destroy();
        assertTrue(first.waitFor(SECONDS, TimeUnit.SECONDS));
        assertFalse(child.isAlive());
        assertEquals(143, first.exitValue());
        assertTrue(err(0).contains("with a checkpoint: the same command with --resume goes on from there"), err(0));
        try (Stream<Path> left = Files.walk(folder)) {
            List<String> names = left.map(p -> p.getFileName().toString()).toList();
            assertFalse(names.contains("adapter_config.json"), "nothing half-written");
            assertTrue(names.stream().noneMatch(n -> n.endsWith(".agl-lock") || n.endsWith(".tmp")), names.toString());
        }
    }

    /** The JVM that does the work warns of an incubator module each time; the user sees nothing of it, and all the rest. */
    @Test
    void theModulesWarningIsTheOnlyLineThatIsLeftOut() throws Exception {
        Process p = train(2, 4);
        assertTrue(p.waitFor(SECONDS, TimeUnit.SECONDS));
        String err = Files.readString(folder.resolve("err0"));
        assertEquals(0, p.exitValue(), err);
        assertFalse(err.contains("WARNING"), err);
        assertTrue(err.contains("2 of 2"), err);
    }

    @Test
    void aFullDeviceIsExitCode2() throws Exception {
        File full = new File("/dev/full");
        Assumptions.assumeTrue(full.exists());
        Process p = agl(full, "--version");
        assertTrue(p.waitFor(SECONDS, TimeUnit.SECONDS));
        assertEquals(2, p.exitValue());
        assertTrue(err(0).startsWith("agl: standard output could not be written"), err(0));
    }
}
