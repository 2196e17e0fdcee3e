package agl.nn.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import agl.error.AglException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files and folders that appear whole or not at all. */
class OutputTest {
    @TempDir
    private Path folder;

    private List<String> entries() throws IOException {
        try (Stream<Path> list = Files.list(folder)) {
            return list.map(path -> path.getFileName().toString()).sorted().toList();
        }
    }

    private static String refusal(Runnable action) {
        String message = assertThrows(AglException.class, action::run).getMessage();
        assertFalse(message.contains("\n"), message);
        return message;
    }

    @Test void aFileIsReplaced() throws IOException {
        Path file = folder.resolve("deep/er/a.txt");
        OutputFile.writeText(file, "\u00e9");
        OutputFile.writeText(file, "\u00e9\u00e8");
        assertEquals("\u00e9\u00e8", Files.readString(file));
        OutputFile.write(file, channel -> {
            OutputFile.writeFully(channel, ByteBuffer.wrap("old".getBytes(StandardCharsets.UTF_8)));
            assertEquals("\u00e9\u00e8", Files.readString(file), "nothing is seen before all is there");
        });
        assertEquals("old", Files.readString(file));
        assertEquals(List.of("deep"), entries());
    }

    @Test void aFileThatFailsLeavesNothing() throws IOException {
        Path file = Files.writeString(folder.resolve("a.txt"), "before");
        assertEquals(file + ": cannot be written: full", refusal(() -> OutputFile.write(file, channel -> {
            channel.write(ByteBuffer.wrap(new byte[3]));
            throw new IOException("full");
        })));
        assertThrows(IllegalStateException.class, () -> OutputFile.write(file, channel -> {
            throw new IllegalStateException();
        }));
        assertEquals("before", Files.readString(file));
        assertEquals(List.of("a.txt"), entries());
        Path taken = Files.createDirectories(folder.resolve("b/c")).getParent();
        assertTrue(refusal(() -> OutputFile.writeText(taken, "x")).startsWith(taken + ": cannot be written: "));
        assertEquals(List.of("a.txt", "b"), entries());
    }

    @Test void aFolderIsReplaced() throws IOException {
        Path target = folder.resolve("new/../out");
        OutputFolder.write(target, at -> Files.writeString(at.resolve("a"), "1"));
        OutputFolder.write(target, at -> {
            assertEquals("1", Files.readString(folder.resolve("out/a")), "the old one stands until the new one is filled");
            Files.writeString(Files.createDirectories(at.resolve("sub")).resolve("b"), "2");
        });
        assertEquals(List.of("out"), entries());
        OutputFolder.write(folder.resolve("out/deep/er"), at -> Files.writeString(at.resolve("c"), "3"));
        assertEquals("3", Files.readString(folder.resolve("out/deep/er/c")));
        assertFalse(Files.exists(folder.resolve("out/a")));
        assertEquals("2", Files.readString(folder.resolve("out/sub/b")));
    }

    @Test void whatSomebodyPutsThereMeanwhileStays() throws IOException {
        Path target = folder.resolve("out");
        assertEquals(target + ": something was put there meanwhile; nothing was written",
                refusal(() -> OutputFolder.writeNew(target, at -> {
                    Files.writeString(at.resolve("a"), "1");
                    Files.writeString(Files.createDirectories(target).resolve("thesis.txt"), "mine");
                })));
        assertEquals(List.of("out"), entries());
        assertEquals("mine", Files.readString(target.resolve("thesis.txt")));
        Files.delete(target.resolve("thesis.txt"));
        OutputFolder.writeNew(target, at -> Files.writeString(at.resolve("a"), "1"));
        assertEquals("1", Files.readString(target.resolve("a")));
    }

    @Test void aFolderThatFailsLeavesNothing() throws IOException {
        Path target = folder.resolve("out");
        assertEquals(target + ": cannot be written: full", refusal(() -> OutputFolder.write(target, at -> {
            throw new IOException("full");
        })));
        assertEquals(List.of(), entries());
    }

