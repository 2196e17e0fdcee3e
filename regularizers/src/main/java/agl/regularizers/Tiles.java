package agl.regularizers;

import agl.autograd.Tape;
import agl.autograd.Workspace;
import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.Matrix;
import agl.autograd.storage.Storage;

/** Rows of ΔW = s·B·A and the chain rule through them. */
public final class Tiles {
    private Tiles() { }

    /** Writes the tile's rows of s·B·A. */
    public static void update(Kernels kernels, LoraFactors f, Tile tile) {
        kernels.product(f.scale(), tile.of(f.matrixB()), f.matrixA(), 0, tile.values());
    }

    /** For rows D of ∂L/∂ΔW: ∂L/∂B[rows] += weight·s·D·Aᵀ, ∂L/∂A += weight·s·B[rows]ᵀ·D. */
    public static void addChain(Tape tape, LoraFactors f, double weight, Tile d) {
        addChain(tape.kernels(), f, weight, d, f.gradA(tape), f.gradB(tape));
    }

    /** The same, added to dA and dB with the shapes of A and B. */
    static void addChain(Kernels kernels, LoraFactors f, double weight, Tile d, Matrix dA, Matrix dB) {
        double s = weight * f.scale();
        kernels.product(s, d.values(), f.matrixA().T(), 1, d.of(dB));
        kernels.product(s, d.of(f.matrixB()).T(), d.values(), 1, dA);
    }

    /** ‖s·B·A‖_F² = s² Σ (BᵀB)∘(A Aᵀ): r² elements instead of out·in. */
    public static double squaredNorm(Tape tape, LoraFactors f) {
        try (Workspace w = tape.workspace()) {
            Matrix bb = w.product(1, f.matrixB().T(), f.matrixB());
            Matrix aa = w.product(1, f.matrixA(), f.matrixA().T());
            return f.scale() * f.scale() * tape.kernels().dot(bb.size(), bb.data(), 0, aa.data(), 0);
        }
    }

    /** weight·∂‖s·B·A‖²: ∂B += 2 weight s² B(A Aᵀ), ∂A += 2 weight s² (BᵀB)A. */
    public static void addSquaredNormGradient(Tape tape, LoraFactors f, double weight) {
        double s2 = 2 * weight * f.scale() * f.scale();
        try (Workspace w = tape.workspace()) {
            Matrix bb = w.product(1, f.matrixB().T(), f.matrixB());
            Matrix aa = w.product(1, f.matrixA(), f.matrixA().T());
            tape.kernels().product(s2, f.matrixB(), aa, 1, f.gradB(tape));
            tape.kernels().product(s2, bb, f.matrixA(), 1, f.gradA(tape));
        }
    }

    /** Reads elements as doubles, with one loop per element type that the compiler can vectorize. */
    public static void load(Storage from, int off, int n, double[] to) {
        switch (from) {
            case Storage.F32 f -> {
                float[] x = f.array();
                for (int i = 0; i < n; i++) {
                    to[i] = x[off + i];
                }
            }
            case Storage.F64 f -> System.arraycopy(f.array(), off, to, 0, n);
            default -> {
                for (int i = 0; i < n; i++) {
                    to[i] = from.get(off + i);
                }
            }
        }
    }

    /** The reverse of {@link #load}. */
    public static void store(double[] from, int n, Storage to, int off) {
        switch (to) {
            case Storage.F32 f -> {
                float[] x = f.array();
                for (int i = 0; i < n; i++) {
                    x[off + i] = (float) from[i];
                }
            }
            case Storage.F64 f -> System.arraycopy(from, 0, f.array(), off, n);
            default -> {
                for (int i = 0; i < n; i++) {
                    to.set(off + i, from[i]);
                }
            }
        }
    }
}
