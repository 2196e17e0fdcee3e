package agl.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.kernels.AttentionShape;
import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.Matrix;
import agl.autograd.kernels.PlainKernels;
import agl.autograd.kernels.Product;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/**
 * Every kernel on every device against the plain loops in double, at sizes below, at and beyond a work-group's, several times in a row with
 * other numbers and other lengths: a kernel that kept something of an earlier run, or had a size compiled in, would be wrong from the
 * second on.
 */
final class TornadoKernelsTest {
    private static final int[] SIZES = {1, 63, 64, 65, 1000, 131};

    @Test void elements() {
        for (int n : SIZES) {
            OnDevices.check("axpy", n, 1e-6, new int[] {n + 3, n + 5}, (k, s) -> k.axpy(n, -0.7, s[0], 2, s[1], 3));
            OnDevices.check("scale", n, 1e-6, new int[] {n, n}, (k, s) -> k.scale(n, 1.3, s[0], 0, s[1], 0));
            OnDevices.check("scale in place", n, 1e-6, new int[] {n + 1}, (k, s) -> k.scale(n, 1.3, s[0], 1, s[0], 1));
            OnDevices.check("swiGlu", n, 1e-6, new int[] {n, n, n}, (k, s) -> k.swiGlu(n, s[0], s[1], s[2]));
            OnDevices.check("swiGluBackward", n, 1e-6, new int[] {n, n, n, n, n}, (k, s) -> {
                k.swiGluBackward(n, s[0], s[1], s[2], s[3], s[4], false);
                k.swiGluBackward(n, s[0], s[1], s[2], null, s[4], true);
                k.swiGluBackward(n, s[0], s[1], s[2], s[3], null, true);
            });
            OnDevices.check("adamW", n, 1e-5, new int[] {n, n, n, n}, (k, s) -> {
                k.scale(n, 0, s[2], 0, s[2], 0);
                k.scale(n, 0, s[3], 0, s[3], 0);
                k.adamW(n, s[0], s[1], 0.5, s[2], s[3], 0.01, 0.9, 0.999, 1e-3, 0.1, 1);
                k.adamW(n, s[0], s[1], 2, s[2], s[3], 0.03, 0.9, 0.999, 1e-3, 0, 2);
            });
            OnDevices.check("sumOfSquares", n, 1e-6, new int[] {3 * n, n + 2}, (k, s) -> k.sumOfSquares(3, n, 0.25, s[0], s[1], 1));
        }
    }

    @Test void dropoutMaskIsThatOfTheCpu() {
        for (int n : SIZES) {
            for (long seed : new long[] {0, -1, 0x123456789ABCDEFL * n}) {
                OnDevices.check("dropout", n, 1e-6, new int[] {n, n}, (k, s) -> k.dropout(n, s[0], 0.3, seed, s[1], false));
                OnDevices.check("dropout, added", n, 1e-6, new int[] {n, n}, (k, s) -> k.dropout(n, s[0], 0.7, seed, s[1], true));
            }
        }
        OnDevices.all().forEach((device, k) -> {
            int n = 20_000;
            Storage ones = k.allocate(DType.F32, n);
            ones.fill(0, n, 1);
            Storage y = k.allocate(DType.F32, n);
            k.dropout(n, ones, 0.1, 42, y, false);
            for (int i = 0; i < n; i++) {
                assertEquals(PlainKernels.dropped(42, i, 0.1), y.get(i) == 0, device + " " + i);
            }
        });
    }

    @Test void products() {
        int[][] shapes = {{1, 1, 1}, {3, 5, 7}, {64, 64, 16}, {65, 63, 17}, {8, 130, 40}, {130, 8, 33}, {2, 3, 100}};
        for (int[] x : shapes) {
            int m = x[0];
            int n = x[1];
            int k = x[2];
            for (int t = 0; t < 4; t++) {
                boolean ta = t % 2 == 1;
                boolean tb = t >= 2;
                double beta = t == 1 ? 0 : 0.5 * t;
                int lda = (ta ? m : k) + t;
                int ldb = (tb ? k : n) + 1;
                int ldc = n + t;
                OnDevices.check("gemm " + Arrays.toString(x) + ta + tb, m + 7L * n, 2e-6 * Math.max(4, k),
                        new int[] {(ta ? k : m) * lda + 2, (tb ? n : k) * ldb + 1, m * ldc + 3},
                        (kernels, s) -> kernels.gemm(ta, tb, m, n, k, 0.8, s[0], 2, lda, s[1], 1, ldb, beta, s[2], 3, ldc));
            }
        }
    }

