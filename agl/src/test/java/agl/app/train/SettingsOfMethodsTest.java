package agl.app.train;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.data.Example;
import agl.error.AglException;
import agl.regularizers.AglSettings;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Which settings a method looks at, what it needs, and how strongly it acts where nothing is said: written down once more, as the user's
 * guide has it.
 */
class SettingsOfMethodsTest {
    @TempDir Path folder;

    private static String reason(String setting, String method, double strength, String... sets) {
        return UnusedSettings.reason(setting, new MethodChoice(MethodKind.of(method), strength), RunConfig.of(null, List.of(sets)));
    }

    /** The last column: why the method does not look at the setting; empty where it does. */
    @ParameterizedTest @CsvSource(delimiter = '|', emptyValue = "", value = {
        "epochs          | lora | | steps=3 | steps decides",
        "epochs          | lora | | steps=0 | ''",
        "seed            | lora | | | ''",
        "warmup_ratio    | agl  | | lr_scheduler_type=constant | lr_scheduler_type is constant",
        "warmup_ratio    | agl  | | lr_scheduler_type=constant_with_warmup | ''",
        "lr_floor        | lora | | lr_scheduler_type=constant_with_warmup | lr_scheduler_type is constant_with_warmup",
        "lr_floor        | lora | | lr_scheduler_type=linear | ''",
        "r               | agl  | | | ''",
        "fisher_examples | lora | | | lora sees no alignment data",
        "fisher_examples | kl   | | | ''",
        "fisher_examples | ewc  | | | ''",
        "fisher_examples | asft | | | asft sees no alignment data",
        "fisher_examples | mix  | | | ''",
        "fisher_examples | kl_first | | | ''",
        "fisher_examples | first_tokens | | | first_tokens sees no alignment data",
        "fisher          | ewc  | | | ''",
        "fisher          | kl   | | | kl has no Fisher information",
        "fisher_examples | agl  | | fisher=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa | the artefact has its own",
        "fisher_examples | kl   | | fisher=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa | ''",
        "preset          | lisa | | | lisa has no Fisher information",
        "preset          | safeanchor | | | ''",
        "agl.m           | kl   | | | kl has no Fisher information",
        "agl.m           | agl  | | | ''",
        "agl.m           | agl  | | agl.energy=0.9 | agl.energy decides",
        "agl.m           | safeanchor | 4 | | --strength decides",
        "agl.m           | safeanchor | | | ''",
        "agl.m           | projection | | agl.energy=0.9 | agl.energy decides",
        "agl.energy      | projection | 4 | | --strength decides",
        "agl.backend     | projection | 4 | | ''",
        "agl.m           | ewc  | | | ewc takes the diagonal",
        "agl.exact_storage | ewc | | | ewc takes the diagonal",
        "agl.backend     | ewc  | 2 | | ''",
        "agl.fisher_norm | ewc  | | | ''",
        "agl.fisher_norm | safeanchor | | | safeanchor has no such term",
        "agl.tau         | ewc  | | | ewc has no such term",
        "agl.lambda_A    | agl  | 3 | | --strength decides",
        "agl.lambda_A    | agl  | | | ''",
        "agl.H           | agl  | | agl.lambda_T=0 | agl.lambda_T is 0",
        "agl.H           | agl  | | agl.lambda_T=1 | ''",
        "agl.ema_decay   | agl  | | agl.lambda_T=0,agl.H=ema_grad_sq | agl.lambda_T is 0",
        "agl.ema_decay   | agl  | | agl.lambda_T=1 | agl.H is not ema_grad_sq",
        "agl.ema_decay   | agl  | | agl.lambda_T=1,agl.H=ema_grad_sq | ''",
        "agl.beta        | agl  | | agl.lambda_NC=0 | agl.lambda_NC is 0",
        "agl.kappa       | agl  | | agl.lambda_NC=1,agl.alpha=0 | agl.alpha is 0",
        "agl.overlap     | agl  | | agl.lambda_NC=1,agl.alpha=0 | agl.alpha is 0",
        "agl.overlap     | agl  | | agl.lambda_NC=1,agl.alpha=1 | ''",
        "agl.metric      | agl  | | agl.lambda_NC=1,agl.alpha=1 | agl.alpha is 1",
        "agl.epsilon     | agl  | | agl.lambda_NC=1,agl.alpha=0 | ''",
        "agl.epsilon     | agl  | | agl.lambda_NC=0 | agl.lambda_NC is 0",
        "agl.alpha       | agl  | | agl.lambda_NC=0 | agl.lambda_NC is 0",
        "agl.alpha       | agl  | | agl.lambda_NC=1,agl.alpha=0 | ''",
        "agl.exact_storage | agl | | agl.backend=kfac | agl.backend is not exact",
        "agl.exact_storage | agl | | agl.backend=exact | ''",
        "agl.alignment_reach | agl | | | agl.alignment_rank is 0",
        "agl.alignment_reach | agl | | agl.alignment_rank=2 | ''",
        "agl.fisher_norm | agl  | | | ''"})
    void whyASettingIsNotUsed(String setting, String method, Double strength, String sets, String expected) {
        String got = reason(setting, method, strength == null ? Double.NaN : strength, sets == null ? new String[0] : sets.split(","));
        assertEquals(expected, got == null ? "" : got);
    }

