package agl.regularizers;

import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.Matrix;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import java.util.List;

/**
 * The per-example gradients of one weight matrix, as the factors that backward computes:
 * g_i = ∂ℓ_i/∂W = Σ_t δ_t x_tᵀ over the tokens t of example i, δ_t (out) the gradient of the layer's output, x_t (in) its input.
 *
 * <p>T·(out + in) values per example instead of out·in; the sum over tokens is formed tile by tile, and only if needed.
 *
 * @param delta per example δ, (T_i, out)
 * @param x     per example x, (T_i, in); matrices that read the same input share it
 */
public record TokenFactors(int out, int in, List<Storage> delta, List<Storage> x) {

    public TokenFactors {
        delta = List.copyOf(delta);
        x = List.copyOf(x);
    }

    /** δ of example {@code i}, (T_i, out). */
    Matrix deltaOf(int i) {
        return Matrix.of(delta.get(i), tokens(i), out);
    }

    /** x of example {@code i}, (T_i, in). */
    Matrix xOf(int i) {
        return Matrix.of(x.get(i), tokens(i), in);
    }

    /** N. */
    public int examples() {
        return delta.size();
    }

    /** T_i. */
    public int tokens(int i) {
        return delta.get(i).length() / out;
    }

    /** Σ T_i. */
    public long totalTokens() {
        long n = 0;
        for (int i = 0; i < examples(); i++) {
            n += tokens(i);
        }
        return n;
    }

    /** Element type of the factors. */
    public DType dtype() {
        return delta.getFirst().dtype();
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
        return new TokenFactors(out, in, delta.stream().map(kernels::resident).toList(), x.stream().map(kernels::resident).toList());
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

    // explain: Gram matrix
    double[][] gramByTokens(Kernels kernels) {
        int n = examples();
        double[][] k = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j <= i; j++) {
                k[i][j] = inner(kernels, i, j) / n;
                k[j][i] = k[i][j];
            }
        }
        return k;
    }
    // explain: end

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