    @Test void loraProduct() {
        for (int[] x : new int[][] {{1, 1, 1, 1}, {33, 40, 70, 8}, {7, 65, 3, 5}, {70, 17, 66, 16}}) {
            int tokens = x[0];
            int in = x[1];
            int out = x[2];
            int r = x[3];
            OnDevices.check("LoRA forward", tokens, 1e-4,
                    new int[] {tokens * in, tokens * in, out * in, r * in, out * r, tokens * r, tokens * out}, (k, s) -> {
                        loraForward(k, 2, Matrix.of(s[0], tokens, in), Matrix.of(s[1], tokens, in), Matrix.of(s[2], out, in),
                                Matrix.of(s[3], r, in), Matrix.of(s[4], out, r),
                                Matrix.of(s[5], tokens, r), 0, Matrix.of(s[6], tokens, out));
                        loraForward(k, 0.5, Matrix.of(s[0], tokens, in), Matrix.of(s[0], tokens, in), Matrix.of(s[2], out, in),
                                Matrix.of(s[3], r, in), Matrix.of(s[4], out, r),
                                Matrix.of(s[5], tokens, r), 1, Matrix.of(s[6], tokens, out));
                    });
            OnDevices.check("LoRA backward", tokens, 1e-4, new int[] {tokens * out, out * in, tokens * r, r * in, tokens * in},
                    (k, s) -> k.product(new Product(1, Matrix.of(s[0], tokens, out), Matrix.of(s[1], out, in)),
                            new Product(1, Matrix.of(s[2], tokens, r), Matrix.of(s[3], r, in)),
                            1, Matrix.of(s[4], tokens, in)));
        }
    }

    /** U = X̃·Aᵀ, Y = X·W0ᵀ + s·U·Bᵀ + beta·Y. */
    private static void loraForward(Kernels k, double s, Matrix x, Matrix dropped, Matrix w0, Matrix a, Matrix b, Matrix u, double beta,
            Matrix y) {
        k.product(1, dropped, a.T(), 0, u);
        k.product(new Product(1, x, w0.T()), new Product(s, u, b.T()), beta, y);
    }

    @Test void rows() {
        int[] from = {4, 0, 4, 2};
        int[] to = {1, 3, 0, 5};
        int[] twice = {1, 1, 0, 1};
        double[] factor = {0.5, -2, 1, 0};
        for (int cols : new int[] {1, 65, 200}) {
            OnDevices.check("rows", cols, 1e-6, new int[] {5 * cols, 6 * cols},
                    (k, s) -> k.rows(4, cols, s[0], from, factor, s[1], to, false));
            OnDevices.check("rows, picked", cols, 1e-6, new int[] {5 * cols, 4 * cols},
                    (k, s) -> k.rows(4, cols, s[0], from, null, s[1], null, false));
            OnDevices.check("rows, added", cols, 1e-6, new int[] {5 * cols, 6 * cols},
                    (k, s) -> k.rows(4, cols, s[0], null, factor, s[1], twice, true));
        }
    }

    @Test void norms() {
        for (int[] x : new int[][] {{1, 1}, {3, 65}, {70, 64}, {5, 288}}) {
            int rows = x[0];
            int cols = x[1];
            OnDevices.check("rmsNorm", rows, 1e-5, new int[] {rows * cols, cols, rows * cols, rows},
                    (k, s) -> k.rmsNorm(rows, cols, s[0], s[1], 1e-5, s[2], s[3]));
            OnDevices.check("rmsNormBackward", rows, 1e-4, new int[] {rows * cols, cols, rows, rows * cols, rows * cols, cols}, (k, s) -> {
                k.rmsNormBackward(rows, cols, s[0], s[1], s[2], s[3], s[4], s[5]);
                k.rmsNormBackward(rows, cols, s[0], s[1], s[2], s[3], s[4], null);
            });
        }
    }