    /** A line for each reason; silent where one of the runs looks at the setting. */
    @Test void settingsThatNoRunUsesAreSaidTogether() {
        RunConfig config = RunConfig.of(null, List.of("steps=3"));
        UnusedSettings.Run lora = new UnusedSettings.Run(MethodChoice.of("lora"), config);
        UnusedSettings.Run kl = new UnusedSettings.Run(MethodChoice.of("kl"), config);
        UnusedSettings.Run agl = new UnusedSettings.Run(MethodChoice.of("agl"), config);
        Set<String> given = new LinkedHashSet<>(List.of("agl.m", "epochs", "preset", "seed", "fisher_examples"));
        assertEquals(List.of("not used: agl.m, preset (lora has no Fisher information)", "not used: epochs (steps decides)",
                "not used: fisher_examples (lora sees no alignment data)"), UnusedSettings.lines(given, List.of(lora)));
        assertEquals(
                List.of("not used: agl.m, preset (lora has no Fisher information; kl has no Fisher information)",
                        "not used: epochs (steps decides)"),
                UnusedSettings.lines(given, List.of(lora, kl)));
        assertEquals(List.of("not used: epochs (steps decides)"), UnusedSettings.lines(given, List.of(lora, agl)));
        assertEquals(List.of(), UnusedSettings.lines(given, List.of()));
    }

    @Test void settingsThatAligningDoesNotUse() {
        TrainSettings steps = RunConfig.of(null, List.of("steps=3")).train();
        TrainSettings epochs = RunConfig.of(null, List.of("steps=0")).train();
        Set<String> given = new LinkedHashSet<>(List.of("r", "epochs", "agl.m", "preset", "fisher_examples", "eval_every", "seed"));
        assertEquals(
                List.of("not used: r (without --lora there is no adapter)", "not used: epochs (steps decides)",
                        "not used: agl.m (align has no method)",
                        "not used: preset (align has no method)", "not used: fisher_examples (align has no method)",
                        "not used: eval_every (align holds nothing out)"),
                UnusedSettings.ofAligning(given, false, steps));
        assertEquals(List.of(), UnusedSettings.ofAligning(Set.of("r", "epochs", "learning_rate", "loraplus_lr_ratio"), true, epochs));
        assertEquals(List.of("not used: loraplus_lr_ratio (without --lora there is no adapter)"),
                UnusedSettings.ofAligning(Set.of("loraplus_lr_ratio"), false, epochs));
    }

