package agl.regularizers;

import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.vector.VectorKernels;
import agl.autograd.storage.Storage;

/**
 * The terms' loops over the entries of ΔW_A = a and ΔW_T = t, behind one interface like the other kernels: the plain loops are the terms'
 * own formulas; other providers are faster. Each call takes one tile of each matrix; all its tiles have the same rows.
 */
public interface TermKernels {
    /** The terms' own loops, in double. */
    TermKernels PLAIN = new TermKernels() { };

    /** The term kernels to use with {@code kernels}: a device's own, the Vector API's with the vector kernels, else the plain loops. */
    static TermKernels of(Kernels kernels) {
        if (kernels instanceof TermKernels own) {
            return own;
        }
        return kernels instanceof VectorKernels ? VectorTerms.INSTANCE : PLAIN;
    }

    /** E_RM's sum, see {@link RiemannianOverlap#sum}. */
    default double riemannian(AglSettings s, Tile a, Tile t, double scale, Tile da, Tile dt) {
        return RiemannianOverlap.sum(s, a, t, scale, da, dt);
    }

    /** L_T's sum, see {@link TaskStability#sum}. */
    default double stability(Storage h, Tile t, double scale, Tile dt) {
        return TaskStability.sum(h, t, scale, dt);
    }

    /** E_geo's sums, see {@link GeodesicOverlap.Sums#add(Storage, Tile, Tile, Tile, Tile)}. */
    default void geodesic(GeodesicOverlap.Sums sums, Storage metric, Tile a, Tile t, Tile ma, Tile mt) {
        sums.add(metric, a, t, ma, mt);
    }
}
