package agl.regularizers.method;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.storage.DType;
import agl.lora.LoraConfig;
import agl.lora.LoraModel;
import agl.nn.Batch;
import agl.regularizers.LoraFactors;
import agl.regularizers.TinyModel;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The task's gradient keeps no part against the alignment gradient. */
class SafeGradTest {
    private static final Batch BATCH = new Batch(new int[] {3, 7, 11, 2, 5}, new int[] {0, 5}, new int[] {-1, 4, 2, 5, -1});

    private LoraModel lora;
    private List<LoraFactors> factors;
    private List<Tensor> tensors;

    @BeforeEach void adapter() throws Exception {
        lora = LoraModel.attach(TinyModel.llama(), LoraConfig.of(2, 4, 0, "q_proj", "v_proj"), 1, DType.F64);
        SplittableRandom r = new SplittableRandom(2);
        factors = lora.layers().entrySet().stream()
                .map(e -> new LoraFactors(e.getKey(), e.getValue().a(), e.getValue().b(), e.getValue().scale())).toList();
        factors.forEach(f -> IntStream.range(0, f.b().size()).forEach(i -> f.b().data().set(i, 0.3 * r.nextGaussian())));
        tensors = factors.stream().flatMap(f -> Stream.of(f.a(), f.b())).toList();
    }

    private DistanceToBase alignment(double weight) {
        return new DistanceToBase("kl", weight, DistanceToBase.Measure.KL, lora,
                DistanceToBase.Examples.inTurn(List.of(List.of(BATCH)), 1), 1);
    }

    private double[] gradient(Tape tape) {
        return tensors.stream().flatMapToDouble(t -> IntStream.range(0, t.size()).mapToDouble(tape.grad(t)::get)).toArray();
    }

    private void set(Tape tape, double[] gradient) {
        int at = 0;
        for (Tensor t : tensors) {
            for (int i = 0; i < t.size(); i++) {
                tape.grad(t).set(i, gradient[at++]);
            }
        }
    }

    private static double dot(double[] x, double[] y) {
        return IntStream.range(0, x.length).mapToDouble(i -> x[i] * y[i]).sum();
    }

    /** The task's gradient is a random vector with a part against g_a of this size, or along it. */
    @ParameterizedTest @ValueSource(doubles = {-3, -0.1, 0.1, 3}) void onlyWhatOpposesIsRemoved(double along) {
        try (Tape tape = Tape.plain()) {
            set(tape, new double[gradient(tape).length]);
            Map<String, Double> kl = alignment(0.7).addGradients(tape, factors, 0);
            double[] align = gradient(tape);
            double norm = Math.sqrt(dot(align, align));
            assertTrue(norm > 1e-4);
            double[] other = new SplittableRandom(5).doubles(align.length, -1, 1).toArray();
            double inside = dot(other, align) / (norm * norm);
            double[] task = IntStream.range(0, align.length).mapToDouble(i -> other[i] + (along / norm - inside) * align[i]).toArray();
            set(tape, task);
            Map<String, Double> log = new SafeGrad(alignment(0.7)).addGradients(tape, factors, 0);
            double removed = Math.min(0, along) / norm;
            assertArrayEquals(IntStream.range(0, task.length).mapToDouble(i -> task[i] + (1 - removed) * align[i]).toArray(),
                    gradient(tape), 1e-9);
            assertEquals(along / Math.sqrt(dot(task, task)), log.get("cosine"), 1e-9);
            assertEquals(kl.get("KL"), log.get("KL"), 1e-12);
            assertEquals(kl.get("penalty"), log.get("penalty"), 1e-12);
        }
    }

    /** At B = 0 the model is the base: there is no alignment gradient, and the task's stays. */
    @Test void withoutAnAlignmentGradientTheTasksStays() {
        factors.forEach(f -> f.b().data().fill(0, f.b().size(), 0));
        try (Tape tape = Tape.plain()) {
            double[] task = new SplittableRandom(5).doubles(gradient(tape).length, -1, 1).toArray();
            set(tape, task);
            Map<String, Double> log = new SafeGrad(alignment(0)).addGradients(tape, factors, 0);
            assertArrayEquals(task, gradient(tape), 0);
            assertEquals(0, log.get("cosine"), 0);
        }
    }
}
