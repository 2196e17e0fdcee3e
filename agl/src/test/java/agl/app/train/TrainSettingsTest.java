package agl.app.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.error.AglException;
import agl.lora.LoraConfig;
import agl.nn.Schedule;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Settings by name: each one arrives where it is read, and what none can be is refused with its limits. */
class TrainSettingsTest {
    private static final List<String> ALL = List.of("steps=3", "epochs=2.5", "batch_size=5", "micro_batch_size=2", "recompute=true",
            "learning_rate=0.25", "lr_scheduler_type=linear", "warmup_ratio=0.125", "lr_floor=0.5", "weight_decay=0.75",
            "max_grad_norm=4.0", "loraplus_lr_ratio=16.0", "neftune_noise_alpha=5.5", "max_length=33",
            "eval_every=6", "keep_best=true", "patience=8", "seed=12345678901", "r=7", "lora_alpha=9.0", "lora_dropout=0.375",
            "target_modules=o_proj", "use_rslora=true",
            "use_dora=true");

    @TempDir Path temp;

    private static TrainSettings of(String... sets) {
        return RunConfig.of(null, List.of(sets)).train();
    }

    private static String refusal(String set) {
        return assertThrows(AglException.class, () -> of(set)).getMessage();
    }

    @Test void eachSettingByItsOwnName() {
        TrainSettings s = of(ALL.toArray(String[]::new));
        assertEquals(List.of(3, 2.5, 5, 2, true), List.of(s.steps(), s.epochs(), s.batchSize(), s.microBatchSize(), s.recompute()));
        assertEquals(List.of(0.25, Schedule.Type.LINEAR, 0.125, 0.5, 0.75, 4.0, 16.0, 5.5),
                List.of(s.learningRate(), s.lrSchedulerType(), s.warmupRatio(), s.lrFloor(), s.weightDecay(),
                        s.maxGradNorm(), s.loraplusLrRatio(), s.neftuneNoiseAlpha()));
        assertEquals(List.of(33, 6, true, 8, 12345678901L), List.of(s.maxLength(), s.evalEvery(), s.keepBest(), s.patience(), s.seed()));
        assertEquals(List.of(7, 9.0, 0.375, "o_proj", true, true),
                List.of(s.r(), s.loraAlpha(), s.loraDropout(), s.targetModules(), s.useRslora(), s.useDora()));
        List<String> written = new ArrayList<>();
        s.all().fields().forEachRemaining(e -> written.add(e.getKey() + "=" + e.getValue().asText()));
        assertEquals(ALL, written);
        assertEquals(ALL.stream().map(set -> set.substring(0, set.indexOf('='))).toList(), TrainSettings.names());
    }

    @Test void switchesAreOffByDefault() {
        assertEquals(List.of(false, false, false), List.of(of().recompute(), of().useRslora(), of().useDora()));
    }

    @ParameterizedTest @ValueSource(strings = {"recompute", "use_rslora", "use_dora"}) void switchesGoEitherWay(String name) {
        for (boolean on : new boolean[] {true, false}) {
            assertEquals(on, of(name + "=true", name + "=" + on).all().get(name).asBoolean());
        }
        assertEquals("setting " + name + " does not take 1", refusal(name + "=1"));
    }

    @Test void withoutAnAdapterItsSettingsAreNotWritten() {
        TrainSettings s = of(ALL.toArray(String[]::new));
        ObjectNode all = s.all();
        all.remove("epochs"); // the steps decide
        assertEquals(all, s.toJson(true));
        assertTrue(TrainSettings.DEFAULT.toJson(true).has("epochs"));
        JsonNode without = s.toJson(false);
        List<String> names = new ArrayList<>(TrainSettings.names());
        names.removeAll(UnusedSettings.OF_LORA);
        names.remove("epochs");
        List<String> written = new ArrayList<>();
        without.fieldNames().forEachRemaining(written::add);
        assertEquals(names, written);
    }