    @Test void rope() {
        double[] cos = new double[40];
        double[] sin = new double[40];
        for (int i = 0; i < 40; i++) {
            cos[i] = Math.cos(i);
            sin[i] = Math.sin(i);
        }
        for (int rows : new int[] {1, 5, 33}) {
            int[] positions = new int[rows];
            Arrays.setAll(positions, i -> 9 - i % 10);
            OnDevices.check("rope", rows, 1e-6, new int[] {rows * 24, rows * 24}, (k, s) -> {
                k.rope(rows, 3, 8, positions, cos, sin, 1, s[0], s[1], false);
                k.rope(rows, 3, 8, positions, cos, sin, -1, s[0], s[1], true);
            });
        }
    }

    @Test void attention() {
        AttentionShape[] shapes = {AttentionShape.causal(1, 1, 4, new int[] {0, 1}), AttentionShape.causal(4, 2, 6, new int[] {0, 5, 6, 80}),
            new AttentionShape(6, 2, 70, 0.11, 3, new int[] {0, 9, 20}, new int[] {0, 9}, new int[] {9, 20}),
            new AttentionShape(2, 1, 130, 0.1, 0, new int[] {0, 1, 3}, new int[] {2, 90}, new int[] {72, 95})};
        for (AttentionShape a : shapes) {
            int q = a.queryRows() * a.heads() * a.headDim();
            int kv = a.keyRows() * a.kvHeads() * a.headDim();
            int lse = a.queryRows() * a.heads();
            OnDevices.check("attention " + a.headDim(), q, 1e-5, new int[] {q, kv, kv, q, lse},
                    (k, s) -> k.attention(a, s[0], s[1], s[2], s[3], s[4]));
            OnDevices.check("attentionBackward " + a.headDim(), q, 1e-4, new int[] {q, kv, kv, q, lse, q, q, kv, kv}, (k, s) -> {
                k.attention(a, s[0], s[1], s[2], s[3], s[4]);
                k.attentionBackward(a, s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8]);
                k.attentionBackward(a, s[0], s[1], s[2], s[3], s[4], s[5], null, null, s[8]);
                k.attentionBackward(a, s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], null);
            });
        }
    }

    @Test void crossEntropy() {
        for (int[] x : new int[][] {{1, 1}, {3, 65}, {9, 1000}}) {
            int rows = x[0];
            int vocabulary = x[1];
            int[] targets = new int[rows + 1];
            Arrays.setAll(targets, i -> (i * 37 + 11) % vocabulary);
            for (boolean gradient : new boolean[] {true, false}) {
                OnDevices.check("crossEntropyRows", rows, 1e-5, new int[] {rows * vocabulary + 2, rows + 1}, (k, s) -> {
                    k.scale(rows * vocabulary, 20, s[0], 2, s[0], 2);
                    k.crossEntropyRows(rows, vocabulary, s[0], 2, targets, 1, s[1], 1, gradient);
                });
            }
        }
    }

    @Test void dots() {
        for (int n : new int[] {1, 64, 65, 8193, 100_000}) {
            OnDevices.check("dot", n, 1e-4, new int[] {n + 1, n, 1}, (k, s) -> s[2].set(0, k.dot(n, s[0], 1, s[1], 0)));
        }
    }

    @Test void collision() {
        double beta = 4;
        double kappa = 30;
        double tau = 0.2;
        for (int n : new int[] {1, 65, 5000}) {
            for (int overlap = 0; overlap < 3; overlap++) {
                int kind = overlap;
                boolean metric = overlap == 1;
                OnDevices.check("collision " + kind, n, 1e-4, new int[] {n, n, n, n, n, 4}, (k, s) -> {
                    double[] sums = k instanceof TornadoKernels gpu
                            ? gpu.collision(n, s[0], s[1], metric ? s[2] : null, beta, kappa, tau, kind, 0.3, s[3], s[4])
                            : Collision.sums(n, s[0], s[1], metric ? s[2] : null, beta, kappa, tau, kind, 0.3, s[3], s[4]);
                    for (int i = 0; i < 4; i++) {
                        s[5].set(i, sums[i] / n);
                    }
                    if (k instanceof TornadoKernels gpu) {
                        gpu.geodesicGradient(n, s[0], s[1], metric ? s[2] : null, 0.4, 0.7, -1.1, s[3], s[4]);
                    } else {
                        Collision.geodesic(n, s[0], s[1], metric ? s[2] : null, 0.4, 0.7, -1.1, s[3], s[4]);
                    }
                });
            }
        }
    }

    @Test void numbersGoBackAndForth() {
        OnDevices.all().forEach((device, k) -> {
            Storage x = k.allocate(DType.F32, 2000);
            assertEquals(0, x.get(1999), device);
            x.set(7, 3);
            Storage y = k.allocate(DType.F32, 2000);
            k.axpy(2000, 2, x, 0, y, 0);
            assertEquals(6, y.get(7), device);
            assertEquals(0, y.get(8), device);
            y.set(8, 5);
            k.scale(1000, 2, y, 0, y, 0);
            assertEquals(12, y.get(7), device);
            assertEquals(10, y.get(8), device);
            y.fill(8, 2000, -1);
            assertEquals(12, y.get(7), device);
            assertEquals(-1, y.get(8), device);
            y.fill(0, 2000, 0);
            k.axpy(1, 1, x, 7, y, 0);
            assertEquals(3, y.get(0), device);
            assertEquals(0, y.get(7), device);
            // More than a box holds at a time.
            Storage large = k.resident(new Storage.F32(new float[1_500_000], 1_500_000));
            large.set(1_499_999, 4);
            k.scale(1_500_000, 3, large, 0, large, 0);
            assertEquals(12, large.get(1_499_999), device);
            // The copy of a cotangent in double, as backward starts with.
            k.axpy(1, 1, new Storage.F64(new double[] {0.5}, 1), 0, y, 0);
            k.scale(1, 2, y, 0, y, 0);
            assertEquals(7, y.get(0), device);
        });
    }

    @Test void memoryComesBack() {
        OnDevices.all().forEach((device, k) -> {
            for (int i = 0; i < 40; i++) { // 40 times 40 MB in 256 MB
                Storage x = k.allocate(DType.F32, 10_000_000);
                k.scale(1, 1, x, 0, x, 1);
            }
        });
        ArenaSpace space = new ArenaSpace(64 * 10);
        int a = space.take(64);
        int b = space.take(65);
        int c = space.take(1);
        space.give(a, 64);
        space.give(b, 65);
        assertEquals(0, space.take(64 * 3));
        space.give(c, 1);
        assertEquals(64 * 3, space.take(64 * 7));
        assertTrue(org.junit.jupiter.api.Assertions.assertThrows(agl.error.AglException.class, () -> space.take(1)).getMessage()
                .contains("memory is full"));
    }

    /** The collision's formulas as loops, see MATH.md section 5. */
    private static final class Collision {
        static double[] sums(int n, Storage a, Storage t, Storage metric, double beta, double kappa, double tau, int kind, double weight,
                Storage da, Storage dt) {
            double[] sums = new double[4];
            for (int i = 0; i < n; i++) {
                double x = a.get(i);
                double y = t.get(i);
                double sigma = PlainKernels.sigmoid(kappa * (Math.abs(x + y) - tau));
                double eta = 1 + beta * sigma;
                double slope = beta * kappa * sigma * (1 - sigma) * Math.signum(x + y);
                double o = kind == 0 ? Math.abs(x * y) : kind == 1 ? x * y : x * x * y * y;
                double along = kind == 0 ? Math.signum(x * y) : kind == 1 ? 1 : 2 * x * y;
                da.add(i, weight * (eta * along * y + slope * o));
                dt.add(i, weight * (eta * along * x + slope * o));
                double g = metric == null ? 1 : metric.get(i);
                sums[0] += eta * o;
                sums[1] += g * x * y;
                sums[2] += g * x * x;
                sums[3] += g * y * y;
            }
            return sums;
        }

        static void geodesic(int n, Storage a, Storage t, Storage metric, double x, double ya, double yt, Storage da, Storage dt) {
            for (int i = 0; i < n; i++) {
                double g = metric == null ? 1 : metric.get(i);
                da.add(i, g * (x * t.get(i) - ya * a.get(i)));
                dt.add(i, g * (x * a.get(i) - yt * t.get(i)));
            }
        }
    }
}
