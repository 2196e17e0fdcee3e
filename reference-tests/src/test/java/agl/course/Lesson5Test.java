package agl.course;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.regularizers.AglLoss;
import agl.regularizers.AglSettings;
import agl.regularizers.Fisher;
import agl.regularizers.LoraFactors;
import agl.regularizers.RiemannianOverlap;
import agl.regularizers.TermValues;
import agl.regularizers.TokenFactors;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Answers to docs/course/lesson-5.md. */
class Lesson5Test {

    private static TermValues terms(double size, String settings) {
        AglSettings s = AglSettings.DEFAULT.with("{\"m\":2}").with(settings.replace('\'', '"'));
        List<double[]> gradients = List.of(wave(1), wave(5), wave(9));
        Fisher fisher = Fisher.of(Kernels.plain(), "W", TokenFactors.ofDense(3, 4, gradients), s);
        LoraFactors f = new LoraFactors("W", Tensor.fill(DType.F64, i -> Math.sin(i), 2, 4),
                Tensor.fill(DType.F64, i -> size * Math.cos(3 * i), 3, 2), 2);
        try (Tape tape = Tape.plain()) {
            return AglLoss.of(tape, f, fisher, s, null).values();
        }
    }

    private static double[] wave(double from) {
        double[] x = new double[12];
        java.util.Arrays.setAll(x, i -> Math.sin(from * (i + 1)));
        return x;
    }

    /** 1. σ(0) = 1/2, so η = 1 + β/2. */
    @Test void exercise1() {
        for (double kappa : new double[] {0, 1, 300}) {
            try (Tape tape = Tape.plain()) {
                assertEquals(1 + 4 / 2.0, RiemannianOverlap.weight(tape, Tensor.of(new double[] {-0.01}, 1), 4, kappa, 0.01).item(), 1e-12);
            }
        }
    }

    /** 2. Four, four and one: E_geo is a cosine, and lengths cancel (but for ε). */
    @Test void exercise2() {
        TermValues one = terms(1, "{'metric':'diag_fisher'}");
        TermValues two = terms(2, "{'metric':'diag_fisher'}");
        assertEquals(4, two.lA() / one.lA(), 1e-9);
        assertEquals(4, two.lT() / one.lT(), 1e-9);
        assertEquals(1, two.eGeo() / one.eGeo(), 1e-6);
    }

    /** 3. The two parts of an orthogonal projection are orthogonal; the metric diag F does not know of that. */
    @Test void exercise3() {
        assertEquals(0, terms(1, "{}").eGeo(), 1e-20);
        assertTrue(terms(1, "{'metric':'diag_fisher'}").eGeo() > 1e-4);
        assertTrue(terms(1, "{'alignment_rank':1}").eGeo() > 1e-4);
    }

    /** 4. No entry belongs to both parts, so every product of the two is zero. */
    @Test void exercise4() {
        TermValues v = terms(1, "{'backend':'diagonal','metric':'diag_fisher'}");
        assertEquals(0, v.eRM());
        assertEquals(0, v.eGeo());
    }
}
