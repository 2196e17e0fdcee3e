package agl.nn.checkpoint;

import agl.error.AglException;
import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.stream.Stream;

/**
 * Writes a folder so that it appears whole or not at all: filled under a temporary name beside its place, then renamed. A folder that
 * was there before is moved aside first and deleted only when the new one stands.
 */
public final class OutputFolder {
    private OutputFolder() { }

    /** What fills the folder. */
    @FunctionalInterface
    public interface Content {
        void writeTo(Path folder) throws IOException;
    }

    /** Refuses, before any work is done, a target that holds something already or cannot be written. */
    public static void requireFree(Path target) {
        try {
            if (Files.exists(target) && !Files.isDirectory(target)) {
                throw new AglException(target + ": is a file, a folder is to be written there");
            }
            if (Files.isDirectory(target)) {
                try (Stream<Path> entries = Files.list(target)) {
                    if (entries.findAny().isPresent()) {
                        throw new AglException(target + ": is not empty; name another folder or remove it first");
                    }
                }
            }
            if (Files.exists(target) && Files.isSameFile(target, Path.of("").toAbsolutePath())) {
                // It would be replaced under the shell's feet.
                throw new AglException(target.toAbsolutePath() + ": is the current folder; name a new one");
            }
        } catch (IOException e) {
            throw failure(target, e);
        }
        requireWritable(target);
    }

    /**
     * Refuses, before any work is done, a folder that cannot be made or written to. Nothing is made: what fails later leaves no empty
     * folder.
     */
    public static void requireWritable(Path folder) {
        Path there = folder.toAbsolutePath();
        while (!Files.exists(there, LinkOption.NOFOLLOW_LINKS) && there.getParent() != null) {
            there = there.getParent();
        }
        if (!Files.exists(there)) {
            throw new AglException(folder + ": cannot be written: " + there + " is a link to something that does not exist");
        }
        if (!Files.isDirectory(there)) {
            throw new AglException(folder + ": cannot be written: " + there + " is a file, not a folder");
        }
        try {
            // Tried, not asked: permissions are not all that can stand in the way.
            Files.delete(Files.createTempFile(there, ".agl-probe", ".tmp"));
        } catch (IOException e) {
            throw failure(folder, e);
        }
    }

    /** Fills {@code target}; whatever folder was there is replaced. */
    public static void write(Path target, Content content) {
        Path absolute = place(target);
        String unique = ProcessHandle.current().pid() + "-" + System.nanoTime();
        Path temporary = absolute.resolveSibling("." + absolute.getFileName() + "." + unique + ".tmp");
        Path aside = absolute.resolveSibling("." + absolute.getFileName() + "." + unique + ".old");
        try {
            Files.createDirectories(temporary);
            content.writeTo(temporary);
            if (Files.exists(absolute)) {
                Files.move(absolute, aside);
            }
            try {
                Files.move(temporary, absolute, StandardCopyOption.ATOMIC_MOVE);
            } catch (AtomicMoveNotSupportedException e) {
                Files.move(temporary, absolute);
            }
            deleteTree(aside);
        } catch (IOException e) {
            throw failure(target, e);
        } finally {
            try {
                if (Files.exists(aside) && !Files.exists(absolute)) {
                    Files.move(aside, absolute);
                }
                deleteTree(temporary);
            } catch (IOException e) {
                System.getLogger(OutputFolder.class.getName()).log(System.Logger.Level.DEBUG, "left behind " + temporary, e);
            }
        }
    }

    /** Where the folder is to stand: a link to a folder stays a link. */
    private static Path place(Path target) {
        try {
            return Files.isDirectory(target) ? target.toRealPath() : target.toAbsolutePath().normalize();
        } catch (IOException e) {
            throw failure(target, e);
        }
    }

    private static AglException failure(Path target, IOException e) {
        return new AglException(target + ": cannot be written: " + Json.reason(e), e);
    }

    /** Takes back a folder that was written. */
    public static void delete(Path folder) {
        try {
            deleteTree(folder);
        } catch (IOException e) {
            throw failure(folder, e);
        }
    }

    private static void deleteTree(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> walk = Files.walk(folder)) {
            for (Path p : walk.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(p);
            }
        }
    }
}
