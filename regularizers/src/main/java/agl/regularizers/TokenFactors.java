package agl.regularizers;

import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.Matrix;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The per-example gradients of one weight matrix, as the factors that backward computes:
 * g_i = ∂ℓ_i/∂W = Σ_t δ_t x_tᵀ over the tokens t of example i, δ_t (out) the gradient of the layer's output, x_t (in) its input.
 *
 * <p>T·(out + in) values per example instead of out·in; the sum over tokens is formed tile by tile, and only if needed. The tokens of all
 * examples are one below the other, so that what all examples need is one product.
 *
 * @param delta  δ of all tokens, (T, out)
 * @param x      x of all tokens, (T, in); matrices that read the same input share it
 * @param starts the first token of each example, and T at the end (N + 1)
 */
public record TokenFactors(int out, int in, Storage delta, Storage x, int[] starts) {
    /** Tokens of a block of examples. */
    private static final int BLOCK = 256;

    /**
     * From the factors of each example.
     *
     * @param delta per example δ, (T_i, out)
     * @param x     per example x, (T_i, in)
     */
    public TokenFactors(int out, int in, List<Storage> delta, List<Storage> x) {
        this(out, in, join(Kernels.plain(), delta), join(Kernels.plain(), x), starts(out, delta));
    }

    private static int[] starts(int out, List<Storage> delta) {
        return starts(delta.stream().mapToInt(d -> d.length() / out));
    }

    /** Where the tokens of each example start, and their number at the end, from each example's number. */
    static int[] starts(IntStream tokens) {
        int[] starts = IntStream.concat(IntStream.of(0), tokens).toArray();
        Arrays.parallelPrefix(starts, Integer::sum);
        return starts;
    }

    /** The values of all parts in one storage, in the memory where the kernels work. */
    static Storage join(Kernels kernels, List<Storage> parts) {
        int n = Storage.elements(parts.stream().mapToLong(Storage::length).sum());
        Storage all = kernels.allocate(parts.isEmpty() ? DType.F32 : parts.getFirst().dtype(), n);
        int at = 0;
        for (Storage part : parts) {
            kernels.scale(part.length(), 1, part, 0, all, at);
            at += part.length();
        }
        return all;
    }

    /** δ of all tokens, (T, out). */
    Matrix deltas() {
        return Matrix.of(delta, totalTokens(), out);
    }

    /** x of all tokens, (T, in). */
    Matrix xs() {
        return Matrix.of(x, totalTokens(), in);
    }

    /** δ of example {@code i}, (T_i, out). */
    public Matrix deltaOf(int i) {
        return deltas().rows(starts[i], tokens(i));
    }

    /** x of example {@code i}, (T_i, in). */
    public Matrix xOf(int i) {
        return xs().rows(starts[i], tokens(i));
    }

    /** N. */
    public int examples() {
        return starts.length - 1;
    }

    /** T_i. */
    public int tokens(int i) {
        return starts[i + 1] - starts[i];
    }

    /** T = Σ T_i. */
    public int totalTokens() {
        return starts[examples()];
    }

    /** Each token's value of its example: v[i] at the tokens of example i. */
    double[] perToken(double[] v) {
        double[] all = new double[totalTokens()];
        for (int i = 0; i < v.length; i++) {
            Arrays.fill(all, starts[i], starts[i + 1], v[i]);
        }
        return all;
    }

    /** Element type of the factors. */
    public DType dtype() {
        return delta.dtype();
    }

    /** From full gradients, (out, in) each, row-major: row o is a token with δ = e_o and x = g[o]. */
    public static TokenFactors ofDense(int out, int in, List<double[]> gradients) {
        double[] unit = new double[Storage.elements(out, out)];
        for (int o = 0; o < out; o++) {
            unit[o * out + o] = 1;
        }
        Storage identity = new Storage.F64(unit, unit.length);
        return new TokenFactors(out, in, java.util.Collections.nCopies(gradients.size(), identity),
                gradients.stream().<Storage>map(g -> new Storage.F64(g, g.length)).toList());
    }

    /** The same factors in the memory where the kernels work. */
    TokenFactors resident(Kernels kernels) {
        return new TokenFactors(out, in, kernels.resident(delta), kernels.resident(x), starts);
    }

    /** tile = alpha·(the tile's rows of g_i = δᵀx) + beta·tile. */
    void tile(Kernels kernels, int i, double alpha, double beta, Tile tile) {
        kernels.product(alpha, deltaOf(i).cols(tile.row(), tile.rows()).T(), xOf(i), beta, tile.values());
    }

    /** ⟨g_i, g_j⟩ = Σ_{t,t'} (δ_t·δ'_t')(x_t·x'_t'): two products of token matrices, no gradient is formed. */
    // explain: Inner product of two gradients
    double inner(Kernels kernels, int i, int j) {
        int n = Storage.elements(tokens(i), tokens(j));
        Matrix dd = Matrix.of(kernels.allocate(dtype(), n), tokens(i), tokens(j));
        Matrix xx = Matrix.of(kernels.allocate(dtype(), n), tokens(i), tokens(j));
        kernels.product(1, deltaOf(i), deltaOf(j).T(), 0, dd);
        kernels.product(1, xOf(i), xOf(j).T(), 0, xx);
        return kernels.dot(n, dd.data(), 0, xx.data(), 0);
    }
    // explain: end

