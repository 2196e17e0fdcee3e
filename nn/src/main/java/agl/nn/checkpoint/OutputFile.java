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

/** Writes a file atomically: into a temporary sibling first, then an atomic rename. */
public final class OutputFile {
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
            Files.createDirectories(absolute.getParent());
            // Created with ordinary permissions (createTempFile would create a file that only its owner can read).
            temporary = absolute
                    .resolveSibling("." + absolute.getFileName() + "." + ProcessHandle.current().pid() + "-" + System.nanoTime() + ".tmp");
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

    /** Has the folder's names on the disk, where the system can: without it a power loss may undo a rename. */
    static void forceNames(Path folder) {
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

    private static void deleteQuietly(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // The original failure is the one to report; a leftover temporary file does no harm.
            System.getLogger(OutputFile.class.getName()).log(System.Logger.Level.DEBUG, "left behind " + file, e);
        }
    }
}
