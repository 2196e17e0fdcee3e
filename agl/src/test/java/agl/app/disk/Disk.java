package agl.app.disk;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What {@link DiskProvider} sees of changes in one folder: the list of them, in order, and a disk that is full from one of them on. All
 * paths are real ones.
 */
final class Disk {
    static final String FULL = "No space left on device";

    /** A change. Files are told apart by the number that they got when they were opened. */
    sealed interface Change {
        record Open(int file, Path path, boolean empty) implements Change { }

        record Write(int file, long at, byte[] bytes) implements Change { }

        record Truncate(int file, int size) implements Change { }

        record Force(int file) implements Change { }

        record ForceNames(Path folder) implements Change { }

        record Make(Path folder) implements Change { }

        record Move(Path from, Path to) implements Change { }

        record Delete(Path path) implements Change { }
    }

    private static Path root;
    private static List<Change> changes = new ArrayList<>();
    /** What needs space, in order. */
    private static List<String> growing = new ArrayList<>();
    private static int fullFrom;
    private static int files;

    private Disk() { }

    /** What a watched run did. */
    record Seen(List<Change> changes, List<String> growing) { }

    /** Watches a folder from now on; the disk is full when space is asked for the {@code fullFrom}-th time, counted from 0. */
    static synchronized void watch(Path folder, int fullFrom) {
        root = DiskPath.real(folder);
        changes = new ArrayList<>();
        growing = new ArrayList<>();
        Disk.fullFrom = fullFrom;
    }

    static synchronized Seen end() {
        root = null;
        return new Seen(changes, growing);
    }

    static synchronized boolean watches(Path path) {
        return root != null && path.toAbsolutePath().normalize().startsWith(root);
    }

    private static synchronized void add(Change change) {
        if (root != null) {
            changes.add(change);
        }
    }

    static synchronized void mayGrow(String what) throws IOException {
        growing.add(what);
        if (growing.size() > fullFrom) {
            throw new IOException(FULL);
        }
    }

    /** How many of so many bytes there is room for. */
    static synchronized int fits(Handle handle, int bytes) {
        if (root == null) {
            return bytes;
        }
        growing.add("write " + handle.name());
        return growing.size() <= fullFrom ? bytes : growing.size() == fullFrom + 1 ? bytes / 2 : 0;
    }

    static synchronized Handle opened(Path path, boolean empty) {
        int file = files++;
        add(new Change.Open(file, normal(path), empty));
        return new Handle(file, path);
    }

    static Handle folder(Path path) {
        return new Handle(-1, path);
    }

    static void made(Path folder) {
        add(new Change.Make(normal(folder)));
    }

    static void deleted(Path path) {
        if (watches(path)) {
            add(new Change.Delete(normal(path)));
        }
    }

    static void moved(Path from, Path to) {
        if (watches(from)) {
            add(new Change.Move(normal(from), normal(to)));
        }
    }

    private static Path normal(Path path) {
        return path.toAbsolutePath().normalize();
    }

    /** An open file or folder. */
    record Handle(int file, Path path) {
        String name() {
            return file + " " + path.getFileName();
        }

        void write(long at, byte[] bytes) {
            add(new Change.Write(file, at, bytes));
        }

        void truncate(int size) {
            add(new Change.Truncate(file, size));
        }

        void force() {
            add(file < 0 ? new Change.ForceNames(normal(path)) : new Change.Force(file));
        }
    }
}
