package agl.app.io;

import agl.error.AglException;
import agl.nn.checkpoint.Json;
import agl.nn.checkpoint.OutputFile;
import agl.nn.checkpoint.OutputFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Atomic output: written under a temporary name beside its target, then renamed. */
public final class AtomicFiles {
    private AtomicFiles() {
    }

    /** Writes the content of a folder. */
    @FunctionalInterface
    public interface FolderContent {
        void writeInto(Path folder) throws IOException;
    }

    /** Writes {@code text} as UTF-8; creates missing parent folders. */
    public static void writeText(Path target, String text) {
        OutputFile.writeText(target, text);
    }

    /** Writes {@code bytes}; creates missing parent folders. */
    public static void writeBytes(Path target, byte[] bytes) {
        OutputFile.write(target, channel -> {
            ByteBuffer left = ByteBuffer.wrap(bytes);
            while (left.hasRemaining()) {
                channel.write(left);
            }
        });
    }

    /**
     * Fills a temporary folder beside {@code target} and renames it to {@code target}. If {@code target} exists, which may be a mounted
     * folder or the current one, it stays: the temporary folder is in it, and each new file or folder is renamed into it atomically; other
     * files in it are left alone.
     */
    public static void writeFolder(Path target, FolderContent content) {
        writeFolder(target, List.of(), content);
    }

    /** The same; also deletes files of these names, left by an earlier run, from {@code target} unless they are replaced. */
    public static void writeFolder(Path target, List<String> stale, FolderContent content) {
        Path absolute = target.toAbsolutePath().normalize();
        Path temporary = absolute.resolve(".new." + ProcessHandle.current().pid() + "-" + System.nanoTime());
        try {
            if (!Files.exists(absolute)) {
                OutputFolder.write(target, content::writeInto);
            } else {
                OutputFolder.write(temporary, content::writeInto);
                for (String name : stale) {
                    if (!Files.exists(temporary.resolve(name))) {
                        Files.deleteIfExists(absolute.resolve(name));
                    }
                }
                moveChildren(temporary, absolute);
            }
        } catch (IOException | UncheckedIOException e) {
            throw cannotWrite(target, e);
        } finally {
            deleteTree(temporary);
        }
    }

    /** Fails before the long work, not after it, if a folder cannot be written. Creates nothing. */
    public static void requireWritable(Path folder) {
        OutputFolder.requireWritable(folder);
    }

    /** Names of a folder's files and folders, ascending; empty if there is no such folder. */
    public static List<String> names(Path folder) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(f -> f.getFileName().toString()).sorted().toList();
        } catch (IOException e) {
            throw new AglException(folder + ": cannot be read: " + Json.reason(e), e);
        }
    }

    /** Whether a file exists and has exactly this content. */
    public static boolean holds(Path file, byte[] content) {
        try {
            return Files.isRegularFile(file) && Files.size(file) == content.length && Arrays.equals(Files.readAllBytes(file), content);
        } catch (IOException e) {
            throw new AglException(file + ": cannot be read: " + Json.reason(e), e);
        }
    }

    private static AglException cannotWrite(Path target, Exception e) {
        IOException cause = e instanceof UncheckedIOException unchecked ? unchecked.getCause() : (IOException) e;
        return new AglException(target + ": cannot be written: " + Json.reason(cause), e);
    }

    private static void moveChildren(Path from, Path to) throws IOException {
        List<Path> children;
        try (Stream<Path> all = Files.list(from)) {
            children = all.sorted().toList();
        }
        for (Path child : children) {
            Path place = to.resolve(child.getFileName());
            if (Files.isDirectory(child) && Files.isDirectory(place)) {
                moveChildren(child, place);
            } else {
                Files.move(child, place, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }

    /** Deletes a temporary file or folder with its content, if it exists. */
    public static void deleteTree(Path root) {
        if (!Files.exists(root)) {
            return;
        }
        try (Stream<Path> all = Files.walk(root)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        } catch (IOException | UncheckedIOException e) {
            // The original error is the one to report; a left-over temporary file does no harm.
            System.getLogger(AtomicFiles.class.getName()).log(System.Logger.Level.DEBUG, "left behind " + root, e);
        }
    }
}
