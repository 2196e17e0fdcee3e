package agl.app.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.CommandLineRun;
import agl.app.TinyModel;
import agl.app.data.Example;
import agl.app.model.ModelBundle;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.lora.LoraModel;
import agl.lora.Peft;
import agl.regularizers.AglRegularizer;
import agl.regularizers.AglSettings;
import agl.regularizers.Fisher;
import agl.regularizers.method.Agl;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every method of {@code --method} in a whole run. */
class MethodsTest {
    private static final List<Example> TASK = IntStream.range(0, 12)
            .mapToObj(i -> new Example("tell me a story " + i, "the red fox sat on the mat " + i % 3)).toList();
    private static final List<Example> ALIGNMENT = IntStream.range(0, 6)
            .mapToObj(i -> new Example("about the dog " + i, i < 3 ? "I cannot help with " + i : "the cat and the dog " + i)).toList();

    @TempDir Path temp;
    private Path base;
    private Path unaligned;

    @BeforeEach void models() {
        base = TinyModel.write(temp.resolve("base"), 3);
        unaligned = TinyModel.write(temp.resolve("unaligned"), 4);
    }

    private static RunConfig config(String... sets) {
        List<String> all = new ArrayList<>(
                List.of("steps=12", "batch_size=4", "learning_rate=0.02", "r=2", "max_length=64", "fisher_examples=6", "lora_dropout=0"));
        all.addAll(List.of(sets));
        return RunConfig.of(null, all);
    }

    private FineTune.Result run(MethodChoice choice, RunConfig config, Path init) {
        TrainData data = new TrainData(TASK, List.of(), ALIGNMENT, unaligned, init);
        return new FineTune(TinyModel.load(base), config).run(choice, data, null, null, (step, total, lora) -> { });
    }

    private FineTune.Result run(String method, double strength) {
        return run(new MethodChoice(MethodKind.of(method), strength), config(), null);
    }

    private static double[] weights(FineTune.Result result) {
        return result.lora().parameters().stream().flatMapToDouble(t -> Arrays.stream(t.toArray())).toArray();
    }

    @Test void everyMethodTrainsAndIsNotLora() {
        double[] lora = weights(run("lora", Double.NaN));
        for (MethodKind kind : MethodKind.values()) {
            if (kind == MethodKind.LORA) {
                continue;
            }
            // A threshold that every update misses; few directions.
            double strength = kind == MethodKind.SAFELORA ? 1.5 : kind == MethodKind.OPLORA ? 2 : Double.NaN;
            FineTune.Result result = run(kind.title(), strength);
            double[] w = weights(result);
            assertTrue(Arrays.stream(w).allMatch(Double::isFinite), kind.title());
            assertFalse(Arrays.equals(lora, w), kind.title() + " left the same adapter as LoRA");
            assertEquals(kind == MethodKind.EARLYSTOP ? 6 : kind == MethodKind.MIX ? 16 : 12, result.history().size(), kind.title());
        }
    }

    @Test void withoutStrengthTheMethodsAreLora() {
        double[] lora = weights(run("lora", Double.NaN));
        for (String method : List.of("agl", "ewc", "kl", "kl_sparse", "kl_first", "first_tokens", "kl_own", "sbr", "der", "safegrad",
                "asft", "contrast", "contrast_linear")) {
            MethodChoice none = new MethodChoice(MethodKind.of(method), 0);
            assertArrayEquals(lora, weights(run(none, config("agl.lambda_T=0", "agl.lambda_NC=0"), null)), 1e-12, method);
        }
        assertArrayEquals(lora, weights(run("earlystop", 1)), 0);
        assertArrayEquals(lora, weights(run("scale", 1)), 0);
        assertArrayEquals(lora, weights(run("ema", 0)), 0, "the last weights");
        assertArrayEquals(lora, weights(run("safelora", -1)), 0, "a threshold that every update passes");
    }

    /** What a method adds is that of the step's batch, however many passes it takes. */
    @Test void smallerPassesTrainTheSame() {
        for (MethodKind kind : MethodKind.values()) {
            MethodChoice choice = new MethodChoice(kind, kind == MethodKind.OPLORA ? 2 : Double.NaN);
            List<StepMetrics> whole = run(choice, config("steps=10", "learning_rate=0.005"), null).history();
            List<StepMetrics> parts = run(choice, config("steps=10", "learning_rate=0.005", "micro_batch_size=1"), null).history();
            for (int i = 0; i < whole.size(); i++) {
                String where = kind.title() + ", step " + (i + 1);
                assertEquals(whole.get(i).gradNorm(), parts.get(i).gradNorm(), 1e-3 * whole.get(i).gradNorm(), where);
                Map<String, Double> expected = whole.get(i).terms();
                parts.get(i).terms()
                        .forEach((name, x) -> assertEquals(expected.get(name), x, 1e-6 + 1e-3 * Math.abs(x), where + " " + name));
                assertEquals(expected.keySet(), parts.get(i).terms().keySet(), where);
            }
        }
    }

