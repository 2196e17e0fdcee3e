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
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class KlPenaltyTest {

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

    /** The adapter has moved before the base is read for the first time: the base is still the model without it. */
    @Test void theBaseIsReadWithTheAdapterOff() throws Exception {
        LoraModel lora = moved(0);
        double expected = composed(TinyModel.llama(), lora.model());
        assertTrue(expected > 1e-3);
        KlPenalty penalty = new KlPenalty(0.5, lora, List.of(BATCH), 1);
        try (Tape tape = Tape.plain()) {
            Map<String, Double> found = penalty.addGradients(tape, List.of(), 0);
            assertEquals(expected, found.get("KL"), 1e-9 * expected);
            assertEquals(0.5 * expected, found.get("penalty"), 1e-9 * expected);
        }
        assertEquals(expected, composed(TinyModel.llama(), lora.model()), 1e-12, "the adapter is on again");
    }

    /** A comparison with plain LoRA is of the penalty, not of other masks on the task. */
    @Test void theTasksDropoutMasksStayAsTheyAre() throws Exception {
        long[][] draws = new long[2][];
        for (int with = 0; with < 2; with++) {
            LoraModel lora = moved(0.5);
            try (Tape tape = Tape.plain()) {
                if (with == 1) {
                    new KlPenalty(1, lora, List.of(BATCH), 1).addGradients(tape, List.of(), 0);
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
        KlPenalty penalty = new KlPenalty(1, lora, List.of(BATCH), 1);
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
        String message = assertThrows(AglException.class, () -> new KlPenalty(1, lora, List.of(BATCH), 1)).getMessage();
        assertTrue(message.contains("head"), message);
    }

    @Test void itPullsBackToTheBase() throws Exception {
        LoraModel lora = LoraModel.attach(TinyModel.llama(), LoraConfig.of(2, 4, 0, "q_proj", "v_proj"), 1, DType.F64);
        Batch batch = new Batch(new int[] {3, 7, 11, 2, 5}, new int[] {0, 5}, new int[] {-1, -1, 2, 5, -1});
        KlPenalty penalty = new KlPenalty(0.5, lora, List.of(batch), 1);
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
        assertThrows(AglException.class, () -> new KlPenalty(1, lora, List.of(), 1));
        assertThrows(AglException.class, () -> new KlPenalty(1, lora, List.of(Batch.of(1, 2)), 1));
    }
}
