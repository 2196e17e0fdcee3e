package agl.app.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.TinyModel;
import agl.app.data.Example;
import agl.app.data.PromptSet.Label;
import agl.app.data.PromptSet.Prompt;
import agl.app.drift.DriftCheck;
import agl.app.model.ModelBundle;
import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.lora.LoraConfig;
import agl.lora.LoraLinear;
import agl.lora.LoraModel;
import agl.lora.Peft;
import agl.nn.Models;
import agl.regularizers.AglRegularizer;
import agl.regularizers.Fisher;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Dropout is for training steps: no estimate and no measurement sees it, and none disturbs the steps that come after it. */
class RandomnessOffTest {
    private static final List<Example> TASK = IntStream.range(0, 12)
            .mapToObj(i -> new Example("tell me a story " + i, "the red fox sat on the mat " + i % 3)).toList();
    private static final List<Example> ALIGNMENT = IntStream.range(0, 6)
            .mapToObj(i -> new Example("about the dog " + i, "zz the cat and the dog " + i)).toList();

    @TempDir Path temp;
    private Path base;
    private Path moved;

    /** A base, and an adapter of a size that shows. */
    @BeforeEach void files() {
        base = TinyModel.write(temp.resolve("base"), 3);
        moved = temp.resolve("moved");
        LoraModel lora = LoraModel.attach(Models.load(base), LoraConfig.of(2, 4, 0.5, "q_proj", "v_proj"), 5, DType.F32);
        SplittableRandom r = new SplittableRandom(4);
        for (LoraLinear l : lora.layers().values()) {
            for (int i = 0; i < l.b().size(); i++) {
                l.b().data().set(i, 0.3 * r.nextGaussian());
            }
        }
        Peft.save(lora, moved, base.toString());
    }

    private static RunConfig config(String... sets) {
        List<String> all = new ArrayList<>(
                List.of("steps=6", "batch_size=4", "learning_rate=0.02", "r=2", "max_length=64", "fisher_examples=6", "lora_dropout=0.5"));
        all.addAll(List.of(sets));
        return RunConfig.of(null, all);
    }

    private FineTune.Result run(String method, Path init, String... sets) {
        TrainData data = new TrainData(TASK, TASK.subList(0, 4), ALIGNMENT, null, init);
        return new FineTune(TinyModel.load(base), config(sets)).run(MethodChoice.of(method), data, null, null, (step, total, lora) -> { });
    }

    private static double[] weights(FineTune.Result result) {
        return result.lora().parameters().stream().flatMapToDouble(t -> Arrays.stream(t.toArray())).toArray();
    }

    private static double lA(Map<String, Fisher> fisher, LoraModel lora, RunConfig config) {
        try (Tape tape = Tape.inference(Kernels.best(), new Pool(DType.F32))) {
            return AglRegularizer.of(config.agl(), fisher).measure(tape, Adapters.factors(lora)).lA();
        }
    }

