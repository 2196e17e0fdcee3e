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
import java.util.stream.Stream;

/**
 * The files that a run reads, with their SHA-256 from before the work. Afterwards {@link #changed} lists those that have changed since:
 * weights are read through a memory map during the run, so overwriting a file in place changes the model in use. (Deleting a file, or
 * renaming another one over it, does not: the map keeps the old content.)
 */
public final class Inputs {
    private static final String NOT_A_FILE = "not a regular file, read once";

    /**
     * State of a file: its attributes, cheap to compare, and the hash of its bytes.
     *
     * @param role the file's name inside a model folder; empty for a file given directly, whose name does not matter
     */
    private record Seen(String role, long size, FileTime modified, Object key, String sha256) {
    }

    private static final Map<List<Object>, String> KNOWN = new ConcurrentHashMap<>();

    private final Map<Path, Seen> files = new LinkedHashMap<>();
    private final Map<String, String> others = new LinkedHashMap<>();

    private Inputs() {
    }

    /**
     * Reads and hashes these files; in a model or adapter folder, the files that are used ({@link ModelFiles}). Skips nulls and missing
     * files: the code that needs them gives a better message.
     *
     * @throws AglException for weights that are not those that this program wrote into their folder
     */
    public static Inputs read(Collection<Path> paths) {
        Inputs inputs = new Inputs();
        for (Path path : paths) {
            if (path != null && Files.isDirectory(path)) {
                Map<String, String> sha256 = new LinkedHashMap<>();
                ModelFiles.of(path).forEach(file -> {
                    String name = file.getFileName().toString();
                    sha256.put(name, inputs.files.computeIfAbsent(file, f -> see(f, name)).sha256);
                });
                Provenance.requireWritten(path, sha256);
            } else if (path != null && Files.exists(path)) {
                inputs.files.computeIfAbsent(path, f -> see(f, ""));
            }
        }
        return inputs;
    }

    /** Adds inputs that are no files, such as data that come with agl: SHA-256 by name. */
    public Inputs with(Map<String, String> sha256) {
        others.putAll(sha256);
        return this;
    }

    /** SHA-256 of every file by path, in the order given, then of the inputs that are no files. */
    public Map<String, String> hashes() {
        Map<String, String> hashes = new LinkedHashMap<>();
        files.forEach((file, seen) -> hashes.put(file.toString(), seen.sha256));
        hashes.putAll(others);
        return hashes;
    }

    /** What determines a result: the bytes, and for a model's files their names; not their location. */
    public List<String> identity() {
        return Stream.concat(files.values().stream().map(seen -> seen.role.isEmpty() ? seen.sha256 : seen.role + "=" + seen.sha256),
                others.values().stream()).toList();
    }

    /** The files that are gone or whose bytes have changed since the start. A file that was merely touched is not listed. */
    public List<Path> changed() {
        return files.entrySet().stream().filter(e -> isChanged(e.getKey(), e.getValue())).map(Map.Entry::getKey).toList();
    }

    /** Weights that were overwritten in place, so that the model in use changed during the run. */
    public List<Path> overwrittenWeights() {
        return changed().stream().filter(file -> isWeights(file, files.get(file)) && isInPlace(file, files.get(file))).toList();
    }

    /** Fails if weights were overwritten during the run: its result is invalid. */
    public void requireUnchangedWeights() {
        List<Path> overwritten = overwrittenWeights();
        if (!overwritten.isEmpty()) {
            throw new AglException(overwrittenLine(overwritten) + "; repeat the run");
        }
    }

    /** The failure itself; if weights were overwritten meanwhile, one that names this as its likely cause. */
    public AglException because(AglException failure) {
        List<Path> overwritten = overwrittenWeights();
        return overwritten.isEmpty() || failure.getMessage().startsWith(overwrittenLine(overwritten)) ? failure
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
            return false; // deleted: the map keeps the old content
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
            // A pipe can be read only once, and its reader needs the bytes.
            if (!a.isRegularFile()) {
                return new Seen(role, 0, a.lastModifiedTime(), a.fileKey(), NOT_A_FILE);
            }
            // Several parts of a run ask for the same base: hash its gigabytes only once.
            List<Object> state = Arrays.asList(file.toAbsolutePath(), a.size(), a.lastModifiedTime(), a.fileKey());
            return new Seen(role, a.size(), a.lastModifiedTime(), a.fileKey(), KNOWN.computeIfAbsent(state, s -> sha256(file)));
        } catch (IOException e) {
            throw new AglException(file + ": cannot be read: " + Json.reason(e), e);
        }
    }

    static String sha256(Path file) {
        try (DigestInputStream in = new DigestInputStream(Files.newInputStream(file), Sealed.sha256())) {
            in.transferTo(OutputStream.nullOutputStream());
            return HexFormat.of().formatHex(in.getMessageDigest().digest());
        } catch (IOException e) {
            throw new AglException(file + ": cannot be read: " + Json.reason(e), e);
        }
    }
}
