package agl.regularizers;

import agl.autograd.Tape;
import agl.autograd.Workspace;
import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.Matrix;
import agl.autograd.storage.Storage;

/**
 * {@link TokenFactors} with the tokens of all examples one below the other: a few products over all tokens instead of a few per example.
 *
 * @param delta   the gradients of the layer's output, (T, out)
 * @param x       the layer's inputs, (T, in)
 * @param example the example of each token
 */
record JoinedFactors(Matrix delta, Matrix x, int[] example) {

    static JoinedFactors of(Kernels kernels, TokenFactors g) {
        int tokens = Storage.elements(g.totalTokens());
        Storage delta = kernels.allocate(g.dtype(), Storage.elements(tokens, g.out()));
        Storage x = kernels.allocate(g.dtype(), Storage.elements(tokens, g.in()));
        int[] example = new int[tokens];
        int row = 0;
        for (int i = 0; i < g.examples(); i++) {
            int n = g.tokens(i);
            kernels.scale(n * g.out(), 1, g.delta().get(i), 0, delta, row * g.out());
            kernels.scale(n * g.in(), 1, g.x().get(i), 0, x, row * g.in());
            java.util.Arrays.fill(example, row, row + n, i);
            row += n;
        }
        return new JoinedFactors(Matrix.of(delta, tokens, g.out()), Matrix.of(x, tokens, g.in()), example);
    }

    /** h_i += sign·⟨g_i, s·B·A⟩ = sign·s Σ_t (δ_tᵀB)·(A x_t) over the tokens t of example i. */
    // explain: First-order change of the losses
    void addInner(Tape tape, LoraFactors f, double sign, double[] h) {
        try (Workspace w = tape.workspace()) {
            Matrix deltaB = w.product(1, delta, f.matrixB());
            Matrix xA = w.product(1, x, f.matrixA().T());
            int r = f.rank();
            for (int t = 0; t < example.length; t++) {
                h[example[t]] += sign * f.scale() * tape.kernels().dot(r, deltaB.data(), t * r, xA.data(), t * r);
            }
        }
    }

    /** Adds the gradients of Σ_i e_i h_i: with D = Σ_t e_t δ_t x_tᵀ, ∂B += s D Aᵀ and ∂A += s Bᵀ D. */
    void addGradient(Tape tape, LoraFactors f, double[] e) {
        double[] weights = new double[example.length];
        for (int t = 0; t < weights.length; t++) {
            weights[t] = e[example[t]];
        }
        try (Workspace w = tape.workspace()) {
            Matrix deltaB = w.product(1, delta, f.matrixB());
            Matrix xA = w.product(1, x, f.matrixA().T());
            tape.kernels().scaleRows(weights.length, f.rank(), weights, deltaB.data());
            tape.kernels().scaleRows(weights.length, f.rank(), weights, xA.data());
            tape.kernels().product(f.scale(), delta.T(), xA, 1, f.gradB(tape));
            tape.kernels().product(f.scale(), deltaB.T(), x, 1, f.gradA(tape));
        }
    }
    // explain: end
}
