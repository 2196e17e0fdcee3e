package agl.regularizers;

import agl.autograd.Storage;
import agl.autograd.Tape;
import agl.autograd.kernels.Kernels;

/** Rows of ΔW and the chain rule through them: what everything that never forms a whole (out, in) matrix is made of. */
public final class Tiles {
    private Tiles() { }

    /** Rows of a tile: about 64 KiB of floats, which stay in a core's cache while several operands pass over them. */
    public static int rows(int out, int in) {
        return Math.clamp(16384 / in, 1, out);
    }

    /** tile (rows, in) = rows {@code row}… of s·B·A. */
    public static void update(Kernels kernels, LoraFactors f, int row, int rows, Storage tile) {
        kernels.gemm(false, false, rows, f.in(), f.rank(), f.scale(), f.b().data(), f.bOffset() + row * f.bStride(), f.bStride(),
                f.a().data(), f.aOffset(), f.in(), 0, tile, 0, f.in());
    }

    /** For rows D of ∂L/∂ΔW: ∂L/∂B[rows] += weight·s·D·Aᵀ, ∂L/∂A += weight·s·B[rows]ᵀ·D. */
    public static void addChain(Kernels kernels, LoraFactors f, int row, int rows, double weight, Storage d, Storage dA, Storage dB) {
        double s = weight * f.scale();
        int b = f.bOffset() + row * f.bStride();
        kernels.gemm(false, true, rows, f.rank(), f.in(), s, d, 0, f.in(), f.a().data(), f.aOffset(), f.in(), 1, dB, b, f.bStride());
        kernels.gemm(true, false, f.rank(), f.in(), rows, s, f.b().data(), b, f.bStride(), d, 0, f.in(), 1, dA, f.aOffset(), f.in());
    }

    /** ‖s·B·A‖_F² = s² Σ (BᵀB)∘(A Aᵀ): r² numbers instead of out·in. */
    public static double squaredNorm(Tape tape, LoraFactors f) {
        int r = f.rank();
        Storage bb = gramB(tape, f);
        Storage aa = gramA(tape, f);
        double norm = f.scale() * f.scale() * tape.kernels().dot(r * r, bb, 0, aa, 0);
        tape.pool().give(bb);
        tape.pool().give(aa);
        return norm;
    }

    /** weight·∂‖s·B·A‖²: ∂B += 2 weight s² B(A Aᵀ), ∂A += 2 weight s² (BᵀB)A. */
    public static void addSquaredNormGradient(Tape tape, LoraFactors f, double weight) {
        int r = f.rank();
        double w = 2 * weight * f.scale() * f.scale();
        Storage bb = gramB(tape, f);
        Storage aa = gramA(tape, f);
        tape.kernels().gemm(false, false, f.out(), r, r, w, f.b().data(), f.bOffset(), f.bStride(), aa, 0, r, 1,
                tape.grad(f.b()), f.bOffset(), f.bStride());
        tape.kernels().gemm(false, false, r, f.in(), r, w, bb, 0, r, f.a().data(), f.aOffset(), f.in(), 1,
                tape.grad(f.a()), f.aOffset(), f.in());
        tape.pool().give(bb);
        tape.pool().give(aa);
    }

    private static Storage gramB(Tape tape, LoraFactors f) {
        Storage bb = tape.pool().take(f.rank() * f.rank());
        tape.kernels().gemm(true, false, f.rank(), f.rank(), f.out(), 1, f.b().data(), f.bOffset(), f.bStride(),
                f.b().data(), f.bOffset(), f.bStride(), 0, bb, 0, f.rank());
        return bb;
    }

    private static Storage gramA(Tape tape, LoraFactors f) {
        Storage aa = tape.pool().take(f.rank() * f.rank());
        tape.kernels().gemm(false, true, f.rank(), f.rank(), f.in(), 1, f.a().data(), f.aOffset(), f.in(),
                f.a().data(), f.aOffset(), f.in(), 0, aa, 0, f.rank());
        return aa;
    }

    /** Numbers as doubles, by a loop per element type that the compiler can turn into vectors. */
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

    /** The way back. */
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
