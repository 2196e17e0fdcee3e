package agl.regularizers;

import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import agl.error.AglException;
import agl.nn.FloatBytes;
import agl.nn.checkpoint.SafeTensors;
import agl.nn.checkpoint.SafeTensorsWriter;
import agl.nn.checkpoint.TensorInfo;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Fisher estimates as tensors and metadata of a safetensors file, which may hold more: the layout that {@link FisherCache} and the
 * artefact of {@code agl fisher} share. Layer inputs that several matrices read are written once.
 */
public final class FisherTensors {
    private static final ValueLayout.OfDouble F64 = ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final SafeTensors in;
    private final Path file;
    private final Map<String, Storage> inputs = new LinkedHashMap<>();

    private FisherTensors(SafeTensors in, Path file) {
        this.in = in;
        this.file = file;
    }

    /**
     * Adds the estimates to a file to be written.
     *
     * @param vectors F32: each value in its own type; BF16: what grows with the matrix (token factors, eigenvectors, diagonals) rounded to
     *                it, with a relative error of at most 2^-8 per value. Eigenvalues and weights stay in double.
     */
    public static void put(SafeTensorsWriter out, Map<String, Fisher> fisher, DType vectors) {
        out.metadata("matrices", String.join("\n", fisher.keySet()));
        Map<Storage, String> written = new IdentityHashMap<>();
        fisher.forEach((name, f) -> {
            Subspace s = f.subspace();
            put(out, name + ".eigenvalues", s.eigenvalues());
            put(out, name + ".spectrum", f.spectrum());
            put(out, name + ".numbers", new double[] {s.out(), s.in(), f.scale(), f.trace()});
            if (f.diagonal() != null) {
                put(out, name + ".diagonal", f.diagonal(), vectors);
            }
            String kind = switch (s) {
                case DenseSubspace d -> {
                    putAll(out, name + ".u", d.vectors(), vectors);
                    yield "dense";
                }
                case FactoredSubspace g -> {
                    Storage x = g.gradients().x();
                    String owner = written.putIfAbsent(x, name);
                    if (owner == null) {
                        put(out, name + ".x", x, vectors);
                    } else {
                        out.metadata("x " + name, owner);
                    }
                    put(out, name + ".delta", g.gradients().delta(), vectors);
                    put(out, name + ".starts", Arrays.stream(g.gradients().starts()).asDoubleStream().toArray());
                    put(out, name + ".weights", Arrays.stream(g.weights()).flatMapToDouble(Arrays::stream).toArray());
                    yield "factored";
                }
                case KfacSubspace k -> {
                    put(out, name + ".p", k.p(), vectors);
                    put(out, name + ".q", k.q(), vectors);
                    put(out, name + ".pairs", k.pairs());
                    yield "kfac";
                }
                case DiagonalSubspace d -> {
                    put(out, name + ".positions", Arrays.stream(d.positions()).asDoubleStream().toArray());
                    yield "diagonal " + d.dtype();
                }
            };
            out.metadata("kind " + name, kind);
        });
    }

    /** Reads what {@link #put} added, onto the heap; throws an {@link AglException} if it is incomplete or inconsistent. */
    public static Map<String, Fisher> read(SafeTensors in, Path file) {
        FisherTensors tensors = new FisherTensors(in, file);
        Map<String, Fisher> fisher = new LinkedHashMap<>();
        for (String name : in.metadata().getOrDefault("matrices", "").split("\n")) {
            fisher.put(name, tensors.read(name));
        }
        return fisher;
    }

    private Fisher read(String name) {
        double[] numbers = doubles(name + ".numbers");
        require(numbers.length == 4 && numbers[0] >= 1 && numbers[1] >= 1 && numbers[2] > 0 && numbers[3] >= 0, name);
        int out = (int) numbers[0];
        int columns = (int) numbers[1];
        long size = (long) out * columns;
        double[] lambda = doubles(name + ".eigenvalues");
        String kind = in.metadata().getOrDefault("kind " + name, "");
        Subspace s = switch (kind) {
            case "dense" -> {
                List<Storage> u = list(name + ".u");
                require(u.size() == lambda.length && u.stream().allMatch(v -> v.length() == size), name);
                yield new DenseSubspace(out, columns, lambda, u);
            }
            case "factored" -> factored(name, out, columns, lambda);
            case "kfac" -> {
                Storage p = storage(name + ".p");
                Storage q = storage(name + ".q");
                double[] pairs = doubles(name + ".pairs");
                require(pairs.length == 2 * lambda.length && p.length() % out == 0 && q.length() % columns == 0, name);
                for (int k = 0; k < pairs.length; k++) {
                    require(pairs[k] >= 0 && pairs[k] < (k % 2 == 0 ? p.length() / out : q.length() / columns), name);
                }
                yield KfacSubspace.of(out, columns, lambda, p, q, pairs);
            }
            case "diagonal F32", "diagonal F64" -> {
                double[] positions = doubles(name + ".positions");
                require(positions.length == lambda.length && Arrays.stream(positions).allMatch(v -> v >= 0 && v < size), name);
                yield new DiagonalSubspace(out, columns, DType.valueOf(kind.substring(9)), lambda,
                        Arrays.stream(positions).mapToInt(v -> (int) v).toArray());
            }
            default -> throw new AglException(file + ": " + name + " has the unknown kind \"" + kind + "\"");
        };
        Storage diagonal = in.has(name + ".diagonal") ? storage(name + ".diagonal") : null;
        require(diagonal == null || diagonal.length() == size, name);
        require(Arrays.stream(lambda).allMatch(v -> v > 0), name);
        double[] used = Arrays.stream(lambda).map(v -> v / numbers[2]).toArray();
        return new Fisher(name, s, used, numbers[2], numbers[3], doubles(name + ".spectrum"), diagonal);
    }

