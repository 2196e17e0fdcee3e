package agl.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.op.Mul;
import agl.autograd.op.Sum;
import agl.autograd.storage.DType;
import agl.error.AglException;
import java.util.List;
import org.junit.jupiter.api.Test;

class AdamWTest {
    /** One number with loss c·x, whose gradient is c. */
    private static void gradient(Tensor x, double c) {
        try (Tape tape = Tape.plain()) {
            tape.backward(Sum.of(tape, Mul.of(tape, x, Tensor.fill(DType.F64, i -> c, x.shape()))));
        }
    }

    @Test void twoStepsByHand() {
        Tensor x = Tensor.of(new double[] {1}, 1, 1).requireGrad();
        AdamW adamW = new AdamW(Kernels.plain(), new AdamW.Settings(0.9, 0.99, 0, 0.5, 0), List.of(x));
        gradient(x, 2);
        // m = 0.2, v = 0.04, both corrected: 2 and 4; the step is lr·2/2. Decay first: 1 − 0.1·0.5·1.
        assertEquals(2, adamW.step(0.1, 1), 1e-12);
        assertEquals(0.95 - 0.1, x.get(0), 1e-12);
        gradient(x, -1);
        // m = 0.9·0.2 − 0.1 = 0.08, /(1 − 0.81) ; v = 0.99·0.04 + 0.01 = 0.0496, /(1 − 0.9801).
        adamW.step(0.1, 1);
        assertEquals(0.85 * 0.95 - 0.1 * (0.08 / 0.19) / Math.sqrt(0.0496 / 0.0199), x.get(0), 1e-12);
        assertEquals(2, adamW.steps());
        assertEquals(0, x.gradArray()[0]);
    }

    @Test void clipsTheNormOfAllGradientsTogether() {
        Tensor x = Tensor.of(new double[] {0, 0}, 1, 2).requireGrad();
        Tensor y = Tensor.of(new double[] {0}, 1, 1).requireGrad();
        // With beta2 = 0 the step is lr·g·clip/(|g|·clip + eps): eps = 1 shows how the gradient was scaled.
        AdamW adamW = new AdamW(Kernels.plain(), new AdamW.Settings(0, 0, 1, 0, 1.5), List.of(x, y));
        gradient(x, 2);
        gradient(y, -1);
        assertEquals(3, adamW.step(1, 1), 1e-12);
        double clip = 1.5 / 3.000001;
        assertEquals(-2 * clip / (2 * clip + 1), x.get(1), 1e-9);
        assertEquals(clip / (clip + 1), y.get(0), 1e-9);
    }

    /** Two gradients added up and halved are one step with their mean. */
    @Test void accumulation() {
        Tensor x = Tensor.of(new double[] {0}, 1, 1).requireGrad();
        AdamW adamW = new AdamW(Kernels.plain(), new AdamW.Settings(0, 0, 1, 0, 0), List.of(x));
        gradient(x, 2);
        gradient(x, 4);
        assertEquals(3, adamW.step(1, 0.5), 1e-12);
        assertEquals(-0.75, x.get(0), 1e-12);
    }

    @Test void vectorsDoNotDecay() {
        Tensor x = Tensor.of(new double[] {1}, 1).requireGrad();
        AdamW adamW = new AdamW(Kernels.plain(), new AdamW.Settings(0.9, 0.99, 1e-8, 0.5, 0), List.of(x));
        gradient(x, 0);
        adamW.step(0.1, 1);
        assertEquals(1, x.get(0));
    }

    @Test void refusesAGradientThatIsNoNumber() {
        Tensor x = Tensor.of(new double[] {1}, 1).requireGrad();
        AdamW adamW = new AdamW(Kernels.plain(), AdamW.Settings.DEFAULT, List.of(x));
        gradient(x, Double.NaN);
        assertThrows(AglException.class, () -> adamW.step(0.1, 1));
        assertEquals(1, x.get(0));
    }

    @Test void scheduleByHand() {
        Schedule schedule = new Schedule(2, 4, 12, 0.1);
        assertEquals(0.5, schedule.at(0), 1e-12);
        assertEquals(2, schedule.at(3), 1e-12);
        assertEquals(2, schedule.at(4), 1e-12);
        assertEquals(2 * (0.1 + 0.9 * 0.5), schedule.at(8), 1e-12);
        assertEquals(2 * (0.1 + 0.9 * 0.5 * (1 + Math.cos(Math.PI / 4))), schedule.at(6), 1e-12);
        assertEquals(0.2, schedule.at(12), 1e-12);
        assertEquals(0.2, schedule.at(100), 1e-12);
        assertEquals(3, new Schedule(3, 0, 10, 0).at(0), 1e-12);
        assertEquals(0.2, new Schedule(2, 4, 4, 0.1).at(4), 1e-12, "nothing is left after the warm-up");
    }
}
