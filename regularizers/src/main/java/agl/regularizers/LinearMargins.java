package agl.regularizers;

import agl.autograd.Tape;
import agl.autograd.Workspace;
import agl.error.AglException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The margins of N prompts, m_i = −ℓ_i with ℓ_i = loss of a refusal − loss of another answer ({@link FisherEstimator}), linearised at
 * weights W_k:
 *
 * <p>m_i(W) ≈ o_i − h_i(ΔW), h_i(ΔW) = Σ_j ⟨∂ℓ_i/∂W_j, ΔW_j⟩ over the adapted matrices j, o_i = m_i(W_k) + h_i(ΔW_k).
 *
 * <p>The offset o_i makes it exact at W_k itself. Pairing gradients at W_k with all of ΔW = W − W_0 without it would count the second-order
 * part of what happened before W_k twice. It is a prediction near W_k only: take it anew every few steps.
 */
public final class LinearMargins {
    private final Map<String, TokenFactors> gradients = new LinkedHashMap<>();
    private final double[] offset;

    /**
     * @param at      ℓ_i and its gradients at W_k
     * @param factors ΔW_k of every adapted matrix
     */
    public LinearMargins(Tape tape, FisherEstimator.Gradients at, List<LoraFactors> factors) {
        at.byMatrix().forEach((name, g) -> gradients.put(name, g.resident(tape.kernels())));
        offset = Arrays.stream(at.losses()).map(loss -> -loss).toArray();
        addChange(tape, factors, 1, offset);
    }

    /** m_i for these factors, to first order. */
    // explain: Linearised margins
    public double[] predict(Tape tape, List<LoraFactors> factors) {
        double[] m = offset.clone();
        addChange(tape, factors, -1, m);
        return m;
    }

    private void addChange(Tape tape, List<LoraFactors> factors, double sign, double[] to) {
        for (LoraFactors f : factors) {
            try (Workspace space = tape.workspace()) {
                TokenProducts.of(space, of(f), f).addInner(tape, sign, to);
            }
        }
    }

    /** Adds the gradients of Σ_i w_i m_i to those of A and B. */
    public void addGradient(Tape tape, List<LoraFactors> factors, double[] w) {
        double[] minus = Arrays.stream(w).map(x -> -x).toArray();
        for (LoraFactors f : factors) {
            try (Workspace space = tape.workspace()) {
                TokenProducts.of(space, of(f), f).addGradient(tape, minus);
            }
        }
    }
    // explain: end

    private TokenFactors of(LoraFactors f) {
        TokenFactors g = gradients.get(f.name());
        if (g == null) {
            throw new AglException("no gradients for the adapted matrix " + f.name() + "; available: " + gradients.keySet());
        }
        return g;
    }
}
