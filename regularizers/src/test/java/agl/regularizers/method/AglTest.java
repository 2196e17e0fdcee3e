package agl.regularizers.method;

import static agl.regularizers.method.Hand.matrix;
import static agl.regularizers.method.Hand.row;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.Tape;
import agl.regularizers.AglRegularizer;
import agl.regularizers.LoraFactors;
import agl.regularizers.Samples;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What AGL logs at which step. */
class AglTest {
    private static final List<String> WEIGHTED = List.of("L_A", "weighted_L_A", "L_T", "weighted_L_T", "penalty");
    private static final List<String> ALL =
            List.of("L_A", "weighted_L_A", "L_T", "weighted_L_T", "E_RM", "weighted_E_RM", "E_geo", "weighted_E_geo", "penalty");

    /**
     * One eigenvector, the entry (0, 0), with λ = 2² = 4. The collision terms have no weight, and no value without being measured: in the
     * Euclidean metric E_geo would be known to be 0.
     */
    private static AglRegularizer regularizer() {
        String settings = "{'lambda_A':0.5,'lambda_T':0.25,'lambda_NC':0,'metric':'diag_fisher','m':1,'fisher_norm':'none'}";
        return AglRegularizer.of(Samples.settings(settings), Map.of("w", Hand.fisher(2, 2, settings, Hand.entry(4, 0, 2))));
    }

    /** ΔW = (3, 1)ᵀ(1, 2) = [3 6; 1 2]: L_A = 4·3² = 36, L_T = 6² + 1² + 2² = 41. */
    private static LoraFactors factors() {
        return Hand.factors(matrix(row(3), row(1)), matrix(row(1, 2)));
    }

    private static Map<String, Double> step(Agl agl, LoraFactors f, int step) {
        try (Tape tape = Tape.plain()) {
            return agl.addGradients(tape, List.of(f), step);
        }
    }

    @Test void theTermsOfAnUpdateByHand() {
        Map<String, Double> log = step(new Agl(regularizer(), 0), factors(), 0);
        assertEquals(WEIGHTED, new ArrayList<>(log.keySet()));
        assertEquals(36, log.get("L_A"), 1e-12);
        assertEquals(18, log.get("weighted_L_A"), 1e-12);
        assertEquals(41, log.get("L_T"), 1e-12);
        assertEquals(10.25, log.get("weighted_L_T"), 1e-12);
        assertEquals(28.25, log.get("penalty"), 1e-12);
    }

    /**
     * Terms without weight are measured every third step, and not mentioned in between. ΔW_A = [3 0; 0 0] and ΔW_T = [0 6; 1 2] share no
     * entry, so both collision terms are 0, as is what they add.
     */
    @Test void termsWithoutWeightAreLoggedWhenTheyAreMeasured() {
        Agl agl = new Agl(regularizer(), 3);
        for (int step = 0; step < 7; step++) {
            Map<String, Double> log = step(agl, factors(), step);
            assertEquals(step == 0 || step == 3 || step == 6 ? ALL : WEIGHTED, new ArrayList<>(log.keySet()), "step " + step);
            assertEquals(28.25, log.get("penalty"), 1e-12);
            log.values().forEach(v -> assertTrue(Double.isFinite(v), log.toString()));
        }
    }

    /** A whole eigenvector of (1, 1, 1, 1)/2: ΔW_A has 6·(1/2) = 3 everywhere, ΔW_T = [0 3; −2 −1], so Σ|a||t| = 3·6 = 18. */
    @Test void aMeasuredTermHasItsValueThoughItWeighsNothing() {
        String settings = "{'lambda_A':0.5,'lambda_T':0,'lambda_NC':0,'alpha':1,'beta':0,'reduction':'sum','m':1,'fisher_norm':'none'}";
        AglRegularizer r = AglRegularizer.of(Samples.settings(settings), Map.of("w", Hand.fisher(2, 2, settings, row(1, 1, 1, 1))));
        Map<String, Double> log = step(new Agl(r, 1), factors(), 5);
        assertEquals(18, log.get("E_RM"), 1e-9);
        assertEquals(0, log.get("weighted_E_RM"));
        assertEquals(0 + 9 + 4 + 1, log.get("L_T"), 1e-9);
        assertEquals(0, log.get("weighted_L_T"));
        assertEquals(0.5 * 4 * 36, log.get("penalty"), 1e-9);
    }

    /** Parts of an orthogonal projection: in the Euclidean metric E_geo is 0, known without a pass, and logged at every step. */
    @Test void whatIsKnownToBeZeroIsLoggedWithoutBeingMeasured() {
        String settings = "{'lambda_NC':0,'m':1,'fisher_norm':'none'}";
        AglRegularizer r = AglRegularizer.of(Samples.settings(settings), Map.of("w", Hand.fisher(2, 2, settings, row(1, 1, 1, 1))));
        assertEquals(0, step(new Agl(r, 0), factors(), 1).get("E_geo"));
        assertEquals(0, step(new Agl(r, 1), factors(), 1).get("E_geo"), "nor is it rounding");
    }

    /** After training has diverged, the log says so: NaN is not taken for "not measured". */
    @Test void aDivergedTermIsStillLogged() {
        Map<String, Double> log = step(new Agl(regularizer(), 0), Hand.factors(matrix(row(Double.NaN), row(1)), matrix(row(1, 2))), 1);
        assertEquals(WEIGHTED, new ArrayList<>(log.keySet()));
        assertTrue(Double.isNaN(log.get("L_A")) && Double.isNaN(log.get("penalty")), log.toString());
    }

    /** L_A is 4·3² with the first estimate; the second one's eigenvector is the entry (0, 1) with λ = 3²: 9·6². */
    @Test void anEstimateIsTakenAnewWhenItIsDue() {
        String settings = "{'lambda_A':0.5,'lambda_T':0.25,'lambda_NC':0,'metric':'diag_fisher','m':1,'fisher_norm':'none',"
                + "'refresh_every':20}";
        AglRegularizer r = AglRegularizer.of(Samples.settings(settings), Map.of("w", Hand.fisher(2, 2, settings, Hand.entry(4, 0, 2))));
        assertEquals(0, new Agl(r, 1).refreshEvery(), "without an estimate to be taken anew");
        assertSame(r, new Agl(r, 1).regularizer());
        Agl agl = new Agl(r, 0, () -> Map.of("w", Hand.fisher(2, 2, settings, Hand.entry(4, 1, 3))));
        assertEquals(20, agl.refreshEvery());
        assertEquals(36, step(agl, factors(), 0).get("L_A"), 1e-12);
        try (Tape tape = Tape.plain()) {
            agl.refresh(tape, List.of());
        }
        assertEquals(9 * 36, step(agl, factors(), 0).get("L_A"), 1e-12);
    }
}