    /**
     * The Gram matrix K_ij = ⟨g_i, g_j⟩/N, (N, N), in double: its eigenvalues are the non-zero eigenvalues of F = (1/N) Σ g_i g_iᵀ. From
     * token products for large gradients and short examples, else by summing over tiles of the gradients; whichever takes fewer operations.
     */
    public double[][] gram(Kernels kernels) {
        return tokensAreFewerOperations() ? gramByTokens(kernels) : gramByTiles(kernels);
    }

    /** T²(out + in)/2 for the products of tokens, half of them by symmetry, against out·in(T + N²) for gradients and their products. */
    boolean tokensAreFewerOperations() {
        long n = examples();
        long tokens = totalTokens();
        return 0.5 * tokens * tokens * ((double) out + in) < (double) out * in * (tokens + (double) n * n);
    }

    /** Blocks of examples against all examples up to them: the same inner products, in few large matrix products. */
    // explain: Gram matrix
    double[][] gramByTokens(Kernels kernels) {
        int n = examples();
        double[][] k = new double[n][n];
        for (int first = 0, end; first < n; first = end) {
            end = endOfBlock(first);
            Matrix dd = products(kernels, deltas(), first, end);
            Matrix xx = products(kernels, xs(), first, end);
            for (int i = first; i < end; i++) {
                for (int j = 0; j <= i; j++) {
                    k[i][j] = kernels.dot(of(dd, first, i, j), of(xx, first, i, j)) / n;
                    k[j][i] = k[i][j];
                }
            }
        }
        return k;
    }
    // explain: end

    private int endOfBlock(int first) {
        int end = first + 1;
        while (end < examples() && starts[end + 1] - starts[first] <= BLOCK) {
            end++;
        }
        return end;
    }

    /** Inner products of the tokens of examples {@code first} to {@code end} with those of the examples before {@code end}. */
    private Matrix products(Kernels kernels, Matrix tokens, int first, int end) {
        int rows = starts[end] - starts[first];
        Matrix products = Matrix.of(kernels.allocate(dtype(), Storage.elements(rows, starts[end])), rows, starts[end]);
        kernels.product(1, tokens.rows(starts[first], rows), tokens.rows(0, starts[end]).T(), 0, products);
        return products;
    }

    /** The products of the tokens of example i with those of example j, (T_i, T_j). */
    private Matrix of(Matrix products, int first, int i, int j) {
        return products.rows(starts[i] - starts[first], tokens(i)).cols(starts[j], tokens(j));
    }

    double[][] gramByTiles(Kernels kernels) {
        int n = examples();
        Storage part = kernels.allocate(dtype(), Storage.elements(n, n));
        double[][] k = new double[n][n];
        forEachTile(kernels, (tile, row, rows) -> {
            int width = rows * in;
            Matrix rowsOfAll = Matrix.of(tile, n, width);
            kernels.product(1.0 / n, rowsOfAll, rowsOfAll.T(), 0, Matrix.of(part, n, n));
            for (int i = 0; i < n; i++) {
                for (int j = 0; j < n; j++) {
                    // Entries (i, j) and (j, i) may round differently: use the lower triangle.
                    k[i][j] += i >= j ? part.get(i * n + j) : part.get(j * n + i);
                }
            }
        });
        return k;
    }

    /** diag F = (1/N) Σ g_i∘g_i, (out, in). */
    // explain: Diagonal Fisher
    public Storage diagonal(Kernels kernels) {
        int n = examples();
        Storage diagonal = kernels.allocate(dtype(), Storage.elements(out, in));
        forEachTile(kernels, (tile, row, rows) -> kernels.sumOfSquares(n, rows * in, 1.0 / n, tile, diagonal, row * in));
        return diagonal;
    }
    // explain: end

    /** Receives the same rows of every gradient: tile (N, rows·in). */
    interface TileVisitor {
        void visit(Storage tile, int row, int rows);
    }

    /** Visits the gradients in blocks of rows, so small that the blocks of all N gradients fit the cache together. */
    void forEachTile(Kernels kernels, TileVisitor visitor) {
        int n = examples();
        // A short inner sum also keeps float accumulation accurate enough: the sum over tiles is in double.
        int step = Math.clamp(4096 / in, 1, out);
        Storage tile = kernels.allocate(dtype(), Storage.elements(n, step, in));
        for (int row = 0; row < out; row += step) {
            int rows = Math.min(step, out - row);
            for (int i = 0; i < n; i++) {
                tile(kernels, i, 1, 0, new Tile(row, Matrix.of(tile, n * rows, in).rows(i * rows, rows)));
            }
            visitor.visit(tile, row, rows);
        }
    }
}
