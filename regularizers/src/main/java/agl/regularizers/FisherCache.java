package agl.regularizers;

import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.nn.Batch;
import agl.nn.checkpoint.OutputFile;
import agl.nn.checkpoint.SafeTensors;
import agl.nn.checkpoint.SafeTensorsWriter;
import agl.nn.checkpoint.Sealed;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * Fisher estimates on disk, one safetensors file each, so that runs that differ in term weights or seed share one estimate. The file is
 * named by a hash of everything the estimate depends on: base model, examples, matrices, and the settings that determine it.
 * Normalization is not part of it: it is applied when the estimate is read.
 */
public final class FisherCache {
    /** Changes when the file's layout or the estimate's definition does, so that an old file is not found rather than misread. */
    private static final String LAYOUT = "agl-fisher-3";

    private final Path folder;

    /** @param folder where the files are; created when the first one is written */
    public FisherCache(Path folder) {
        this.folder = folder;
    }

    /** Computes an estimate that is not in the cache. */
    @FunctionalInterface
    public interface Estimate {
        Map<String, Fisher> make();
    }

    /**
     * The hash that names an estimate.
     *
     * @param base     hash of the base model's files
     * @param examples hash of the examples as token ids with their targets, in order
     * @param names    the adapted matrices
     */
    public static String key(String base, String examples, Collection<String> names, AglSettings s, DType dtype) {
        String all = String.join("\n", LAYOUT, base, examples, String.join(",", new TreeSet<>(names)), dtype.name(),
                s.toJson().retain(AglSettings.names(AglSettings.Estimate.class)).toString(), Boolean.toString(s.needsDiagonal()));
        return hex(Sealed.sha256().digest(all.getBytes(StandardCharsets.UTF_8)));
    }

    /** A hash of examples: token ids and targets, in order. */
    public static String hash(List<FisherEstimator.Example> examples) {
        MessageDigest sha = Sealed.sha256();
        for (FisherEstimator.Example e : examples) {
            for (Batch b : e.contrast() == null ? List.of(e.answer()) : List.of(e.answer(), e.contrast())) {
                for (int[] numbers : List.of(b.starts(), b.tokens(), b.targets())) {
                    ByteBuffer bytes = ByteBuffer.allocate(4 * numbers.length);
                    bytes.asIntBuffer().put(numbers);
                    sha.update(bytes);
                }
            }
        }
        return hex(sha.digest());
    }

    private static String hex(byte[] digest) {
        return HexFormat.of().formatHex(digest).substring(0, 32);
    }

    /**
     * The normalized estimate of that key, read from its file or else computed and stored. A damaged file is replaced; without a writable
     * folder the estimate is not stored. Either is one line of warning, as neither changes the result.
     */
    public Map<String, Fisher> get(String key, AglSettings settings, Estimate estimate) {
        Path file = folder.resolve("fisher-" + key + ".safetensors");
        Map<String, Fisher> found = null;
        if (Files.exists(file)) {
            try {
                found = read(file, key);
            } catch (AglException e) {
                warn("the cached Fisher estimate is computed again: " + e.getMessage());
            }
        }
        if (found == null) {
            found = estimate.make();
            try {
                write(file, key, found);
                OutputFile.clearShared(folder, ".fisher-");
            } catch (AglException e) {
                warn("the Fisher estimate is not stored for other runs: " + e.getMessage());
            }
        }
        return Fisher.normalise(found, settings.fisherNorm());
    }

    private static void warn(String line) {
        System.getLogger(FisherCache.class.getName()).log(System.Logger.Level.WARNING, line);
    }

    /** Writes an estimate with its key and a checksum; the file appears atomically. */
    static void write(Path file, String key, Map<String, Fisher> fisher) {
        SafeTensorsWriter out = new SafeTensorsWriter().metadata("layout", LAYOUT).metadata("key", key);
        FisherTensors.put(out, fisher, DType.F32);
        out.writeSealed(file);
    }

    /** Reads the estimate of that key; throws an {@link AglException} if the file is damaged or has another key or version. */
    static Map<String, Fisher> read(Path file, String key) {
        Sealed.require(file);
        try (SafeTensors in = SafeTensors.open(file)) {
            if (!LAYOUT.equals(in.metadata().get("layout"))) {
                throw new AglException(file + ": not a Fisher estimate of this program's version");
            }
            if (!key.equals(in.metadata().get("key"))) {
                throw new AglException(file + ": holds an estimate of other data or settings than its name says");
            }
            return FisherTensors.read(in, file);
        }
    }
}