    /** Name of the strength, its default where the method has one of its own, and that in force under the defaults. */
    @ParameterizedTest
    @CsvSource({"lora,,NaN,NaN", "agl,lambda_A,NaN,10000", "ewc,lambda,1e5,1e5", "kl,weight,1,1", "safelora,threshold,0.5,0.5",
        "asft,lambda,1,1", "safeanchor,m,NaN,NaN",
        "lisa,rho,1,1", "contrast,weight,0.1,0.1", "contrast_linear,weight,0.1,0.1", "mix,share,0.25,0.25",
        "kl_sparse,weight,1,1", "kl_first,weight,1,1", "first_tokens,weight,1,1", "scale,factor,0.5,0.5", "ema,decay,0.95,0.95",
        "projection,m,NaN,NaN",
        "oplora,k,16,16", "kl_own,weight,1,1", "sbr,weight,50,50", "der,weight,1,1", "safegrad,weight,1,1",
        "safelora_number,number,10,10", "earlystop,share_of_steps,0.5,0.5"})
    void strengths(String method,
                String name, double byDefault, double inForce) {
        MethodChoice choice = MethodChoice.of(method);
        assertEquals(name, choice.kind().strength().name());
        assertEquals(byDefault, choice.strengthOrDefault());
        assertEquals(inForce, choice.strengthOrDefault(AglSettings.DEFAULT));
        assertEquals(method, choice.label());
        if (name != null) {
            double other = List.of("share", "decay").contains(name) ? 0.75 : 1;
            MethodChoice given = new MethodChoice(choice.kind(), other);
            assertEquals(other, given.strengthOrDefault());
            assertEquals(other, given.strengthOrDefault(AglSettings.DEFAULT));
            assertEquals(method + ", " + name + (other == 1 ? " 1" : " " + other), given.label());
        }
    }

    /** A number of directions that is one of AGL's settings, unless energy goes before it. */
    @ParameterizedTest
    @CsvSource({"7,0,7", "1,0,1", "0,0,NaN", "7,0.9,NaN"}) void directionsFromTheSettings(int m, double energy, double expected) {
        AglSettings s = AglSettings.DEFAULT.with("{\"m\":" + m + ",\"energy\":" + energy + "}");
        assertEquals(expected, MethodChoice.of("projection").strengthOrDefault(s));
        assertEquals(9, new MethodChoice(MethodKind.PROJECTION, 9).strengthOrDefault(s));
    }

    @Test void strengthsAsTheyAreWritten() {
        assertEquals("kl, weight 0.1", new MethodChoice(MethodKind.KL, 0.1).label());
        assertEquals("ewc, lambda 1.0E9", new MethodChoice(MethodKind.EWC, 1e9).label());
    }

    /** What decides is what is said, on 20 alignment and 200 task examples. */
    @ParameterizedTest
    @CsvSource({"lora,NaN,r=8,lora", "agl,NaN,r=8,'agl, lambda_A 10000'", "agl,3,r=8,'agl, lambda_A 3'", "oplora,NaN,r=8,'oplora, k 16'",
        "projection,NaN,r=8,'projection, m 20'", "safeanchor,NaN,fisher_examples=7,'safeanchor, m 7'",
        "projection,NaN,agl.fisher_data=task,'projection, m 96'",
        "projection,NaN,'agl.fisher_data=task,fisher_examples=190','projection, m 128'",
        "projection,NaN,agl.energy=0.95,'projection, energy 0.95'",
        "projection,NaN,'agl.energy=0.95,agl.m=3','projection, energy 0.95'", "safeanchor,NaN,agl.m=3,'safeanchor, m 3'",
        "projection,5,agl.energy=0.95,'projection, m 5'", "earlystop,0.0001,steps=3,'earlystop, share_of_steps 1.0E-4 (1 of 3 steps)'",
        "mix,0.125,'steps=60,batch_size=8','mix, share 0.125 (69 steps: 480 task and 69 alignment examples)'",
        "mix,NaN,'steps=0,epochs=2,batch_size=64','mix, share 0.25 (11 steps: 400 task and 133 alignment examples)'",
        "mix,0.001,'steps=3,batch_size=4','mix, share 0.001'"})
    void whatDecidesIsSaid(String method, double strength, String sets, String said) {
        TrainData data = new TrainData(examples(200), List.of(), examples(20));
        RunConfig config = RunConfig.of(null, List.of(sets.split(","))).resolved(new MethodChoice(MethodKind.of(method), strength));
        assertEquals(said, config.described(data));
    }

    /** The task's part of a run, in steps: all of Lisa's ten but two, what early stopping leaves, and without mix's alignment examples. */
    @ParameterizedTest @CsvSource({"lora,NaN,10", "lisa,NaN,8", "earlystop,0.3,3", "mix,0.25,10", "mix,0.9,10"})
    void stepsWorthOfTaskData(String method, double strength, int expected) {
        RunConfig config = RunConfig.of(null, List.of("steps=10")).resolved(new MethodChoice(MethodKind.of(method), strength));
        assertEquals(expected, config.taskSteps(200));
    }

