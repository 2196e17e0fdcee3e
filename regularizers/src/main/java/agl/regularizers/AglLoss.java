package agl.regularizers;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.op.Var;
import agl.autograd.storage.Storage;

/**
 * L = L_task + λ_A L_A + λ_T L_T + λ_NC [α E_RM + (1 − α) E_geo] [A; the α-blend 1], here for one adapted matrix and without L_task,
 * composed from autograd operations, one class per term. The reference implementation; {@link FusedAgl} computes the same in tiles.
 *
 * @param decomposition ΔW, ΔW_A, ΔW_T
 * @param lA            L_A, a scalar
 * @param lT            L_T
 * @param eRM           E_RM
 * @param eGeo          E_geo
 * @param total         the weighted sum
 * @param eta           E_RM's weight η (out, in)
 * @param inner         E_geo's ⟨ΔW_A, ΔW_T⟩_M
 * @param normA         E_geo's ‖ΔW_A‖_M²
 * @param normT         E_geo's ‖ΔW_T‖_M²
 */
public record AglLoss(Decomposition decomposition, Tensor lA, Tensor lT, Tensor eRM, Tensor eGeo, Tensor total, Tensor eta, Tensor inner,
                      Tensor normA, Tensor normT) {

    /**
     * @param h H's diagonal for L_T, or null for the identity
     */
    // explain: The loss
    public static AglLoss of(Tape tape, LoraFactors f, Fisher fisher, AglSettings s, Storage h) {
        Decomposition d = s.twoBranch() ? Decomposition.branches(tape, f, s.alignmentRank())
                : Decomposition.project(tape, f, fisher.subspace());
        Tensor seenByLA = s.twoBranch() && s.alignmentReach() == AglSettings.AlignmentReach.BRANCH ? d.deltaA() : d.deltaW();
        Tensor lA = FisherAlignment.of(tape, seenByLA, fisher.subspace(), fisher.eigenvalues());
        Tensor lT = TaskStability.of(tape, d.deltaT(), h);
        Tensor eta = RiemannianOverlap.weight(tape, d.deltaW(), s.beta(), s.kappa(), s.tau());
        Tensor eRM = RiemannianOverlap.of(tape, d, eta, s);
        Storage metric = s.metric() == AglSettings.Metric.DIAG_FISHER ? fisher.diagonal() : null;
        Tensor inner = GeodesicOverlap.inner(tape, d.deltaA(), d.deltaT(), metric);
        Tensor normA = GeodesicOverlap.inner(tape, d.deltaA(), d.deltaA(), metric);
        Tensor normT = GeodesicOverlap.inner(tape, d.deltaT(), d.deltaT(), metric);
        Tensor eGeo = GeodesicOverlap.of(tape, inner, normA, normT, s.epsilon());
        Var collision = Var.of(tape, eRM).times(s.alpha()).plus(Var.of(tape, eGeo).times(1 - s.alpha()));
        Tensor total = Var.of(tape, lA).times(s.lambdaA()).plus(Var.of(tape, lT).times(s.lambdaT()).plus(collision.times(s.lambdaNC())))
                .tensor();
        AglLoss loss = new AglLoss(d, lA, lT, eRM, eGeo, total, eta, inner, normA, normT);
        for (Tensor t : new Tensor[] {d.deltaW(), d.deltaA(), d.deltaT(), lA, lT, eRM, eGeo, total, eta, inner, normA, normT}) {
            tape.retain(t);
        }
        return loss;
    }
    // explain: end

    /** The values of the terms. */
    public TermValues values() {
        return new TermValues(TermValues.values(t -> t.of(this).item()), total.item());
    }
}
