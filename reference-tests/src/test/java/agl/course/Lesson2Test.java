package agl.course;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.AttentionShape;
import agl.autograd.op.Attention;
import agl.autograd.op.HeadCrossEntropy;
import agl.autograd.op.RmsNorm;
import agl.autograd.op.Softmax;
import agl.autograd.storage.DType;
import org.junit.jupiter.api.Test;

/** Answers to docs/course/lesson-2.md. */
class Lesson2Test {

    /**
     * 1. Nothing changes in the output: e^(x+c) = e^c e^x cancels. So moving along (1, 1, …, 1) has derivative 0: a row's gradients add up
     * to 0.
     */
    @Test void exercise1() {
        Tensor x = Tensor.of(new double[] {1, 2, 4}, 3).requireGrad();
        try (Tape tape = Tape.plain()) {
            Tensor y = Softmax.of(tape, x);
            assertArrayEquals(y.toArray(), Softmax.of(tape, Tensor.of(new double[] {6, 7, 9}, 3)).toArray(), 1e-15);
            tape.backward(y, new double[] {1, -3, 0.5});
        }
        assertEquals(0, x.gradArray()[0] + x.gradArray()[1] + x.gradArray()[2], 1e-15);
    }

    /** 2. Only the first key has a gradient, and for one key the weight is always 1, so even that is 0; V's first row has one. */
    @Test void exercise2() {
        Tensor q = Tensor.fill(DType.F64, i -> Math.sin(i), 3, 2).requireGrad();
        Tensor k = Tensor.fill(DType.F64, i -> Math.cos(i), 3, 2).requireGrad();
        Tensor v = Tensor.fill(DType.F64, i -> i, 3, 2).requireGrad();
        try (Tape tape = Tape.plain()) {
            tape.backward(Attention.of(tape, AttentionShape.causal(1, 1, 2, new int[] {0, 3}), q, k, v), new double[] {1, 2, 0, 0, 0, 0});
        }
        assertArrayEquals(new double[6], k.gradArray(), 1e-15);
        assertArrayEquals(new double[] {1, 2, 0, 0, 0, 0}, v.gradArray(), 1e-15);
    }

    /** 3. Moving x along itself changes nothing, so the derivative in that direction, ⟨x, ∂L/∂x⟩, is 0. */
    @Test void exercise3() {
        Tensor x = Tensor.of(new double[] {1, -2, 0.5}, 1, 3).requireGrad();
        Tensor w = Tensor.of(new double[] {1, 2, 3}, 3);
        try (Tape tape = Tape.plain()) {
            tape.backward(RmsNorm.of(tape, x, w, 0), new double[] {0.3, -1, 2});
        }
        double along = 0;
        for (int i = 0; i < 3; i++) {
            along += x.get(i) * x.gradArray()[i];
        }
        assertEquals(0, along, 1e-14);
        assertNotEquals(0, x.gradArray()[0]);
    }

    /** 4. ln V: with all logits equal, p = 1/V. */
    @Test void exercise4() {
        Tensor hidden = Tensor.zeros(DType.F64, 2, 4).requireGrad();
        Tensor head = Tensor.fill(DType.F64, i -> i, 50, 4);
        try (Tape tape = Tape.plain()) {
            assertEquals(Math.log(50), HeadCrossEntropy.mean(tape, hidden, head, new int[] {7, 11}).item(), 1e-12);
        }
    }
}