    /** Of ten steps the first two are on alignment data. */
    @ParameterizedTest @CsvSource({"1,0", "2,0", "3,1", "10,8", "12,8", "25,19"}) void stepsOfLisaOnTheTask(int steps, int expected) {
        assertEquals(expected, MethodKind.LISA.taskSteps(steps, steps));
    }

    @Test void namesInARow() {
        assertEquals("", MethodKind.list(List.of(), "or"));
        assertEquals("a", MethodKind.list(List.of("a"), "or"));
        assertEquals("a or b", MethodKind.list(List.of("a", "b"), "or"));
        assertEquals("a, b and c", MethodKind.list(List.of("a", "b", "c"), "and"));
    }

    private static List<Example> examples(int count) {
        return IntStream.range(0, count).mapToObj(i -> new Example("ask " + i, "say " + i)).toList();
    }

    @ParameterizedTest
    @CsvSource({"lora,1,no --strength", "kl,-0.1,at least 0", "kl,Infinity,at least 0", "oplora,0,whole number", "oplora,1.5,whole number",
        "safeanchor,0,whole number",
        "mix,0,above 0 and below 1", "mix,1,above 0 and below 1", "mix,-0.5,above 0", "scale,0,above 0 and at most 1",
        "scale,1.1,at most 1", "ema,1,at least 0 and below 1", "ema,-0.1,at least 0", "kl_first,-1,at least 0",
        "safelora,-1.1,at least -1", "oplora,-1,whole number", "oplora,2147483648,whole number", "earlystop,-1,above 0",
        "earlystop,0,above 0",
        "earlystop,1.01,at most 1"}) void strengthsThatMeanNothingAreRefused(String method, double strength, String why) {
        String message = assertThrows(AglException.class, () -> new MethodChoice(MethodKind.of(method), strength)).getMessage();
        assertTrue(message.contains(method) && message.contains(why), message);
    }

    @ParameterizedTest
    @CsvSource({"kl,0", "mix,0.01", "mix,0.99", "ema,0", "scale,1",
        "safelora,-1", "oplora,1", "oplora,2147483647", "safeanchor,3", "earlystop,1", "earlystop,0.01", "agl,0"})
    void strengthsAtTheBorder(String method, double strength) {
        assertEquals(strength, new MethodChoice(MethodKind.of(method), strength).strengthOrDefault());
    }

