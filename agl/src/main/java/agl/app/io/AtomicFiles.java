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
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Single files, written under a temporary name and then renamed, and what else output needs. See {@link OutputFiles}. */
public final class AtomicFiles {
    /** Of single files and of folders that are written whole, until they are. */
    private static final Pattern TEMPORARY = Pattern.compile("\\..+\\.\\d+-\\d+\\.tmp");

    private AtomicFiles() {
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

    /** Deletes what a killed process left unfinished in a folder that this process alone writes into. */
    public static void deleteTemporary(Path folder) {
        names(folder).stream().filter(name -> TEMPORARY.matcher(name).matches()).map(folder::resolve).forEach(AtomicFiles::deleteTree);
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
