package agl.regularizers.method;

import static agl.regularizers.method.Hand.matrix;
import static agl.regularizers.method.Hand.row;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.lora.LoraConfig;
import agl.lora.LoraModel;
import agl.nn.Batch;
import agl.nn.checkpoint.RunState;
import agl.regularizers.AglRegularizer;
import agl.regularizers.AglSettings;
import agl.regularizers.EmaGradSq;
import agl.regularizers.Fisher;
import agl.regularizers.LoraFactors;
import agl.regularizers.Samples;
import agl.regularizers.TinyModel;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a method remembers, saved between two steps and put back into another of its kind, which goes on as the first one would have. */
class ResumeTest {
    @TempDir
    private Path folder;

    private void carry(Method from, Method to, List<LoraFactors> factors) {
        Path file = folder.resolve("state.safetensors");
        try (RunState state = RunState.saving(file)) {
            from.state(state, factors);
            state.write();
        }
        try (RunState state = RunState.loading(file)) {
            to.state(state, factors);
        }
    }

    private static void move(LoraFactors f, double b, double a) {
        f.b().data().set(0, b);
        f.a().data().set(0, a);
    }

    /** d = 1/2 as in MethodTest: B is 1, 3, 7 and A is 0, 0, 7 after three steps, the means are 5 and 4. */
    @Test void theAverageGoesOn() {
        LoraFactors f = Hand.factors(matrix(row(0)), matrix(row(9)));
        List<LoraFactors> factors = List.of(f);
        try (Tape tape = Tape.plain()) {
            WeightAverage first = new WeightAverage(0.5);
            for (int step = 0; step < 2; step++) {
                move(f, 1 + 2 * step, 0);
                first.afterStep(tape, factors, step);
            }
            WeightAverage second = new WeightAverage(0.5);
            carry(first, second, factors);
            move(f, 7, 7);
            second.afterStep(tape, factors, 2);
            LoraFactors kept = second.afterTraining(tape, factors).getFirst();
            assertEquals(5, kept.b().get(0), 1e-15);
            assertEquals(4, kept.a().get(0), 1e-15);
            carry(new WeightAverage(0.5), second, factors);
            assertSame(factors, second.afterTraining(tape, factors), "before any step there is no mean");
        }
    }

    /** ρ = 3: the task phase ended at B = 1, A = 2. Two off in B and one off in A are (2² + 1²)/2. */
    @Test void lisaIsHeldToTheSameWeights() {
        LoraFactors f = Hand.factors(matrix(row(1)), matrix(row(2)));
        List<LoraFactors> factors = List.of(f);
        try (Tape tape = Tape.plain()) {
            Lisa first = new Lisa(3, 2, 2);
            Lisa unanchored = new Lisa(3, 2, 2);
            for (int step = 0; step < 3; step++) {
                first.addGradients(tape, factors, step);
            }
            move(f, 3, 1);
            Lisa second = new Lisa(3, 2, 2);
            carry(first, second, factors);
            assertEquals(2.5, second.addGradients(tape, factors, 3).get("proximal"), 1e-15);
            Hand.assertGradients(row(3 * 2), row(3 * -1), f, 1e-15);
            carry(unanchored, second, factors);
            assertEquals(0, second.addGradients(tape, factors, 1).get("proximal"), "the first phase is held to nothing");
        }
    }

    /** Dropout masks are drawn on: those of the first step are not drawn again. */
    @Test void masksAreDrawnOn() throws Exception {
        LoraModel lora = LoraModel.attach(TinyModel.llama(), LoraConfig.of(2, 4, 0.5, "q_proj", "v_proj"), 1, DType.F64);
        List<LoraFactors> factors = lora.layers().entrySet().stream()
                .map(e -> new LoraFactors(e.getKey(), e.getValue().a(), e.getValue().b(), e.getValue().scale())).toList();
        factors.forEach(f -> f.b().data().fill(0, f.b().size(), 0.3));
        Batch batch = new Batch(new int[] {3, 7, 11, 2, 9, 5}, new int[] {0, 3, 6}, new int[] {7, 11, -1, 9, 5, -1});
        Supplier<DistanceToBase> kl = () -> new DistanceToBase("kl", 1, DistanceToBase.Measure.KL, lora, step -> List.of(batch), 1);
        List<Supplier<Method>> methods = List.of(kl::get, () -> new SafeGrad(kl.get()),
                () -> new Contrast(1, lora, List.of(new Contrast.Pairs(List.of(batch), new boolean[] {true})), 1));
        for (Supplier<Method> method : methods) {
            try (Tape tape = Tape.plain()) {
                Method whole = method.get();
                double first = whole.addGradients(tape, factors, 0).get("penalty");
                Method resumed = method.get();
                carry(whole, resumed, factors);
                double second = whole.addGradients(tape, factors, 1).get("penalty");
                assertNotEquals(first, second, whole.name());
                assertEquals(second, resumed.addGradients(tape, factors, 1).get("penalty"), 0, whole.name());
            }
        }
    }

    /**
     * H of "w" is the running mean, d = 1/2, of (1 2; 0 0)∘(1 2; 0 0) and of four times that: (0.5·0.5 + 0.5·4)/(1 − 0.5²) = 3 times the
     * first. ΔW = [3 6; 1 2], the entry (0, 0) is ΔW_A: L_T = 3·2²·6² = 432. "v" has no gradient, and no H, before the second step;
     * there H is 1 in (0, 1): 6² = 36.
     */
    @Test void theRunningMeanOfTheTaskGradientGoesOn() {
        AglSettings s = Samples.settings("{'lambda_A':0,'lambda_T':1,'lambda_NC':0,'m':1,'fisher_norm':'none','H':'ema_grad_sq'}");
        Fisher fisher = Hand.fisher(2, 2, "{'m':1,'fisher_norm':'none'}", Hand.entry(4, 0, 1));
        Tensor x = Tensor.of(row(1, 2), 1, 2);
        List<LoraFactors> factors = List.of(Hand.factors(matrix(row(3), row(1)), matrix(row(1, 2))),
                Hand.factors("v", matrix(row(3), row(1)), matrix(row(1, 2)), 1));
        try (Tape tape = Tape.plain()) {
            Agl[] runs = new Agl[2];
            for (int run = 0; run < 2; run++) {
                EmaGradSq ema = new EmaGradSq(Kernels.plain(), 0.5);
                var w = ema.listener("w");
                var v = ema.listener("v");
                runs[run] = new Agl(new AglRegularizer(s, Map.of("w", fisher, "v", fisher), ema), 0);
                if (run == 0) {
                    w.accept(x, Tensor.of(row(1, 0), 1, 2).data());
                    assertEquals(144, runs[0].addGradients(tape, factors, 0).get("L_T"), 1e-12);
                    continue;
                }
                carry(runs[0], runs[1], factors);
                assertEquals(144, runs[1].regularizer().measure(tape, factors).lT(), 1e-12);
                w.accept(x, Tensor.of(row(2, 0), 1, 2).data());
                v.accept(Tensor.of(row(0, 1), 1, 2), Tensor.of(row(1, 0), 1, 2).data());
                assertEquals(3 * 144 + 36, runs[1].addGradients(tape, factors, 1).get("L_T"), 1e-9);
            }
        }
    }
}
