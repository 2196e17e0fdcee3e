package agl.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.op.Mul;
import agl.autograd.op.Sum;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import agl.error.AglException;
import agl.nn.checkpoint.RunState;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What all optimizers share, seen through the simplest of them. */
class OptimizerTest {
    /** p ← p − lr·g, with a sum of all that each tensor moved by. */
    private static final class Descent extends Optimizer {
        private final List<Storage> moved;
        private final List<String> calls = new ArrayList<>();

        Descent(double maxGradNorm, List<Tensor> parameters) {
            super(Kernels.plain(), maxGradNorm, parameters, p -> 1);
            moved = state();
        }

        @Override protected List<List<Storage>> moments() {
            return List.of(moved);
        }

        @Override protected void update(int i, Tensor p, double lr, double scale) {
            calls.add(i + "@" + steps());
            for (int j = 0; j < p.size(); j++) {
                double by = -lr * scale * p.gradArray()[j];
                p.data().set(j, p.get(j) + by);
                moved.get(i).set(j, moved.get(i).get(j) + by);
            }
        }
    }

    private final Tensor x = Tensor.of(new double[] {1}, 1).requireGrad();
    private final Tensor frozen = Tensor.of(new double[] {1}, 1);
    private final Tensor y = Tensor.of(new double[] {1, 1}, 2).requireGrad();

    private static void gradient(Tensor x, double c) {
        try (Tape tape = Tape.plain()) {
            tape.backward(Sum.of(tape, Mul.of(tape, x, Tensor.fill(DType.F64, i -> c, x.shape()))));
        }
    }

    /** Each trained tensor keeps its state, whoever has a gradient at a step; a frozen one has none. */
    @Test void eachTensorHasAStateOfItsOwn() {
        Descent descent = new Descent(0, List.of(x, frozen, y));
        assertEquals(List.of(x, y), descent.parameters());
        gradient(y, 2);
        assertEquals(Math.sqrt(8), descent.gradNorm(), 1e-12);
        descent.step(0.1, 1);
        gradient(x, 1);
        gradient(y, 1);
        descent.step(0.1, 1);
        assertEquals(List.of("1@1", "0@2", "1@2"), descent.calls);
        assertEquals(2, descent.moved.size());
        assertEquals(-0.1, descent.moved.get(0).get(0), 1e-12);
        assertEquals(-0.3, descent.moved.get(1).get(1), 1e-12);
        assertEquals(0.7, y.get(0), 1e-12);
        assertEquals(0, y.gradArray()[0]);
        assertEquals(2, descent.steps());
    }

    /** A gradient within the limit is left as it is; above, its direction stays and its norm becomes the limit. */
    @Test void onlyALongGradientIsClipped() {
        Descent descent = new Descent(2, List.of(x));
        gradient(x, 1.5);
        assertEquals(1.5, descent.step(1, 1), 1e-12);
        assertEquals(-0.5, x.get(0), 1e-12);
        gradient(x, 8);
        assertEquals(4, descent.step(1, 0.5), 1e-12);
        assertEquals(-2.5, x.get(0), 1e-5);
        x.data().set(0, 0);
        gradient(x, 2);
        descent.step(1, 1);
        assertEquals(-2, x.get(0), 0, "exactly the limit");
    }

    /** p, what it moved by and the number of steps are those of before; the next step is the third. */
    @Test void whatIsPutBackGoesOn(@TempDir Path folder) {
        Path file = folder.resolve("state.safetensors");
        Descent first = new Descent(0, List.of(x, frozen, y));
        for (int step = 0; step < 2; step++) {
            gradient(x, 1);
            gradient(y, 3);
            first.step(0.1, 1);
        }
        try (RunState state = RunState.saving(file)) {
            first.state(state);
            state.write();
        }
        Tensor otherX = Tensor.of(new double[] {5}, 1).requireGrad();
        Tensor otherY = Tensor.of(new double[] {6, 7}, 2).requireGrad();
        Descent second = new Descent(0, List.of(otherX, frozen, otherY));
        try (RunState state = RunState.loading(file)) {
            second.state(state);
        }
        assertArrayEquals(new double[] {0.8}, otherX.toArray(), 1e-15);
        assertArrayEquals(new double[] {0.4, 0.4}, otherY.toArray(), 1e-15);
        assertEquals(-0.2, second.moved.get(0).get(0), 1e-15);
        assertEquals(-0.6, second.moved.get(1).get(1), 1e-15);
        gradient(otherY, 1);
        second.step(0.1, 1);
        assertEquals(List.of("1@3"), second.calls);
    }

    /** Adam's state is two means and the number of steps: the third step of a run put back is that of the run itself, to the bit. */
    @Test void adamWGoesOnToTheBit(@TempDir Path folder) {
        Path file = folder.resolve("state.safetensors");
        AdamW first = new AdamW(Kernels.plain(), AdamW.Settings.DEFAULT, List.of(x));
        for (double c : new double[] {2, -1}) {
            gradient(x, c);
            first.step(0.1, 1);
        }
        try (RunState state = RunState.saving(file)) {
            first.state(state);
            state.write();
        }
        Tensor other = Tensor.of(new double[] {9}, 1).requireGrad();
        AdamW second = new AdamW(Kernels.plain(), AdamW.Settings.DEFAULT, List.of(other));
        try (RunState state = RunState.loading(file)) {
            second.state(state);
        }
        gradient(x, 3);
        gradient(other, 3);
        first.step(0.1, 1);
        second.step(0.1, 1);
        assertEquals(x.get(0), other.get(0), 0);
    }

    @Test void aGradientThatIsNoNumberChangesNothing() {
        Descent descent = new Descent(1, List.of(x, y));
        gradient(x, 1);
        gradient(y, Double.POSITIVE_INFINITY);
        String message = assertThrows(AglException.class, () -> descent.step(0.1, 1)).getMessage();
        assertEquals("the gradient is not finite at step 1; try a lower learning rate, or smaller weights of what is added to the loss",
                message);
        assertEquals(1, x.get(0));
        assertEquals(0, descent.steps());
    }
}
