package agl.app.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.TinyModel;
import agl.app.data.Example;
import agl.app.io.MetricsLog;
import agl.app.model.ModelBundle;
import agl.error.AglException;
import agl.lora.Peft;
import agl.regularizers.AglSettings;
import agl.regularizers.method.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingTest {
    private static final List<Example> TASK = IntStream.range(0, 12)
            .mapToObj(i -> new Example("tell me a story " + i, "the red fox sat on the mat " + i % 3)).toList();
    private static final List<Example> ALIGNMENT = IntStream.range(0, 6)
            .mapToObj(i -> new Example("about the dog " + i, "the cat and the dog " + i)).toList();

    @TempDir Path temp;
    private Path base;

    @BeforeEach void model() {
        base = TinyModel.write(temp.resolve("base"), 3);
    }

    private static RunConfig config(String... sets) {
        List<String> all = new java.util.ArrayList<>(
                List.of("steps=12", "batch_size=4", "learning_rate=0.02", "r=2", "max_length=64", "fisher_examples=6"));
        all.addAll(List.of(sets));
        return RunConfig.of(null, all);
    }

    private FineTune.Result run(String method, RunConfig config) {
        ModelBundle bundle = TinyModel.load(base);
        return new FineTune(bundle, config).run(method, TASK, TASK.subList(0, 4), ALIGNMENT, null, null);
    }

    private static double[] weights(FineTune.Result result) {
        return result.lora().parameters().stream().flatMapToDouble(t -> java.util.Arrays.stream(t.toArray())).toArray();
    }

    @Test void trainingLowersTheLossAndTheHeldOutLossIsLogged() {
        FineTune.Result result = run("lora", config("steps=60", "target_modules=all-linear", "r=8"));
        double first = result.history().getFirst().loss();
        assertTrue(result.lastStep().loss() < 0.97 * first, first + " -> " + result.lastStep().loss());
        assertTrue(result.evalLoss() > 0);
    }

    @Test void theSameSeedGivesTheSameBitsAndAnotherOneDoesNot() {
        double[] once = weights(run("agl", config()));
        assertArrayEquals(once, weights(run("agl", config())));
        assertTrue(!java.util.Arrays.equals(once, weights(run("agl", config("seed=2")))));
    }

    @Test void microBatchesGiveTheGradientOfTheWholeBatch() {
        double[] whole = weights(run("lora", config("lora_dropout=0")));
        double[] parts = weights(run("lora", config("lora_dropout=0", "micro_batch_size=1")));
        assertArrayEquals(whole, parts, 2e-3);
    }

    @Test void aLargeLambdaAKeepsTheUpdateOutOfTheAlignmentSubspace() {
        double free = mean(run("agl", config("agl.lambda_A=0", "agl.lambda_T=0", "agl.lambda_NC=0", "steps=40")).trace());
        double held = mean(run("agl", config("agl.lambda_A=30000", "agl.lambda_T=0", "agl.lambda_NC=0", "steps=40")).trace());
        assertTrue(held < 0.5 * free, "share of the update in the alignment subspace: " + held + " with the term, " + free + " without");
    }

    @Test void withAllWeightsZeroAglIsLora() {
        double[] lora = weights(run("lora", config()));
        double[] agl = weights(run("agl", config("agl.lambda_A=0", "agl.lambda_T=0", "agl.lambda_NC=0")));
        assertArrayEquals(lora, agl);
    }

    @Test void everyTermIsLoggedRawAndWeighted() throws Exception {
        try (MetricsLog log = new MetricsLog(temp.resolve("metrics.jsonl"))) {
            new FineTune(TinyModel.load(base), config("agl.lambda_A=10", "agl.lambda_T=0.5", "agl.lambda_NC=2", "agl.alpha=0.25"))
                    .run("agl", TASK, List.of(), ALIGNMENT, null, log);
        }
        List<String> lines = Files.readAllLines(temp.resolve("metrics.jsonl"));
        assertEquals(12, lines.size());
        var last = new com.fasterxml.jackson.databind.ObjectMapper().readTree(lines.get(11));
        assertEquals(10 * last.get("L_A").asDouble(), last.get("weighted_L_A").asDouble(), 1e-12);
        assertEquals(0.5 * last.get("L_T").asDouble(), last.get("weighted_L_T").asDouble(), 1e-12);
        assertEquals(0.5 * last.get("E_RM").asDouble(), last.get("weighted_E_RM").asDouble(), 1e-12);
        assertEquals(1.5 * last.get("E_geo").asDouble(), last.get("weighted_E_geo").asDouble(), 1e-12);
        assertTrue(last.get("L_A").asDouble() > 0);
    }

    @Test void aTermOfWeightZeroIsMeasuredNowAndThen() {
        FineTune.Result result = run("agl", config("agl.lambda_NC=0"));
        List<Integer> measured = IntStream.range(0, 12).filter(i -> result.history().get(i).terms().containsKey("E_RM")).boxed().toList();
        assertEquals(List.of(0, 10), measured);
        assertTrue(result.history().stream().allMatch(step -> step.terms().keySet().containsAll(List.of("L_A", "L_T"))));
        double[] curve = result.trace().curves().get("E_RM");
        assertEquals(List.of(0, 10), IntStream.range(0, 12).filter(i -> !Double.isNaN(curve[i])).boxed().toList());
        assertTrue(result.trace().last("E_RM") > 0);
        // A long run's curve is thinned: what was measured in between is not lost.
        List<StepMetrics> history = IntStream.range(0, 4000).mapToObj(i -> new StepMetrics(i + 1, Method.Source.TASK, i,
                new TreeMap<>(i % 10 == 3 ? Map.of("E_RM", (double) i) : Map.of()), 1, 0.1, 8, OptionalDouble.empty())).toList();
        double[] thinned = TrainTrace.of(history, null, result.lora()).curves().get("E_RM");
        assertEquals(400, thinned.length);
        assertArrayEquals(IntStream.range(0, 400).mapToDouble(i -> 10 * i + 3).toArray(), thinned);
    }

    @Test void aCachedEstimateGivesTheSameBits() throws Exception {
        Path cache = temp.resolve("cache");
        double[] without = weights(run("agl", config()));
        String byDefault = "agl.lambda_A=" + AglSettings.DEFAULT.lambdaA();
        for (String strength : List.of(byDefault, byDefault, "agl.lambda_A=1")) {
            ModelBundle bundle = TinyModel.load(base);
            double[] with = weights(new FineTune(bundle, config(strength), new FisherSource(bundle, cache)).run("agl", TASK,
                    TASK.subList(0, 4), ALIGNMENT, null, null));
            assertEquals(strength.equals(byDefault), java.util.Arrays.equals(without, with),
                    strength + ", estimates kept: " + cache.toFile().list().length);
            assertEquals(1, cache.toFile().list().length);
        }
        for (String other : List.of("agl.m=2", "fisher_examples=4", "target_modules=q_proj", "seed=3")) {
            ModelBundle bundle = TinyModel.load(base);
            int before = cache.toFile().list().length;
            new FineTune(bundle, config(other), new FisherSource(bundle, cache)).run("agl", TASK, List.of(), ALIGNMENT, null, null);
            assertEquals(before + 1, cache.toFile().list().length, other);
        }
        Path second = TinyModel.write(temp.resolve("second"), 4);
        ModelBundle bundle = TinyModel.load(second);
        new FineTune(bundle, config(), new FisherSource(bundle, cache)).run("agl", TASK, List.of(), ALIGNMENT, null, null);
        assertEquals(6, cache.toFile().list().length, "another base, another estimate");
    }

    @Test void aSavedAdapterIsTheTrainedOne() {
        FineTune.Result result = run("lora", config());
        Peft.save(result.lora(), temp.resolve("adapter"), base.toString());
        ModelBundle again = TinyModel.load(base);
        Peft.load(again.model(), temp.resolve("adapter"), 0);
        List<TaskMeasure.Result> a = TaskMeasure.run(new ModelBundle(base, result.lora().model(), again.tokenizer(), again.template()),
                TASK, 64, 0, String::equals);
        List<TaskMeasure.Result> b = TaskMeasure.run(again, TASK, 64, 0, String::equals);
        for (int i = 0; i < a.size(); i++) {
            assertEquals(a.get(i).loss(), b.get(i).loss(), 1e-4);
        }
    }

    @Test void badSettingsAreRefusedByName() {
        for (var bad : Map
                .of("learning_rat=1", "learning_rat", "agl.lambda_Q=1", "lambda_Q", "batch_size=0", "batch_size", "steps=soon", "steps",
                        "agl.alpha=2", "alpha", "preset=paper", "paper", "fisher_examples=0", "fisher_examples")
                .entrySet()) {
            AglException e = assertThrows(AglException.class, () -> config(bad.getKey()), bad.getKey());
            assertTrue(e.getMessage().contains(bad.getValue()) && !e.getMessage().contains("\n"), e.getMessage());
        }
        assertThrows(AglException.class, () -> run("agl", config("target_modules=x_proj")));
        assertThrows(AglException.class, () -> run("sgd", config()));
    }

    @Test void aLossThatIsNoNumberStopsTheRun() {
        AglException e = assertThrows(AglException.class, () -> run("lora", config("learning_rate=900", "weight_decay=900", "steps=60")));
        assertTrue(e.getMessage().contains("learning rate"), e.getMessage());
    }

    private static double mean(TrainTrace trace) {
        return trace.layers().values().stream().mapToDouble(TrainTrace.Layer::share).average().orElseThrow();
    }
}
