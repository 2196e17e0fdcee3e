package agl.regularizers.method;

import agl.autograd.Tape;
import agl.autograd.storage.Storage;
import agl.error.AglException;
import agl.regularizers.Fisher;
import agl.regularizers.LoraFactors;
import agl.regularizers.Tile;
import agl.regularizers.Tiles;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/**
 * EWC-LoRA: (λ/2) Σ_ij diag(F)_ij ΔW_ij², elastic weight consolidation with the Fisher information of the full matrix and ΔW = s·B·A.
 * Gradient: ∂/∂ΔW = λ diag(F)∘ΔW.
 *
 * <p>See Kirkpatrick et al. 2017 (EWC); Zheng et al., "Revisiting Weight Regularization for Low-Rank Continual Learning", arXiv:2602.17559.
 */
public final class EwcLora implements Method {
    private final double lambda;
    private final Map<String, Fisher> fisher;

    /** @param fisher with diagonals ({@link agl.regularizers.AglSettings#needsDiagonal}) */
    public EwcLora(double lambda, Map<String, Fisher> fisher) {
        this.lambda = lambda;
        this.fisher = fisher;
        fisher.forEach((name, f) -> {
            if (f.diagonal() == null) {
                throw new AglException(name + ": EWC needs diag F, but this Fisher estimate was made without it");
            }
        });
    }

    @Override public String name() {
        return "ewc";
    }

    @Override public SequencedMap<String, Double> addGradients(Tape tape, List<LoraFactors> factors, int step) {
        double sum = 0;
        for (LoraFactors f : factors) {
            sum += add(tape, f, fisher.get(f.name()).diagonal());
        }
        return Method.logged("EWC", sum / 2, lambda * sum / 2);
    }

    /** Σ F ΔW² of one matrix, tile by tile. */
    // explain: EwcLora
    private double add(Tape tape, LoraFactors f, Storage diagonal) {
        int in = f.in();
        double[] w = new double[in];
        double[] d = new double[in];
        double[] sum = new double[1];
        Tile.forEach(tape, f.out(), in, tile -> {
            Tiles.update(tape.kernels(), f, tile);
            for (int i = 0; i < tile.rows(); i++) {
                Tiles.load(tile.data(), i * in, in, w);
                Tiles.load(diagonal, tile.offset() + i * in, in, d);
                for (int j = 0; j < in; j++) {
                    sum[0] += d[j] * w[j] * w[j];
                    w[j] *= d[j];
                }
                Tiles.store(w, in, tile.data(), i * in);
            }
            Tiles.addChain(tape, f, lambda, tile);
        });
        return sum[0];
    }
    // explain: end
}
