package agl.regularizers;

import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import agl.error.AglException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The estimated Fisher information F = (1/N) Σ_i g_i g_iᵀ of one adapted matrix, divided by a normalizing {@link #scale}.
 *
 * <p>The scale of F is arbitrary (it grows with the square of the loss's scale and differs between models and layers), so without
 * normalization λ_A does not transfer between models.
 *
 * @param name        the matrix
 * @param subspace    u_1 … u_m with F's own eigenvalues, before division
 * @param eigenvalues λ_k/scale, as the loss uses them
 * @param scale       the divisor, see {@link AglSettings.FisherNorm}
 * @param trace       tr F = (1/N) Σ ‖g_i‖², before division
 * @param spectrum    all eigenvalues that the backend computes, descending, before division; for the report
 * @param diagonal    diag F/scale (out, in), or null if no setting needs it
 */
public record Fisher(String name, Subspace subspace, double[] eigenvalues, double scale, double trace, double[] spectrum,
        Storage diagonal) {

    /** Eigenvalues below this fraction of the largest one are rounding errors: their eigenvectors would be arbitrary. */
    static double floor(DType dtype) {
        return dtype == DType.F64 ? 1e-10 : 1e-6;
    }

    /** The Fisher information of one matrix from its gradients, with scale = 1; {@link #normalise} normalizes it afterwards. */
    public static Fisher of(Kernels kernels, String name, TokenFactors g, AglSettings settings) {
        int n = g.examples();
        if (n == 0) {
            throw new AglException(name + ": the Fisher information needs at least one gradient");
        }
        int m = settings.directions(n);
        Storage diagonal = settings.needsDiagonal() || settings.backend() == AglSettings.Backend.DIAGONAL ? g.diagonal(kernels) : null;
        return switch (settings.backend()) {
            case EXACT -> exact(kernels, name, g, settings, m, diagonal);
            case KFAC -> {
                double trace = trace(kernels, g);
                requireFinite(name, trace);
                Subspace s = KfacSubspace.of(kernels, g, trace, m, settings.energy());
                yield new Fisher(name, s, s.eigenvalues(), 1, trace, s.eigenvalues(), diagonal);
            }
            case DIAGONAL -> diagonal(name, g, settings, m, diagonal);
        };
    }

    private static void requireFinite(String name, double trace) {
        if (!Double.isFinite(trace)) {
            throw new AglException(
                    name + ": the gradients for the Fisher information are not finite; the base model or the alignment data is broken");
        }
    }

    /** Eigenvectors u_k = Gᵀ v_k / sqrt(N λ_k) from the Gram matrix K = GGᵀ/N = V Λ Vᵀ. */
    // explain: Exact Fisher
    private static Fisher exact(Kernels kernels, String name, TokenFactors g, AglSettings settings, int m, Storage diagonal) {
        int n = g.examples();
        double[][] gram = g.gram(kernels);
        double trace = 0;
        for (int i = 0; i < n; i++) {
            trace += gram[i][i];
        }
        requireFinite(name, trace);
        SymmetricEigen eigen = SymmetricEigen.of(gram);
        int kept = SymmetricEigen.keep(eigen.values(), trace, m, settings.energy(), floor(g.dtype()));
        double[] lambda = java.util.Arrays.copyOf(eigen.values(), kept);
        double[][] weights = new double[kept][n];
        for (int k = 0; k < kept; k++) {
            for (int i = 0; i < n; i++) {
                weights[k][i] = eigen.vectors()[k][i] / Math.sqrt(n * lambda[k]);
            }
        }
        boolean dense = switch (settings.exactStorage()) {
            case DENSE -> true;
            case FACTORED -> false;
            // The fewer values: a step reads them twice, once for the coefficients and once for the gradient.
            case AUTO -> (double) kept * g.out() * g.in() <= (double) g.totalTokens() * (g.out() + g.in());
        };
        Subspace s = dense ? DenseSubspace.of(kernels, g, lambda, weights) : new FactoredSubspace(g, lambda, weights);
        return new Fisher(name, s, lambda, 1, trace, eigen.values(), diagonal);
    }
    // explain: end

    private static Fisher diagonal(String name, TokenFactors g, AglSettings settings, int m, Storage diagonal) {
        double trace = 0;
        for (int e = 0; e < diagonal.length(); e++) {
            trace += diagonal.get(e);
        }
        requireFinite(name, trace);
        int[] at = DiagonalSubspace.largest(diagonal, settings.energy() > 0 ? diagonal.length() : m);
        double[] descending = java.util.Arrays.stream(at).mapToDouble(diagonal::get).toArray();
        int kept = SymmetricEigen.keep(descending, trace, m, settings.energy(), floor(g.dtype()));
        double[] lambda = java.util.Arrays.copyOf(descending, kept);
        Subspace s = new DiagonalSubspace(g.out(), g.in(), g.dtype(), lambda, java.util.Arrays.copyOf(at, kept));
        return new Fisher(name, s, lambda, 1, trace, lambda, settings.needsDiagonal() ? diagonal : null);
    }

    /** tr F = (1/N) Σ ‖g_i‖². */
    private static double trace(Kernels kernels, TokenFactors g) {
        double sum = 0;
        for (int i = 0; i < g.examples(); i++) {
            sum += g.inner(kernels, i, i) / g.examples();
        }
        return sum;
    }

    /** Divides each F by the scale that {@code norm} selects; {@code MEAN_TRACE} needs all matrices at once. */
    // explain: Fisher normalised
    public static Map<String, Fisher> normalise(Map<String, Fisher> matrices, AglSettings.FisherNorm norm) {
        double mean = matrices.values().stream().mapToDouble(Fisher::trace).average().orElse(1);
        Map<String, Fisher> scaled = new LinkedHashMap<>();
        matrices.forEach((name, f) -> {
            double by = switch (norm) {
                case NONE -> 1;
                case TRACE -> f.trace;
                case MEAN_TRACE -> mean;
                case MAX -> f.spectrum.length == 0 ? 0 : f.spectrum[0];
            };
            // A matrix that no gradient reaches has F = 0: nothing to normalize.
            scaled.put(name, f.dividedBy(by > 0 ? by : 1));
        });
        return scaled;
    }
    // explain: end

    private Fisher dividedBy(double by) {
        double[] lambda = java.util.Arrays.stream(subspace.eigenvalues()).map(v -> v / by).toArray();
        Storage scaledDiagonal = null;
        if (diagonal != null) {
            scaledDiagonal = Storage.allocate(diagonal.dtype(), diagonal.length());
            // From its current scale to the new one.
            Kernels.plain().scale(diagonal.length(), scale / by, diagonal, 0, scaledDiagonal, 0);
        }
        return new Fisher(name, subspace, lambda, by, trace, spectrum, scaledDiagonal);
    }

    /** The same estimate with its vectors and its diagonal in the memory where the kernels work, see {@link Kernels#resident}. */
    Fisher resident(Kernels kernels) {
        return new Fisher(name, subspace.resident(kernels), eigenvalues, scale, trace, spectrum,
                diagonal == null ? null : kernels.resident(diagonal));
    }

    /** The same with its {@code count} leading eigenvectors alone, or all if it has fewer. */
    public Fisher leading(int count) {
        int kept = Math.min(count, eigenvalues.length);
        return new Fisher(name, subspace.leading(kept), java.util.Arrays.copyOf(eigenvalues, kept), scale, trace, spectrum, diagonal);
    }

    /** The same without diag F. */
    public Fisher withoutDiagonal() {
        return new Fisher(name, subspace, eigenvalues, scale, trace, spectrum, null);
    }

    /** Rows of the weight. */
    public int out() {
        return subspace.out();
    }

    /** Columns of the weight. */
    public int in() {
        return subspace.in();
    }
}