    @Test void aFolderThatFailsLeavesTheOldOne() throws IOException {
        Path target = folder.resolve("out");
        OutputFolder.write(target, at -> Files.writeString(at.resolve("a"), "1"));
        assertEquals(target + ": cannot be written: full", refusal(() -> OutputFolder.write(target, at -> {
            Files.writeString(at.resolve("b"), "2");
            throw new IOException("full");
        })));
        assertThrows(IllegalStateException.class, () -> OutputFolder.write(target, at -> {
            throw new IllegalStateException();
        }));
        // The new one vanishes before it can take its place: the old one, moved aside already, comes back.
        assertTrue(refusal(() -> OutputFolder.write(target, Files::delete)).startsWith(target + ": cannot be written: "));
        assertEquals(List.of("out"), entries());
        assertEquals("1", Files.readString(target.resolve("a")));
    }

    /** Nested as in a command's output: files in a folder in a folder, each under a temporary name. */
    @Test void aFailureNamesTheOutput() throws IOException {
        Path target = folder.resolve("out");
        assertEquals(target.resolve("sub/a.txt") + ": cannot be written: full", refusal(() -> OutputFolder.write(target, at ->
                OutputFolder.write(at.resolve("sub"), in -> OutputFile.write(in.resolve("a.txt"), channel -> {
                    throw new IOException("full");
                })))));
        assertEquals("something else", refusal(() -> OutputFolder.write(target, at -> {
            throw new AglException("something else");
        })));
        assertEquals(List.of(), entries());
    }

    /** Only a folder that nobody can write beside has the lock in it. */
    @Test void ourLockIsNoContent() throws IOException {
        Files.writeString(folder.resolve(OutputFolder.LOCK), "1");
        assertTrue(OutputFolder.isFree(folder));
        OutputFolder.requireFree(folder);
        Files.writeString(folder.resolve("a" + OutputFolder.LOCK), "1");
        assertFalse(OutputFolder.isFree(folder));
    }

