package agl.autograd.kernels.vector;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import agl.autograd.kernels.AttentionShape;
import agl.autograd.kernels.KernelContract;
import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.Workers;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * The contract, and more of it: every kernel in single precision gives what the plain loops give in double on the same numbers, at sizes
 * around the vector length and the tiles; and the same bits with any number of threads.
 */
class VectorKernelsTest implements KernelContract {
    private static final int[] LENGTHS = {1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65, 100, 1023, 1025};
    private static final Kernels VECTOR = new VectorKernels();

    @Override public Map<String, Provider> providers() {
        return Map.of("vector", new Provider(VECTOR, n -> Storage.allocate(DType.F32, n)));
    }

    private final int threadsBefore = Workers.threads();
    private final SplittableRandom random = new SplittableRandom(7);

    @AfterEach
    void restore() {
        Workers.setThreads(threadsBefore);
    }

    private Storage values(int n, double from, double to) {
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = (float) random.nextDouble(from, to);
        }
        return new Storage.F32(x, n);
    }

    private Storage values(int n) {
        return values(n, -1, 1);
    }

    private static Storage garbage(int n) {
        Storage s = Storage.allocate(DType.F32, n);
        s.fill(0, n, Double.NaN);
        return s;
    }

    private static Storage inDouble(Storage x) {
        if (x == null) {
            return null;
        }
        Storage y = Storage.allocate(DType.F64, x.length());
        for (int i = 0; i < x.length(); i++) {
            y.set(i, x.get(i));
        }
        return y;
    }

    private static Storage copy(Storage x) {
        return x == null ? null : new Storage.F32(((Storage.F32) x).array().clone(), x.length());
    }

    /** Runs a kernel in float and in double on copies of {@code all} and compares every storage. */
    private static void check(String what, double tolerance, BiConsumer<Kernels, Storage[]> kernel, Storage... all) {
        Storage[] fast = new Storage[all.length];
        Storage[] exact = new Storage[all.length];
        for (int i = 0; i < all.length; i++) {
            fast[i] = copy(all[i]);
            exact[i] = inDouble(all[i]);
        }
        kernel.accept(VECTOR, fast);
        kernel.accept(Kernels.plain(), exact);
        for (int s = 0; s < all.length; s++) {
            if (all[s] == null) {
                continue;
            }
            double size = 1;
            for (int i = 0; i < exact[s].length(); i++) {
                size = Math.max(size, Double.isNaN(exact[s].get(i)) ? 0 : Math.abs(exact[s].get(i)));
            }
            for (int i = 0; i < exact[s].length(); i++) {
                double a = fast[s].get(i);
                double b = exact[s].get(i);
                if (!(Math.abs(a - b) <= tolerance * size) && !(Double.isNaN(a) && Double.isNaN(b))) {
                    fail(what + ": storage " + s + ", element " + i + " is " + a + ", not " + b);
                }
            }
        }
    }

    private static void sameBits(String what, BiConsumer<Kernels, Storage[]> kernel, Storage... all) {
        float[][] one = null;
        for (int threads : new int[] {1, 2, 3, 5}) {
            Workers.setThreads(threads);
            Storage[] x = new Storage[all.length];
            float[][] bits = new float[all.length][0];
            for (int i = 0; i < all.length; i++) {
                x[i] = copy(all[i]);
                bits[i] = x[i] == null ? bits[i] : ((Storage.F32) x[i]).array();
            }
            kernel.accept(VECTOR, x);
            if (one == null) {
                one = bits;
            }
            for (int i = 0; i < all.length; i++) {
                assertArrayEquals(one[i], bits[i], what + ", storage " + i + " with " + threads + " threads");
            }
        }
    }

    @Test void linearCombinationsAndDot() {
        for (int n : LENGTHS) {
            Storage x = values(n + 3);
            Storage y = values(n + 5);
            check("axpy " + n, 2e-7, (k, s) -> k.axpy(n, 0.3, s[0], 2, s[1], 4), x, y);
            check("scale " + n, 2e-7, (k, s) -> k.scale(n, -0.7, s[0], 2, s[1], 4), x, garbage(n + 5));
            check("scale in place " + n, 2e-7, (k, s) -> k.scale(n, -0.7, s[0], 2, s[0], 2), x);
            check("sum " + n, 2e-7, (k, s) -> k.sum(n, s[0], s[1], s[2]), x, y, garbage(n));
            check("clear " + n, 0, (k, s) -> k.clear(n, s[0]), x);
            assertEquals(Kernels.plain().dot(n, x, 1, y, 2), VECTOR.dot(n, x, 1, y, 2), 1e-13 * n);
        }
        int large = 100_003;
        // Each of the two starts somewhere else, in every block that a thread gets.
        Storage x = values(large + 3);
        Storage y = values(large + 5);
        check("axpy", 2e-7, (k, s) -> k.axpy(large, 0.3, s[0], 2, s[1], 5), x, y);
        check("scale", 2e-7, (k, s) -> k.scale(large, -0.7, s[0], 2, s[1], 5), x, y);
        assertEquals(Kernels.plain().dot(large, x, 1, y, 4), VECTOR.dot(large, x, 1, y, 4), 1e-9);
        check("sum", 2e-7, (k, s) -> k.sum(large, s[0], s[1], s[2]), values(large), values(large), garbage(large));
        check("clear", 0, (k, s) -> k.clear(large, s[0]), values(large + 3));
        VECTOR.clear(large, null);
    }

    @Test void rmsNorm() {
        for (int cols : LENGTHS) {
            for (int rows : new int[] {1, 3, 40}) {
                Storage x = values(rows * cols, -2, 2);
                Storage w = values(cols);
                check("rmsNorm " + rows + "×" + cols, 1e-6, (k, s) -> k.rmsNorm(rows, cols, s[0], s[1], 1e-5, s[2], s[3]),
                        x, w, garbage(rows * cols), garbage(rows));
                Storage inverse = garbage(rows);
                Kernels.plain().rmsNorm(rows, cols, x, w, 1e-5, garbage(rows * cols), inverse);
                check("rmsNormBackward " + rows + "×" + cols, 3e-6,
                        (k, s) -> k.rmsNormBackward(rows, cols, s[0], s[1], s[2], s[3], s[4], s[5]),
                        x, w, inverse, values(rows * cols), values(rows * cols), values(cols));
                check("rmsNormBackward, frozen weight", 3e-6,
                        (k, s) -> k.rmsNormBackward(rows, cols, s[0], s[1], s[2], s[3], s[4], null),
                        x, w, inverse, values(rows * cols), values(rows * cols));
            }
        }
    }

    @Test void rmsNormReadsAWeightStoredInHalf() {
        int cols = 37;
        MemorySegment segment = MemorySegment.ofArray(new byte[2 * cols]);
        for (int i = 0; i < cols; i++) {
            segment.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i, (short) (Float.floatToRawIntBits(0.5f + i) >>> 16));
        }
        Storage w = new Storage.Mapped(segment, DType.BF16);
        check("rmsNorm", 1e-6, (k, s) -> k.rmsNorm(2, cols, s[0], w, 1e-5, s[1], s[2]), values(2 * cols), garbage(2 * cols), garbage(2));
    }

    @Test void swiGlu() {
        for (int n : LENGTHS) {
            Storage gate = values(n, -12, 12);
            check("swiGlu " + n, 1e-6, (k, s) -> k.swiGlu(n, s[0], s[1], s[2]), gate, values(n), garbage(n));
            check("swiGluBackward " + n, 1e-6, (k, s) -> k.swiGluBackward(n, s[0], s[1], s[2], s[3], s[4], true),
                    gate, values(n), values(n), values(n), values(n));
            check("swiGluBackward, written over", 1e-6, (k, s) -> k.swiGluBackward(n, s[0], s[1], s[2], s[3], s[4], false),
                    gate, values(n), values(n), garbage(n), garbage(n));
            check("swiGluBackward, one only", 1e-6, (k, s) -> k.swiGluBackward(n, s[0], s[1], s[2], null, s[3], true),
                    gate, values(n), values(n), values(n));
        }
        Storage extreme = new Storage.F32(new float[] {-200, 200, -90, 90, 0, -1e30f, 1e30f, -0f, 3}, 9);
        check("swiGlu, large", 1e-6, (k, s) -> k.swiGlu(9, s[0], s[1], s[2]), extreme, values(9, 1, 1.5), garbage(9));
        check("swiGluBackward, large", 1e-6, (k, s) -> k.swiGluBackward(9, s[0], s[1], s[2], s[3], s[4], true),
                extreme, values(9), values(9), values(9), values(9));
    }

    @Test void ropeOfEveryShape() {
        for (int headDim : new int[] {2, 4, 6, 10, 16, 18, 34, 64, 128}) {
            for (int heads : new int[] {1, 3}) {
                int rows = 11;
                int[] positions = random.ints(rows, 0, 50).toArray();
                double[] cos = random.doubles(50L * headDim / 2, -1, 1).toArray();
                double[] sin = random.doubles(50L * headDim / 2, -1, 1).toArray();
                int n = rows * heads * headDim;
                for (int sign : new int[] {1, -1}) {
                    check("rope " + headDim, 3e-7, (k, s) -> k.rope(rows, heads, headDim, positions, cos, sin, sign, s[0], s[1], false),
                            values(n), garbage(n));
                    check("rope += " + headDim, 3e-7, (k, s) -> k.rope(rows, heads, headDim, positions, cos, sin, sign, s[0], s[1], true),
                            values(n), values(n));
                }
            }
        }
    }

    @Test void dropout() {
        for (int n : LENGTHS) {
            check("dropout " + n, 2e-7, (k, s) -> k.dropout(n, s[0], 0.3, 11, s[1], false), values(n), garbage(n));
            check("dropout += " + n, 2e-7, (k, s) -> k.dropout(n, s[0], 0.3, 11, s[1], true), values(n), values(n));
        }
        int n = 100_000;
        Storage ones = values(n, 1, 1.0000001);
        Storage y = garbage(n);
        VECTOR.dropout(n, ones, 0.3, 5, y, false);
        int dropped = 0;
        for (int i = 0; i < n; i++) {
            dropped += y.get(i) == 0 ? 1 : 0;
        }
        assertEquals(0.3, dropped / (double) n, 0.01);
    }

    @Test void crossEntropyRows() {
        for (int vocabulary : new int[] {1, 2, 7, 8, 9, 33, 100, 4097, 10_000}) {
            for (int rows : new int[] {1, 5}) {
                int[] targets = random.ints(rows + 2, 0, vocabulary).toArray();
                Storage logits = values(rows * vocabulary + 3, -30, 30);
                check("crossEntropyRows " + vocabulary, 3e-6, (k, s) ->
                        k.crossEntropyRows(rows, vocabulary, s[0], 3, targets, 2, s[1], 1, true), logits, garbage(rows + 1));
                check("crossEntropyRows, loss only " + vocabulary, 3e-6, (k, s) ->
                        k.crossEntropyRows(rows, vocabulary, s[0], 3, targets, 2, s[1], 1, false), logits, garbage(rows + 1));
            }
        }
    }

    @Test void adamW() {
        for (int n : LENGTHS) {
            for (int step : new int[] {1, 10}) {
                check("adamW " + n, 1e-6, (k, s) -> k.adamW(n, s[0], s[1], 0.5, s[2], s[3], 1e-2, 0.9, 0.999, 1e-8, 0.01, step),
                        values(n), values(n), values(n), values(n, 0, 1));
            }
        }
    }

    /** Shapes with ragged sequences, grouped heads, windows, and queries that continue a cache. */
    private static List<AttentionShape> attentionShapes() {
        List<AttentionShape> shapes = new ArrayList<>();
        int[][] heads = {{1, 1, 3}, {3, 1, 8}, {4, 2, 17}, {2, 2, 64}, {6, 3, 16}};
        int[][] starts = {{0, 1}, {0, 7, 8, 40}, {0, 97}, {0, 96, 300}};
        for (int[] h : heads) {
            for (int[] st : starts) {
                AttentionShape causal = AttentionShape.causal(h[0], h[1], h[2], st);
                shapes.add(causal);
                for (int window : new int[] {1, 30}) {
                    shapes.add(new AttentionShape(h[0], h[1], h[2], 0.3, window, st, st, causal.kEnd()));
                }
            }
            // Two sequences with room between their keys: 1 query over 290 keys, 5 over 105.
            shapes.add(new AttentionShape(h[0], h[1], h[2], 0.4, 0, new int[] {0, 1, 6}, new int[] {2, 300}, new int[] {292, 405}));
            shapes.add(new AttentionShape(h[0], h[1], h[2], 0.4, 40, new int[] {0, 1, 6}, new int[] {2, 300}, new int[] {292, 405}));
        }
        return shapes;
    }

    private Storage[] attentionInputs(AttentionShape s) {
        int q = s.queryRows() * s.heads() * s.headDim();
        int k = s.keyRows() * s.kvHeads() * s.headDim();
        return new Storage[] {values(q, -2, 2), values(k, -2, 2), values(k)};
    }

    private Storage[] attentionBackwardInputs(AttentionShape s) {
        Storage[] in = attentionInputs(s);
        Storage out = garbage(in[0].length());
        Storage lse = garbage(s.queryRows() * s.heads());
        Kernels.plain().attention(s, in[0], in[1], in[2], out, lse);
        return new Storage[] {in[0], in[1], in[2], out, lse, values(in[0].length()), values(in[0].length()), values(in[1].length()),
            values(in[1].length())};
    }

    @Test void attentionOfEveryShape() {
        for (AttentionShape s : attentionShapes()) {
            Storage[] in = attentionInputs(s);
            check(s.toString(), 3e-6, (k, x) -> k.attention(s, x[0], x[1], x[2], x[3], x[4]),
                    in[0], in[1], in[2], garbage(in[0].length()), garbage(s.queryRows() * s.heads()));
        }
    }

    @Test void attentionWithLargeScores() {
        AttentionShape s = AttentionShape.causal(2, 1, 16, new int[] {0, 300});
        // Scores of thousands, whose rounding alone is 1e-4 and goes into the exponent.
        check(s.toString(), 1e-3, (k, x) -> k.attention(s, x[0], x[1], x[2], x[3], x[4]), values(300 * 32, -30, 30),
                values(300 * 16, -30, 30), values(300 * 16), garbage(300 * 32), garbage(300 * 2));
    }

    @Test void attentionBackward() {
        for (AttentionShape s : attentionShapes()) {
            check(s.toString(), 1e-5, (k, x) -> k.attentionBackward(s, x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7], x[8]),
                    attentionBackwardInputs(s));
        }
    }

    @Test void attentionBackwardComputesOnlyWhatIsAskedFor() {
        AttentionShape s = AttentionShape.causal(4, 2, 8, new int[] {0, 20, 33});
        for (int asked = 0; asked < 8; asked++) {
            Storage[] in = attentionBackwardInputs(s);
            for (int i = 0; i < 3; i++) {
                in[6 + i] = (asked >> i & 1) == 0 ? null : in[6 + i];
            }
            check("gradients " + asked, 1e-5, (k, x) -> k.attentionBackward(s, x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7], x[8]), in);
        }
    }

    /**
     * Sizes that are cut into several tasks: where each begins is the same for any number of threads, so only the plain loops tell whether
     * it is right.
     */
    @Test void everyTaskComputesItsOwnPart() {
        int n = 2 * Ranges.ELEMENTS + 9003;
        Storage gate = values(n, -12, 12);
        check("swiGlu", 1e-6, (k, s) -> k.swiGlu(n, s[0], s[1], s[2]), gate, values(n), garbage(n));
        for (boolean accumulate : new boolean[] {true, false}) {
            check("swiGluBackward", 1e-6, (k, s) -> k.swiGluBackward(n, s[0], s[1], s[2], s[3], s[4], accumulate), gate, values(n),
                    values(n), values(n), values(n));
            check("dropout", 2e-7, (k, s) -> k.dropout(n, s[0], 0.3, 11, s[1], accumulate), values(n), values(n));
        }
        check("adamW", 1e-6, (k, s) -> k.adamW(n, s[0], s[1], 0.5, s[2], s[3], 1e-2, 0.9, 0.999, 1e-8, 0.01, 3), values(n), values(n),
                values(n), values(n, 0, 1));
        int rows = 900;
        int cols = 48;
        int[] positions = random.ints(rows, 0, 50).toArray();
        double[] cos = random.doubles(50 * 8, -1, 1).toArray();
        double[] sin = random.doubles(50 * 8, -1, 1).toArray();
        for (boolean accumulate : new boolean[] {true, false}) {
            check("rope", 3e-7, (k, s) -> k.rope(rows, 3, 16, positions, cos, sin, -1, s[0], s[1], accumulate), values(rows * cols),
                    values(rows * cols));
        }
        Storage x = values(rows * cols, -2, 2);
        Storage w = values(cols);
        check("rmsNorm", 1e-6, (k, s) -> k.rmsNorm(rows, cols, s[0], s[1], 1e-5, s[2], s[3]), x, w, garbage(rows * cols), garbage(rows));
        Storage inverse = garbage(rows);
        Kernels.plain().rmsNorm(rows, cols, x, w, 1e-5, garbage(rows * cols), inverse);
        check("rmsNormBackward", 1e-5, (k, s) -> k.rmsNormBackward(rows, cols, s[0], s[1], s[2], s[3], s[4], s[5]),
                x, w, inverse, values(rows * cols), values(rows * cols), values(cols));
        int vocabulary = 5000;
        int[] targets = random.ints(9, 0, vocabulary).toArray();
        for (boolean gradient : new boolean[] {true, false}) {
            check("crossEntropyRows", 3e-6, (k, s) -> k.crossEntropyRows(9, vocabulary, s[0], 0, targets, 0, s[1], 0, gradient),
                    values(9 * vocabulary, -30, 30), garbage(9));
        }
        int[] from = random.ints(rows, 0, rows).toArray();
        double[] factors = random.doubles(rows, -1, 1).toArray();
        check("rows", 1e-6, (k, s) -> k.rows(rows, cols, s[0], from, factors, s[1], null, false), x, garbage(rows * cols));
        check("rows, added", 3e-6, (k, s) -> k.rows(rows, cols, s[0], null, factors, s[1], from, true), x, values(rows * cols));
        check("sumOfSquares", 1e-6, (k, s) -> k.sumOfSquares(3, n, 0.3, s[0], s[1], 2), values(3 * n), values(n + 2));
    }

    @Test void sameBitsWithAnyNumberOfThreads() {
        int n = 100_003;
        sameBits("axpy", (k, s) -> k.axpy(n, 0.3, s[0], 0, s[1], 0), values(n), values(n));
        sameBits("dot", (k, s) -> s[2].set(0, k.dot(n, s[0], 0, s[1], 0)), values(n), values(n), garbage(1));
        sameBits("dropout", (k, s) -> k.dropout(n, s[0], 0.1, 3, s[1], true), values(n), values(n));
        sameBits("swiGlu", (k, s) -> k.swiGlu(n, s[0], s[1], s[2]), values(n), values(n), garbage(n));
        sameBits("swiGluBackward", (k, s) -> k.swiGluBackward(n, s[0], s[1], s[2], s[3], s[4], true),
                values(n), values(n), values(n), values(n), values(n));
        sameBits("adamW", (k, s) -> k.adamW(n, s[0], s[1], 1, s[2], s[3], 1e-2, 0.9, 0.999, 1e-8, 0.01, 3),
                values(n), values(n), values(n), values(n, 0, 1));
        sameBits("rmsNorm", (k, s) -> k.rmsNorm(1000, 100, s[0], s[1], 1e-5, s[2], s[3]),
                values(100_000), values(100), garbage(100_000), garbage(1000));
        sameBits("rmsNormBackward", (k, s) -> k.rmsNormBackward(1000, 100, s[0], s[1], s[2], s[3], s[4], s[5]),
                values(100_000), values(100), values(1000), values(100_000), values(100_000), values(100));
        sameBits("crossEntropyRows", (k, s) -> k.crossEntropyRows(9, 10_000, s[0], 0, new int[9], 0, s[1], 0, true),
                values(90_000), garbage(9));
        AttentionShape shape = AttentionShape.causal(6, 3, 16, new int[] {0, 100, 103, 300});
        Storage[] in = attentionInputs(shape);
        sameBits("attention", (k, x) -> k.attention(shape, x[0], x[1], x[2], x[3], x[4]),
                in[0], in[1], in[2], garbage(in[0].length()), garbage(300 * 6));
        sameBits("attentionBackward", (k, x) -> k.attentionBackward(shape, x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7], x[8]),
                attentionBackwardInputs(shape));
    }

    @Test void doublesAreLeftToThePlainLoops() {
        Storage x = inDouble(values(9));
        Storage y = Storage.allocate(DType.F64, 9);
        VECTOR.scale(9, 1.0 / 3, x, 0, y, 0);
        assertEquals(x.get(4) / 3, y.get(4), 1e-16);
    }
}
