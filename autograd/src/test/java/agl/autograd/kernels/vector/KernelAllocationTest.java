package agl.autograd.kernels.vector;

import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.kernels.AttentionShape;
import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.Workers;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every kernel allocates next to nothing once it is compiled. A vector that is handed to a method that HotSpot does not inline, or kept in
 * a field, becomes an object, and the kernel five times slower: this is where that shows.
 */
class KernelAllocationTest {
    private static final Kernels VECTOR = new VectorKernels();
    /** Bytes per call: a lambda, a loop's record; one vector as an object for each 8 numbers would be far more. */
    private static final long PER_CALL = 400;
    private static final int CALLS = 20;
    private static final long SECOND = 1_000_000_000L;
    /** Without a compilation for this long there is nothing left to wait for ... */
    private static final long QUIET = 15 * SECOND;
    /** ... and at the latest after this, on a machine too busy to compile. */
    private static final long LIMIT = 240 * SECOND;

    private final SplittableRandom random = new SplittableRandom(7);
    private final int threadsBefore = Workers.threads();
    private final com.sun.management.ThreadMXBean threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

    @AfterEach
    void restore() {
        Workers.setThreads(threadsBefore);
    }

    private Storage values(int n) {
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = random.nextFloat();
        }
        return new Storage.F32(x, n);
    }

    private static Storage half(DType type, int n) {
        return new Storage.Mapped(MemorySegment.ofArray(new byte[n * type.bytes()]), type);
    }

    /** Repeats until calls allocate next to nothing; gives up when the compiler has been idle and they still do. */
    private void steady(String what, Runnable kernel) {
        long start = System.nanoTime();
        long compiled = -1;
        long lastCompiled = start;
        long perCall;
        do {
            // Of all threads: a worker's share counts as well.
            long before = threads.getTotalThreadAllocatedBytes();
            for (int i = 0; i < CALLS; i++) {
                kernel.run();
            }
            perCall = (threads.getTotalThreadAllocatedBytes() - before) / CALLS;
            long now = System.nanoTime();
            long total = ManagementFactory.getCompilationMXBean().getTotalCompilationTime();
            if (total != compiled) {
                compiled = total;
                lastCompiled = now;
            }
            if (now - lastCompiled > QUIET || now - start > LIMIT) {
                break;
            }
        } while (perCall > PER_CALL);
        assertTrue(perCall <= PER_CALL, what + ": " + perCall + " bytes per call");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void maps(int workers) {
        Workers.setThreads(workers);
        int cols = 300;
        int rows = 200;
        int n = rows * cols;
        Storage a = values(n);
        Storage b = values(n);
        Storage c = values(n);
        Storage d = values(n);
        Storage e = values(n);
        int[] targets = new int[rows];
        int[] positions = new int[rows];
        Storage weight = half(DType.BF16, cols);
        double[] table = new double[1000];
        steady("axpy", () -> VECTOR.axpy(n, 1e-3, a, 0, b, 0));
        steady("scale", () -> VECTOR.scale(n, 1.0, a, 0, b, 0));
        steady("sum", () -> VECTOR.sum(n, a, b, c));
        steady("clear", () -> VECTOR.clear(n, c));
        steady("dot", () -> VECTOR.dot(n, a, 0, b, 0));
        steady("rmsNorm", () -> VECTOR.rmsNorm(rows, cols, a, b, 1e-5, c, d));
        steady("rmsNorm, weight in half", () -> VECTOR.rmsNorm(rows, cols, a, weight, 1e-5, c, d));
        steady("rmsNormBackward", () -> VECTOR.rmsNormBackward(rows, cols, a, b, e, c, d, null));
        steady("rmsNormBackward, trained weight", () -> VECTOR.rmsNormBackward(rows, cols, a, b, e, c, d, e));
        steady("swiGlu", () -> VECTOR.swiGlu(n, a, b, c));
        steady("swiGluBackward", () -> VECTOR.swiGluBackward(n, a, b, c, d, e, true));
        steady("rope", () -> VECTOR.rope(rows, 15, 20, positions, table, table, 1, a, c, false));
        steady("rope +=", () -> VECTOR.rope(rows, 15, 20, positions, table, table, -1, a, c, true));
        steady("dropout", () -> VECTOR.dropout(n, a, 0.1, 3, c, false));
        steady("dropout +=", () -> VECTOR.dropout(n, a, 0.1, 3, c, true));
        steady("crossEntropyRows", () -> VECTOR.crossEntropyRows(rows, cols, a, 0, targets, 0, c, 0, true));
        e.fill(0, n, 0.1);
        steady("adamW", () -> VECTOR.adamW(n, a, b, 1, c, e, 1e-3, 0.9, 0.999, 1e-8, 0.01, 3));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void attention(int workers) {
        Workers.setThreads(workers);
        for (int headDim : new int[] {16, 64}) {
            AttentionShape s = AttentionShape.causal(2, 1, headDim, new int[] {0, 50});
            int n = 50 * 2 * headDim;
            Storage q = values(n);
            Storage k = values(n / 2);
            Storage v = values(n / 2);
            Storage out = values(n);
            Storage lse = values(100);
            Storage dOut = values(n);
            Storage dq = values(n);
            Storage dk = values(n / 2);
            Storage dv = values(n / 2);
            steady("attention " + headDim, () -> VECTOR.attention(s, q, k, v, out, lse));
            steady("attentionBackward " + headDim, () -> VECTOR.attentionBackward(s, q, k, v, out, lse, dOut, dq, dk, dv));
        }
    }

    @Test
    void products() {
        // Every path: tiles and their edges, few rows, few columns, one row, LoRA's shapes.
        int[][] shapes = {{96, 96, 96}, {33, 33, 33}, {7, 100, 96}, {100, 7, 96}, {1, 96, 96}, {8, 96, 100}, {96, 8, 100}, {100, 96, 8},
            {16, 100, 96}, {100, 96, 16}};
        for (DType type : new DType[] {DType.F32, DType.BF16, DType.F16}) {
            Storage a = values(100 * 100);
            Storage b = type == DType.F32 ? values(100 * 100) : half(type, 100 * 100);
            Storage c = values(100 * 100);
            for (int variant = 0; variant < 4; variant++) {
                boolean ta = (variant & 1) != 0;
                boolean tb = (variant & 2) != 0;
                for (int[] s : shapes) {
                    steady(type + (ta ? " T" : " N") + (tb ? "T " : "N ") + Arrays.toString(s),
                            () -> VECTOR.gemm(ta, tb, s[0], s[1], s[2], 1, a, 0, 100, b, 0, 100, 0.5, c, 0, 100));
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void largeProducts(int workers) {
        Workers.setThreads(workers);
        int m = 130;
        int n = 500;
        int k = 400;
        Storage a = values(m * k);
        Storage c = values(m * n);
        for (DType type : new DType[] {DType.F32, DType.BF16}) {
            Storage b = type == DType.F32 ? values(n * k) : half(type, n * k);
            steady("NT " + type, () -> VECTOR.gemm(false, true, m, n, k, 1, a, 0, k, b, 0, k, 0, c, 0, n));
            steady("NN " + type, () -> VECTOR.gemm(false, false, m, n, k, 1, a, 0, k, b, 0, n, 0, c, 0, n));
            steady("TN " + type, () -> VECTOR.gemm(true, false, m, n, k, 1, a, 0, m, b, 0, n, 0, c, 0, n));
            steady("one row " + type, () -> VECTOR.gemm(false, true, 1, n, k, 1, a, 0, k, b, 0, k, 0, c, 0, n));
        }
    }
}