    @Test void overridesByName() {
        TrainSettings s = of("r=3", "seed=9").with(Map.of("r", 4, "learning_rate", 0.5));
        assertEquals(List.of(4, 9L, 0.5, 16), List.of(s.r(), s.seed(), s.learningRate(), s.batchSize()));
        Map<String, Object> none = new HashMap<>(Collections.singletonMap("epochs", null));
        assertEquals("setting epochs does not take null", assertThrows(AglException.class, () -> s.with(none)).getMessage());
        Map<String, Object> noTargets = new HashMap<>(Collections.singletonMap("target_modules", null));
        assertEquals("setting target_modules does not take null", assertThrows(AglException.class, () -> s.with(noTargets)).getMessage());
        Map<String, Object> unknown = new HashMap<>(Collections.singletonMap("pochs", null));
        assertEquals("unknown setting \"pochs\"; did you mean epochs?; known are " + String.join(", ", TrainSettings.names()),
                assertThrows(AglException.class, () -> s.with(unknown)).getMessage());
    }

    /** The number that is just too much, and what it has to be. */
    @ParameterizedTest @CsvSource(delimiter = '|', value = {
        "steps=-1 | steps must be at least 0, got -1",
        "epochs=0 | epochs must be above 0 and below 1000000, got 0.0",
        "epochs=1000000 | epochs must be above 0 and below 1000000, got 1000000.0",
        "batch_size=0 | batch_size must be at least 1, got 0",
        "micro_batch_size=-1 | micro_batch_size must be at least 0, got -1",
        "learning_rate=0 | learning_rate must be above 0 and below 1000, got 0.0",
        "learning_rate=1000 | learning_rate must be above 0 and below 1000, got 1000.0",
        "warmup_ratio=1.01 | warmup_ratio must be between 0 and 1, got 1.01",
        "lr_floor=-0.01 | lr_floor must be between 0 and 1, got -0.01",
        "weight_decay=-0.01 | weight_decay must be at least 0 and below 1000, got -0.01",
        "weight_decay=1000 | weight_decay must be at least 0 and below 1000, got 1000.0",
        "max_grad_norm=-0.01 | max_grad_norm must be at least 0, got -0.01",
        "loraplus_lr_ratio=0 | loraplus_lr_ratio must be above 0 and at most 1000, got 0.0",
        "loraplus_lr_ratio=1001 | loraplus_lr_ratio must be above 0 and at most 1000, got 1001.0",
        "neftune_noise_alpha=-0.01 | neftune_noise_alpha must be at least 0, got -0.01",
        "max_length=1 | max_length must be at least 2, got 1",
        "eval_every=-1 | eval_every must be at least 0, got -1",
        "lora_alpha=0 | lora_alpha must be above 0, got 0.0",
        "lr_scheduler_type=polynomial | lr_scheduler_type does not take \"polynomial\"; "
            + "expected one of cosine, linear, constant, constant_with_warmup",
        "lr_scheduler_type=1 | lr_scheduler_type does not take 1; expected one of cosine, linear, constant, constant_with_warmup",
        "r=2.5 | r does not take 2.5",
        "steps=1e12 | steps does not take 1.0E12"})
    void bothLimitsAreNamed(String set, String said) {
        assertEquals("setting " + said, refusal(set));
    }

    @ParameterizedTest @CsvSource({"epochs,999999", "learning_rate,999", "weight_decay,999", "epochs,0.001", "steps,0", "warmup_ratio,1",
        "lr_floor,1"})
    void justWithinIsAllowed(String name, double value) {
        assertEquals(value, of(name + "=" + MethodChoice.number(value)).all().get(name).asDouble());
    }

    /** Not a number in a file; on a command line it is no number to begin with. */
    @ParameterizedTest @ValueSource(strings = {"epochs", "learning_rate", "warmup_ratio", "lr_floor", "weight_decay", "max_grad_norm",
        "loraplus_lr_ratio", "neftune_noise_alpha", "lora_alpha", "lora_dropout"})
    void whatIsNoNumberIsRefused(String name) {
        for (double x : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
            String message = assertThrows(AglException.class, () -> TrainSettings.DEFAULT.with(Map.of(name, x))).getMessage();
            assertEquals("setting " + name + " must be a finite number, got " + x, message);
        }
    }

    private Path file(String json) throws IOException {
        return Files.writeString(temp.resolve("c.json"), json);
    }

