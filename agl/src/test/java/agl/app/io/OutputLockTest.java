package agl.app.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.CommandLineRun;
import agl.error.AglException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputLockTest {
    @TempDir
    private Path folder;

    private List<String> left() throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.map(p -> p.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void oneRunAtATimeAndNothingIsLeft() throws IOException {
        Path out = folder.resolve("a/b/out");
        try (OutputLock lock = OutputLock.take(out)) {
            String said = assertThrows(AglException.class, () -> OutputLock.take(folder.resolve("a/./b/../b/out"))).getMessage();
            assertTrue(said.contains("another agl run is writing there (this process)"), said);
            OutputLock.take(folder.resolve("a/b/other")).close();
            assertFalse(Files.exists(out));
        }
        assertEquals(List.of(), left());
        OutputLock.take(out).close();
        OutputLock.take(folder.resolve("x")).close();
        assertEquals(List.of(), left());
    }

    @Test
    void theSameFolderByAnotherNameIsTheSameOutput() throws IOException {
        Path out = Files.createDirectory(folder.resolve("out"));
        Path link = Files.createSymbolicLink(folder.resolve("link"), out);
        Path parent = Files.createSymbolicLink(folder.resolve("parent"), folder);
        try (OutputLock lock = OutputLock.take(out)) {
            assertThrows(AglException.class, () -> OutputLock.take(link));
            assertThrows(AglException.class, () -> OutputLock.take(parent.resolve("out")));
            assertThrows(AglException.class, () -> OutputLock.take(parent.resolve("link")));
        }
        OutputLock.take(link).close();
    }

    @Test
    void aFileThatAKilledRunLeftLocksNothing() throws IOException {
        Files.writeString(folder.resolve(".out.agl-lock"), "123 456");
        OutputLock.take(folder.resolve("out")).close();
        assertEquals(List.of(), left());
    }

    @Test
    void everyCommandWithAnOutputHoldsItsLock() throws IOException {
        Path out = folder.resolve("out");
        String no = folder.resolve("none").toString();
        try (OutputLock lock = OutputLock.take(out)) {
            for (String[] command : new String[][] {{"train", "--base", no, "--task", no}, {"align", "--base", no, "--data", no},
                {"merge", "--base", no, "--adapter", no},
                {"drift", "--base", no, "--prompts", no}, {"compare", "--base", no, "--task", no}, {"ablate", "--base", no, "--task", no},
                {"forgetting", "--base", no, "--task", no, "--pretrain-text", no, "--sizes", "1,2,3"}, {"demo", "--prepare"},
                {"explain"}}) {
                String[] args = Stream.concat(Stream.of(command), Stream.of("--out", out.toString())).toArray(String[]::new);
                CommandLineRun run = CommandLineRun.of(args);
                assertEquals(2, run.code(), command[0] + run.err());
                assertTrue(run.err().contains("another agl run is writing there"), command[0] + run.err());
                assertEquals(1, run.err().lines().count(), run.err());
            }
            assertEquals(0, CommandLineRun.of("train", "--out", out.toString(), "--help").code());
        }
        assertEquals(List.of(), left());
    }
}
