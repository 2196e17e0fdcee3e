package agl.autograd.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;

/**
 * What every provider promises: the numbers of the plain loops in double, to the precision of a float, at sizes below, at and beyond a
 * vector's, a tile's and a work-group's; several times in a row with other numbers and other lengths, so that a kernel that kept something
 * of an earlier run, or had a size compiled in, is wrong from the second on. A provider's test implements it, and adds what is its own.
 */
public interface KernelContract {
    int[] SIZES = {1, 7, 63, 64, 65, 1000, 131};

    /** @param storage zeroed float storage of a length, where this provider is to work on it */
    record Provider(Kernels kernels, IntFunction<Storage> storage) { }

    /** What is under test, by name: one provider, or the same on several devices and kinds of storage. */
    Map<String, Provider> providers();

    /**
     * Runs the work with the plain loops in double and with every provider, on the same numbers from the seed, about ±1, in storages of
     * these lengths, and compares all that it could have written.
     *
     * @param tolerance relative to the larger of 1 and the number
     */
    default void check(String what, long seed, double tolerance, int[] lengths, BiConsumer<Kernels, Storage[]> work) {
        Storage[] expected = numbers(seed, lengths, n -> Storage.allocate(DType.F64, n));
        work.accept(Kernels.plain(), expected);
        providers().forEach((name, provider) -> {
            Storage[] actual = numbers(seed, lengths, provider.storage);
            work.accept(provider.kernels, actual);
            for (int s = 0; s < lengths.length; s++) {
                for (int i = 0; i < lengths[s]; i++) {
                    double e = expected[s].get(i);
                    assertEquals(e, actual[s].get(i), tolerance * Math.max(1, Math.abs(e)),
                            what + ", " + name + ", operand " + s + ", element " + i + " of " + lengths[s]);
                }
            }
        });
    }

    private static Storage[] numbers(long seed, int[] lengths, IntFunction<Storage> allocator) {
        SplittableRandom random = new SplittableRandom(seed);
        Storage[] storages = new Storage[lengths.length];
        for (int s = 0; s < lengths.length; s++) {
            storages[s] = allocator.apply(lengths[s]);
            for (int i = 0; i < lengths[s]; i++) {
                storages[s].set(i, (float) random.nextDouble(-1, 1));
            }
        }
        return storages;
    }

    @Test default void elements() {
        for (int n : SIZES) {
            check("axpy", n, 1e-6, new int[] {n + 3, n + 5}, (k, s) -> k.axpy(n, -0.7, s[0], 2, s[1], 3));
            check("scale", n, 1e-6, new int[] {n, n}, (k, s) -> k.scale(n, 1.3, s[0], 0, s[1], 0));
            check("scale in place", n, 1e-6, new int[] {n + 1}, (k, s) -> k.scale(n, 1.3, s[0], 1, s[0], 1));
            check("swiGlu", n, 1e-6, new int[] {n, n, n}, (k, s) -> k.swiGlu(n, s[0], s[1], s[2]));
            check("swiGluBackward", n, 1e-6, new int[] {n, n, n, n, n}, (k, s) -> {
                k.swiGluBackward(n, s[0], s[1], s[2], s[3], s[4], false);
                k.swiGluBackward(n, s[0], s[1], s[2], null, s[4], true);
                k.swiGluBackward(n, s[0], s[1], s[2], s[3], null, true);
            });
            check("adamW", n, 1e-5, new int[] {n, n, n, n}, (k, s) -> {
                k.scale(n, 0, s[2], 0, s[2], 0);
                k.scale(n, 0, s[3], 0, s[3], 0);
                k.adamW(n, s[0], s[1], 0.5, s[2], s[3], 0.01, 0.9, 0.999, 1e-3, 0.1, 1);
                k.adamW(n, s[0], s[1], 2, s[2], s[3], 0.03, 0.9, 0.999, 1e-3, 0, 2);
            });
            check("sumOfSquares", n, 1e-6, new int[] {3 * n, n + 2}, (k, s) -> k.sumOfSquares(3, n, 0.25, s[0], s[1], 1));
        }
    }

