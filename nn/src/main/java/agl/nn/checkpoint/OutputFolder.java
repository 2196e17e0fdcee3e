package agl.nn.checkpoint;

import agl.error.AglException;
import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Writes a folder so that it appears whole or not at all: filled under a temporary name beside the target, then renamed. An existing
 * folder is moved aside first and deleted only when the new one is in place.
 */
public final class OutputFolder {
    /** End of the name of a lock file; it is the whole name of one in the folder itself, which does not count as content. */
    public static final String LOCK = ".agl-lock";

    private static final String PROBE = "agl-probe";

    private OutputFolder() { }

    /** Writes the folder's content. */
    @FunctionalInterface
    public interface Content {
        void writeTo(Path folder) throws IOException;
    }

    /** Rejects, before any work is done, a target that is not empty or cannot be written. */
    public static void requireFree(Path target) {
        clear(target);
        try {
            if (Files.exists(target) && !Files.isDirectory(target)) {
                throw new AglException(target + ": is a file, but a folder is to be written there");
            }
            if (!isFree(target)) {
                throw new AglException(target + ": is not empty; name another folder or remove it first");
            }
            if (Files.exists(target) && Files.isSameFile(target, Path.of("").toAbsolutePath())) {
                // Replacing it would leave the shell in a deleted folder.
                throw new AglException(target.toAbsolutePath() + ": is the current folder; name a new one");
            }
        } catch (IOException e) {
            throw failure(target, e);
        }
        requireWritable(target);
        requireMovable(target);
    }

    /**
     * Deletes what a killed process left beside this output under hidden names, and puts an earlier output back that it had moved aside.
     * To be called with the output's lock held, so that no other run is using them.
     */
    public static void clear(Path target) {
        Path absolute = place(target);
        Path parent = absolute.getParent();
        if (parent == null || !Files.isDirectory(parent) || !Files.isReadable(parent)) {
            return;
        }
        String name = Pattern.quote("." + absolute.getFileName() + ".");
        Pattern ours = Pattern.compile(name + "\\d+(-\\d+)?\\.(tmp|old|probe)");
        // Of a folder that was to be put into the unfinished one.
        Pattern within = Pattern.compile("\\." + name + "\\d+-\\d+\\.tmp\\.\\d+-\\d+\\.(tmp|old)");
        try (Stream<Path> names = Files.list(parent)) {
            for (Path left : names.sorted().toList()) {
                String called = left.getFileName().toString();
                boolean aside = ours.matcher(called).matches() && !called.endsWith(".tmp");
                if (aside && !Files.exists(absolute)) {
                    Files.move(left, absolute);
                } else if (aside || ours.matcher(called).matches() || within.matcher(called).matches()) {
                    deleteTree(left);
                }
            }
        } catch (IOException e) {
            throw failure(target, e);
        }
    }

    /** {@link #write} renames an existing folder: a mounted one cannot be renamed. */
    private static void requireMovable(Path target) {
        if (Files.isDirectory(target)) {
            Path real = place(target);
            Path aside = real.resolveSibling("." + real.getFileName() + "." + ProcessHandle.current().pid() + ".probe");
            try {
                Files.move(real, aside);
                Files.move(aside, real);
            } catch (IOException e) {
                throw new AglException(target + ": cannot be replaced: " + Json.reason(e) + "; name a new folder in it", e);
            }
        }
    }

    /** Whether the path does not exist or is an empty folder, apart from our lock. */
    public static boolean isFree(Path target) {
        if (!Files.isDirectory(target)) {
            return !Files.exists(target);
        }
        try (Stream<Path> entries = Files.list(target)) {
            return entries.allMatch(entry -> entry.getFileName().toString().equals(LOCK));
        } catch (IOException e) {
            throw failure(target, e);
        }
    }

    /**
     * Rejects, before any work is done, a folder that cannot be created or written to. Creates nothing, so that a later failure leaves
     * no empty folder.
     */
    public static void requireWritable(Path folder) {
        requireWritable(folder, folder.toAbsolutePath());
    }

    /** The same for a file that is to be created or replaced. */
    public static void requireReplaceable(Path file) {
        requireWritable(file, file.toAbsolutePath().getParent());
    }

    private static void requireWritable(Path out, Path folder) {
        Path there = folder;
        while (!Files.exists(there, LinkOption.NOFOLLOW_LINKS) && there.getParent() != null) {
            there = there.getParent();
        }
        try {
            if (!Files.isDirectory(there.toRealPath())) {
                throw new AglException(out + ": cannot be written: " + there + " is a file, not a folder");
            }
            // Try it instead of checking permissions: other things can prevent writing too.
            Files.delete(Files.createFile(there.resolve(OutputFile.temporaryName(PROBE))));
            OutputFile.clearShared(there, "." + PROBE);
        } catch (IOException e) {
            if (e instanceof NoSuchFileException && Files.isSymbolicLink(there)) {
                throw new AglException(out + ": cannot be written: " + there + " is a link to something that does not exist", e);
            }
            throw new AglException(out + ": cannot be written: " + Json.reason(e)
                    + (there.equals(out.toAbsolutePath()) ? "" : " (in " + there + ")"), e);
        }
    }

    /** Fills {@code target}, replacing any folder there. */
    public static void write(Path target, Content content) {
        write(target, content, false);
    }

    /** The same, but what somebody put into {@code target} during the work stays, and this fails. */
    public static void writeNew(Path target, Content content) {
        write(target, content, true);
    }

    private static void write(Path target, Content content, boolean fresh) {
        Path absolute = place(target);
        String unique = ProcessHandle.current().pid() + "-" + System.nanoTime();
        Path temporary = absolute.resolveSibling("." + absolute.getFileName() + "." + unique + ".tmp");
        Path aside = absolute.resolveSibling("." + absolute.getFileName() + "." + unique + ".old");
        try {
            OutputFile.makeFolders(absolute.getParent());
            Files.createDirectory(temporary);
            content.writeTo(temporary);
            OutputFile.forceTree(temporary);
            if (fresh && !isFree(absolute)) {
                throw new AglException(target + ": something was put there meanwhile; nothing was written");
            }
            if (Files.exists(absolute)) {
                Files.move(absolute, aside);
            }
            try {
                Files.move(temporary, absolute, StandardCopyOption.ATOMIC_MOVE);
            } catch (AtomicMoveNotSupportedException e) {
                Files.move(temporary, absolute);
            }
            OutputFile.forceNames(absolute.getParent());
            deleteTree(aside);
        } catch (IOException e) {
            throw failure(target, e);
        } catch (AglException e) {
            throw named(e, temporary, target);
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

    /** The failure with the name of the output in place of that of the temporary folder, which the user does not know. */
    public static AglException named(AglException e, Path temporary, Path target) {
        String said = e.getMessage();
        return said.contains(temporary.toString()) ? new AglException(said.replace(temporary.toString(), target.toString()), e) : e;
    }

    /** The folder's final path; a link to a folder stays a link. */
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
