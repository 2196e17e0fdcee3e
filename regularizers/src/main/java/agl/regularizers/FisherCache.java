package agl.regularizers;

import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import agl.error.AglException;
import agl.nn.Batch;
import agl.nn.checkpoint.SafeTensors;
import agl.nn.checkpoint.SafeTensorsWriter;
import agl.nn.checkpoint.Sealed;
import agl.nn.checkpoint.TensorInfo;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Supplier;

/**
 * Fisher estimates on disk, one safetensors file each, so that runs that differ in term weights or seed share one estimate. The file is
 * named by a hash of everything the estimate depends on: base model, examples, matrices, and the settings that determine it.
 * Normalization is not part of it: it is applied when the estimate is read.
 */
public final class FisherCache {
    /** Changes when the file's layout or the estimate's definition does, so that an old file is not found rather than misread. */
    private static final String LAYOUT = "agl-fisher-2";
    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfDouble F64 = ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

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
        SafeTensorsWriter out = new SafeTensorsWriter().metadata("layout", LAYOUT).metadata("key", key)
                .metadata("matrices", String.join("\n", fisher.keySet()));
        fisher.forEach((name, f) -> {
            Subspace s = f.subspace();
            put(out, name + ".eigenvalues", s.eigenvalues());
            put(out, name + ".spectrum", f.spectrum());
            put(out, name + ".numbers", new double[] {s.out(), s.in(), f.scale(), f.trace()});
            if (f.diagonal() != null) {
                put(out, name + ".diagonal", f.diagonal());
            }
            String kind = switch (s) {
                case DenseSubspace d -> {
                    putAll(out, name + ".u", d.vectors());
                    yield "dense";
                }
                case FactoredSubspace g -> {
                    putAll(out, name + ".delta", g.gradients().delta());
                    putAll(out, name + ".x", g.gradients().x());
                    put(out, name + ".weights", java.util.Arrays.stream(g.weights()).flatMapToDouble(java.util.Arrays::stream).toArray());
                    yield "factored";
                }
                case KfacSubspace k -> {
                    put(out, name + ".p", k.p());
                    put(out, name + ".q", k.q());
                    put(out, name + ".pairs", k.pairs());
                    yield "kfac";
                }
                case DiagonalSubspace d -> {
                    put(out, name + ".positions", java.util.Arrays.stream(d.positions()).asDoubleStream().toArray());
                    yield "diagonal " + d.dtype();
                }
            };
            out.metadata("kind " + name, kind);
        });
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
            Map<String, Fisher> fisher = new LinkedHashMap<>();
            for (String name : in.metadata().getOrDefault("matrices", "").split("\n")) {
                fisher.put(name, read(in, file, name));
            }
            return fisher;
        }
    }

    private static Fisher read(SafeTensors in, Path file, String name) {
        double[] numbers = doubles(in, file, name + ".numbers");
        require(numbers.length == 4 && numbers[0] >= 1 && numbers[1] >= 1 && numbers[2] > 0 && numbers[3] >= 0, file, name);
        int out = (int) numbers[0];
        int columns = (int) numbers[1];
        long size = (long) out * columns;
        double[] lambda = doubles(in, file, name + ".eigenvalues");
        String kind = in.metadata().getOrDefault("kind " + name, "");
        Subspace s = switch (kind) {
            case "dense" -> {
                List<Storage> u = list(in, file, name + ".u");
                require(u.size() == lambda.length && u.stream().allMatch(v -> v.length() == size), file, name);
                yield new DenseSubspace(out, columns, lambda, u);
            }
            case "factored" -> {
                double[] flat = doubles(in, file, name + ".weights");
                List<Storage> delta = list(in, file, name + ".delta");
                List<Storage> x = list(in, file, name + ".x");
                require(flat.length == lambda.length * delta.size() && x.size() == delta.size(), file, name);
                for (int i = 0; i < delta.size(); i++) {
                    require((long) delta.get(i).length() * columns == (long) x.get(i).length() * out, file, name);
                }
                double[][] weights = new double[lambda.length][];
                for (int k = 0; k < weights.length; k++) {
                    weights[k] = java.util.Arrays.copyOfRange(flat, k * delta.size(), (k + 1) * delta.size());
                }
                yield new FactoredSubspace(new TokenFactors(out, columns, delta, x), lambda, weights);
            }
            case "kfac" -> {
                Storage p = storage(in, file, name + ".p");
                Storage q = storage(in, file, name + ".q");
                double[] pairs = doubles(in, file, name + ".pairs");
                require(pairs.length == 2 * lambda.length && p.length() % out == 0 && q.length() % columns == 0, file, name);
                for (int k = 0; k < pairs.length; k++) {
                    require(pairs[k] >= 0 && pairs[k] < (k % 2 == 0 ? p.length() / out : q.length() / columns), file, name);
                }
                yield KfacSubspace.of(out, columns, lambda, p, q, pairs);
            }
            case "diagonal F32", "diagonal F64" -> {
                double[] positions = doubles(in, file, name + ".positions");
                require(positions.length == lambda.length && java.util.Arrays.stream(positions).allMatch(v -> v >= 0 && v < size), file,
                        name);
                yield new DiagonalSubspace(out, columns, DType.valueOf(kind.substring(9)), lambda,
                        java.util.Arrays.stream(positions).mapToInt(v -> (int) v).toArray());
            }
            default -> throw new AglException(file + ": " + name + " has the unknown kind \"" + kind + "\"");
        };
        Storage diagonal = in.has(name + ".diagonal") ? storage(in, file, name + ".diagonal") : null;
        require(diagonal == null || diagonal.length() == size, file, name);
        require(java.util.Arrays.stream(lambda).allMatch(v -> v > 0), file, name);
        double[] used = java.util.Arrays.stream(lambda).map(v -> v / numbers[2]).toArray();
        return new Fisher(name, s, used, numbers[2], numbers[3], doubles(in, file, name + ".spectrum"), diagonal);
    }

    /** The checksum detects damage; this detects a file that never was an estimate. */
    private static void require(boolean sound, Path file, String name) {
        if (!sound) {
            throw new AglException(file + ": " + name + " is not a Fisher estimate: sizes or values are inconsistent");
        }
    }

    private static void putAll(SafeTensorsWriter out, String name, List<Storage> parts) {
        for (int i = 0; i < parts.size(); i++) {
            put(out, name + "." + i, parts.get(i));
        }
    }

    private static void put(SafeTensorsWriter out, String name, double[] values) {
        put(out, name, new Storage.F64(values, values.length));
    }

    private static void put(SafeTensorsWriter out, String name, Storage values) {
        int n = values.length();
        Supplier<MemorySegment> bytes = () -> {
            MemorySegment segment = MemorySegment.ofArray(new byte[Math.multiplyExact(n, values.dtype().bytes())]);
            for (int i = 0; i < n; i++) {
                if (values.dtype() == DType.F32) {
                    segment.set(F32, 4L * i, (float) values.get(i));
                } else {
                    segment.set(F64, 8L * i, values.get(i));
                }
            }
            return segment;
        };
        out.add(name, values.dtype(), new long[] {n}, bytes);
    }

    private static List<Storage> list(SafeTensors in, Path file, String name) {
        List<Storage> parts = new ArrayList<>();
        while (in.has(name + "." + parts.size())) {
            parts.add(storage(in, file, name + "." + parts.size()));
        }
        return parts;
    }

    private static double[] doubles(SafeTensors in, Path file, String name) {
        Storage s = storage(in, file, name);
        double[] values = new double[s.length()];
        for (int i = 0; i < values.length; i++) {
            values[i] = s.get(i);
        }
        return values;
    }

    /** A copy on the heap: the file is closed, and perhaps replaced, while the values are in use. */
    private static Storage storage(SafeTensors in, Path file, String name) {
        TensorInfo info = in.info(name);
        if (info == null) {
            throw new AglException(file + ": has no tensor \"" + name + "\"");
        }
        if (info.dtype() == DType.F32) {
            // This refuses values that are not finite.
            float[] values = info.toFloats();
            return new Storage.F32(values, values.length);
        }
        double[] values = info.data().toArray(F64);
        require(java.util.Arrays.stream(values).allMatch(Double::isFinite), file, name);
        return new Storage.F64(values, values.length);
    }
}
