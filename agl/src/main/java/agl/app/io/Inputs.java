package agl.app.io;

import agl.error.AglException;
import agl.nn.checkpoint.Json;
import agl.nn.checkpoint.ModelFiles;
import agl.nn.checkpoint.Sealed;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.DigestInputStream;
import java.util.Arrays;
import java.util.Collection;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/**
 * The files that a run reads, by their SHA-256 before the work begins. After the work {@link #changed} tells which of them are not what
 * they were: weights stay on disk and are read through a memory map while the run goes on, so a file that is written over in place changes
 * the model that is in use. (A file that is replaced by renaming another one over it, or deleted, does not: the map keeps the old one.)
 */
public final class Inputs {
    private static final String NOT_A_FILE = "not a regular file, read once";

    /**
     * A file as it was: what the system says of it, cheap to compare, and the hash of its bytes.
     *
     * @param role the name of a file of a model's folder; empty for a file that was named itself, whose name does not matter
     */
    private record Seen(String role, long size, FileTime modified, Object key, String sha256) {
    }

    private static final Map<List<Object>, String> KNOWN = new ConcurrentHashMap<>();

    private final Map<Path, Seen> files = new LinkedHashMap<>();

    private Inputs() {
    }

    /**
     * Reads and hashes; of a model's or an adapter's folder, the files that are used ({@link ModelFiles}). Nulls are left out, and so is
     * what does not exist: whoever needs it says so better.
     */
    public static Inputs read(Collection<Path> paths) {
        Inputs inputs = new Inputs();
        for (Path path : paths) {
            if (path != null && Files.isDirectory(path)) {
                ModelFiles.of(path).forEach(file -> inputs.files.computeIfAbsent(file, f -> see(f, f.getFileName().toString())));
            } else if (path != null && Files.exists(path)) {
                inputs.files.computeIfAbsent(path, f -> see(f, ""));
            }
        }
        return inputs;
    }

    /** SHA-256 of every file by path, in the order in which they were named. */
    public Map<String, String> hashes() {
        Map<String, String> hashes = new LinkedHashMap<>();
        files.forEach((file, seen) -> hashes.put(file.toString(), seen.sha256));
        return hashes;
    }

    /** What decides a result: the bytes, and for a model's files which is which; not where they lie. */
    public List<String> identity() {
        return files.values().stream().map(seen -> seen.role.isEmpty() ? seen.sha256 : seen.role + "=" + seen.sha256).toList();
    }

    /** The files that are gone or have other bytes than at the start. A file that was only touched is not among them. */
    public List<Path> changed() {
        return files.entrySet().stream().filter(e -> isChanged(e.getKey(), e.getValue())).map(Map.Entry::getKey).toList();
    }

    /** Weights that were written over in place: the model in use has become another one in the midst of the run. */
    public List<Path> overwrittenWeights() {
        return changed().stream().filter(file -> isWeights(file, files.get(file)) && isInPlace(file, files.get(file))).toList();
    }

    /** Refuses a result that rests on weights that were written over while it was made. */
    public void requireUnchangedWeights() {
        List<Path> overwritten = overwrittenWeights();
        if (!overwritten.isEmpty()) {
            throw new AglException(overwrittenLine(overwritten) + "; repeat the run");
        }
    }

    /** The failure; or, where weights were written over meanwhile, one that names this as its likely cause. */
    public AglException because(AglException failure) {
        List<Path> overwritten = overwrittenWeights();
        return overwritten.isEmpty() ? failure
                : new AglException(overwrittenLine(overwritten) + "; repeat the run (how this one ended: " + failure.getMessage() + ")",
                        failure);
    }

    private static String overwrittenLine(List<Path> files) {
        return files.stream().map(Path::toString).collect(Collectors.joining(", "))
                + ": was written over while this run read its weights from there";
    }

    private static boolean isWeights(Path file, Seen then) {
        return then.role.isEmpty() ? file.toString().endsWith(".safetensors") : ModelFiles.isWeights(then.role);
    }

    private static boolean isInPlace(Path file, Seen then) {
        try {
            return Objects.equals(Files.readAttributes(file, BasicFileAttributes.class).fileKey(), then.key);
        } catch (IOException e) {
            return false; // gone: the map keeps what it was
        }
    }

    private static boolean isChanged(Path file, Seen then) {
        if (then.sha256.equals(NOT_A_FILE)) {
            return false;
        }
        try {
            BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
            boolean same = now.size() == then.size && now.lastModifiedTime().equals(then.modified)
                    && Objects.equals(now.fileKey(), then.key);
            return !same && (now.size() != then.size || !sha256(file).equals(then.sha256));
        } catch (IOException | AglException e) {
            return true;
        }
    }

    private static Seen see(Path file, String role) {
        try {
            BasicFileAttributes a = Files.readAttributes(file, BasicFileAttributes.class);
            // A pipe gives its bytes once, and they are the reader's.
            if (!a.isRegularFile()) {
                return new Seen(role, 0, a.lastModifiedTime(), a.fileKey(), NOT_A_FILE);
            }
            // Several parts of a run ask for the same base: gigabytes are hashed once.
            List<Object> state = Arrays.asList(file.toAbsolutePath(), a.size(), a.lastModifiedTime(), a.fileKey());
            return new Seen(role, a.size(), a.lastModifiedTime(), a.fileKey(), KNOWN.computeIfAbsent(state, s -> sha256(file)));
        } catch (IOException e) {
            throw new AglException(file + ": cannot be read: " + Json.reason(e), e);
        }
    }

    private static String sha256(Path file) {
        try (DigestInputStream in = new DigestInputStream(Files.newInputStream(file), Sealed.sha256())) {
            in.transferTo(OutputStream.nullOutputStream());
            return HexFormat.of().formatHex(in.getMessageDigest().digest());
        } catch (IOException e) {
            throw new AglException(file + ": cannot be read: " + Json.reason(e), e);
        }
    }
}
