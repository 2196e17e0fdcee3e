package agl.tornado;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * C = s0·A·B + s1·A'·B' + s2·C, C (p1, p2) at p3 with row stride p4. The second product makes the LoRA product x W0ᵀ + s (x Aᵀ) Bᵀ one pass
 * over C; its inner size is 0 if there is none. Each factor is given by offset, row stride and column stride, so transposes cost
 * nothing: inner size p5, A p6 p7 p8, B p9 p10 p11; inner size p12, A' p13 p14 p15, B' p16 p17 p18.
 *
 * <p>A work-group of 16 × 16 threads computes a tile of 64 × 64: it loads 16 columns of A and rows of B at a time into local memory, and
 * each thread keeps 4 × 4 sums in registers, 16 apart, so that adjacent threads read and write adjacent elements. A sum is taken over 256
 * elements and added to a total: one float over a whole vocabulary would lose small elements after a large one.
 */
final class ProductKernel {
    private ProductKernel() { }

    static void product(KernelContext c, FloatArray m, IntArray p, FloatArray s) {
        int groups = p.get(0);
        int rows = p.get(1);
        int cols = p.get(2);
        int out = p.get(3);
        int ldc = p.get(4);
        int firstSteps = (p.get(5) + 15) / 16;
        int steps = firstSteps + (p.get(12) + 15) / 16;
        float beta = s.get(2);
        int thread = c.localIdx;
        int tx = thread % 16;
        int ty = thread / 16;
        int across = (cols + 63) / 64;
        int tiles = (rows + 63) / 64 * across;
        float[] as = c.allocateFloatLocalArray(1024);
        float[] bs = c.allocateFloatLocalArray(1024);
        for (int tile = c.groupIdx; tile < tiles; tile += groups) {
            int row0 = tile / across * 64;
            int col0 = tile % across * 64;
            float d00 = 0f, d01 = 0f, d02 = 0f, d03 = 0f;
            float d10 = 0f, d11 = 0f, d12 = 0f, d13 = 0f;
            float d20 = 0f, d21 = 0f, d22 = 0f, d23 = 0f;
            float d30 = 0f, d31 = 0f, d32 = 0f, d33 = 0f;
            for (int block = 0; block < steps; block += 16) {
                float c00 = 0f, c01 = 0f, c02 = 0f, c03 = 0f;
                float c10 = 0f, c11 = 0f, c12 = 0f, c13 = 0f;
                float c20 = 0f, c21 = 0f, c22 = 0f, c23 = 0f;
                float c30 = 0f, c31 = 0f, c32 = 0f, c33 = 0f;
                for (int step = block; step < block + 16 && step < steps; step++) {
                    int first = 5;
                    int from = step * 16;
                    float factor = s.get(0);
                    if (step >= firstSteps) {
                        first = 12;
                        from = (step - firstSteps) * 16;
                        factor = s.get(1);
                    }
                    int inner = p.get(first);
                    int a = p.get(first + 1);
                    int aRow = p.get(first + 2);
                    int aCol = p.get(first + 3);
                    int b = p.get(first + 4);
                    int bRow = p.get(first + 5);
                    int bCol = p.get(first + 6);
                    for (int e = thread; e < 1024; e += 256) {
                        // Adjacent threads follow the direction in which the elements are contiguous.
                        int l = e % 16;
                        int i = e / 16;
                        if (aCol != 1) {
                            l = e / 64;
                            i = e % 64;
                        }
                        float v = 0f;
                        if (row0 + i < rows && from + l < inner) {
                            v = factor * m.get(a + (row0 + i) * aRow + (from + l) * aCol);
                        }
                        as[l * 64 + i] = v;
                        int k = e / 64;
                        int j = e % 64;
                        if (bCol != 1) {
                            k = e % 16;
                            j = e / 16;
                        }
                        float u = 0f;
                        if (col0 + j < cols && from + k < inner) {
                            u = m.get(b + (from + k) * bRow + (col0 + j) * bCol);
                        }
                        bs[k * 64 + j] = u;
                    }
                    c.localBarrier();
                    for (int l = 0; l < 16; l++) {
                        int ai = l * 64 + ty;
                        int bi = l * 64 + tx;
                        float a0 = as[ai], a1 = as[ai + 16], a2 = as[ai + 32], a3 = as[ai + 48];
                        float b0 = bs[bi], b1 = bs[bi + 16], b2 = bs[bi + 32], b3 = bs[bi + 48];
                        c00 += a0 * b0;
                        c01 += a0 * b1;
                        c02 += a0 * b2;
                        c03 += a0 * b3;
                        c10 += a1 * b0;
                        c11 += a1 * b1;
                        c12 += a1 * b2;
                        c13 += a1 * b3;
                        c20 += a2 * b0;
                        c21 += a2 * b1;
                        c22 += a2 * b2;
                        c23 += a2 * b3;
                        c30 += a3 * b0;
                        c31 += a3 * b1;
                        c32 += a3 * b2;
                        c33 += a3 * b3;
                    }
                    c.localBarrier();
                }
                d00 += c00;
                d01 += c01;
                d02 += c02;
                d03 += c03;
                d10 += c10;
                d11 += c11;
                d12 += c12;
                d13 += c13;
                d20 += c20;
                d21 += c21;
                d22 += c22;
                d23 += c23;
                d30 += c30;
                d31 += c31;
                d32 += c32;
                d33 += c33;
            }
            int row = row0 + ty;
            int col = col0 + tx;
            store(m, out, ldc, rows, cols, row, col, beta, d00);
            store(m, out, ldc, rows, cols, row, col + 16, beta, d01);
            store(m, out, ldc, rows, cols, row, col + 32, beta, d02);
            store(m, out, ldc, rows, cols, row, col + 48, beta, d03);
            store(m, out, ldc, rows, cols, row + 16, col, beta, d10);
            store(m, out, ldc, rows, cols, row + 16, col + 16, beta, d11);
            store(m, out, ldc, rows, cols, row + 16, col + 32, beta, d12);
            store(m, out, ldc, rows, cols, row + 16, col + 48, beta, d13);
            store(m, out, ldc, rows, cols, row + 32, col, beta, d20);
            store(m, out, ldc, rows, cols, row + 32, col + 16, beta, d21);
            store(m, out, ldc, rows, cols, row + 32, col + 32, beta, d22);
            store(m, out, ldc, rows, cols, row + 32, col + 48, beta, d23);
            store(m, out, ldc, rows, cols, row + 48, col, beta, d30);
            store(m, out, ldc, rows, cols, row + 48, col + 16, beta, d31);
            store(m, out, ldc, rows, cols, row + 48, col + 32, beta, d32);
            store(m, out, ldc, rows, cols, row + 48, col + 48, beta, d33);
        }
    }

    private static void store(FloatArray m, int out, int ldc, int rows, int cols, int row, int col, float beta, float value) {
        if (row < rows && col < cols) {
            int at = out + row * ldc + col;
            float sum = value;
            if (beta != 0f) {
                sum = sum + beta * m.get(at);
            }
            m.set(at, sum);
        }
    }
}
