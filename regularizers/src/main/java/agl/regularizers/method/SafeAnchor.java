package agl.regularizers.method;

import agl.autograd.Tape;
import agl.autograd.Workspace;
import agl.autograd.storage.Storage;
import agl.regularizers.Fisher;
import agl.regularizers.LoraFactors;
import agl.regularizers.Subspace;
import java.util.List;
import java.util.Map;
import org.hipparchus.linear.Array2DRowRealMatrix;
import org.hipparchus.linear.ArrayRealVector;
import org.hipparchus.linear.CholeskyDecomposition;

/**
 * Hard gradient projection in the style of SafeAnchor (Guo et al. 2026, arXiv:2604.17691): the training gradient is kept orthogonal to the
 * Fisher's leading directions, where AGL's L_A only makes them expensive.
 *
 * <p>Training moves A and B, so the directions are those in which a coefficient c_k = ⟨u_k, s·B·A⟩ grows: n_k = (∂c_k/∂A, ∂c_k/∂B)
 * = (s·Bᵀu_k, s·u_kAᵀ). From the gradient g = (∂L/∂A, ∂L/∂B) the part in the span of the n_k is removed, g − Nᵀ(N Nᵀ)⁻¹N g, so that a small
 * step along what is left changes no c_k. (Projecting ∂L/∂ΔW orthogonally to the u_k before the chain rule would not do that: the step
 * moves ΔW by G·AᵀA + B·Bᵀ·G, which has a part in the subspace again.) AdamW rescales entry by entry, so c_k stays constant only
 * approximately.
 *
 * <p>Not SafeAnchor itself: that takes the Fisher in the space of A and B and replays safety data when drift passes a threshold.
 */
public final class SafeAnchor implements Method {
    /** Directions n_k that are linearly dependent within this fraction are projected out only once. */
    private static final double RIDGE = 1e-9;

    private final Map<String, Fisher> fisher;

    /** @param fisher by adapted matrix; the gradient is kept orthogonal to its eigenvectors */
    public SafeAnchor(Map<String, Fisher> fisher) {
        this.fisher = fisher;
    }

    @Override public String name() {
        return "safeanchor";
    }

    @Override public void transformGradients(Tape tape, List<LoraFactors> factors, int step) {
        for (LoraFactors f : factors) {
            project(tape, f, fisher.get(f.name()).subspace());
        }
    }

    static void project(Tape tape, LoraFactors f, Subspace subspace) {
        int m = subspace.size();
        int na = f.a().size();
        int nb = f.b().size();
        // The n_k are what addGradient computes for unit weights, on factors with separate gradients.
        LoraFactors own = new LoraFactors(f.name(), agl.autograd.Tensor.of(f.a().data(), f.a().shape()),
                agl.autograd.Tensor.of(f.b().data(), f.b().shape()), f.scale(), f.from(), f.to());
        try (Workspace w = tape.workspace()) {
            Storage[] n = new Storage[m];
            double[] unit = new double[m];
            for (int k = 0; k < m; k++) {
                own.a().zeroGrad();
                own.b().zeroGrad();
                unit[k] = 1;
                subspace.addGradient(tape, own, unit);
                unit[k] = 0;
                n[k] = w.scratch(na + nb);
                tape.kernels().scale(na, 1, own.a().grad(), 0, n[k], 0);
                tape.kernels().scale(nb, 1, own.b().grad(), 0, n[k], na);
            }
            double[][] gram = new double[m][m];
            double[] along = new double[m];
            double trace = 0;
            for (int k = 0; k < m; k++) {
                for (int l = 0; l <= k; l++) {
                    gram[k][l] = tape.kernels().dot(na + nb, n[k], 0, n[l], 0);
                    gram[l][k] = gram[k][l];
                }
                trace += gram[k][k];
                along[k] = tape.kernels().dot(na, n[k], 0, tape.grad(f.a()), 0) + tape.kernels().dot(nb, n[k], na, tape.grad(f.b()), 0);
            }
            // With factors of zero, or no directions, there is nothing to project out.
            if (trace > 0) {
                for (int k = 0; k < m; k++) {
                    gram[k][k] += RIDGE * trace / m;
                }
                double[] x = new CholeskyDecomposition(new Array2DRowRealMatrix(gram, false),
                        CholeskyDecomposition.DEFAULT_RELATIVE_SYMMETRY_THRESHOLD, 0)
                        .getSolver().solve(new ArrayRealVector(along, false)).toArray();
                for (int k = 0; k < m; k++) {
                    tape.kernels().axpy(na, -x[k], n[k], 0, tape.grad(f.a()), 0);
                    tape.kernels().axpy(nb, -x[k], n[k], na, tape.grad(f.b()), 0);
                }
            }
        }
    }
}
