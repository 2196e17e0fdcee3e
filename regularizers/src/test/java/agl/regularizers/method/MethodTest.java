package agl.regularizers.method;

import static agl.regularizers.method.Hand.matrix;
import static agl.regularizers.method.Hand.row;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.Tape;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.lora.LoraConfig;
import agl.lora.LoraModel;
import agl.nn.Batch;
import agl.regularizers.AglRegularizer;
import agl.regularizers.AglSettings;
import agl.regularizers.LoraFactors;
import agl.regularizers.TinyModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MethodTest {
    private static final List<List<Batch>> KL = List.of(List.of(new Batch(new int[] {3, 7}, new int[] {0, 2}, new int[] {5, -1})));

    @Test void eachMethodHasTheNameOfTheCommandLine() throws Exception {
        LoraModel lora = LoraModel.attach(TinyModel.llama(), LoraConfig.of(2, 4, 0, "q_proj"), 1, DType.F64);
        DistanceToBase kl = kl("kl", lora, 1);
        List<Method> methods = List.of(Method.lora(), new Agl(AglRegularizer.of(AglSettings.DEFAULT, Map.of()), 0),
                new EwcLora(1, Map.of()), kl,
                new SafeLora(1, Map.of()), new AsFt(1, Map.of()), new SafeAnchor(Map.of()), new Lisa(1, 1, 1),
                new HardProjection(Map.of(), 0), new OpLora(1, Map.of()), kl("kl_sparse", lora, 4),
                new ScaledUpdate(1), new WeightAverage(0), new SafeGrad(kl), SafeLora.lowest(1, Map.of()),
                new Contrast(1, lora, List.of(), 1), new LinearContrast(1, new boolean[0], 1, null));
        assertEquals(List.of("lora", "agl", "ewc", "kl", "safelora", "asft", "safeanchor", "lisa", "projection", "oplora", "kl_sparse",
                "scale", "ema", "safegrad", "safelora_number", "contrast", "contrast_linear"),
                methods.stream().map(Method::name).toList());
    }

    private static DistanceToBase kl(String name, LoraModel lora, int every) {
        return new DistanceToBase(name, 1, DistanceToBase.Measure.KL, lora, DistanceToBase.Examples.inTurn(KL, every), 1);
    }

    /** LoRA descends on the task, adds nothing and keeps what was trained. */
    @Test void loraAloneChangesNothing() {
        Method lora = Method.lora();
        List<LoraFactors> factors = List.of(Hand.factors(matrix(row(3), row(1)), matrix(row(1, 2))));
        try (Tape tape = Tape.plain()) {
            assertEquals(Method.Source.TASK, lora.source(0));
            assertEquals(Method.Source.TASK, lora.source(17));
            assertTrue(lora.addGradients(tape, factors, 0).isEmpty());
            Hand.gradients(tape, factors.getFirst(), row(5, 6), row(7, 8));
            lora.transformGradients(tape, factors, 0);
            lora.afterStep(tape, factors, 0);
            assertSame(factors, lora.afterTraining(tape, factors));
        }
        Hand.assertGradients(row(5, 6), row(7, 8), factors.getFirst(), 0);
    }

    /** c = 1/2 halves B; A, and the factors that were trained, stay. */
    @Test void scalingHalvesB() {
        LoraFactors f = Hand.factors("w", matrix(row(3), row(1)), matrix(row(1, 2)), 2);
        try (Tape tape = Tape.plain()) {
            LoraFactors half = new ScaledUpdate(0.5).afterTraining(tape, List.of(f)).getFirst();
            assertArrayEquals(row(3, 6, 1, 2), Hand.update(half), 0);
            assertArrayEquals(row(6, 12, 2, 4), Hand.update(f), 0);
            assertArrayEquals(row(1, 2), half.a().toArray(), 0);
            assertEquals("w", half.name());
            List<LoraFactors> trained = List.of(f);
            assertSame(trained, new ScaledUpdate(1).afterTraining(tape, trained));
        }
    }

    /**
     * d = 1/2. B is 1, 3, 7 after three steps: m = 1/2, 1/4 + 3/2, 1/8 + 3/4 + 7/2 = 35/8, divided by 1 − 1/8: 5. A is 0, 0, 7 there:
     * 7/2 by 7/8: 4. So ΔW = 20, and not the mean of the products 0, 0, 49.
     */
    @Test void theAverageIsOfEachFactor() {
        LoraFactors f = Hand.factors(matrix(row(0)), matrix(row(9)));
        WeightAverage ema = new WeightAverage(0.5);
        try (Tape tape = Tape.plain()) {
            assertSame(f, ema.afterTraining(tape, List.of(f)).getFirst(), "before any step");
            for (int run = 0; run < 2; run++) {
                double[][] weights = {{1, 0}, {3, 0}, {7, 7}};
                for (int step = 0; step < 3; step++) {
                    f.b().data().set(0, weights[step][0]);
                    f.a().data().set(0, weights[step][1]);
                    ema.afterStep(tape, List.of(f), step);
                }
                LoraFactors kept = ema.afterTraining(tape, List.of(f)).getFirst();
                assertEquals(5, kept.b().get(0), 1e-15, "a run begins at step 0");
                assertEquals(4, kept.a().get(0), 1e-15);
                assertEquals(7, f.b().get(0), 0);
            }
            WeightAverage last = new WeightAverage(0);
            last.afterStep(tape, List.of(f), 0);
            f.b().data().set(0, 0.1);
            last.afterStep(tape, List.of(f), 1);
            assertEquals(0.1, last.afterTraining(tape, List.of(f)).getFirst().b().get(0), 0);
        }
    }

    /**
     * ρ = 3, phases of two alignment steps and one task step. B = 1 and A = 2 when the first phase ends; from there the task phase is held
     * to them, the next alignment phase to what that left. Proximal at B = 1 + 2, A = 2 − 1: (2² + 1²)/2.
     */
    @Test void lisaHoldsEachPhaseToTheEndOfTheOther() {
        Lisa lisa = new Lisa(3, 1, 2);
        LoraFactors f = Hand.factors(matrix(row(1)), matrix(row(2)));
        try (Tape tape = Tape.plain()) {
            // In the first phase there is nothing to be held to, wherever the weights go.
            assertProximal(0, lisa.addGradients(tape, List.of(f), 0));
            f.b().data().set(0, 9);
            assertProximal(0, lisa.addGradients(tape, List.of(f), 1));
            f.b().data().set(0, 1);
            assertProximal(0, lisa.addGradients(tape, List.of(f), 2));
            // The weights that the task phase's one step leaves are where the alignment phase begins.
            f.b().data().set(0, 5);
            assertProximal(0, lisa.addGradients(tape, List.of(f), 3));
            Hand.assertGradients(row(0), row(0), f, 0);
            f.b().data().set(0, 7);
            f.a().data().set(0, 1);
            assertProximal(2.5, lisa.addGradients(tape, List.of(f), 4));
            Hand.assertGradients(row(3 * 2), row(3 * -1), f, 1e-12);
        }
    }

    private static void assertProximal(double expected, Map<String, Double> log) {
        assertEquals(List.of("proximal", "penalty"), new ArrayList<>(log.keySet()));
        assertEquals(expected, log.get("proximal"), 1e-12);
        assertEquals(3 * expected, log.get("penalty"), 1e-12);
    }

    /** A second run with the same object starts free of the first one's weights. */
    @Test void lisaStartsAnewAtStepZero() {
        Lisa lisa = new Lisa(3, 2, 2);
        LoraFactors f = Hand.factors(matrix(row(1)), matrix(row(2)));
        try (Tape tape = Tape.plain()) {
            for (int step = 0; step < 3; step++) {
                lisa.addGradients(tape, List.of(f), step);
            }
            f.b().data().set(0, 4);
            assertEquals(3 * 4.5, lisa.addGradients(tape, List.of(f), 3).get("penalty"), 1e-12);
            f.b().zeroGrad();
            assertProximal(0, lisa.addGradients(tape, List.of(f), 0));
            assertProximal(0, lisa.addGradients(tape, List.of(f), 1));
            Hand.assertGradients(row(0), row(0), f, 0);
        }
    }

    @Test void lisaNeedsAStepOfEach() {
        for (int[] steps : new int[][] {{0, 1}, {1, 0}}) {
            String message = assertThrows(AglException.class, () -> new Lisa(1, steps[0], steps[1])).getMessage();
            assertTrue(message.contains(steps[0] + " and " + steps[1]), message);
        }
    }
}
