package agl.app.disk;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * What is on a disk when the power fails after some of a list of changes. A file's bytes are there as of the last time it was forced, a
 * folder's names likewise: {@link Kind#NAMES_LOST}. Or all names are there, as a journal of names alone may have it, and with them files
 * whose bytes are not: {@link Kind#EMPTY}, {@link Kind#TORN}, {@link Kind#ZEROS}.
 */
final class PowerLoss {
    /** What is lost. */
    enum Kind { NAMES_LOST, EMPTY, TORN, ZEROS }

    /** A file or folder, as a process sees it and as it is on the disk. */
    private static final class Node {
        private final Map<String, Node> names;
        private Map<String, Node> keptNames = Map.of();
        private byte[] bytes = {};
        /** Null: never forced. */
        private byte[] kept;

        Node(boolean folder) {
            names = folder ? new TreeMap<>() : null;
        }

        boolean isFolder() {
            return names != null;
        }

        void force() {
            kept = bytes;
        }

        void forceNames() {
            keptNames = new TreeMap<>(names);
        }
    }

    private final Path root;
    private final Node top = new Node(true);
    private final Map<Integer, Node> opened = new HashMap<>();

    /** @param files what is on the disk in the beginning, by path in {@code root} */
    PowerLoss(Path root, Map<String, byte[]> files) {
        this.root = root;
        files.forEach((name, bytes) -> {
            Node node = new Node(false);
            node.bytes = bytes;
            node.force();
            Path path = root.resolve(name);
            Node folder = top;
            for (Path part : root.relativize(path.getParent())) {
                if (!part.toString().isEmpty()) {
                    folder = folder.names.computeIfAbsent(part.toString(), missing -> new Node(true));
                }
            }
            folder.names.put(path.getFileName().toString(), node);
        });
        forceAll(top);
    }

    private static void forceAll(Node folder) {
        folder.forceNames();
        folder.names.values().stream().filter(Node::isFolder).forEach(PowerLoss::forceAll);
    }

    private Node node(Path path) {
        Node node = top;
        if (!path.equals(root)) {
            for (Path name : root.relativize(path)) {
                node = node.names.get(name.toString());
            }
        }
        return node;
    }

    private Node folder(Path path) {
        return node(path.getParent());
    }

    void apply(Disk.Change change) {
        switch (change) {
            case Disk.Change.Open(int file, Path path, boolean empty) -> {
                Node node = folder(path).names.computeIfAbsent(path.getFileName().toString(), name -> new Node(false));
                if (empty) {
                    node.bytes = new byte[0];
                }
                opened.put(file, node);
            }
            case Disk.Change.Write(int file, long at, byte[] bytes) -> {
                Node node = opened.get(file);
                node.bytes = Arrays.copyOf(node.bytes, Math.max(node.bytes.length, (int) at + bytes.length));
                System.arraycopy(bytes, 0, node.bytes, (int) at, bytes.length);
            }
            case Disk.Change.Truncate(int file, int size) -> {
                Node node = opened.get(file);
                node.bytes = Arrays.copyOf(node.bytes, Math.min(size, node.bytes.length));
            }
            case Disk.Change.Force(int file) -> opened.get(file).force();
            case Disk.Change.ForceNames(Path folder) -> node(folder).forceNames();
            case Disk.Change.Make(Path folder) -> folder(folder).names.put(folder.getFileName().toString(), new Node(true));
            case Disk.Change.Move(Path from, Path to) ->
                    folder(to).names.put(to.getFileName().toString(), folder(from).names.remove(from.getFileName().toString()));
            case Disk.Change.Delete(Path path) -> folder(path).names.remove(path.getFileName().toString());
        }
    }

    /** What is left, by path; a folder is null. */
    Map<String, byte[]> left(Kind kind) {
        Map<String, byte[]> found = new TreeMap<>();
        collect(top, "", kind, found);
        return found;
    }

    private static void collect(Node folder, String prefix, Kind kind, Map<String, byte[]> found) {
        (kind == Kind.NAMES_LOST ? folder.keptNames : folder.names).forEach((name, node) -> {
            found.put(prefix + name, node.isFolder() ? null : bytes(node, kind));
            if (node.isFolder()) {
                collect(node, prefix + name + "/", kind, found);
            }
        });
    }

    private static byte[] bytes(Node node, Kind kind) {
        byte[] kept = node.kept == null ? new byte[0] : node.kept;
        if (node.bytes == node.kept) {
            return kept;
        }
        return switch (kind) {
            case NAMES_LOST, EMPTY -> kept;
            case TORN -> Arrays.copyOf(node.bytes, node.bytes.length / 2);
            case ZEROS -> new byte[node.bytes.length];
        };
    }
}
