package agl.course;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.GradCheck;
import agl.autograd.Operation;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.op.Add;
import agl.autograd.op.Mul;
import agl.autograd.op.Softmax;
import agl.autograd.op.Square;
import agl.autograd.op.Sum;
import org.junit.jupiter.api.Test;

/** Answers to docs/course/lesson-1.md. */
class Lesson1Test {

    /** 1. L = (xy + x)² at (2, 3): u = 8, ∂L/∂x = 2u(y + 1) = 64, ∂L/∂y = 2ux = 32. x is used twice. */
    @Test void exercise1() {
        Tensor x = Tensor.of(new double[] {2}, 1).requireGrad();
        Tensor y = Tensor.of(new double[] {3}, 1).requireGrad();
        try (Tape tape = Tape.plain()) {
            tape.backward(Square.of(tape, Add.of(tape, Mul.of(tape, x, y), x)));
        }
        assertArrayEquals(new double[] {64}, x.gradArray(), 1e-12);
        assertArrayEquals(new double[] {32}, y.gradArray(), 1e-12);
    }

    /**
     * 2. The outputs of a softmax add up to 1 for every x, so their sum has gradient 0: a test with a cotangent of ones cannot see a
     * mistake.
     */
    @Test void exercise2() {
        Tensor x = Tensor.of(new double[] {0.3, -1, 2}, 3).requireGrad();
        try (Tape tape = Tape.plain()) {
            tape.backward(Sum.of(tape, Softmax.of(tape, x)));
        }
        assertArrayEquals(new double[3], x.gradArray(), 1e-15);
    }

    /** 3. y = x³, y' = 3x²; with 2x² instead the check fails. */
    @Test void exercise3() {
        Tensor x = Tensor.of(new double[] {0.5, -2}, 2).requireGrad();
        assertTrue(GradCheck.full((tape, in) -> Cube.of(tape, in[0], 3), x).passed());
        assertFalse(GradCheck.full((tape, in) -> Cube.of(tape, in[0], 2), x).passed());
    }

    private record Cube(Tensor x, double factor) implements Operation {
        static Tensor of(Tape tape, Tensor x, double factor) {
            Tensor y = tape.alloc(x.shape());
            for (int i = 0; i < x.size(); i++) {
                y.data().set(i, Math.pow(x.get(i), 3));
            }
            return tape.record(y, new Cube(x, factor), x);
        }

        @Override public void backward(Tape tape, Tensor y) {
            for (int i = 0; i < x.size(); i++) {
                tape.grad(x).add(i, y.grad().get(i) * factor * x.get(i) * x.get(i));
            }
        }
    }
}