    /** The strength that was asked for is the weight of the term that is logged, or the number of directions kept. */
    @Test void theStrengthIsTheWeightOfTheTerm() {
        FineTune.Result first = run("lora", Double.NaN);
        Peft.save(first.lora(), temp.resolve("first"), base.toString());
        for (var e : java.util.Map.of("ewc", "EWC", "kl", "KL", "asft", "AsFT", "lisa", "proximal",
                "contrast", "contrast", "contrast_linear", "contrast").entrySet()) {
            // From an adapter that has moved, or the first term would be zero; Lisa's third step begins its task phase, its fourth is held
            // to that.
            var log = run(new MethodChoice(MethodKind.of(e.getKey()), 7), config("steps=5"), temp.resolve("first")).history()
                    .get(e.getKey().equals("lisa") ? 3 : 0);
            double term = log.terms().get(e.getValue());
            assertTrue(term > 0, e.getKey() + " " + log);
            assertEquals(7 * term, log.terms().get("penalty"), 1e-9 * term, e.getKey());
        }
        for (String method : List.of("kl_first", "first_tokens", "kl_sparse")) {
            var history = run(new MethodChoice(MethodKind.of(method), 7), config("steps=4"), temp.resolve("first")).history();
            boolean sparse = method.equals("kl_sparse");
            assertEquals(!sparse, history.getFirst().terms().containsKey("KL"), method);
            var terms = history.get(sparse ? 3 : 0).terms();
            assertTrue(terms.get("KL") > 0, method);
            assertEquals((sparse ? 28 : 7) * terms.get("KL"), terms.get("penalty"), 1e-9, method);
        }
        var agl = run(new MethodChoice(MethodKind.AGL, 7), config("steps=1", "agl.lambda_NC=0", "agl.lambda_T=0"), temp.resolve("first"))
                .history().getFirst();
        assertEquals(7 * agl.terms().get("L_A"), agl.terms().get("penalty"), 1e-9);
        assertTrue(agl.terms().get("penalty") > 0);
        for (String method : List.of("safeanchor", "projection")) {
            run(method, 2).fisher().values().forEach(f -> assertEquals(2, f.eigenvalues().length, method));
        }
    }

    /** NEFTune's noise is in the task loss: what a method computes itself, and the Fisher information, are as without it. */
    @Test void theMethodsOwnPassesHaveNoNoise() {
        Peft.save(run("lora", Double.NaN).lora(), temp.resolve("first"), base.toString());
        for (String name : List.of("kl", "kl_own", "first_tokens", "sbr", "der", "contrast", "contrast_linear", "ewc", "agl")) {
            MethodChoice choice = MethodChoice.of(name);
            FineTune.Result quiet = run(choice, config("steps=1"), temp.resolve("first"));
            FineTune.Result noisy = run(choice, config("steps=1", "neftune_noise_alpha=50"), temp.resolve("first"));
            assertTrue(Math.abs(quiet.lastStep().loss() - noisy.lastStep().loss()) > 1e-4, name + ": the noise shows");
            assertTrue(quiet.lastStep().terms().get("penalty") > 0, name);
            assertEquals(quiet.lastStep().terms(), noisy.lastStep().terms(), name);
        }
    }

    @Test void klStaysNearerToTheBaseTheStrongerItIs() {
        double weak = run("kl", 0.01).lastStep().terms().get("KL");
        double strong = run("kl", 30).lastStep().terms().get("KL");
        assertTrue(strong < 0.5 * weak, "KL " + weak + " with weight 0.01, " + strong + " with 30");
    }

    @Test void aProjectedAdapterHasLeftTheSubspaceAndIsAPeftAdapter() {
        FineTune.Result result = run("projection", 2);
        for (TrainTrace.Layer layer : result.trace().layers().values()) {
            assertTrue(layer.share() < 0.05, "share in the subspace after the projection: " + layer.share());
        }
        assertEquals(4, result.lora().config().r());
        Peft.save(result.lora(), temp.resolve("adapter"), base.toString());
        ModelBundle again = TinyModel.load(base);
        double loss = new Trainer(again.model(), List.of(), config().train()).evaluate(again.encode(TASK, 64));
        Peft.load(again.model(), temp.resolve("adapter"), 0);
        double tuned = new Trainer(again.model(), List.of(), config().train()).evaluate(again.encode(TASK, 64));
        assertTrue(tuned < loss, loss + " -> " + tuned);
    }

