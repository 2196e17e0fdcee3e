package agl.regularizers.method;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.lora.LoraConfig;
import agl.lora.LoraModel;
import agl.nn.Batch;
import agl.nn.Transformer;
import agl.regularizers.LoraFactors;
import agl.regularizers.TinyModel;
import agl.regularizers.method.DistanceToBase.Examples;
import agl.regularizers.method.DistanceToBase.Measure;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DistanceToBaseTest {

    /** Three positions with a target, the last of them token 0, which is a token like others. */
    private static final Batch BATCH = new Batch(new int[] {3, 7, 11, 2, 5, 9, 9, 1}, new int[] {0, 5, 8},
            new int[] {-1, -1, 2, 5, -1, -1, 0, -1});

    /** KL of the two models' softmax, position by position, with nothing of the penalty's own. */
    private static double composed(Transformer base, Transformer tuned) {
        int[] rows = {2, 3, 6};
        double sum = 0;
        try (Tape tape = Tape.plain()) {
            double[] zb = base.logits(tape, base.hidden(tape, BATCH), rows).toArray();
            double[] zt = tuned.logits(tape, tuned.hidden(tape, BATCH), rows).toArray();
            int vocabulary = zb.length / rows.length;
            for (int i = 0; i < rows.length; i++) {
                double lb = 0;
                double lt = 0;
                for (int v = 0; v < vocabulary; v++) {
                    lb += Math.exp(zb[i * vocabulary + v]);
                    lt += Math.exp(zt[i * vocabulary + v]);
                }
                for (int v = 0; v < vocabulary; v++) {
                    double log = zb[i * vocabulary + v] - Math.log(lb);
                    sum += Math.exp(log) * (log - zt[i * vocabulary + v] + Math.log(lt));
                }
            }
        }
        return sum / rows.length;
    }

    private static LoraModel moved(double dropout) throws Exception {
        LoraModel lora = LoraModel.attach(TinyModel.llama(), LoraConfig.of(2, 4, dropout, "q_proj", "v_proj"), 1, DType.F64);
        java.util.SplittableRandom r = new java.util.SplittableRandom(2);
        lora.layers().values().forEach(l -> {
            for (int i = 0; i < l.b().size(); i++) {
                l.b().data().set(i, 0.3 * r.nextGaussian());
            }
        });
        return lora;
    }

    private static DistanceToBase kl(double weight, LoraModel lora, List<List<Batch>> batches) {
        return new DistanceToBase("kl", weight, Measure.KL, lora, Examples.inTurn(batches, 1), 1);
    }

    /** The adapter has moved before the base is read for the first time: the base is still the model without it. */
    @Test void theBaseIsReadWithTheAdapterOff() throws Exception {
        LoraModel lora = moved(0);
        double expected = composed(TinyModel.llama(), lora.model());
        assertTrue(expected > 1e-3);
        DistanceToBase penalty = kl(0.5, lora, List.of(List.of(BATCH)));
        try (Tape tape = Tape.plain()) {
            Map<String, Double> found = penalty.addGradients(tape, List.of(), 0);
            assertEquals(expected, found.get("KL"), 1e-9 * expected);
            assertEquals(0.5 * expected, found.get("penalty"), 1e-9 * expected);
        }
        assertEquals(expected, composed(TinyModel.llama(), lora.model()), 1e-12, "the adapter is on again");
    }

    /** Mean squared differences of the two models' logits and of their last hidden states, with nothing of the penalty's own. */
    @Test void otherDistancesAreMeansOfSquares() throws Exception {
        LoraModel lora = moved(0);
        int[] rows = {2, 3, 6};
        for (Measure measure : List.of(Measure.LOGITS, Measure.HIDDEN)) {
            double[][] states = new double[2][];
            for (int tuned = 0; tuned < 2; tuned++) {
                Transformer model = tuned == 1 ? lora.model() : TinyModel.llama();
                try (Tape tape = Tape.plain()) {
                    Tensor h = model.hidden(tape, BATCH);
                    states[tuned] = measure == Measure.LOGITS ? model.logits(tape, h, rows).toArray()
                            : Arrays.stream(rows).boxed().flatMapToDouble(t -> Arrays.stream(h.toArray(), t * h.cols(), (t + 1) * h.cols()))
                                    .toArray();
                }
            }
            double expected = 0;
            for (int i = 0; i < states[0].length; i++) {
                expected += Math.pow(states[1][i] - states[0][i], 2) / states[0].length;
            }
            assertTrue(expected > 1e-6);
            try (Tape tape = Tape.plain()) {
                String term = measure == Measure.LOGITS ? "logits" : "hidden";
                Map<String, Double> found = new DistanceToBase("x", 0.5, measure, lora, Examples.inTurn(List.of(List.of(BATCH)), 1), 1)
                        .addGradients(tape, List.of(), 0);
                assertEquals(expected, found.get(term), 1e-9 * expected, term);
                assertEquals(0.5 * expected, found.get("penalty"), 1e-9 * expected, term);
            }
        }
    }

    /** A comparison with plain LoRA is of the penalty, not of other masks on the task. */
    @Test void theTasksDropoutMasksStayAsTheyAre() throws Exception {
        long[][] draws = new long[2][];
        for (int with = 0; with < 2; with++) {
            LoraModel lora = moved(0.5);
            try (Tape tape = Tape.plain()) {
                if (with == 1) {
                    kl(1, lora, List.of(List.of(BATCH))).addGradients(tape, List.of(), 0);
                }
                lora.model().hidden(tape, BATCH);
                draws[with] = tape.draws();
            }
        }
        assertTrue(draws[0].length > 0);
        assertArrayEquals(draws[0], draws[1]);
    }

    /** Dropout belongs to the tuned model's training pass, not to what it is compared with. */
    @Test void theBaseIsReadWithoutDropout() throws Exception {
        LoraModel lora = LoraModel.attach(TinyModel.llama(), LoraConfig.of(2, 4, 0.5, "q_proj", "v_proj"), 1, DType.F64);
        DistanceToBase penalty = kl(1, lora, List.of(List.of(BATCH)));
        try (Tape tape = Tape.plain()) {
            assertEquals(0, penalty.addGradients(tape, List.of(), 0).get("KL"), 1e-12, "B = 0 is the base, whatever is dropped");
        }
    }

    @Test void aTrainedHeadIsRefused() throws Exception {
        LoraConfig plain = LoraConfig.of(2, 4, 0, "q_proj");
        LoraConfig config = new LoraConfig(plain.r(), plain.loraAlpha(), 0, plain.targets(), false, false, Map.of(), Map.of(),
                LoraConfig.Bias.NONE,
                List.of("lm_head"), LoraConfig.Init.DEFAULT, plain.others());
        LoraModel lora = LoraModel.attach(TinyModel.llama(), config, 1, DType.F64);
        String message = assertThrows(AglException.class, () -> kl(1, lora, List.of(List.of(BATCH)))).getMessage();
        assertTrue(message.contains("head"), message);
        // Hidden states go through no head.
        new DistanceToBase("sbr", 1, Measure.HIDDEN, lora, Examples.inTurn(List.of(List.of(BATCH)), 1), 1);
    }

    /** Steps 4, 8 and 12 have the penalty, on one batch after the other, with four times the weight; the others have none. */
    @Test void theSparseFormActsAtEveryFourthStep() throws Exception {
        LoraModel lora = moved(0);
        Batch other = new Batch(new int[] {1, 2, 3}, new int[] {0, 3}, new int[] {-1, 4, -1});
        double[] kl = new double[2];
        try (Tape tape = Tape.plain()) {
            for (int i = 0; i < 2; i++) {
                kl[i] = kl(1, lora, List.of(List.of(i == 0 ? BATCH : other))).addGradients(tape, List.of(), 0).get("KL");
            }
            assertTrue(Math.abs(kl[0] - kl[1]) > 1e-3);
            DistanceToBase sparse = new DistanceToBase("kl_sparse", 2, Measure.KL, lora,
                    Examples.inTurn(List.of(List.of(BATCH), List.of(other)), 4), 1);
            for (int step = 0; step < 12; step++) {
                Map<String, Double> found = sparse.addGradients(tape, List.of(), step);
                if (step % 4 == 3) {
                    double expected = kl[step / 4 % 2];
                    assertEquals(expected, found.get("KL"), 1e-12 * expected, "step " + step);
                    assertEquals(4 * 0.5 * expected, found.get("penalty"), 1e-12 * expected, "step " + step);
                } else {
                    assertEquals(Map.of(), found);
                }
            }
        }
    }

    /**
     * A step in two passes, of one and three positions and of none, is the step in one: the mean over its positions and the gradient of
     * that, which is also that of central differences.
     */
    @Test void passesCountByTheirPositions() throws Exception {
        Batch longer = new Batch(new int[] {1, 2, 3, 8, 9}, new int[] {0, 5}, new int[] {-1, 3, 8, 9, -1});
        Batch shorter = new Batch(new int[] {4, 5, 6}, new int[] {0, 3}, new int[] {-1, 7, -1});
        List<List<Batch>> ways = List.of(List.of(Batch.concat(List.of(longer, shorter))), List.of(longer, Batch.of(3, 4), shorter));
        double[][] gradients = new double[2][];
        double[] values = new double[2];
        for (int way = 0; way < 2; way++) {
            LoraModel lora = moved(0);
            List<Batch> passes = ways.get(way);
            DistanceToBase penalty = new DistanceToBase("test", 0.5, Measure.KL, lora, step -> passes, 1);
            Tensor a = lora.layers().values().iterator().next().a();
            try (Tape tape = Tape.plain()) {
                values[way] = penalty.addGradients(tape, List.of(), 0).get("penalty");
                gradients[way] = a.gradArray();
                double x = a.get(4);
                a.data().set(4, x + 1e-5);
                double plus = penalty.addGradients(tape, List.of(), 1).get("penalty");
                a.data().set(4, x - 1e-5);
                double minus = penalty.addGradients(tape, List.of(), 2).get("penalty");
                assertEquals((plus - minus) / 2e-5, gradients[way][4], 1e-9 + 1e-5 * Math.abs(gradients[way][4]));
            }
        }
        assertEquals(values[0], values[1], 1e-12);
        assertArrayEquals(gradients[0], gradients[1], 1e-12);
    }

    @Test void itPullsBackToTheBase() throws Exception {
        LoraModel lora = LoraModel.attach(TinyModel.llama(), LoraConfig.of(2, 4, 0, "q_proj", "v_proj"), 1, DType.F64);
        Batch batch = new Batch(new int[] {3, 7, 11, 2, 5}, new int[] {0, 5}, new int[] {-1, -1, 2, 5, -1});
        DistanceToBase penalty = kl(0.5, lora, List.of(List.of(batch)));
        List<LoraFactors> factors = lora.layers().entrySet().stream()
                .map(e -> new LoraFactors(e.getKey(), e.getValue().a(), e.getValue().b(), e.getValue().scale())).toList();
        try (Tape tape = Tape.plain()) {
            Map<String, Double> start = penalty.addGradients(tape, factors, 0);
            assertEquals(0, start.get("KL"), 1e-12, "B = 0 is the base");
            java.util.SplittableRandom r = new java.util.SplittableRandom(2);
            for (LoraFactors f : factors) {
                for (int i = 0; i < f.b().size(); i++) {
                    f.b().data().set(i, 0.3 * r.nextGaussian());
                }
            }
            double moved = penalty.addGradients(tape, factors, 1).get("KL");
            assertTrue(moved > 1e-4, "the model moved: " + moved);
            // Central difference along one entry of A, through the whole model.
            Tensor a = factors.getFirst().a();
            factors.forEach(f -> {
                f.a().zeroGrad();
                f.b().zeroGrad();
            });
            penalty.addGradients(tape, factors, 1);
            double analytic = a.gradArray()[4];
            double x = a.get(4);
            a.data().set(4, x + 1e-5);
            double plus = penalty.addGradients(tape, factors, 1).get("penalty");
            a.data().set(4, x - 1e-5);
            double minus = penalty.addGradients(tape, factors, 1).get("penalty");
            assertEquals((plus - minus) / 2e-5, analytic, 1e-6 + 1e-3 * Math.abs(analytic));
        }
        assertThrows(AglException.class, () -> kl(1, lora, List.of()));
        assertThrows(AglException.class, () -> kl(1, lora, List.of(List.of(Batch.of(1, 2)))));
    }
}