    @Test void everyRefreshAtTheSameWeightsIsTheSameEstimate() {
        RunConfig config = config("agl.fisher_norm=none");
        ModelBundle bundle = TinyModel.load(base);
        LoraModel lora = Peft.load(bundle.model(), moved, 1);
        assertEquals(0.5, lora.config().loraDropout());
        FisherSource source = new FisherSource(bundle);
        List<Double> found = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            found.add(lA(source.current(lora, config, config.agl(), ALIGNMENT, TASK), lora, config));
        }
        assertTrue(found.getFirst() > 0);
        assertEquals(found.getFirst(), found.get(1));
        assertEquals(found.getFirst(), found.get(2));
        lora.parameters().forEach(
                t -> assertTrue(t.grad() == null || Arrays.stream(t.gradArray()).allMatch(g -> g == 0), "an estimate is no training step"));
        // It is that of the model in which the adapter is merged, and not that of the base.
        ModelBundle whole = TinyModel.load(base);
        LoraModel same = Peft.load(whole.model(), moved, 1);
        Map<String, Tensor> merged = new LinkedHashMap<>();
        same.layers().forEach((name, l) -> merged.put(name, l.mergedWeight()));
        same.detach();
        merged.forEach((name, w) -> whole.model().replace(name + ".weight", w));
        LoraModel fresh = LoraModel.attach(whole.model(), LoraConfig.of(2, 4, 0, "q_proj", "v_proj"), 1, DType.F32);
        double expected = lA(new FisherSource(whole).estimate(fresh, config, config.agl(), ALIGNMENT, TASK), lora, config);
        assertEquals(expected, found.getFirst(), 1e-4 * expected);
        double atBase = lA(source.estimate(lora, config, config.agl(), ALIGNMENT, TASK), lora, config);
        assertTrue(Math.abs(atBase - expected) > 0.01 * expected, "at the base " + atBase + ", at the weights as they are " + expected);
    }

    /** With weight 0 the terms do nothing: then neither do their estimates, to gradients or to the masks that training draws. */
    @Test void aRefreshDoesNotDisturbTraining() {
        String[] off = {"agl.lambda_A=0", "agl.lambda_T=0", "agl.lambda_NC=0"};
        double[] once = weights(run("agl", null, off));
        double[] refreshed = weights(run("agl", null, "agl.lambda_A=0", "agl.lambda_T=0", "agl.lambda_NC=0", "agl.refresh_every=1"));
        assertArrayEquals(once, refreshed);
        assertArrayEquals(weights(run("lora", null)), once);
    }

    @Test void heldOutLossAndDriftAreMeasuredWithoutDropout() {
        List<Prompt> prompts = List.of(new Prompt("tell me a story", Label.SAFE, ""), new Prompt("about the dog", Label.UNSAFE, ""));
        double[][] found = new double[2][];
        for (int i = 0; i < 2; i++) {
            ModelBundle bundle = TinyModel.load(base);
            LoraModel lora = Peft.load(bundle.model(), moved, 1);
            LoraModel used = i == 0 ? lora : withoutDropout(bundle, lora);
            double loss = new Trainer(bundle.model(), List.of(), config().train()).evaluate(bundle.encode(TASK, 64));
            List<DriftCheck.Result> drift = new DriftCheck(bundle, DriftCheck.Settings.DEFAULT.withMaxNewTokens(8)).run(prompts,
                    done -> {});
            double task = TaskMeasure.run(bundle, TASK, 64, 0, String::equals).stream().mapToDouble(TaskMeasure.Result::loss).sum();
            found[i] = new double[] {loss, task, drift.get(0).margin(), drift.get(1).margin()};
            used.detach();
        }
        assertArrayEquals(found[1], found[0], 1e-6);
        // Training passes do see it, or this would show nothing.
        assertFalse(Arrays.equals(weights(run("lora", moved)), weights(run("lora", null))));
    }

    private static LoraModel withoutDropout(ModelBundle bundle, LoraModel lora) {
        lora.detach();
        LoraConfig c = lora.config();
        return LoraModel.attach(bundle.model(), LoraConfig.of(c.r(), c.loraAlpha(), 0, "q_proj", "v_proj"), (layer, index) -> {
            LoraLinear l = lora.layers().get(layer.name());
            return new LoraLinear(layer, new LoraLinear.Update(l.a(), l.b(), l.scale()), 0, index);
        }, (name, own) -> own);
    }

    /** The running mean of squared gradients takes the whole step's gradient: in how many parts the batch goes through is no matter. */
    @Test void theSquaredGradientIsThatOfTheWholeStep() {
        List<Double> first = new ArrayList<>();
        for (int micro : new int[] {0, 4, 2, 1, 3}) {
            FineTune.Result result = run("agl", withoutDropout(), "agl.H=ema_grad_sq", "agl.lambda_T=1", "steps=2",
                    "micro_batch_size=" + micro);
            first.add(result.history().getFirst().terms().get("L_T"));
        }
        assertTrue(first.getFirst() > 0, "the running mean hears of the first step: " + first);
        for (double lT : first) {
            assertEquals(first.getFirst(), lT, 1e-4 * first.getFirst(), first.toString());
        }
    }

    private Path withoutDropout() {
        Path folder = temp.resolve("still");
        if (!Files.exists(folder)) {
            ModelBundle bundle = TinyModel.load(base);
            Peft.save(withoutDropout(bundle, Peft.load(bundle.model(), moved, 1)), folder, base.toString());
        }
        return folder;
    }
}
