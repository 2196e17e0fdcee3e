package agl.nn.checkpoint;

import agl.error.AglException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Writes a file atomically: into a temporary sibling first, then an atomic rename. */
public final class OutputFile {
    /** Names that {@link #write} writes under. */
    private static final Pattern TEMPORARY = Pattern.compile("\\..+\\.(\\d{1,18})-\\d+\\.tmp");

    private OutputFile() {
    }

    /** Writes the file's content. */
    @FunctionalInterface
    public interface Content {
        void writeTo(FileChannel channel) throws IOException;
    }

    /** Writes {@code content} to {@code target}, replacing it; missing parent folders are created. */
    public static void write(Path target, Content content) {
        Path absolute = target.toAbsolutePath();
        Path temporary = null;
        try {
            makeFolders(absolute.getParent());
            // Created with ordinary permissions (createTempFile would create a file that only its owner can read).
            temporary = absolute.resolveSibling(temporaryName(absolute.getFileName().toString()));
            try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ,
                    StandardOpenOption.WRITE)) {
                content.writeTo(channel);
                channel.force(true);
            }
            Files.move(temporary, absolute, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            temporary = null;
            forceNames(absolute.getParent());
        } catch (IOException e) {
            throw new AglException(target + ": cannot be written: " + Json.reason(e), e);
        } finally {
            if (temporary != null) {
                deleteQuietly(temporary);
            }
        }
    }

    /** Tells which process writes under it. */
    static String temporaryName(String name) {
        return "." + name + "." + ProcessHandle.current().pid() + "-" + System.nanoTime() + ".tmp";
    }

    /** Makes a folder and those above it that are missing, all of them on the disk when this returns. */
    public static void makeFolders(Path folder) throws IOException {
        Path absolute = folder.toAbsolutePath();
        Path there = absolute;
        while (!Files.exists(there) && there.getParent() != null) {
            there = there.getParent();
        }
        Files.createDirectories(absolute);
        // The first that was there too: a process that was killed may just have made it.
        for (Path made = absolute; made.getParent() != null; made = made.getParent()) {
            forceNames(made.getParent());
            if (made.equals(there)) {
                break;
            }
        }
    }

    /**
     * Has a folder with all that is in it on the disk, however it was written. To be called before the folder or its files get their final
     * names: after a power loss a name may otherwise stand for an empty file.
     */
    public static void forceTree(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                if (Files.isDirectory(path)) {
                    forceNames(path);
                } else {
                    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
                        channel.force(true);
                    }
                }
            }
        }
    }

    /** Has the folder's names on the disk, where the system can: without it a power loss may undo a rename. */
    public static void forceNames(Path folder) {
        try (FileChannel names = FileChannel.open(folder, StandardOpenOption.READ)) {
            names.force(true);
        } catch (IOException e) {
            // Windows opens no folder; its rename is a journal's matter.
            System.getLogger(OutputFile.class.getName()).log(System.Logger.Level.DEBUG, "names not forced in " + folder, e);
        }
    }

    /** Writes {@code text} as UTF-8. */
    public static void writeText(Path target, String text) {
        write(target, channel -> writeFully(channel, ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8))));
    }

    /** Writes all of {@code bytes}; a single channel write may take fewer. */
    static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /**
     * Deletes what killed processes left unfinished in a folder that several processes write files into; a file whose process lives is
     * left alone.
     *
     * @param first what the hidden names begin with
     */
    public static void clearShared(Path folder, String first) {
        try (Stream<Path> all = Files.list(folder)) {
            all.filter(file -> {
                String name = file.getFileName().toString();
                Matcher m = TEMPORARY.matcher(name);
                return m.matches() && name.startsWith(first) && ProcessHandle.of(Long.parseLong(m.group(1))).isEmpty();
            }).forEach(OutputFile::deleteQuietly);
        } catch (IOException e) {
            System.getLogger(OutputFile.class.getName()).log(System.Logger.Level.DEBUG, "not cleared: " + folder, e);
        }
    }

    private static void deleteQuietly(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // The original failure is the one to report; a leftover temporary file does no harm.
            System.getLogger(OutputFile.class.getName()).log(System.Logger.Level.DEBUG, "left behind " + file, e);
        }
    }
}
