package agl.course;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.op.Affine;
import agl.autograd.op.Matmul;
import agl.autograd.storage.DType;
import agl.lora.LoraProduct;
import agl.lora.LoraWeights;
import agl.nn.AdamW;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Answers to docs/course/lesson-3.md. */
class Lesson3Test {

    private static final Tensor W0 = Tensor.fill(DType.F64, i -> Math.sin(i), 3, 4);
    private static final Tensor X = Tensor.fill(DType.F64, i -> Math.cos(i), 2, 4);

    /** 1. r(in + out) = 8 · 112 = 896 of 3072. */
    @Test void exercise1() {
        int trained = Tensor.zeros(DType.F64, 8, 48).size() + Tensor.zeros(DType.F64, 64, 8).size();
        assertEquals(896, trained);
        assertEquals(3072, 64 * 48);
    }

    /** 2. ∂L/∂A = s·Bᵀ(…) has B as a factor; ∂L/∂B = s·(…)·(Ax)ᵀ has not. */
    @Test void exercise2() {
        Tensor a = Tensor.fill(DType.F64, i -> 0.1 * i, 2, 4).requireGrad();
        Tensor b = Tensor.zeros(DType.F64, 3, 2).requireGrad();
        backward(a, b, 2);
        assertArrayEquals(new double[8], a.gradArray(), 0);
        assertTrue(Arrays.stream(b.gradArray()).anyMatch(g -> Math.abs(g) > 0.1));
    }

    /**
     * 3. For r = 1 all rows are multiples of A's one row; two rows of a sum of two such matrices are not multiples of each other any more.
     */
    @Test void exercise3() {
        assertEquals(0, minor(1), 1e-15);
        assertTrue(Math.abs(minor(2)) > 1e-3);
    }

    private static double minor(int r) {
        Tensor a = Tensor.fill(DType.F64, i -> Math.sin(1 + i), r, 4);
        Tensor b = Tensor.fill(DType.F64, i -> Math.cos(2 + i), 3, r);
        try (Tape tape = Tape.plain()) {
            Tensor w = Affine.scale(tape, 2, Matmul.of(tape, b, a));
            return w.get(0) * w.get(5) - w.get(1) * w.get(4);
        }
    }

    /**
     * 4. The model is the same. The gradient of B is twice as large, that of A the same, as s·B is. AdamW's first step moves every entry by
     * the learning rate either way, so the update changes as before through A, and twice as much through B: s·(step of B)·A has the doubled
     * s.
     */
    @Test void exercise4() {
        Tensor a1 = Tensor.fill(DType.F64, i -> 0.1 * i, 2, 4).requireGrad();
        Tensor b1 = Tensor.fill(DType.F64, i -> 1 + i, 3, 2).requireGrad();
        Tensor a2 = a1.to(DType.F64).requireGrad();
        Tensor b2 = Tensor.fill(DType.F64, i -> b1.get(i) / 2, 3, 2).requireGrad();
        assertArrayEquals(backward(a1, b1, 1), backward(a2, b2, 2), 1e-12);
        assertArrayEquals(a1.gradArray(), a2.gradArray(), 1e-12);
        assertArrayEquals(Arrays.stream(b1.gradArray()).map(g -> 2 * g).toArray(), b2.gradArray(), 1e-12);
        double[] throughA = change(a1, b1, 1, a1);
        double[] throughB = change(a1, b1, 1, b1);
        assertArrayEquals(throughA, change(a2, b2, 2, a2), 1e-9);
        assertArrayEquals(Arrays.stream(throughB).map(d -> 2 * d).toArray(), change(a2, b2, 2, b2), 1e-9);
        assertTrue(Arrays.stream(throughA).anyMatch(d -> Math.abs(d) > 1e-3) && Arrays.stream(throughB).anyMatch(d -> Math.abs(d) > 1e-3));
    }

    /** What ΔW = s·B·A changes by when AdamW takes its first step on one of the factors, learning rate 0.01. */
    private static double[] change(Tensor a, Tensor b, double s, Tensor moved) {
        Tensor stepped = moved.to(DType.F64).requireGrad();
        backward(moved == a ? stepped : a, moved == b ? stepped : b, s);
        new AdamW(Kernels.plain(), new AdamW.Settings(0.9, 0.999, 1e-8, 0, 0), List.of(stepped)).step(0.01, 1);
        try (Tape tape = Tape.plain()) {
            double[] before = Affine.scale(tape, s, Matmul.of(tape, b, a)).toArray();
            double[] after = Affine.scale(tape, s, Matmul.of(tape, moved == b ? stepped : b, moved == a ? stepped : a)).toArray();
            Arrays.setAll(after, i -> after[i] - before[i]);
            return after;
        }
    }

    private static double[] backward(Tensor a, Tensor b, double s) {
        try (Tape tape = Tape.plain()) {
            Tensor y = LoraProduct.of(tape, X, X, new LoraWeights(W0, null, a, b, s), null);
            double[] result = y.toArray();
            tape.backward(y, new double[] {1, -1, 0.5, 2, 0, 1});
            return result;
        }
    }
}