    /**
     * needs alignment under the defaults, under the Fisher of the task, the checkpoint before; acts on the update alone; changes factors at
     * the end.
     */
    @ParameterizedTest
    @CsvSource({"lora,0,0,0,0,0", "agl,1,0,0,1,0", "ewc,1,0,0,1,0", "kl,1,1,0,0,0", "safelora,0,0,1,1,1", "asft,0,0,1,1,0",
        "safeanchor,1,0,0,1,0", "lisa,1,1,0,1,0", "mix,1,1,0,0,0", "kl_sparse,1,1,0,0,0", "kl_first,1,1,0,0,0",
        "first_tokens,0,0,0,0,0", "scale,0,0,0,1,1", "ema,0,0,0,1,1", "contrast,1,1,0,0,0", "contrast_linear,1,1,0,1,0",
        "projection,1,0,0,1,1", "oplora,0,0,0,1,0", "kl_own,1,1,0,0,0", "sbr,1,1,0,0,0", "der,1,1,0,0,0",
        "safegrad,1,1,0,1,0", "safelora_number,0,0,1,1,1", "earlystop,0,0,0,0,0"}) void needs(String method, int alignment, int ofTask,
                int unaligned, int onUpdate, int changesFactors) {
        MethodKind kind = MethodKind.of(method);
        AglSettings task = AglSettings.DEFAULT.with("{\"fisher_data\":\"task\"}");
        assertEquals(alignment == 1, kind.usesAlignment(AglSettings.DEFAULT));
        assertEquals(ofTask == 1, kind.usesAlignment(task));
        assertEquals(onUpdate == 1, kind.actsOnUpdate());
        assertEquals(changesFactors == 1, kind.changesFactorsAfterTraining());
        assertEquals(method.startsWith("contrast"), kind.contrasts());
        boolean fisher = List.of("agl", "ewc", "safeanchor", "projection").contains(method);
        assertEquals(fisher, kind.usesFisher());
        assertEquals(fisher, kind.needs() == Needs.FISHER);
        assertDoesNotThrow(() -> kind.require(AglSettings.DEFAULT, true, true));
        if (alignment + unaligned > 0) {
            String message = assertThrows(AglException.class, () -> kind.require(AglSettings.DEFAULT, false, false)).getMessage();
            assertTrue(message.contains(alignment == 1 ? "--alignment FILE" : "--unaligned DIR"), message);
            assertEquals(fisher, message.contains("--fisher FILE"), message);
        } else {
            assertDoesNotThrow(() -> kind.require(AglSettings.DEFAULT, false, false));
        }
        assertDoesNotThrow(() -> kind.requireNothingBesideUpdate(false, List.of()));
        if (onUpdate == 1) {
            assertTrue(assertThrows(AglException.class, () -> kind.requireNothingBesideUpdate(true, List.of())).getMessage()
                    .contains("DoRA's magnitudes"));
            String beside = assertThrows(AglException.class, () -> kind.requireNothingBesideUpdate(false, List.of("lm_head", "norm")))
                    .getMessage();
            assertTrue(beside.contains("lm_head, norm") && beside.contains(": train without, or choose lora, kl, ")
                    && beside.endsWith(" or earlystop"), beside);
        } else {
            assertDoesNotThrow(() -> kind.requireNothingBesideUpdate(true, List.of("lm_head")));
        }
        assertTrue(assertThrows(AglException.class, () -> MethodKind.of("magic")).getMessage().contains(method));
    }

    /** The file says what the method looks at, and nothing else. */
    @ParameterizedTest @CsvSource({"lora,false,false", "kl,false,true", "agl,true,true", "asft,false,false", "ewc,true,true"})
    void settingsWrittenForAMethod(String method, boolean agl, boolean examples) {
        JsonNode written = RunConfig.DEFAULT.resolved(MethodChoice.of(method)).toJson();
        assertEquals(method, written.get("method").asText());
        assertEquals(agl, written.has("agl"));
        assertEquals(agl, written.has("preset"));
        assertEquals(examples, written.has("fisher_examples"));
        assertEquals(8, written.get("r").asInt());
    }

    /** What acts is what is written: a strength that is one of AGL's settings stands there, any other as the strength. */
    @ParameterizedTest
    @CsvSource({"agl,5,'lambda_A=5.0',", "agl,NaN,'lambda_A=10000.0',", "projection,3,'m=3 energy=0.0 lambda_A=-',",
        "projection,NaN,'m=- energy=0.95',",
        "safeanchor,3,'m=3 energy=0.0 tau=-',", "ewc,2,'lambda_A=- m=- backend=\"exact\"',2", "oplora,3,,3", "oplora,NaN,,16",
        "earlystop,0.25,,0.25", "kl,NaN,,1", "lora,NaN,,"}) void strengthsAreWrittenAmongTheSettings(String method, double strength,
                String agl, Double written) throws IOException {
        MethodChoice choice = new MethodChoice(MethodKind.of(method), strength);
        RunConfig config = RunConfig.of(null, List.of("steps=3", "agl.m=7", "agl.energy=0.95")).resolved(choice);
        assertEquals(config, config.resolved(choice), "resolved once is resolved");
        JsonNode json = new ObjectMapper().readTree(config.toJson().toString());
        for (String part : agl == null ? new String[0] : agl.split(" ")) {
            String[] nameAndValue = part.split("=");
            JsonNode value = json.get("agl").get(nameAndValue[0]);
            assertEquals(nameAndValue[1], value == null ? "-" : value.toString(), part);
        }
        assertEquals(agl != null, json.has("agl"));
        assertEquals(written, json.has("strength") ? (Double) json.get("strength").asDouble() : null);
        assertFalse(json.has("epochs"), "steps decides");
        RunConfig read = RunConfig.of(Files.writeString(folder.resolve("c.json"), json.toString()), List.of());
        assertEquals(json, new ObjectMapper().readTree(read.resolved(read.choice()).toJson().toString()));
    }

