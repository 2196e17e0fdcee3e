package agl.regularizers;

import agl.autograd.Tensor;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/** The terms that AGL adds to the task loss, each with its weight: L = L_task + Σ weight · term. */
public enum Term {
    /** {@link FisherAlignment}. */
    L_A("L_A", AglSettings::lambdaA, AglLoss::lA),
    /** {@link TaskStability}. */
    L_T("L_T", AglSettings::lambdaT, AglLoss::lT),
    /** {@link RiemannianOverlap}. */
    E_RM("E_RM", s -> s.lambdaNC() * s.alpha(), AglLoss::eRM),
    /** {@link GeodesicOverlap}. */
    E_GEO("E_geo", s -> s.lambdaNC() * (1 - s.alpha()), AglLoss::eGeo);

    private final String label;
    private final ToDoubleFunction<AglSettings> weight;
    private final Function<AglLoss, Tensor> composed;

    Term(String label, ToDoubleFunction<AglSettings> weight, Function<AglLoss, Tensor> composed) {
        this.label = label;
        this.weight = weight;
        this.composed = composed;
    }

    /** The name in logs, tables and reports. */
    public String label() {
        return label;
    }

    /** λ_A, λ_T, λ_NC α or λ_NC (1 − α). */
    public double weight(AglSettings s) {
        return weight.applyAsDouble(s);
    }

    /** The term of a loss that was composed on the tape, a scalar. */
    public Tensor of(AglLoss loss) {
        return composed.apply(loss);
    }
}
