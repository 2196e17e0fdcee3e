package agl.app.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.CommandLineRun;
import agl.app.TinyModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Runs of {@code agl fisher} and of {@code train} with its file, on a tiny model. */
abstract class FisherFileRuns {
    static final String WEIGHTS = "adapter_model.safetensors";

    @TempDir Path temp;
    Path base;
    Path file;

    @BeforeEach void files() throws IOException {
        base = TinyModel.write(temp.resolve("base"), 3);
        file = temp.resolve("aligned.fisher");
        CompareCommandTest.writeData(temp);
        // What train trains on: it holds out the last tenth.
        Files.write(temp.resolve("train.csv"), Files.readAllLines(temp.resolve("task.csv")).subList(0, 28));
    }

    String path(String name) {
        return temp.resolve(name).toString();
    }

    static String[] all(List<String> first, String... more) {
        List<String> all = new ArrayList<>(first);
        all.addAll(List.of(more));
        return all.toArray(String[]::new);
    }

    CommandLineRun fisher(String... more) {
        return CommandLineRun.of(all(List.of("fisher", "--base", base.toString(), "--alignment", path("alignment.csv"), "--template",
                "plain", "--max-length", "64", "-s", "fisher_examples=5", "--out", file.toString()), more));
    }

    void make(String... more) {
        CommandLineRun run = fisher(more);
        assertEquals(0, run.code(), run.err());
    }

    CommandLineRun train(String out, String... more) {
        return CommandLineRun.of(all(List.of("train", "--base", base.toString(), "--task", path("task.csv"), "--out", path(out),
                "--template", "plain", "--max-length", "64", "--steps", "3", "--batch-size", "4", "--r", "2", "--lr", "0.01"), more));
    }

    CommandLineRun trainWithFile(String out, String... more) {
        return train(out, all(List.of("--fisher", file.toString()), more));
    }

    byte[] adapter(String out) throws IOException {
        return Files.readAllBytes(temp.resolve(out).resolve(WEIGHTS));
    }

    /** One line and exit code 2, and nothing written. */
    void refused(CommandLineRun run, String... words) {
        assertEquals(2, run.code(), run.err());
        List<String> lines = run.err().lines().toList();
        assertEquals(1, lines.size(), run.err());
        for (String w : words) {
            assertTrue(lines.getFirst().contains(w), lines.getFirst());
        }
        assertFalse(Files.exists(temp.resolve("out")), "nothing is written");
    }
}