    @Test void trainingGoesOnFromAnotherAdapter() {
        FineTune.Result first = run("lora", Double.NaN);
        Peft.save(first.lora(), temp.resolve("first"), base.toString());
        FineTune.Result second = run(MethodChoice.of("lora"), config("r=5"), temp.resolve("first"));
        assertEquals(2, second.lora().config().r(), "the rank is the adapter's own");
        assertTrue(second.history().getFirst().loss() < first.history().getFirst().loss());
    }

    @Test void lisaAlternatesItsData() {
        List<String> kinds = run("lisa", 1).history().stream().map(m -> m.onTask() ? "t" : "a").toList();
        assertEquals("aattttttttaa", String.join("", kinds));
    }

    /** The task's answers begin as the base's would have, the stronger the nearer; without the method they do not. */
    @Test void firstTokensStayNearTheBaseTheStrongerTheyAreHeld() {
        double weak = run("first_tokens", 0.01).lastStep().terms().get("KL");
        double strong = run("first_tokens", 30).lastStep().terms().get("KL");
        assertTrue(strong < 0.5 * weak, "KL " + weak + " with weight 0.01, " + strong + " with 30");
    }

    /** A third of plain LoRA's B, and its A; the mean of plain LoRA's weights after each step. */
    @Test void whatIsKeptOfPlainLorasRun() {
        List<double[]> course = new ArrayList<>();
        new FineTune(TinyModel.load(base), config()).run(MethodChoice.of("lora"), new TrainData(TASK, List.of(), ALIGNMENT), null, null,
                (step, total, lora) -> course.add(lora.parameters().stream().flatMapToDouble(t -> Arrays.stream(t.toArray())).toArray()));
        double[] mean = new double[course.getFirst().length];
        double sum = 0;
        for (int t = 0; t < course.size(); t++) {
            double weight = Math.pow(0.8, course.size() - 1 - t);
            sum += weight;
            for (int e = 0; e < mean.length; e++) {
                mean[e] += weight * course.get(t)[e];
            }
        }
        double total = sum;
        assertArrayEquals(Arrays.stream(mean).map(m -> m / total).toArray(), weights(run("ema", 0.8)), 1e-6);
        LoraModel third = run("scale", 1.0 / 3).lora();
        LoraModel plain = run("lora", Double.NaN).lora();
        plain.layers().forEach((name, layer) -> {
            assertArrayEquals(layer.a().toArray(), third.layers().get(name).a().toArray(), 0, name);
            assertArrayEquals(Arrays.stream(layer.b().toArray()).map(b -> b / 3).toArray(), third.layers().get(name).b().toArray(), 1e-7);
        });
    }

    /** More alignment examples among the task's: less loss on them, and every step says that its loss is of both. */
    @Test void mixedExamplesAreLearned() {
        ModelBundle bundle = TinyModel.load(base);
        double[] loss = new double[3];
        int at = 0;
        for (String method : List.of("lora", "mix", "more")) {
            MethodChoice choice = method.equals("lora") ? MethodChoice.of("lora")
                    : new MethodChoice(MethodKind.MIX, method.equals("mix") ? 0.125 : 0.5);
            FineTune.Result result = run(choice, config("steps=40", "learning_rate=0.05"), null);
            loss[at++] = new Trainer(result.lora().model(), List.of(), config().train()).evaluate(bundle.encode(ALIGNMENT, 64));
            assertEquals(method.equals("lora"), result.history().stream().allMatch(StepMetrics::onTask));
            assertTrue(result.lastStep().line().containsKey(method.equals("lora") ? "task_loss" : "mixed_loss"));
            assertTrue(result.trace().terms().isEmpty(), "a loss is no term");
        }
        assertTrue(loss[1] < loss[0] - 0.05 && loss[2] < loss[1] - 0.05, Arrays.toString(loss));
    }

    @Test void aRefreshedFisherIsThatOfTheWeightsAsTheyAre() {
        double[] once = weights(run(MethodChoice.of("agl"), config(), null));
        double[] refreshed = weights(run(MethodChoice.of("agl"), config("agl.refresh_every=4"), null));
        assertFalse(Arrays.equals(once, refreshed));
        double[] running = weights(run(MethodChoice.of("agl"), config("agl.refresh_every=4", "agl.H=ema_grad_sq", "agl.lambda_T=1"), null));
        assertTrue(Arrays.stream(running).allMatch(Double::isFinite) && !Arrays.equals(refreshed, running));
    }

    /** A new estimate takes the place of the old one; without a source there is none. */
    @Test void theFisherIsEstimatedAnewEverySoManySteps() {
        AglRegularizer regularizer = new AglRegularizer(AglSettings.DEFAULT.with("{\"refresh_every\":2}"), Map.of(), null);
        int[] asked = {0};
        Agl agl = new Agl(regularizer, 0, () -> {
            asked[0]++;
            return Map.of();
        });
        assertEquals(2, agl.refreshEvery());
        assertEquals(0, new Agl(regularizer, 0).refreshEvery());
        agl.refresh(null, List.of());
        assertEquals(1, asked[0]);
    }

