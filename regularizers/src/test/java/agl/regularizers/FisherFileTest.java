package agl.regularizers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.nn.checkpoint.SafeTensors;
import agl.nn.checkpoint.SafeTensorsWriter;
import agl.nn.checkpoint.Sealed;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Files with a sound checksum whose content is no estimate, or one at the edge of what an estimate can be. The matrix "w" is (5, 7). */
class FisherFileTest {
    @TempDir
    private Path folder;

    private static Fisher estimate(String backend, DType dtype) {
        Samples.Shape shape = new Samples.Shape(5, 7, 4, 3, 2, 1);
        AglSettings s = Samples.settings("{'m':3,'metric':'diag_fisher'," + backend + "}");
        return Fisher.of(Kernels.plain(), "w", Samples.gradients(shape.random(), dtype, shape), s);
    }

    private Path file(String backend) {
        Path file = folder.resolve("fisher-k.safetensors");
        FisherCache.write(file, "k", Map.of("w", estimate(backend, DType.F64)));
        return file;
    }

    /** The same file with one tensor's numbers changed, or left out where the change gives null, and a checksum that fits. */
    private static void rewrite(Path file, String tensor, UnaryOperator<double[]> change, Map<String, String> metadata) {
        SafeTensorsWriter out = new SafeTensorsWriter();
        try (SafeTensors in = SafeTensors.open(file)) {
            Map<String, String> all = new HashMap<>(in.metadata());
            all.putAll(metadata);
            all.forEach(out::metadata);
            for (String name : in.names()) {
                ByteBuffer old = ByteBuffer.wrap(in.info(name).data().toArray(java.lang.foreign.ValueLayout.JAVA_BYTE))
                        .order(ByteOrder.LITTLE_ENDIAN);
                double[] values = new double[(int) in.info(name).elements()];
                old.asDoubleBuffer().get(values);
                double[] now = name.equals(tensor) ? change.apply(values) : values;
                if (now != null) {
                    ByteBuffer bytes = ByteBuffer.allocate(8 * now.length).order(ByteOrder.LITTLE_ENDIAN);
                    bytes.asDoubleBuffer().put(now);
                    out.add(name, DType.F64, new long[] {now.length}, () -> MemorySegment.ofBuffer(bytes));
                }
            }
        }
        out.writeSealed(file);
    }

    private static String refusal(Path file) {
        String message = assertThrows(AglException.class, () -> FisherCache.read(file, "k")).getMessage();
        assertTrue(message.startsWith(file + ": "), message);
        return message;
    }

    private static UnaryOperator<double[]> set(int at, double value) {
        return x -> {
            x[at] = value;
            return x;
        };
    }

    private static UnaryOperator<double[]> length(int n) {
        return x -> Arrays.copyOf(x, n);
    }

    private static final UnaryOperator<double[]> GONE = x -> null;
    private static final String DENSE = "'exact_storage':'dense'";
    private static final String FACTORED = "'exact_storage':'factored'";
    private static final String KFAC = "'backend':'kfac'";
    private static final String DIAGONAL = "'backend':'diagonal'";

