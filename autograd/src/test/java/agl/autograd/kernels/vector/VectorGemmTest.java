package agl.autograd.kernels.vector;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.fail;

import agl.autograd.kernels.Workers;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The product against plain loops in double, at sizes around every tile and block border. */
class VectorGemmTest {
    private static final int[] SIZES = {1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 16, 17, 31, 33, 64, 65, 100, 129};
    private static final float[] ALPHAS = {1, 0.5f, -2, 0};
    private static final float[] BETAS = {0, 1, -0.5f};
    private static final DType[] TYPES = {DType.F32, DType.BF16, DType.F16};
    private static final float OUTSIDE = -77;
    /** Half the distance from 1 to the next float. */
    private static final double EPS = Math.pow(2, -24);

    private final int threadsBefore = Workers.threads();

    @AfterEach
    void restore() {
        Workers.setThreads(threadsBefore);
    }

    /** One product with its operands, strides and offsets. */
    private record Product(boolean ta, boolean tb, int m, int n, int k, float alpha, float beta, Storage a, int aOff, int lda,
                           Storage b, int bOff, int ldb, float[] c, int cOff, int ldc) {

        static Product random(SplittableRandom random, int m, int n, int k, int variant) {
            boolean ta = (variant & 1) != 0;
            boolean tb = (variant & 2) != 0;
            int pad = random.nextInt(3);
            int lda = (ta ? m : k) + pad;
            int ldb = (tb ? k : n) + random.nextInt(2) * 5;
            int ldc = n + pad;
            int aOff = random.nextInt(9);
            int bOff = random.nextInt(9);
            int cOff = random.nextInt(9);
            DType aType = random.nextInt(3) == 0 ? TYPES[random.nextInt(3)] : DType.F32;
            Storage a = storage(random, aType, random.nextBoolean(), aOff + (ta ? k : m) * lda);
            Storage b = storage(random, TYPES[random.nextInt(3)], random.nextBoolean(), bOff + (tb ? n : k) * ldb);
            float alpha = ALPHAS[random.nextInt(8) == 0 ? 3 : random.nextInt(3)];
            float beta = BETAS[random.nextInt(3)];
            float[] c = new float[cOff + m * ldc + 3];
            java.util.Arrays.fill(c, OUTSIDE);
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < n; j++) {
                    c[cOff + i * ldc + j] = beta == 0 ? Float.NaN : (float) random.nextDouble(-1, 1);
                }
            }
            return new Product(ta, tb, m, n, k, alpha, beta, a, aOff, lda, b, bOff, ldb, c, cOff, ldc);
        }

        float[] run() {
            float[] out = c.clone();
            VectorGemm.gemm(ta, tb, m, n, k, alpha, a, aOff, lda, b, bOff, ldb, beta, out, cOff, ldc);
            return out;
        }

        void check() {
            float[] out = run();
            boolean[] inside = new boolean[out.length];
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < n; j++) {
                    double sum = 0;
                    double size = 0;
                    for (int p = 0; p < k; p++) {
                        double x = a.get(aOff + (ta ? p * lda + i : i * lda + p)) * b.get(bOff + (tb ? j * ldb + p : p * ldb + j));
                        sum += x;
                        size += Math.abs(x);
                    }
                    int at = cOff + i * ldc + j;
                    inside[at] = true;
                    double old = beta == 0 ? 0 : beta * (double) c[at];
                    double bound = EPS * ((k + 3) * Math.abs(alpha) * size + 3 * Math.abs(old)) + 1e-30;
                    double error = Math.abs(out[at] - (alpha * sum + old));
                    if (!(error <= bound)) {
                        fail(this + " C(" + i + ", " + j + ") = " + out[at] + ", not " + (alpha * sum + old));
                    }
                }
            }
            for (int i = 0; i < out.length; i++) {
                if (!inside[i] && out[i] != OUTSIDE) {
                    fail(this + " wrote outside C at " + i);
                }
            }
        }

        @Override public String toString() {
            return (ta ? "T" : "N") + (tb ? "T" : "N") + " m=" + m + " n=" + n + " k=" + k + " alpha=" + alpha + " beta=" + beta
                    + " A " + a.dtype() + " B " + b.dtype() + " lda=" + lda + " ldb=" + ldb;
        }
    }

    private static Storage storage(SplittableRandom random, DType dtype, boolean mapped, int length) {
        if (dtype == DType.F32 && !mapped) {
            float[] x = new float[length];
            for (int i = 0; i < length; i++) {
                x[i] = (float) random.nextDouble(-1, 1);
            }
            return new Storage.F32(x, length);
        }
        byte[] bytes = new byte[length * dtype.bytes()];
        MemorySegment segment = MemorySegment.ofArray(bytes);
        for (int i = 0; i < length; i++) {
            float x = (float) random.nextDouble(-1, 1);
            switch (dtype) {
                case F32 -> segment.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i, x);
                case BF16 -> segment.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i, (short) (Float.floatToRawIntBits(x) >>> 16));
                default -> segment.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i, Float.floatToFloat16(x));
            }
        }
        return new Storage.Mapped(segment, dtype);
    }

    @Test
    void agreesWithPlainLoopsAtAllSizes() {
        SplittableRandom random = new SplittableRandom(1);
        int variant = 0;
        for (int m : SIZES) {
            for (int n : SIZES) {
                for (int k : SIZES) {
                    Product.random(random, m, n, k, variant++ % 4).check();
                }
            }
            variant++;
        }
    }

    @Test
    void agreesWhenBlocksOfKRowsAndColumnsEnd() {
        SplittableRandom random = new SplittableRandom(2);
        for (int variant = 0; variant < 4; variant++) {
            Product.random(random, 200, 70, 831, variant).check();
            Product.random(random, 49, 65, 1601, variant).check();
            Product.random(random, 13, 2100, 7, variant).check();
            Product.random(random, 1, 2100, 33, variant).check();
            Product.random(random, 1500, 3, 20, variant).check();
            Product.random(random, 1543, 67, 11, variant).check();
            Product.random(random, 25, 2119, 13, variant).check();
            Product.random(random, 98, 129, 850, variant).check();
        }
    }

    @Test
    void sameBitsWithAnyNumberOfThreads() {
        SplittableRandom random = new SplittableRandom(3);
        int[][] shapes = {{130, 131, 133}, {1543, 67, 41}, {97, 257, 850}, {400, 9, 200}, {9, 800, 200}, {1, 1000, 1031}, {1000, 1, 1031},
            {3, 700, 500}, {700, 5, 500}};
        for (int[] s : shapes) {
            for (int variant = 0; variant < 4; variant++) {
                Product p = Product.random(random, s[0], s[1], s[2], variant);
                Workers.setThreads(1);
                float[] one = p.run();
                for (int threads : new int[] {2, 3, 5}) {
                    Workers.setThreads(threads);
                    assertArrayEquals(one, p.run(), p + " with " + threads + " threads");
                }
            }
        }
    }
}