    /** What users choose by stands where they look for it: a new method is not to be forgotten there. */
    @Test void everyMethodIsNamedInHelpAndOnItsPage() throws IOException {
        String page = Files.readString(Path.of("..", "docs", "METHODS.md"));
        String train = CommandLineRun.of("train", "--help").out();
        String compare = CommandLineRun.of("compare", "--help").out();
        for (MethodKind kind : MethodKind.values()) {
            for (String text : List.of(page, train, compare)) {
                assertTrue(Pattern.compile("\\b" + kind.title() + "\\b").matcher(text).find(), kind.title() + " is not in " + text);
            }
            String strength = kind.strength().name();
            assertTrue(strength == null || Pattern.compile("\\b" + strength + "\\b").matcher(train).find(),
                    strength + " is not in " + train);
            String row = page.lines().filter(line -> line.startsWith("| " + kind.title() + " |")).findFirst().orElseThrow();
            double byDefault = kind == MethodKind.AGL ? AglSettings.DEFAULT.lambdaA() : kind.strength().byDefault();
            String number = byDefault == Math.rint(byDefault) ? (long) byDefault + "" : byDefault + "";
            assertTrue(strength == null || row.contains("| " + strength + " (" + (Double.isNaN(byDefault) ? "" : number + ") |")), row);
        }
    }

    /** The table of docs/METHODS.md is that of the methods themselves. */
    @Test void thePageGroupsThemByWhatTheyNeed() throws IOException {
        String page = Files.readString(Path.of("..", "docs", "METHODS.md"));
        for (Needs needs : Needs.values()) {
            String row = page.lines().filter(line -> line.startsWith("| " + needs.title() + " |")).findFirst().orElseThrow();
            assertEquals(Arrays.stream(MethodKind.values()).filter(k -> k.needs() == needs).map(MethodKind::title).toList(),
                    List.of(row.split(" \\| ")[1].replace(" |", "").split(", ")), row);
        }
    }

    @Test void everyChoiceOfFisherDataIsAnEstimateOfItsOwn() {
        ModelBundle bundle = TinyModel.load(base);
        List<double[]> traces = new ArrayList<>();
        for (String data : List.of("alignment", "task", "contrast", "contrast_task")) {
            for (int tokens : new int[] {0, 1}) {
                RunConfig config = config("agl.fisher_data=" + data, "agl.fisher_tokens=" + tokens);
                LoraModel lora = LoraModel.attach(bundle.model(), FineTune.loraConfig(config.train()), 1, DType.F32);
                traces.add(new FisherSource(bundle).estimate(lora, config, config.agl(), ALIGNMENT, TASK).values().stream()
                        .mapToDouble(Fisher::trace).toArray());
                lora.detach();
            }
        }
        for (int i = 0; i < traces.size(); i++) {
            for (int j = 0; j < i; j++) {
                assertFalse(Arrays.equals(traces.get(i), traces.get(j)), "estimates " + i + " and " + j);
            }
        }
    }

    @Test void whatIsMissingIsNamed() {
        for (MethodKind kind : MethodKind.values()) {
            if (kind.needs() == Needs.UNALIGNED) {
                message("--unaligned", () -> kind.require(AglSettings.DEFAULT, true, false));
            } else if (kind.needs() != Needs.NOTHING) {
                message("--alignment", () -> kind.require(AglSettings.DEFAULT, false, true));
            }
            kind.require(AglSettings.DEFAULT, true, true);
        }
        message("earlystop", () -> MethodKind.of("sgd"));
        message("no --strength", () -> new MethodChoice(MethodKind.LORA, 1));
        message("whole number", () -> new MethodChoice(MethodKind.OPLORA, 1.5));
        message("share_of_steps", () -> new MethodChoice(MethodKind.EARLYSTOP, 1.5));
        message("lambda", () -> new MethodChoice(MethodKind.EWC, -1));
        message("k must be below the smaller side", () -> new FineTune(TinyModel.load(base), config())
                .run(new MethodChoice(MethodKind.OPLORA, 100_000), new TrainData(TASK, List.of(), List.of()), null, null,
                        (step, total, lora) -> {}));
        message(base.toString(), () -> new FineTune(TinyModel.load(base), config())
                .run(MethodChoice.of("asft"), new TrainData(TASK, List.of(), List.of(), base, null), null, null,
                        (step, total, lora) -> {}));
    }

    private static void message(String part, org.junit.jupiter.api.function.Executable work) {
        String message = assertThrows(AglException.class, work).getMessage();
        assertTrue(message.contains(part) && !message.contains("\n"), message);
    }
}