    @Test default void products() {
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
                check("gemm " + Arrays.toString(x) + ta + tb, m + 7L * n, 2e-6 * Math.max(4, k),
                        new int[] {(ta ? k : m) * lda + 2, (tb ? n : k) * ldb + 1, m * ldc + 3},
                        (kernels, s) -> kernels.gemm(ta, tb, m, n, k, 0.8, s[0], 2, lda, s[1], 1, ldb, beta, s[2], 3, ldc));
            }
        }
    }

    /** AᵀA, whose first row is 1 and whose other elements are so small that one running float would lose them all, 5e-4 together. */
    @Test default void longSumsKeepSmallElements() {
        int k = 40_000;
        for (int n : new int[] {1, 5}) {
            check("long product " + n, n, 2e-5, new int[] {k * n, n * n}, (kernels, s) -> {
                s[0].fill(0, n, 1);
                kernels.scale((k - 1) * n, 2e-4, s[0], n, s[0], n);
                kernels.gemm(true, false, n, n, k, 1, s[0], 0, n, s[0], 0, n, 0, s[1], 0, n);
            });
        }
    }

    @Test default void loraProduct() {
        for (int[] x : new int[][] {{1, 1, 1, 1}, {33, 40, 70, 8}, {7, 65, 3, 5}, {70, 17, 66, 16}}) {
            int tokens = x[0];
            int in = x[1];
            int out = x[2];
            int r = x[3];
            check("LoRA forward", tokens, 1e-4,
                    new int[] {tokens * in, tokens * in, out * in, r * in, out * r, tokens * r, tokens * out}, (k, s) -> {
                        loraForward(k, 2, Matrix.of(s[0], tokens, in), Matrix.of(s[1], tokens, in), Matrix.of(s[2], out, in),
                                Matrix.of(s[3], r, in), Matrix.of(s[4], out, r),
                                Matrix.of(s[5], tokens, r), 0, Matrix.of(s[6], tokens, out));
                        loraForward(k, 0.5, Matrix.of(s[0], tokens, in), Matrix.of(s[0], tokens, in), Matrix.of(s[2], out, in),
                                Matrix.of(s[3], r, in), Matrix.of(s[4], out, r),
                                Matrix.of(s[5], tokens, r), 1, Matrix.of(s[6], tokens, out));
                    });
            check("LoRA backward", tokens, 1e-4, new int[] {tokens * out, out * in, tokens * r, r * in, tokens * in},
                    (k, s) -> k.product(new Product(1, Matrix.of(s[0], tokens, out), Matrix.of(s[1], out, in)),
                            new Product(1, Matrix.of(s[2], tokens, r), Matrix.of(s[3], r, in)),
                            1, Matrix.of(s[4], tokens, in)));
        }
    }

    @Test default void rows() {
        int[] from = {4, 0, 4, 2};
        int[] to = {1, 3, 0, 5};
        int[] twice = {1, 1, 0, 1};
        double[] factor = {0.5, -2, 1, 0};
        for (int cols : new int[] {1, 65, 200}) {
            check("rows", cols, 1e-6, new int[] {5 * cols, 6 * cols},
                    (k, s) -> k.rows(4, cols, s[0], from, factor, s[1], to, false));
            check("rows, picked", cols, 1e-6, new int[] {5 * cols, 4 * cols},
                    (k, s) -> k.rows(4, cols, s[0], from, null, s[1], null, false));
            check("rows, added", cols, 1e-6, new int[] {5 * cols, 6 * cols},
                    (k, s) -> k.rows(4, cols, s[0], null, factor, s[1], twice, true));
        }
    }

    @Test default void norms() {
        for (int[] x : new int[][] {{1, 1}, {3, 65}, {70, 64}, {5, 288}}) {
            int rows = x[0];
            int cols = x[1];
            check("rmsNorm", rows, 1e-5, new int[] {rows * cols, cols, rows * cols, rows},
                    (k, s) -> k.rmsNorm(rows, cols, s[0], s[1], 1e-5, s[2], s[3]));
            check("rmsNormBackward", rows, 1e-4, new int[] {rows * cols, cols, rows, rows * cols, rows * cols, cols}, (k, s) -> {
                k.rmsNormBackward(rows, cols, s[0], s[1], s[2], s[3], s[4], s[5]);
                k.rmsNormBackward(rows, cols, s[0], s[1], s[2], s[3], s[4], null);
            });
        }
    }

    @Test default void rope() {
        double[] cos = new double[40];
        double[] sin = new double[40];
        for (int i = 0; i < 40; i++) {
            cos[i] = Math.cos(i);
            sin[i] = Math.sin(i);
        }
        for (int rows : new int[] {1, 5, 33}) {
            int[] positions = new int[rows];
            Arrays.setAll(positions, i -> 9 - i % 10);
            check("rope", rows, 1e-6, new int[] {rows * 24, rows * 24}, (k, s) -> {
                k.rope(rows, 3, 8, positions, cos, sin, 1, s[0], s[1], false);
                k.rope(rows, 3, 8, positions, cos, sin, -1, s[0], s[1], true);
            });
        }
    }

    @Test default void attention() {
        AttentionShape[] shapes = {AttentionShape.causal(1, 1, 4, new int[] {0, 1}),
            AttentionShape.causal(4, 2, 6, new int[] {0, 5, 6, 80}),
            new AttentionShape(6, 2, 70, 0.11, 3, new int[] {0, 9, 20}, new int[] {0, 9}, new int[] {9, 20}),
            new AttentionShape(2, 1, 130, 0.1, 0, new int[] {0, 1, 3}, new int[] {2, 90}, new int[] {72, 95})};
        for (AttentionShape a : shapes) {
            int q = a.queryRows() * a.heads() * a.headDim();
            int kv = a.keyRows() * a.kvHeads() * a.headDim();
            int lse = a.queryRows() * a.heads();
            check("attention " + a.headDim(), q, 1e-5, new int[] {q, kv, kv, q, lse},
                    (k, s) -> k.attention(a, s[0], s[1], s[2], s[3], s[4]));
            check("attentionBackward " + a.headDim(), q, 1e-4, new int[] {q, kv, kv, q, lse, q, q, kv, kv}, (k, s) -> {
                k.attention(a, s[0], s[1], s[2], s[3], s[4]);
                k.attentionBackward(a, s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8]);
                k.attentionBackward(a, s[0], s[1], s[2], s[3], s[4], s[5], null, null, s[8]);
                k.attentionBackward(a, s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], null);
            });
        }
    }

    @Test default void crossEntropy() {
        for (int[] x : new int[][] {{1, 1}, {3, 65}, {9, 1000}}) {
            int rows = x[0];
            int vocabulary = x[1];
            int[] targets = new int[rows + 1];
            Arrays.setAll(targets, i -> (i * 37 + 11) % vocabulary);
            for (boolean gradient : new boolean[] {true, false}) {
                check("crossEntropyRows", rows, 1e-5, new int[] {rows * vocabulary + 2, rows + 1}, (k, s) -> {
                    k.scale(rows * vocabulary, 20, s[0], 2, s[0], 2);
                    k.crossEntropyRows(rows, vocabulary, s[0], 2, targets, 1, s[1], 1, gradient);
                });
            }
        }
    }

    @Test default void dots() {
        for (int n : new int[] {1, 64, 65, 8193, 100_000}) {
            check("dot", n, 1e-4, new int[] {n + 1, n, 1}, (k, s) -> s[2].set(0, k.dot(n, s[0], 1, s[1], 0)));
        }
    }

    @Test default void innerProductsOfViews() {
        for (int[] x : new int[][] {{1, 1}, {3, 65}, {40, 57}, {130, 90}}) {
            int rows = x[0];
            int cols = x[1];
            check("inner product", rows, 1e-4, new int[] {rows * (cols + 7) + 2, rows * cols + 1, 1}, (k, s) -> s[2].set(0,
                    k.dot(new Matrix(s[0], 2, rows, cols, cols + 7, false), new Matrix(s[1], 1, rows, cols, cols, false))));
        }
        providers().forEach((name, provider) -> {
            Matrix m = Matrix.of(provider.storage().apply(6), 2, 3);
            for (Matrix other : new Matrix[] {m.T(), m.rows(0, 1), m.cols(0, 2)}) {
                assertThrows(IllegalArgumentException.class, () -> provider.kernels().dot(m, other), name);
            }
        });
    }

    @Test default void dropoutMaskIsAFunctionOfSeedAndElement() {
        for (int n : SIZES) {
            for (long seed : new long[] {0, -1, 0x123456789ABCDEFL * n}) {
                check("dropout", n, 1e-6, new int[] {n, n}, (k, s) -> k.dropout(n, s[0], 0.3, seed, s[1], false));
                check("dropout, added", n, 1e-6, new int[] {n, n}, (k, s) -> k.dropout(n, s[0], 0.7, seed, s[1], true));
            }
        }
        providers().forEach((name, provider) -> {
            Kernels k = provider.kernels();
            int n = 20_000;
            Storage ones = provider.storage().apply(n);
            ones.fill(0, n, 1);
            Storage y = provider.storage().apply(n);
            k.dropout(n, ones, 0.1, 42, y, false);
            for (int i = 0; i < n; i++) {
                assertEquals(PlainKernels.dropped(42, i, 0.1), y.get(i) == 0, name + " " + i);
            }
        });
    }

    /** U = X̃·Aᵀ, Y = X·W0ᵀ + s·U·Bᵀ + beta·Y. */
    private static void loraForward(Kernels k, double s, Matrix x, Matrix dropped, Matrix w0, Matrix a, Matrix b, Matrix u, double beta,
            Matrix y) {
        k.product(1, dropped, a.T(), 0, u);
        k.product(new Product(1, x, w0.T()), new Product(s, u, b.T()), beta, y);
    }
}
