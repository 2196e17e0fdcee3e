package agl.regularizers.method;

import agl.autograd.Tape;
import agl.regularizers.AglRegularizer;
import agl.regularizers.AglSettings;
import agl.regularizers.LoraFactors;
import agl.regularizers.Term;
import agl.regularizers.TermValues;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/** AlignGuard-LoRA as a {@link Method}: {@link AglRegularizer} at every step. */
public final class Agl implements Method {
    private final AglRegularizer regularizer;
    private final int measureEvery;

    /** @param measureEvery steps between measurements of terms whose weight is zero; 0 for never */
    public Agl(AglRegularizer regularizer, int measureEvery) {
        this.regularizer = regularizer;
        this.measureEvery = measureEvery;
    }

    @Override public String name() {
        return "agl";
    }

    /** What computes the terms. */
    public AglRegularizer regularizer() {
        return regularizer;
    }

    @Override public SequencedMap<String, Double> addGradients(Tape tape, List<LoraFactors> factors, int step) {
        TermValues v = regularizer.addGradients(tape, factors, measureEvery > 0 && step % measureEvery == 0);
        AglSettings s = regularizer.settings();
        SequencedMap<String, Double> log = new LinkedHashMap<>();
        for (Term t : Term.values()) {
            // NaN means: not measured at this step.
            if (!Double.isNaN(v.get(t)) || t.weight(s) > 0) {
                log.put(t.label(), v.get(t));
                log.put("weighted_" + t.label(), t.weight(s) * v.get(t));
            }
        }
        log.put("penalty", v.weighted());
        return log;
    }
}
