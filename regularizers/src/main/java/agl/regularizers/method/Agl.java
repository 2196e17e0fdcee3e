package agl.regularizers.method;

import agl.autograd.Tape;
import agl.nn.checkpoint.RunState;
import agl.regularizers.AglRegularizer;
import agl.regularizers.AglSettings;
import agl.regularizers.Fisher;
import agl.regularizers.LoraFactors;
import agl.regularizers.Term;
import agl.regularizers.TermValues;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Supplier;

/** AlignGuard-LoRA as a {@link Method}: {@link AglRegularizer} at every step. */
public final class Agl implements Method {
    private final AglRegularizer regularizer;
    private final int measureEvery;
    private final Supplier<Map<String, Fisher>> estimate;

    /** As {@link #Agl(AglRegularizer, int, Supplier)}, keeping the regularizer's Fisher information to the end. */
    public Agl(AglRegularizer regularizer, int measureEvery) {
        this(regularizer, measureEvery, null);
    }

    /**
     * @param measureEvery steps between measurements of terms whose weight is zero, and of E_RM over all rows; 0 for never. At other steps
     *                     of a run that samples rows E_RM's estimate is logged as {@code E_RM_sampled}
     * @param estimate     estimates the Fisher information at the current weights, by layer; called every {@link AglSettings#refreshEvery}
     *                     steps. Null: the regularizer keeps its estimate
     */
    public Agl(AglRegularizer regularizer, int measureEvery, Supplier<Map<String, Fisher>> estimate) {
        this.regularizer = regularizer;
        this.measureEvery = measureEvery;
        this.estimate = estimate;
    }

    @Override public String name() {
        return "agl";
    }

    /** The regularizer that computes the terms. */
    public AglRegularizer regularizer() {
        return regularizer;
    }

    @Override public SequencedMap<String, Double> addGradients(Tape tape, List<LoraFactors> factors, int step) {
        boolean measured = measureEvery > 0 && step % measureEvery == 0;
        TermValues v = measured ? regularizer.addGradients(tape, factors, true) : regularizer.addGradients(tape, factors, step);
        AglSettings s = regularizer.settings();
        SequencedMap<String, Double> log = new LinkedHashMap<>();
        for (Term t : Term.values()) {
            // NaN means: not measured at this step.
            if (!Double.isNaN(v.get(t)) || t.weight(s) > 0) {
                // An estimate has a name of its own.
                String label = t == Term.E_RM && v.sampled() ? t.label() + "_sampled" : t.label();
                log.put(label, v.get(t));
                log.put("weighted_" + label, t.weight(s) * v.get(t));
            }
        }
        log.put("penalty", v.weighted());
        return log;
    }

    @Override public int refreshEvery() {
        return estimate == null ? 0 : regularizer.settings().refreshEvery();
    }

    @Override public void refresh(Tape tape, List<LoraFactors> factors) {
        regularizer.refresh(estimate.get());
    }

    @Override public void state(RunState state, List<LoraFactors> factors) {
        regularizer.state(state);
    }
}
