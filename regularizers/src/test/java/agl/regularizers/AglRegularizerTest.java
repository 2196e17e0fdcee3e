package agl.regularizers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.error.AglException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Where the regularizer takes F and H from. Its one eigenvector is the entry (0, 0) and ΔW = (3, 1)ᵀ(1, 2) = [3 6; 1 2]. */
class AglRegularizerTest {
    private static final LoraFactors FACTORS = new LoraFactors("w", Tensor.of(new double[] {1, 2}, 1, 2).requireGrad(),
            Tensor.of(new double[] {3, 1}, 2, 1).requireGrad(), 1);

    private static AglSettings settings(String more) {
        return Samples.settings("{'lambda_A':0,'lambda_T':1,'lambda_NC':0,'m':1,'fisher_norm':'none'" + more + "}");
    }

    /** F of one gradient of that size in that entry. */
    private static Map<String, Fisher> fisher(String name, int entry, double size, AglSettings s) {
        double[] g = new double[4];
        g[entry] = size;
        return Map.of(name, Fisher.of(Kernels.plain(), name, TokenFactors.ofDense(2, 2, List.of(g)), s));
    }

    /**
     * g = δᵀx = (1, 0)ᵀ(1, 2) = [1 2; 0 0]. H = g∘g after the first step: L_T = 2²·6² = 144, the entry (0, 0) being ΔW_A. Before a gradient
     * H is zero; a gradient counts when the step ends, which is when the terms' gradients are added, not when they are only measured.
     */
    @Test void theRunningMeanTakesAStepWithEachOfTheTerms() {
        AglSettings s = settings(",'H':'ema_grad_sq','ema_decay':0.5");
        Tensor x = Tensor.of(new double[] {1, 2}, 1, 2);
        Tensor delta = Tensor.of(new double[] {1, 0}, 1, 2);
        for (boolean composed : new boolean[] {false, true}) {
            EmaGradSq ema = new EmaGradSq(Kernels.plain(), 0.5);
            AglRegularizer r = new AglRegularizer(s, fisher("w", 0, 1, s), ema);
            try (Tape tape = Tape.plain()) {
                assertEquals(0, step(r, tape, composed).lT());
                ema.listener("w").accept(x, delta.data());
                assertEquals(0, r.measure(tape, List.of(FACTORS)).lT());
                assertEquals(144, step(r, tape, composed).lT(), 1e-12);
                // Twice the gradient, four times its square: (0.5·0.5·1 + 0.5·4)/(1 − 0.5²) = 3 times the H of before.
                ema.listener("w").accept(x, Tensor.of(new double[] {2, 0}, 1, 2).data());
                assertEquals(144, r.measure(tape, List.of(FACTORS)).lT(), 1e-12);
                assertEquals(3 * 144, step(r, tape, composed).lT(), 1e-9);
            }
        }
    }

    private static TermValues step(AglRegularizer r, Tape tape, boolean composed) {
        return composed ? r.addGradientsComposed(tape, List.of(FACTORS)) : r.addGradients(tape, List.of(FACTORS), false);
    }

    @Test void theRunningMeanHasToBeThere() {
        AglSettings s = settings(",'H':'ema_grad_sq'");
        String message = assertThrows(AglException.class, () -> AglRegularizer.of(s, fisher("w", 0, 1, s))).getMessage();
        assertTrue(message.startsWith("H = ema_grad_sq needs the task gradients"), message);
    }

    /** H = diag F = 2² in the entry (0, 1), which is the eigenvector of another F: 4·6² = 144. */
    @Test void aRefreshedEstimateIsUsedFromThereOn() {
        AglSettings s = settings(",'H':'diag_fisher'").with("{\"lambda_A\":1}");
        AglRegularizer r = AglRegularizer.of(s, fisher("w", 0, 1, s));
        try (Tape tape = Tape.plain()) {
            assertEquals(9, r.measure(tape, List.of(FACTORS)).lA(), 1e-12);
            Map<String, Fisher> other = fisher("w", 1, 2, s);
            r.refresh(other);
            assertSame(other.get("w").diagonal(), r.fisher().get("w").diagonal());
            assertSame(s, r.settings());
            assertEquals(144, r.measure(tape, List.of(FACTORS)).lA(), 1e-12);
        }
    }

