package agl.regularizers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.Workers;
import agl.autograd.storage.DType;
import agl.regularizers.method.Agl;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RowSampleTest {
    /** 300·256 entries; 0.3 of 300 rows make blocks of 90, 90, 90 and 30. */
    private static final Samples.Shape SHAPE = new Samples.Shape(300, 256, 5, 3, 3, 8);
    private static final String E_RM = "'m':4,'lambda_NC':2,'alpha':1,'collision_rows':0.3";

    private record Case(AglSettings s, Fisher fisher, LoraFactors f) {
        static Case of(String json, DType dtype) {
            AglSettings s = Samples.settings("{" + json + "}");
            SplittableRandom r = SHAPE.random();
            Fisher fisher = Samples.fisher(Samples.gradients(r, dtype, SHAPE), s);
            return new Case(s, fisher, Samples.factors(r, dtype, SHAPE, 0.1));
        }

        TermValues run(FusedAgl.Wanted wanted) {
            f.a().zeroGrad();
            f.b().zeroGrad();
            try (Tape tape = Tape.plain()) {
                return FusedAgl.run(tape, f, fisher, s, null, wanted);
            }
        }
    }

    /** The mean over all blocks, each as probable as the others, is the value and the gradient over all rows. */
    @ParameterizedTest @ValueSource(strings = {"'reduction':'sum'", "'backend':'kfac'", "'exact_storage':'dense','overlap':'signed'",
        "'exact_storage':'factored','overlap':'squared','reduction':'sum'", "'alignment_rank':1,'reduction':'sum'"})
    void theExpectationIsTheWhole(String json) {
        Case c = Case.of(E_RM + "," + json, DType.F64);
        TermValues whole = c.run(new FusedAgl.Wanted(true, false, null));
        assertFalse(whole.sampled());
        double[] a = c.f.a().gradArray();
        double[] b = c.f.b().gradArray();
        double[] sumA = new double[a.length];
        double[] sumB = new double[b.length];
        double value = 0;
        Set<Double> values = new TreeSet<>();
        for (int block = 0; block < 4; block++) {
            int chosen = block;
            TermValues part = c.run(new FusedAgl.Wanted(true, false, blocks -> {
                assertEquals(4, blocks);
                return chosen;
            }));
            assertTrue(part.sampled());
            values.add(part.eRM());
            value += part.eRM() / 4;
            add(sumA, c.f.a().gradArray());
            add(sumB, c.f.b().gradArray());
        }
        assertEquals(4, values.size(), "the blocks differ");
        assertEquals(whole.eRM(), value, 1e-12 * Math.abs(whole.eRM()));
        assertArrayEquals(a, sumA, 1e-12 * largest(a));
        assertArrayEquals(b, sumB, 1e-12 * largest(b));
    }

    private static void add(double[] sum, double[] quarter) {
        for (int e = 0; e < sum.length; e++) {
            sum[e] += quarter[e] / 4;
        }
    }

    private static double largest(double[] x) {
        return java.util.Arrays.stream(x).map(Math::abs).max().orElse(0);
    }

    /** With collision_rows = 1, and at any share for a smaller matrix or beside a term that needs all rows, a step is the whole pass. */
    @Test void allRowsAreTheSameBits() {
        for (String json : List.of(E_RM + ",'collision_rows':1", E_RM + ",'H':'diag_fisher','lambda_T':1",
                E_RM + ",'metric':'diag_fisher','alpha':0.5")) {
            Case c = Case.of(json.replace("0.3,'collision_rows':1", "1"), DType.F32);
            try (Tape tape = Tape.inference(Kernels.best(), new Pool(DType.F32))) {
                AglRegularizer regularizer = AglRegularizer.of(c.s, Map.of("w", c.fisher));
                TermValues step = regularizer.addGradients(tape, List.of(c.f), 3);
                double[] gradient = c.f.a().gradArray();
                assertFalse(step.sampled(), json);
                c.f.a().zeroGrad();
                TermValues all = regularizer.addGradients(tape, List.of(c.f), false);
                assertEquals(all, step, json);
                assertArrayEquals(gradient, c.f.a().gradArray(), 0, json);
            }
        }
        assertEquals(RowSample.all(255), RowSample.of(255, 257, 0.1, blocks -> 1), "65,535 entries");
        assertEquals(new RowSample(26, 52, 10), RowSample.of(256, 256, 0.1, blocks -> 1));
        assertEquals(new RowSample(234, 256, 10), RowSample.of(256, 256, 0.1, blocks -> blocks - 1));
        assertEquals(RowSample.all(256), RowSample.of(256, 256, 0.1, null));
        assertEquals(new RowSample(1, 2, 2), RowSample.of(2, 65536, 0.01, blocks -> 1), "at least a row");
    }

    /** Seed, step and matrix alone decide, over all blocks. */
    @Test void theChoiceIsAFunctionOfSeedStepAndMatrix() {
        int[] count = new int[16];
        int same = 0;
        for (int step = 0; step < 1600; step++) {
            int block = RowSample.draw(5, step, "q").applyAsInt(16);
            assertEquals(block, RowSample.draw(5, step, "q").applyAsInt(16));
            count[block]++;
            same += block == RowSample.draw(6, step, "q").applyAsInt(16) ? 1 : 0;
            same += block == RowSample.draw(5, step, "v").applyAsInt(16) ? 1 : 0;
        }
        for (int n : count) {
            // 100 expected, standard deviation 10
            assertEquals(100, n, 45);
        }
        assertEquals(200, same, 65, "other seeds and matrices draw independently");
    }

    /** Several matrices, any number of threads: the same bits; another step: other rows. An estimate is logged under its own name. */
    @Test void stepsAreRepeatable() {
        Case c = Case.of(E_RM + ",'reduction':'sum'", DType.F32);
        Map<String, Fisher> fisher = new java.util.LinkedHashMap<>();
        List<LoraFactors> factors = new java.util.ArrayList<>();
        for (String name : List.of("a", "b", "c")) {
            fisher.put(name, c.fisher);
            factors.add(new LoraFactors(name, Samples.gaussian(SHAPE.random(), DType.F32, 0.1, 3, 256).requireGrad(),
                    Samples.gaussian(SHAPE.random(), DType.F32, 0.1, 300, 3).requireGrad(), 1));
        }
        int before = Workers.threads();
        try {
            double[] seen = new double[4];
            for (int threads = 1; threads <= 3; threads++) {
                Workers.setThreads(threads);
                // A new object each time, as after --resume.
                Agl agl = new Agl(new AglRegularizer(c.s, fisher, null, 7), 10);
                try (Tape tape = Tape.inference(Kernels.best(), new Pool(DType.F32))) {
                    Map<String, Double> log = agl.addGradients(tape, factors, 13);
                    assertEquals(List.of("L_A", "weighted_L_A", "L_T", "weighted_L_T", "E_RM_sampled", "weighted_E_RM_sampled", "E_geo",
                            "weighted_E_geo", "penalty"), List.copyOf(log.keySet()));
                    seen[threads] = log.get("E_RM_sampled");
                    assertEquals(2 * seen[threads], log.get("weighted_E_RM_sampled"));
                    assertNotEquals(seen[threads], agl.addGradients(tape, factors, 14).get("E_RM_sampled"));
                    assertTrue(agl.addGradients(tape, factors, 20).containsKey("E_RM"), "measured over all rows");
                }
            }
            assertEquals(seen[1], seen[2]);
            assertEquals(seen[1], seen[3]);
        } finally {
            Workers.setThreads(before);
        }
    }
}
