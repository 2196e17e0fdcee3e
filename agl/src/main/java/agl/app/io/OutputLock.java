package agl.app.io;

import agl.error.AglException;
import agl.nn.checkpoint.Json;
import agl.nn.checkpoint.OutputFolder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * One run per output: held from the start of a command to its end by the lock of a file beside the output. The lock belongs to the process
 * and goes with it, however it ends; the file alone locks nothing.
 */
public final class OutputLock implements AutoCloseable {
    /** A run whose launcher was just killed ends within a fraction of this. */
    private static final long PATIENCE_NANOS = 1_000_000_000L;
    private static final String SUFFIX = ".agl-lock";
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    private final Path file;
    private final FileChannel channel;
    private final FileLock lock;
    private final Deque<Path> made;
    private final Thread atExit = new Thread(this::release, "release-output");

    private OutputLock(Path file, FileChannel channel, FileLock lock, Deque<Path> made) {
        this.file = file;
        this.channel = channel;
        this.lock = lock;
        this.made = made;
        Runtime.getRuntime().addShutdownHook(atExit);
    }

    /** Takes the lock of this output, a folder or file that need not exist yet; an {@link AglException} where another run holds it. */
    public static OutputLock take(Path out) {
        Deque<Path> made = new ArrayDeque<>();
        try {
            Path file = place(out, made);
            long until = System.nanoTime() + PATIENCE_NANOS;
            while (true) {
                OutputLock taken = tryTake(file, made);
                if (taken != null) {
                    return taken;
                }
                if (System.nanoTime() - until > 0) {
                    throw new AglException(
                            out + ": another agl run is writing there" + holder(file) + "; wait for it, or name another --out");
                }
                Thread.sleep(50);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AglException(out + ": interrupted while waiting for another run", e);
        } catch (IOException e) {
            made.forEach(OutputLock::deleteQuietly);
            OutputFolder.requireWritable(out); // says better why
            throw new AglException(out + ": cannot be locked: " + Json.reason(e), e);
        }
    }

    /** Beside the output, so that the output itself holds nothing else; in it where the folder around cannot be written (a mount, say). */
    private static Path place(Path out, Deque<Path> made) throws IOException {
        Path target = Files.exists(out) ? out.toRealPath() : out.toAbsolutePath().normalize();
        Path parent = target.getParent();
        if (parent == null) {
            return target.resolve(SUFFIX);
        }
        Deque<Path> missing = new ArrayDeque<>();
        for (Path p = parent; p != null && !Files.exists(p); p = p.getParent()) {
            missing.push(p);
        }
        for (Path p : missing) {
            Files.createDirectory(p);
            made.push(p);
        }
        parent = parent.toRealPath();
        return Files.isWritable(parent) || !Files.isDirectory(target) ? parent.resolve("." + target.getFileName() + SUFFIX)
                : target.resolve(SUFFIX);
    }

    /** Null where another holds it. */
    private static OutputLock tryTake(Path file, Deque<Path> made) throws IOException {
        // Within one JVM the file may not even be opened again: closing it would give up the lock that is held (a rule of POSIX).
        if (!HELD.add(file)) {
            return null;
        }
        FileChannel channel = null;
        try {
            if (identity(file) == null) {
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE).close();
            }
            Object before = identity(file);
            channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock lock = channel.tryLock();
            // If its last holder deleted the file in this very moment, another run may lock a new one of that name: then this lock is worth
            // nothing.
            if (lock != null && before != null && before.equals(identity(file))) {
                channel.truncate(0);
                channel.write(ByteBuffer.wrap((ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.UTF_8)));
                return new OutputLock(file, channel, lock, made);
            }
        } catch (IOException e) {
            give(file, channel);
            throw e;
        }
        give(file, channel);
        return null;
    }

    private static void give(Path file, FileChannel channel) {
        try {
            if (channel != null) {
                channel.close();
            }
        } catch (IOException e) {
            System.getLogger(OutputLock.class.getName()).log(System.Logger.Level.DEBUG, "closing " + file, e);
        }
        HELD.remove(file);
    }

    /** Which file it is, where the system can tell, asked without opening it; null where there is none yet. */
    private static Object identity(Path file) throws IOException {
        try {
            Object key = Files.readAttributes(file, BasicFileAttributes.class).fileKey();
            return key == null ? file : key;
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    private static String holder(Path file) {
        if (HELD.contains(file)) {
            return " (this process)";
        }
        try {
            return " (process " + Long.parseLong(Files.readString(file).strip()) + ")";
        } catch (IOException | NumberFormatException e) {
            return ""; // it has just ended, or the system lets nobody read what is locked
        }
    }

    /** Lets go, and takes back the lock file and the folders made for it. */
    @Override public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
            release();
        } catch (IllegalStateException e) {
            // the JVM is ending and does it itself
        }
    }

    private void release() {
        if (!lock.isValid()) {
            return;
        }
        deleteQuietly(file); // while the lock is held: afterwards it could be another's
        give(file, channel);
        made.forEach(OutputLock::deleteQuietly);
    }

    private static void deleteQuietly(Path path) {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            // A folder with the output in it, or a file that a system without POSIX semantics keeps: neither does harm.
            System.getLogger(OutputLock.class.getName()).log(System.Logger.Level.DEBUG, "left " + path, e);
        }
    }
}