    /** One thing about the file that cannot be. Three vectors, four examples; of kfac, p has rows of 5 and q rows of 7. */
    static Stream<Arguments> changes() {
        return Stream.of(
                Arguments.of("a number is missing", DENSE, "w.numbers", length(3)),
                Arguments.of("no rows", DENSE, "w.numbers", set(0, 0)),
                Arguments.of("no columns", DENSE, "w.numbers", set(1, 0)),
                Arguments.of("scale 0", DENSE, "w.numbers", set(2, 0)),
                Arguments.of("negative trace", DENSE, "w.numbers", set(3, -1e-9)),
                Arguments.of("eigenvalue 0", DENSE, "w.eigenvalues", set(2, 0)),
                Arguments.of("negative eigenvalue", DENSE, "w.eigenvalues", set(0, -1)),
                Arguments.of("a short diagonal", DENSE, "w.diagonal", length(34)),
                Arguments.of("two vectors for three eigenvalues", DENSE, "w.u.2", GONE),
                Arguments.of("a short vector", DENSE, "w.u.1", length(34)),
                Arguments.of("a short row of weights", FACTORED, "w.weights", length(11)),
                Arguments.of("no x", FACTORED, "w.x", GONE),
                Arguments.of("fewer δ than x", FACTORED, "w.delta", length(5 * 3)),
                Arguments.of("fewer x than δ", FACTORED, "w.x", length(7 * 3)),
                Arguments.of("no examples", FACTORED, "w.starts", GONE),
                Arguments.of("tokens of no example", FACTORED, "w.starts", set(0, 1)),
                Arguments.of("an example that ends before it starts", FACTORED, "w.starts", set(1, 100)),
                Arguments.of("half a token", FACTORED, "w.starts", set(1, 0.5)),
                Arguments.of("a pair is missing", KFAC, "w.pairs", length(4)),
                Arguments.of("half a pair is missing", KFAC, "w.pairs", length(5)),
                Arguments.of("p's last row is cut off", KFAC, "w.p", (UnaryOperator<double[]>) x -> Arrays.copyOf(x, x.length + 1)),
                Arguments.of("q's last row is cut off", KFAC, "w.q", (UnaryOperator<double[]>) x -> Arrays.copyOf(x, x.length + 1)),
                Arguments.of("a negative row of p", KFAC, "w.pairs", set(0, -1)),
                Arguments.of("a negative row of q", KFAC, "w.pairs", set(5, -1)),
                Arguments.of("a row that p lacks", KFAC, "w.p", (UnaryOperator<double[]>) x -> Arrays.copyOf(x, x.length - 5)),
                Arguments.of("a row that q lacks", KFAC, "w.q", (UnaryOperator<double[]>) x -> Arrays.copyOf(x, x.length - 7)),
                Arguments.of("a position is missing", DIAGONAL, "w.positions", length(2)),
                Arguments.of("a negative position", DIAGONAL, "w.positions", set(1, -1)),
                Arguments.of("a position past the end", DIAGONAL, "w.positions", set(2, 35)));
    }

    @ParameterizedTest(name = "{0}") @MethodSource("changes")
    void whatDoesNotFitTogetherIsRefused(String what, String backend, String tensor, UnaryOperator<double[]> change) {
        Path file = file(backend);
        rewrite(file, tensor, x -> x, Map.of());
        assertEquals(3, FisherCache.read(file, "k").get("w").eigenvalues().length, "as it was it is read");
        rewrite(file, tensor, change, Map.of());
        assertEquals(file + ": w is not a Fisher estimate: sizes or values are inconsistent", refusal(file), what);
    }

    @ParameterizedTest @CsvSource({"w.spectrum", "w.eigenvalues", "w.numbers"}) void aMissingTensorIsNamed(String tensor) {
        Path file = file(DENSE);
        rewrite(file, tensor, GONE, Map.of());
        assertEquals(file + ": has no tensor \"" + tensor + "\"", refusal(file));
    }

    @Test void anotherVersionOrKindIsRefused() {
        Path file = file(DENSE);
        rewrite(file, "", x -> x, Map.of("layout", "agl-fisher-1"));
        assertTrue(refusal(file).contains("version"));
        Path other = file(DENSE);
        rewrite(other, "", x -> x, Map.of("kind w", "sparse"));
        assertTrue(refusal(other).contains("unknown kind \"sparse\""));
    }

    /** NaN in place of a number, which no writer of ours leaves behind, with a checksum that fits. */
    @ParameterizedTest @CsvSource({"F32", "F64"}) void numbersThatAreNoneAreRefused(DType dtype) throws Exception {
        Path file = folder.resolve("fisher-k.safetensors");
        FisherCache.write(file, "k", Map.of("w", estimate(DENSE, dtype)));
        byte[] bytes = Files.readAllBytes(file);
        int at;
        try (SafeTensors in = SafeTensors.open(file)) {
            byte[] vector = in.info("w.u.1").data().toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
            at = indexOf(bytes, vector);
        }
        ByteBuffer numbers = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        if (dtype == DType.F32) {
            numbers.putFloat(at + 4, Float.NaN);
        } else {
            numbers.putDouble(at + 8, Double.POSITIVE_INFINITY);
        }
        byte[] seal = ("\"" + Sealed.KEY + "\":\"").getBytes(StandardCharsets.US_ASCII);
        Arrays.fill(bytes, indexOf(bytes, seal) + seal.length, indexOf(bytes, seal) + seal.length + Sealed.BLANK.length(), (byte) '0');
        Sealed.write(file, channel -> channel.write(ByteBuffer.wrap(bytes)));
        String message = refusal(file);
        assertTrue(message.contains("w.u.1") && message.contains(dtype == DType.F32 ? "holds NaN at [1]" : "is not a Fisher estimate"),
                message);
    }