    @Test void oneFisherExampleIsEnough() {
        assertEquals(1, RunConfig.of(null, List.of("fisher_examples=1")).fisherExamples());
        assertEquals("setting fisher_examples must be a whole number of at least 1, got 0", refusal("fisher_examples=0"));
    }

    @Test void strengthIsANumberOfTheMethod() throws IOException {
        assertEquals(0.5, RunConfig.of(file("{\"method\":\"kl\",\"strength\":0.5}"), List.of()).choice().strength());
        assertEquals(Double.NaN, RunConfig.of(file("{\"method\":\"kl\"}"), List.of()).choice().strength());
        Path two = file("{\"method\":\"agl\",\"strength\":10,\"agl\":{\"lambda_A\":300}}");
        assertEquals(two + ": strength is 10 and agl.lambda_A is 300, which are the same setting: keep one of them",
                assertThrows(AglException.class, () -> RunConfig.of(two, List.of())).getMessage());
        assertEquals(10, RunConfig.of(file("{\"method\":\"agl\",\"strength\":10,\"agl\":{\"lambda_A\":10.0}}"), List.of()).choice()
                .strength());
        assertEquals(0.5, RunConfig.of(file("{\"method\":\"kl\",\"strength\":0.5,\"agl\":{\"lambda_A\":300}}"), List.of()).choice()
                .strength(), "the lambda_A of another method");
        Path text = file("{\"method\":\"kl\",\"strength\":\"a lot\"}");
        String message = assertThrows(AglException.class, () -> RunConfig.of(text, List.of())).getMessage();
        assertEquals("setting strength must be a number, got \"a lot\"", message);
        assertEquals(null, RunConfig.of(null, List.of()).choice());
    }

    /** The shape is the adapter's, everything else the settings'. */
    @Test void goingOnFromAnAdapterTakesItsShape() {
        RunConfig config = RunConfig.of(null, List.of("r=3", "seed=9", "use_dora=true", "method=kl", "agl.tau=0.25", "fisher_examples=5"));
        RunConfig on = config.withAdapter(LoraConfig.of(7, 21, 0.5, "o_proj", true));
        TrainSettings s = on.train();
        assertEquals(List.of(7, 21.0, 0.5, "o_proj", true, false, 9L),
                List.of(s.r(), s.loraAlpha(), s.loraDropout(), s.targetModules(), s.useRslora(), s.useDora(), s.seed()));
        assertEquals(new RunConfig(s, config.agl(), config.preset(), 5, config.choice(), null), on);
        assertEquals(new RunConfig(config.train(), config.agl(), config.preset(), 5, null, null), config.withoutChoice());
    }

    /** A whole number is written as one. */
    @ParameterizedTest @CsvSource({"kl,0.25,0.25", "kl,2,2", "ewc,100000,100000", "oplora,3,3"})
    void strengthsAsTheyAreWritten(String method, double strength, String written) throws IOException {
        RunConfig config = RunConfig.DEFAULT.resolved(new MethodChoice(MethodKind.of(method), strength));
        assertEquals(written, new JsonMapper().readTree(config.toJson().toString()).get("strength").toString());
        assertTrue(config.toJson().toString().contains("\"strength\":" + written + ","), config.toJson().toString());
    }

    /** AGL's settings in the file and on the command line are one object, whichever comes first. */
    @Test void aglSettingsAreMerged() throws IOException {
        RunConfig c = RunConfig.of(List.of("agl.tau=0.25"), file("{\"agl\":{\"m\":3}}"), List.of("agl.lambda_A=4"));
        assertEquals(List.of(0.25, 3, 4.0), List.of(c.agl().tau(), c.agl().m(), c.agl().lambdaA()));
        assertEquals(3, RunConfig.of(file("{\"agl\":{\"m\":3}}"), List.of()).agl().m());
        Path wrong = file("{\"agl\":7}");
        assertThrows(AglException.class, () -> RunConfig.of(List.of("agl.tau=0.25"), wrong, List.of()));
        assertFalse(RunConfig.of(null, List.of("agl.tau=0.25")).equals(RunConfig.DEFAULT));
    }
}