    @Test void anEstimateWithoutTheDiagonalIsRefusedWhereItIsNeeded() {
        Map<String, Fisher> without = fisher("w", 0, 1, settings(""));
        AglRegularizer.of(settings(""), without);
        for (String needed : List.of(",'H':'diag_fisher'", ",'metric':'diag_fisher'")) {
            String message = assertThrows(AglException.class, () -> AglRegularizer.of(settings(needed), without)).getMessage();
            assertTrue(message.startsWith("w: the settings use diag F"), message);
        }
    }

    @Test void aMatrixWithoutAnEstimateIsNamed() {
        AglRegularizer r = AglRegularizer.of(settings(""), fisher("v", 0, 1, settings("")));
        try (Tape tape = Tape.plain()) {
            assertEquals("no Fisher information for the adapted matrix w; available: [v]",
                    assertThrows(AglException.class, () -> r.addGradientsComposed(tape, List.of(FACTORS))).getMessage());
        }
    }

    /** Fused and composed say the same. */
    @Test void anEstimateOfAnotherShapeIsRefused() {
        Map<String, Fisher> wide = Map.of("w",
                Fisher.of(Kernels.plain(), "w", TokenFactors.ofDense(2, 3, List.of(new double[] {1, 0, 0, 0, 0, 0})), settings("")));
        AglRegularizer r = AglRegularizer.of(settings(""), wide);
        for (boolean composed : new boolean[] {false, true}) {
            try (Tape tape = Tape.plain()) {
                assertEquals(
                        "w: its Fisher subspace is for a (2, 3) matrix, the factors are for a (2, 2) one; estimate the Fisher again for "
                        + "this base model",
                        assertThrows(AglException.class, () -> step(r, tape, composed)).getMessage());
            }
        }
    }

    /** A Fisher of zero has no directions: all of ΔW is ΔW_T, of square 9 + 36 + 1 + 4. */
    @Test void withoutDirectionsTheWholeUpdateIsTheTasks() {
        AglSettings s = settings("").with("{\"lambda_A\":1}");
        AglRegularizer r = AglRegularizer.of(s, fisher("w", 0, 0, s));
        for (boolean composed : new boolean[] {false, true}) {
            try (Tape tape = Tape.plain()) {
                TermValues v = step(r, tape, composed);
                assertEquals(List.of(0.0, 50.0, 50.0), List.of(v.lA(), v.lT(), v.weighted()));
            }
        }
    }

    @Test void theTaskBranchNeedsARankOfItsOwn() {
        LoraFactors two = new LoraFactors("w", Tensor.zeros(DType.F64, 2, 3), Tensor.zeros(DType.F64, 4, 2), 1);
        try (Tape tape = Tape.plain()) {
            assertEquals(List.of(4, 3),
                    List.of(Decomposition.branches(tape, two, 1).deltaT().dim(0), Decomposition.branches(tape, two, 1).deltaT().dim(1)));
            assertEquals("two-branch mode on w: alignment_rank 2 leaves nothing of rank 2 for the task branch",
                    assertThrows(AglException.class, () -> Decomposition.branches(tape, two, 2)).getMessage());
        }
    }

    @Test void factorsThatMakeNoProductAreRefused() {
        Tensor a = Tensor.zeros(DType.F64, 2, 3);
        Tensor b = Tensor.zeros(DType.F64, 4, 2);
        assertEquals(0, new LoraFactors("w", a, b, 1, 2, 2).rank(), "a view may be empty");
        for (int[] range : new int[][] {{-1, 1}, {0, 3}, {2, 1}}) {
            String message = assertThrows(AglException.class, () -> new LoraFactors("w", a, b, 1, range[0], range[1])).getMessage();
            assertEquals("w: factors A [2, 3] and B [4, 2] do not form a product B·A over the rank range " + range[0] + " to " + range[1],
                    message);
        }
        for (Tensor other : List.of(Tensor.zeros(DType.F64, 3, 4), Tensor.zeros(DType.F64, 2), Tensor.zeros(DType.F64, 4, 1))) {
            assertThrows(AglException.class, () -> new LoraFactors("w", a, other, 1, 0, 1));
        }
        assertThrows(AglException.class, () -> new LoraFactors("w", Tensor.zeros(DType.F64, 2), b, 1));
    }
}
