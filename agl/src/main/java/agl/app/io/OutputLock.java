package agl.app.io;

import agl.error.AglException;
import agl.nn.checkpoint.Json;
import agl.nn.checkpoint.OutputFile;
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
 * One run per output: a command locks a file beside its output from start to end. The lock belongs to the process and is released however
 * the process ends; the file by itself locks nothing.
 */
public final class OutputLock implements AutoCloseable {
    /** How long to wait for a lock: a run whose launcher was just killed ends well within this time. */
    private static final long PATIENCE_NANOS = 1_000_000_000L;
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

    /** Locks this output, a folder or file that need not exist yet; throws an {@link AglException} if another run holds the lock. */
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
            if (Files.isDirectory(out)) {
                OutputFolder.requireWritable(out); // gives a better reason
            } else {
                OutputFolder.requireReplaceable(out);
            }
            throw new AglException(out + ": cannot be locked: " + Json.reason(e), e);
        }
    }

    /** The lock file lies beside the output, to keep the output clean; inside it if the parent folder is not writable (a mount, say). */
    private static Path place(Path out, Deque<Path> made) throws IOException {
        Path target = Files.exists(out) ? out.toRealPath() : out.toAbsolutePath().normalize();
        Path parent = target.getParent();
        if (parent == null) {
            return target.resolve(OutputFolder.LOCK);
        }
        Deque<Path> missing = new ArrayDeque<>();
        for (Path p = parent; p != null && !Files.exists(p); p = p.getParent()) {
            missing.push(p);
        }
        for (Path p : missing) {
            Files.createDirectory(p);
            OutputFile.forceNames(p.getParent());
            made.push(p);
        }
        parent = parent.toRealPath();
        return Files.isWritable(parent) || !Files.isDirectory(target) ? parent.resolve("." + target.getFileName() + OutputFolder.LOCK)
                : target.resolve(OutputFolder.LOCK);
    }

    /** Null if another run holds the lock. */
    private static OutputLock tryTake(Path file, Deque<Path> made) throws IOException {
        // The same JVM must not even reopen the file: closing it would release the lock already held (a POSIX rule).
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
            // If the last holder deleted the file just now, another run may lock a new file of that name: then this lock is worthless.
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

    /** The file's identity, if the system provides one, without opening it; null if the file does not exist yet. */
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
            return ""; // the holder has just ended, or the system does not allow reading a locked file
        }
    }

    /** Releases the lock and deletes the lock file and the folders created for it. */
    @Override public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
            release();
        } catch (IllegalStateException e) {
            // the JVM is shutting down and does it itself
        }
    }

    private void release() {
        if (!lock.isValid()) {
            return;
        }
        deleteQuietly(file); // while the lock is held: afterwards the file could be another run's
        give(file, channel);
        made.forEach(OutputLock::deleteQuietly);
    }

    private static void deleteQuietly(Path path) {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            // A folder that holds the output, or a file that a non-POSIX system keeps: harmless.
            System.getLogger(OutputLock.class.getName()).log(System.Logger.Level.DEBUG, "left " + path, e);
        }
    }
}