    private static int indexOf(byte[] bytes, byte[] wanted) {
        int at = 0;
        while (!Arrays.equals(bytes, at, at + wanted.length, wanted, 0, wanted.length)) {
            at++;
        }
        return at;
    }

    /** F of a matrix that no gradient reaches is zero, without directions; a matrix may be (1, 1). */
    @Test void theSmallestEstimatesAreReadBack() {
        Fisher zero = Fisher.of(Kernels.plain(), "w", TokenFactors.ofDense(2, 3, List.of(new double[6])), Samples.settings("{'m':3}"));
        Fisher one = Fisher.of(Kernels.plain(), "w", TokenFactors.ofDense(1, 1, List.of(new double[] {2})), Samples.settings("{'m':3}"));
        Path file = folder.resolve("fisher-k.safetensors");
        for (Fisher f : List.of(zero, one)) {
            FisherCache.write(file, "k", Map.of("w", f));
            Fisher read = FisherCache.read(file, "k").get("w");
            assertEquals(List.of(f.out(), f.in(), f.subspace().size()), List.of(read.out(), read.in(), read.subspace().size()));
            assertEquals(f.trace(), read.trace());
            assertNull(read.diagonal());
        }
        assertEquals(4, one.trace());
    }

    /** The largest entries of diag F are the first and the last one: both are positions. */
    @Test void theFirstAndTheLastPositionAreReadBack() {
        TokenFactors g = TokenFactors.ofDense(2, 3, List.of(new double[] {3, 0, 0, 0, 0, 2}));
        Path file = folder.resolve("fisher-k.safetensors");
        FisherCache.write(file, "k", Map.of("w", Fisher.of(Kernels.plain(), "w", g, Samples.settings("{'m':2,'backend':'diagonal'}"))));
        assertArrayEquals(new double[] {1, 0, 0, 0, 0, 6},
                FisherCache.read(file, "k").get("w").subspace().project(new double[] {1, 2, 3, 4, 5, 6}));
    }

    /** λ_k and the divisor are kept apart: what is used is λ_k/scale. */
    @Test void anEstimateThatWasNormalisedIsReadAsItWas() {
        Fisher f = Fisher.normalise(Map.of("w", estimate(DENSE, DType.F64)), AglSettings.FisherNorm.TRACE).get("w");
        assertTrue(Math.abs(f.scale() - 1) > 0.5, "a scale that counts");
        Path file = folder.resolve("fisher-k.safetensors");
        FisherCache.write(file, "k", Map.of("w", f));
        Fisher read = FisherCache.read(file, "k").get("w");
        assertArrayEquals(f.eigenvalues(), read.eigenvalues(), 0);
        assertArrayEquals(f.subspace().eigenvalues(), read.subspace().eigenvalues(), 0);
        assertEquals(f.scale(), read.scale());
    }

    /** Neither is silent: a damaged file that is made again, a folder that cannot be written. */
    @Test void whatTheCacheDoesWithoutIsALineOfWarning() throws Exception {
        List<String> lines = new ArrayList<>();
        Handler handler = new Handler() {
            @Override public void publish(LogRecord record) {
                lines.add(record.getLevel() + " " + record.getMessage());
            }

            @Override public void flush() { }

            @Override public void close() { }
        };
        Logger logger = Logger.getLogger(FisherCache.class.getName());
        logger.addHandler(handler);
        logger.setUseParentHandlers(false);
        try {
            AglSettings s = Samples.settings("{'m':3}");
            FisherCache cache = new FisherCache(folder);
            Map<String, Fisher> made = Map.of("w", estimate(DENSE, DType.F64));
            cache.get("k", s, () -> made);
            cache.get("k", s, () -> made);
            assertEquals(List.of(), lines);
            Files.writeString(folder.resolve("fisher-k.safetensors"), "damaged");
            cache.get("k", s, () -> made);
            assertEquals(1, lines.size(), lines.toString());
            assertTrue(lines.getFirst().startsWith(Level.WARNING + " the cached Fisher estimate is computed again: "), lines.getFirst());
            Path taken = Files.writeString(folder.resolve("taken"), "not a folder");
            new FisherCache(taken).get("k", s, () -> made);
            assertEquals(2, lines.size(), lines.toString());
            assertTrue(lines.getLast().startsWith(Level.WARNING + " the Fisher estimate is not stored for other runs: "), lines.getLast());
        } finally {
            logger.removeHandler(handler);
            logger.setUseParentHandlers(true);
        }
    }
}
