package agl.course;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import agl.app.Main;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.regularizers.AglSettings;
import agl.regularizers.Decomposition;
import agl.regularizers.Fisher;
import agl.regularizers.LoraFactors;
import agl.regularizers.TokenFactors;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Answers to docs/course/lesson-4.md. */
class Lesson4Test {

    private static final double[] G1 = {3, 0, 0, 0, 0, 0};
    private static final double[] G2 = {0, 0, 0, 0, 1, 0};

    private static Fisher fisher(int m, double[]... gradients) {
        return Fisher.of(Kernels.plain(), "W", TokenFactors.ofDense(2, 3, List.of(gradients)),
                AglSettings.DEFAULT.with("{\"m\":" + m + "}"));
    }

    /** 1. F = (g₁g₁ᵀ + g₂g₂ᵀ)/2 is diagonal: 9/2 and 1/2. The command runs on the file. */
    @Test void exercise1() {
        assertArrayEquals(new double[] {4.5, 0.5}, fisher(2, G1, G2).eigenvalues(), 1e-12);
        assertEquals(0, Main.execute("terms", "--input", "../docs/course/small.json"));
    }

    /** 2. ΔW = 2·(0.2, −0.1)ᵀ(1, 0, 0.5); u₁ = e₁₁ keeps its first entry, 0.4. */
    @Test void exercise2() {
        try (Tape tape = Tape.plain()) {
            Decomposition d = Decomposition.project(tape,
                    new LoraFactors("W", Tensor.of(new double[] {1, 0, 0.5}, 1, 3), Tensor.of(new double[] {0.2, -0.1}, 2, 1), 2),
                    fisher(1, G1, G2).subspace());
            assertArrayEquals(new double[] {0.4, 0, 0, 0, 0, 0}, d.deltaA().toArray(), 1e-12);
            assertArrayEquals(new double[] {0, 0, 0.2, -0.2, 0, -0.1}, d.deltaT().toArray(), 1e-12);
        }
    }

    /** 3. Twice is once, and ⟨P_A R, R − P_A R⟩ = 0. */
    @Test void exercise3() {
        Fisher f = fisher(2, new double[] {1, 2, 0, -1, 0.5, 3}, new double[] {0, 1, 1, 2, -1, 0}, G1);
        double[] r = {0.3, -1, 2, 0.7, 1.1, -0.4};
        double[] once = f.subspace().project(r);
        assertArrayEquals(once, f.subspace().project(once), 1e-12);
        double inner = 0;
        for (int e = 0; e < 6; e++) {
            inner += once[e] * (r[e] - once[e]);
        }
        assertEquals(0, inner, 1e-12);
    }

    /** 4. One: the second direction would have eigenvalue 0 and be arbitrary. */
    @Test void exercise4() {
        assertEquals(1, fisher(5, G1, G1).eigenvalues().length);
    }
}