    @Test void aFileMayBeReplacedWhereItsFolderCanBeWritten() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        OutputFolder.requireReplaceable(file);
        OutputFolder.requireReplaceable(folder.resolve("a/b"));
        assertEquals(file.resolve("b") + ": cannot be written: " + file + " is a file, not a folder", refusal(() ->
                OutputFolder.requireReplaceable(file.resolve("b"))));
        assertEquals(List.of("file"), entries());
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("r-xr-xr-x"));
        try {
            assumeFalse(Files.isWritable(folder), "root writes everywhere");
            assertEquals(file + ": cannot be written: permission denied (in " + folder + ")", refusal(() ->
                    OutputFolder.requireReplaceable(file)));
        } finally {
            Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
    }

    /** A folder in which not even root makes files. */
    @Test void theReasonNamesNoTemporaryFile() {
        assumeTrue(Files.isDirectory(Path.of("/proc/self")));
        for (Path out : List.of(Path.of("/proc/self/x/y"), Path.of("/proc/self/x"), Path.of("/proc/self"), Path.of("/proc/x"),
                Path.of("/proc"))) {
            String said = refusal(() -> OutputFolder.requireWritable(out));
            assertTrue(said.startsWith(out + ": cannot be written: ") && !said.contains("probe"), said);
            assertEquals(out.endsWith("proc/x"), said.endsWith(" (in /proc)"), said);
        }
    }

    @Test void aLinkStaysALink() throws IOException {
        Path real = Files.createDirectory(folder.resolve("real"));
        Path link = Files.createSymbolicLink(folder.resolve("link"), real);
        OutputFolder.write(link, at -> Files.writeString(at.resolve("a"), "1"));
        assertTrue(Files.isSymbolicLink(link));
        assertEquals("1", Files.readString(real.resolve("a")));
        assertEquals(List.of("link", "real"), entries());
    }

    @Test void placesThatAreFree() throws IOException {
        OutputFolder.requireFree(folder);
        OutputFolder.requireFree(folder.resolve("a/b/c"));
        OutputFolder.requireWritable(folder);
        assertEquals(List.of(), entries(), "asking makes nothing");
        Path file = Files.createFile(folder.resolve("file"));
        assertFalse(OutputFolder.isFree(file));
        assertTrue(OutputFolder.isFree(folder.resolve("none")));
        assertEquals(file + ": is a file, but a folder is to be written there", refusal(() -> OutputFolder.requireFree(file)));
        assertEquals(folder + ": is not empty; name another folder or remove it first", refusal(() -> OutputFolder.requireFree(folder)));
        OutputFolder.requireWritable(folder);
        Path below = file.resolve("x/y");
        assertEquals(below + ": cannot be written: " + file + " is a file, not a folder", refusal(() -> OutputFolder.requireFree(below)));
        Path link = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("nothing"));
        assertEquals(link.resolve("x") + ": cannot be written: " + link + " is a link to something that does not exist", refusal(() ->
                OutputFolder.requireWritable(link.resolve("x"))));
        assertEquals(List.of("file", "link"), entries());
        assertEquals(Path.of("pom.xml").toAbsolutePath().getParent(), Path.of("").toAbsolutePath());
        assertTrue(refusal(() -> OutputFolder.requireFree(Path.of(""))).contains("not empty"));
    }

    /** Killed at any moment of a write: what was unfinished goes, an output put aside comes back, nobody else's file is touched. */
    @Test void whatAKilledProcessLeftIsCleared() throws IOException {
        Path out = folder.resolve("out");
        List<String> others = List.of(".other.1-2.tmp", ".out.1-2.tmp.bak", ".out.x.tmp", ".xout.1-2.tmp", "out.1-2.tmp");
        for (String other : others) {
            Files.writeString(folder.resolve(other), "mine");
        }
        for (String left : List.of(".out.1-2.tmp", "..out.1-2.tmp.3-4.tmp", "..out.1-2.tmp.3-4.old")) {
            Files.writeString(Files.createDirectories(folder.resolve(left).resolve("sub")).resolve("a"), "half");
        }
        Files.writeString(Files.createDirectory(folder.resolve(".out.1-2.old")).resolve("a"), "earlier");
        OutputFolder.clear(out);
        assertEquals("earlier", Files.readString(out.resolve("a")));
        List<String> kept = Stream.concat(others.stream(), Stream.of("out")).sorted().toList();
        assertEquals(kept, entries());
        // Killed after the new one was in place, and while it was tried whether the folder can be moved.
        Files.writeString(Files.createDirectory(folder.resolve(".out.1-2.old")).resolve("a"), "older");
        Files.createDirectory(folder.resolve(".out.17.probe"));
        OutputFolder.clear(out);
        assertEquals("earlier", Files.readString(out.resolve("a")));
        assertEquals(kept, entries());
        Files.move(out, folder.resolve(".out.17.probe"));
        OutputFolder.clear(out);
        assertEquals("earlier", Files.readString(out.resolve("a")));
        OutputFolder.clear(folder.resolve("none/out"));
        OutputFolder.clear(Path.of("/"));
        assertEquals(kept, entries());
    }

    /** Asking whether a place is free clears it first: the earlier output stands there again. */
    @Test void anOutputThatWasPutAsideIsInTheWay() throws IOException {
        Files.createFile(Files.createDirectory(folder.resolve(".out.1-2.old")).resolve("a"));
        assertEquals(folder.resolve("out") + ": is not empty; name another folder or remove it first",
                refusal(() -> OutputFolder.requireFree(folder.resolve("out"))));
    }

    /** 999999999 is above every system's process numbers; the living one's file may still be written. */
    @Test void filesOfDeadProcessesAreCleared() throws IOException {
        String living = ".a.txt." + ProcessHandle.current().pid() + "-1.tmp";
        for (String name : List.of(".a.txt.999999999-1.tmp", living, ".b.txt.999999999-1.tmp", ".a.txt.999999999.tmp", "a.txt")) {
            Files.createFile(folder.resolve(name));
        }
        OutputFile.clearShared(folder, ".a");
        assertEquals(List.of(".a.txt.999999999.tmp", living, ".b.txt.999999999-1.tmp", "a.txt").stream().sorted().toList(), entries());
        OutputFile.clearShared(folder.resolve("none"), ".a");
        // The files that show that a folder can be written are such files too.
        Files.createFile(folder.resolve(".agl-probe.999999999-1.tmp"));
        OutputFolder.requireWritable(folder);
        assertFalse(entries().contains(".agl-probe.999999999-1.tmp"));
    }

    /** Twice is as good as once; where there is a file, or nothing, it is an error. */
    @Test void foldersAreMadeAndForced() throws IOException {
        Path deep = folder.resolve("a/b/c");
        OutputFile.makeFolders(deep);
        assertTrue(Files.isDirectory(deep));
        OutputFile.makeFolders(deep);
        Files.writeString(deep.resolve("f"), "x");
        OutputFile.forceTree(folder);
        assertEquals("x", Files.readString(deep.resolve("f")));
        assertThrows(IOException.class, () -> OutputFile.forceTree(folder.resolve("none")));
        assertThrows(IOException.class, () -> OutputFile.makeFolders(deep.resolve("f/g")));
    }
}