    private FactoredSubspace factored(String name, int out, int columns, double[] lambda) {
        double[] flat = doubles(name + ".weights");
        Storage x = inputs.computeIfAbsent(in.metadata().getOrDefault("x " + name, name), owner -> joined(owner + ".x"));
        Storage delta = joined(name + ".delta");
        int[] starts = starts(name, out);
        int n = starts.length - 1;
        require(flat.length == lambda.length * n && (long) starts[n] * out == delta.length()
                && (long) starts[n] * columns == x.length(), name);
        double[][] weights = new double[lambda.length][];
        for (int k = 0; k < weights.length; k++) {
            weights[k] = Arrays.copyOfRange(flat, k * n, (k + 1) * n);
        }
        return new FactoredSubspace(new TokenFactors(out, columns, delta, x, starts), lambda, weights);
    }

    /** Where each example's tokens start, and their number; older files have a tensor for each example instead. */
    private int[] starts(String name, int out) {
        if (!in.has(name + ".starts")) {
            List<Storage> delta = list(name + ".delta");
            require(!delta.isEmpty(), name);
            return TokenFactors.starts(delta.stream().mapToInt(d -> d.length() / out));
        }
        double[] starts = doubles(name + ".starts");
        require(starts.length > 1 && starts[0] == 0, name);
        for (int i = 1; i < starts.length; i++) {
            require(starts[i] >= starts[i - 1] && starts[i] <= Storage.MOST && starts[i] == Math.rint(starts[i]), name);
        }
        return Arrays.stream(starts).mapToInt(v -> (int) v).toArray();
    }

    private Storage joined(String name) {
        return in.has(name) ? storage(name) : TokenFactors.join(Kernels.plain(), list(name));
    }

    /** The checksum detects damage; this detects a file that never was an estimate. */
    private void require(boolean sound, String name) {
        if (!sound) {
            throw new AglException(file + ": " + name + " is not a Fisher estimate: sizes or values are inconsistent");
        }
    }

    private static void putAll(SafeTensorsWriter out, String name, List<Storage> parts, DType vectors) {
        for (int i = 0; i < parts.size(); i++) {
            put(out, name + "." + i, parts.get(i), vectors);
        }
    }

    /** Adds values in double. */
    public static void put(SafeTensorsWriter out, String name, double[] values) {
        put(out, name, new Storage.F64(values, values.length), DType.F64);
    }

    private static void put(SafeTensorsWriter out, String name, Storage values, DType vectors) {
        int n = values.length();
        DType stored = vectors == DType.BF16 ? vectors : values.dtype();
        Supplier<MemorySegment> bytes = () -> {
            if (stored != DType.F64) {
                return FloatBytes.encode(Tensor.of(values, n), stored);
            }
            MemorySegment segment = SafeTensorsWriter.space((long) n * stored.bytes());
            for (int i = 0; i < n; i++) {
                segment.set(F64, 8L * i, values.get(i));
            }
            return segment;
        };
        out.add(name, stored, new long[] {n}, bytes);
    }

    private List<Storage> list(String name) {
        List<Storage> parts = new ArrayList<>();
        while (in.has(name + "." + parts.size())) {
            parts.add(storage(name + "." + parts.size()));
        }
        return parts;
    }

    /** Values that {@link #put(SafeTensorsWriter, String, double[])} added. */
    public static double[] doubles(SafeTensors in, Path file, String name) {
        return new FisherTensors(in, file).doubles(name);
    }

    private double[] doubles(String name) {
        Storage values = storage(name);
        return Tensor.of(values, values.length()).toArray();
    }

    /** A copy on the heap: the file is closed, and perhaps replaced, while the values are in use. */
    private Storage storage(String name) {
        TensorInfo info = in.info(name);
        if (info == null) {
            throw new AglException(file + ": has no tensor \"" + name + "\"");
        }
        if (info.dtype() != DType.F64) {
            // This refuses values that are not finite.
            float[] values = info.toFloats();
            return new Storage.F32(values, values.length);
        }
        info.requireIndexable();
        double[] values = info.data().toArray(F64);
        require(Arrays.stream(values).allMatch(Double::isFinite), name);
        return new Storage.F64(values, values.length);
    }
}