    /** A command's defaults, under a file, under --set. */
    @Test void laterSettingsWin() throws IOException {
        Path file = Files.writeString(folder.resolve("c.json"),
                "{\"r\":4,\"seed\":7,\"agl\":{\"lambda_A\":5,\"tau\":0.5},\"preset\":\"as-read\"}");
        RunConfig c = RunConfig.of(List.of("r=2", "batch_size=3", "agl.lambda_T=9", "agl.tau=0.1"), file,
                List.of("seed=8", "agl.lambda_A=6", " learning_rate = 2e-3 ", "use_dora=true"));
        assertEquals(List.of(4, 3, 8L), List.of(c.train().r(), c.train().batchSize(), c.train().seed()));
        assertEquals(0.002, c.train().learningRate());
        assertTrue(c.train().useDora());
        assertEquals(List.of(6.0, 9.0, 0.5, 0.1), List.of(c.agl().lambdaA(), c.agl().lambdaT(), c.agl().tau(), c.agl().lambdaNC()));
        assertEquals("as-read", c.preset());
        assertEquals(96, c.fisherExamples());
        assertEquals(List.of("r", "seed", "agl.lambda_A", "agl.tau", "preset", "agl.m", "epochs"),
                List.copyOf(new LinkedHashSet<>(names(file, "agl.m=3", "epochs=2"))));
        assertEquals(c, RunConfig.of(Files.writeString(folder.resolve("d.json"), c.toJson().toString()), List.of()));
        assertFalse(new ObjectMapper().readTree(c.toJson().toString()).get("use_rslora").asBoolean());
    }

    private static List<String> names(Path file, String... sets) {
        List<String> names = List.copyOf(RunConfig.names(file, List.of(sets)));
        return List.of("r", "seed", "agl.lambda_A", "agl.tau", "preset", "agl.m", "epochs").stream().filter(names::contains).toList();
    }

    @ParameterizedTest
    @CsvSource({"r,not name=value", "=3,not name=value", "fisher_examples=0,fisher_examples", "fisher_examples=1.5,fisher_examples",
        "fisher_examples=many,fisher_examples",
        "preset=none,unknown preset", "strength=3,give method too", "method=magic,no method", "method=3,no method",
        "agl.alignment_rank=8,smaller than r (8)", "learning_rate=1e400,learning_rate", "r=x,setting r",
        "nonsense=1,nonsense"}) void settingsThatCannotBeAreRefusedByName(String set, String why) {
        String message = assertThrows(AglException.class, () -> RunConfig.of(null, List.of(set))).getMessage();
        assertTrue(message.contains(why), message);
    }

    @Test void filesThatAreNoObjectAreRefused() throws IOException {
        Path file = Files.writeString(folder.resolve("c.json"), "[1]");
        assertTrue(assertThrows(AglException.class, () -> RunConfig.of(file, List.of())).getMessage()
                .endsWith("c.json: is not a JSON object"));
        Files.writeString(file, "{\"agl\":3}");
        assertTrue(assertThrows(AglException.class, () -> RunConfig.of(file, List.of("agl.m=2"))).getMessage()
                .contains("agl must be a JSON object"));
    }

    /** What comes with the preset is said in one line, what was asked for by itself. */
    @Test void warningsTellThePresetFromTheUser() {
        assertEquals(List.of(), RunConfig.of(null, List.of()).warnings());
        List<String> read = RunConfig.of(null, List.of("preset=as-read")).warnings();
        assertEquals(1, read.size());
        assertTrue(
                read.getFirst().startsWith("preset as-read: E_geo is identically zero; E_RM's weight is nearly constant; E_RM as a mean"),
                read.toString());
        List<String> own = RunConfig.of(null, List.of("agl.fisher_norm=none")).warnings();
        assertEquals(1, own.size());
        assertTrue(own.getFirst().startsWith("fisher_norm = none: "), own.toString());
        List<String> both = RunConfig.of(null, List.of("preset=as-read", "agl.fisher_norm=none")).warnings();
        assertEquals(2, both.size());
        assertEquals(own.getFirst(), both.getLast());
    }
}
