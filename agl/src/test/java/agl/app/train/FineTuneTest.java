package agl.app.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.StandardError;
import agl.app.TinyModel;
import agl.app.data.Example;
import agl.app.data.PromptTemplate;
import agl.app.io.MetricsLog;
import agl.app.model.ModelBundle;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.lora.LoraConfig;
import agl.lora.LoraModel;
import agl.lora.Peft;
import agl.nn.ModelConfig;
import agl.nn.Models;
import agl.nn.tokenizer.BpeTrainer;
import agl.nn.tokenizer.HfTokenizer;
import agl.regularizers.Fisher;
import agl.regularizers.method.Method;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.SequencedMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One run from the outside: what is told on the way, what is refused, and that nothing is given back as a result which is none. */
class FineTuneTest {
    private static final List<Example> TASK = examples("tell me a story ", "the red fox sat on the mat ", 8);
    private static final List<Example> ALIGNMENT = examples("about the dog ", "the cat and the dog ", 4);
    private static final FineTune.Observer NOBODY = (step, total, lora) -> { };

    @TempDir Path temp;
    private Path base;
    private ModelBundle bundle;

    @BeforeEach void model() {
        base = TinyModel.write(temp.resolve("base"), 3);
        bundle = TinyModel.load(base);
    }

    private static List<Example> examples(String ask, String answer, int count) {
        return IntStream.range(0, count).mapToObj(i -> new Example(ask + i, answer + i % 3)).toList();
    }

    private static RunConfig config(String... sets) {
        List<String> all = new ArrayList<>(List.of("steps=4", "batch_size=4", "learning_rate=0.02", "r=2", "max_length=64",
                "fisher_examples=3", "seed=7"));
        all.addAll(List.of(sets));
        return RunConfig.of(null, all);
    }

    private FineTune.Result run(String method, TrainData data, MetricsLog log, FineTune.Observer observer, String... sets) {
        return new FineTune(bundle, config(sets)).run(MethodChoice.of(method), data, null, log, observer);
    }

    private static TrainData data(List<Example> evaluation) {
        return new TrainData(TASK, evaluation, ALIGNMENT);
    }

    private static String message(org.junit.jupiter.api.function.Executable work) {
        return assertThrows(AglException.class, work).getMessage();
    }

    @Test void everyStepIsWrittenOnceAndHeardOf() throws IOException {
        Path file = temp.resolve("metrics.jsonl");
        List<String> heard = new ArrayList<>();
        FineTune.Result[] result = new FineTune.Result[1];
        String said = StandardError.during(() -> {
            try (MetricsLog log = new MetricsLog(file)) {
                result[0] = run("lora", data(TASK.subList(0, 2)), log,
                        (step, total, lora) -> heard.add(step + " of " + total + " with " + lora.config().r()));
            }
        });
        assertEquals(List.of("1 of 4 with 2", "2 of 4 with 2", "3 of 4 with 2", "4 of 4 with 2"), heard);
        assertTrue(said.lines().toList().getLast().startsWith("lora seed 7: 4 of 4 in "), said);
        List<String> lines = Files.readAllLines(file);
        assertEquals(4, lines.size());
        for (int i = 0; i < 4; i++) {
            JsonNode line = new ObjectMapper().readTree(lines.get(i));
            assertEquals("lora 7 " + (i + 1), line.get("method").asText() + " " + line.get("seed") + " " + line.get("step"));
            assertEquals(result[0].history().get(i).loss(), line.get("task_loss").asDouble());
            assertEquals(i == 3, line.has("eval_loss"));
        }
        assertEquals(result[0].evalLoss(), new ObjectMapper().readTree(lines.get(3)).get("eval_loss").asDouble());
    }

    /** The last update has no loss after it that would show what it did: the adapter itself is looked at. */
    @Test void anAdapterOfNoNumbersIsRefused() {
        FineTune.Observer breaking = (step, total, lora) -> {
            if (step == total) {
                lora.parameters().getLast().data().set(lora.parameters().getLast().size() - 1, Double.NaN);
            }
        };
        String refused = "training ended with %s: it is not written; try a lower learning rate than 0.02";
        for (List<Example> held : List.of(List.<Example>of(), TASK)) {
            model();
            assertEquals(String.format(refused, "weights that are not finite"), message(() -> run("lora", data(held), null, breaking)));
        }
        model();
        FineTune.Observer huge = (step, total, lora) -> lora.layers().values().forEach(l -> l.b().data().set(0, step == total ? 3e38 : 0));
        assertEquals(String.format(refused, "a held-out loss of NaN"), message(() -> run("lora", data(TASK.subList(0, 2)), null, huge)));
    }

    /** Two branches take agl.alignment_rank of the adapter's rank, which has to leave some. */
    @ParameterizedTest @CsvSource({"2,2,true", "2,1,false", "3,2,false", "1,2,true"})
    void anAdapterWithoutRoomForTwoBranchesIsRefused(int rank, int alignmentRank, boolean refused) {
        Path init = temp.resolve("init");
        Peft.save(LoraModel.attach(Models.load(base), LoraConfig.of(rank, 4, 0, "q_proj"), 5, DType.F32), init, base.toString());
        TrainData data = new TrainData(TASK, List.of(), ALIGNMENT, null, init);
        String[] sets = {"r=4", "agl.alignment_rank=" + alignmentRank};
        if (refused) {
            assertEquals(init + ": its rank " + rank + " leaves no room for agl.alignment_rank " + alignmentRank,
                    message(() -> run("agl", data, null, NOBODY, sets)));
        } else {
            assertEquals(4, run("agl", data, null, NOBODY, sets).history().size());
        }
    }

    @Test void whatMovesTheModelBesideTheUpdateIsRefusedInARunToo() {
        assertTrue(message(() -> run("ewc", data(List.of()), null, NOBODY, "use_dora=true")).startsWith("method ewc sees the update"));
    }

    @Test void theCheckBeforeTheLongWorkLeavesTheModelAsItWas() {
        TrainSettings plain = config().train();
        FineTune.requireAdapter(bundle, MethodKind.EWC, plain, data(List.of()));
        FineTune.requireAdapter(bundle, MethodKind.LORA, config("use_dora=true").train(), data(List.of()));
        String dora = message(() -> FineTune.requireAdapter(bundle, MethodKind.EWC, config("use_dora=true").train(), data(List.of())));
        assertTrue(dora.startsWith("method ewc sees the update"), dora);
        assertDoesNotThrow(() -> run("lora", data(List.of()), null, NOBODY));
    }

    /** Alignment data is trained on by a method that has steps for it, and its loss has its own name. */
    @Test void lisaTrainsOnAlignmentData() {
        List<StepMetrics> history = run("lisa", data(List.of()), null, NOBODY).history();
        assertEquals(List.of(false, false, true, true), history.stream().map(StepMetrics::onTask).toList());
        model();
        TrainTrace trace = run("lisa", data(List.of()), null, NOBODY, "steps=2").trace();
        assertTrue(trace.curves().containsKey("alignment_loss"));
        assertFalse(trace.curves().containsKey("task_loss"), "a run that never saw the task has no loss of it");
    }

    @Test void missingDataIsNamedByOption() {
        TrainData none = new TrainData(TASK, List.of(), List.of());
        assertEquals("--method agl needs --alignment FILE: examples of what the model should keep doing (builtin: those that come with agl)"
                + "; or --fisher FILE, made from them by agl fisher",
                message(() -> run("agl", none, null, NOBODY)));
        model();
        assertTrue(message(() -> run("safelora", data(List.of()), null, NOBODY)).startsWith("--method safelora needs --unaligned DIR"));
    }

    /** An answer that the tokenizer makes nothing of, and that nothing ends, has no token to predict. */
    @Test void heldOutExamplesWithoutAnAnswerAreRefused() throws IOException {
        Path parts = temp.resolve("parts");
        BpeTrainer.train(List.of("the cat sat on the mat", "tell me a story"), 280, List.of()).write(parts, null, null, null, null);
        Path tokenizer = parts.resolve("tokenizer.json");
        ObjectNode json = (ObjectNode) new ObjectMapper().readTree(tokenizer.toFile());
        json.putObject("normalizer").put("type", "Replace").put("content", "").putObject("pattern").put("String", "zz");
        Files.writeString(tokenizer, json.toString());
        Path endless = temp.resolve("endless");
        ModelConfig config = ModelConfig.llama(16, 2, 4, 2, 24, HfTokenizer.load(parts).vocabSize()).withPositions(96);
        Models.save(Models.random(config, 3, DType.F32), endless, parts, DType.F32);
        bundle = ModelBundle.load(endless, PromptTemplate.PLAIN);
        List<Example> empty = List.of(new Example("tell me", "zz"), new Example("a story", "zzzz"));
        assertEquals(0, bundle.encode(empty, 64).stream().mapToInt(e -> e.lossTokens()).sum());
        assertEquals("none of the 2 held-out examples has an answer within max_length 64: there is nothing to measure",
                message(() -> run("lora", data(empty), null, NOBODY)));
        bundle = ModelBundle.load(endless, PromptTemplate.PLAIN);
        List<Example> one = List.of(empty.getFirst(), new Example("tell me", "the cat"));
        assertTrue(Double.isFinite(run("lora", data(one), null, NOBODY).evalLoss()));
    }

    /** Estimated at the start and after step 2; after the last step there is nothing left to estimate for. */
    @Test void aRefreshIsForStepsToCome() {
        String said = StandardError.during(() -> run("agl", data(List.of()), null, NOBODY, "agl.refresh_every=2"));
        assertEquals(2, said.lines().filter(l -> l.startsWith("Fisher: 3 of 3 in ")).count(), said);
    }

    @Test void anEstimateThatIsThereIsUsed() {
        LoraModel lora = LoraModel.attach(bundle.model(), FineTune.loraConfig(config().train()), 1, DType.F32);
        FineTune fineTune = new FineTune(bundle, config("agl.fisher_data=task"));
        Map<String, Fisher> made = fineTune.estimate(lora, List.of(), TASK);
        assertEquals(lora.layers().keySet(), made.keySet());
        assertTrue(made.values().stream().allMatch(f -> f.trace() > 0));
        assertEquals("the Fisher information needs alignment examples: name a file with --alignment",
                message(() -> new FineTune(bundle, config()).estimate(lora, List.of(), TASK)));
        lora.detach();
        String said = StandardError.during(() -> assertSame(made, runWith("agl", made).fisher()));
        assertFalse(said.contains("Fisher:"), said);
        model();
        assertSame(null, runWith("lora", made).fisher(), "it did not ask for one");
    }

    private FineTune.Result runWith(String method, Map<String, Fisher> fisher) {
        return new FineTune(bundle, config()).run(MethodChoice.of(method), data(List.of()), fisher, null, NOBODY);
    }

    /** The same data, another normalisation: the two are not one estimate; the same again is not made again. */
    @Test void estimatesAreSharedWhereTheyAreTheSame() {
        LoraModel lora = LoraModel.attach(bundle.model(), FineTune.loraConfig(config().train()), 1, DType.F32);
        FisherSource source = new FisherSource(bundle);
        List<Map<String, Fisher>> found = new ArrayList<>();
        String said = StandardError.during(() -> {
            for (String norm : List.of("none", "trace", "none", "trace", "max", "none")) {
                RunConfig c = config("agl.fisher_norm=" + norm);
                found.add(source.estimate(lora, c, c.agl(), ALIGNMENT, TASK));
            }
        });
        assertSame(found.get(0), found.get(2));
        assertSame(found.get(1), found.get(3));
        long made = said.lines().filter(l -> l.startsWith("Fisher: 3 of 3 in ")).count();
        assertEquals(4, made, "two are remembered, the third took the first one's place: " + said);
        assertArrayEquals(new double[] {1, 1}, List.of(found.get(0), found.get(5)).stream()
                .mapToDouble(m -> m.values().iterator().next().scale()).toArray());
    }

    @Test void theSettingsShapeTheAdapter() {
        RunConfig config = config("r=3", "lora_alpha=5", "lora_dropout=0.3", "target_modules=o_proj", "use_rslora=true");
        LoraConfig c = FineTune.loraConfig(config.train());
        assertEquals(List.of(3, 5.0, 0.3, "o_proj", true, false),
                List.of(c.r(), c.loraAlpha(), c.loraDropout(), c.targets().toString(), c.useRslora(), c.useDora()));
        assertTrue(FineTune.loraConfig(config("use_dora=true").train()).useDora());
    }

    @Test void aStepInAFewWords() {
        SequencedMap<String, Double> terms = new LinkedHashMap<>();
        terms.put("L_T", 0.5);
        terms.put("weighted_L_T", 7.0);
        terms.put("L_A", 1234.5);
        StepMetrics step = new StepMetrics(1, Method.Source.TASK, 1.25, terms, 1, 0.1, 8, OptionalDouble.empty());
        assertEquals("task 1.250  L_T 5.00e-01  L_A 1.23e+03", FineTune.message(step));
        step = new StepMetrics(1, Method.Source.ALIGNMENT, 2, new LinkedHashMap<>(), 1, 0.1, 8, OptionalDouble.empty());
        assertEquals("alignment 2.000", FineTune.message(step));
        step = new StepMetrics(1, Method.Source.MIXED, 2, new LinkedHashMap<>(), 1, 0.1, 8, OptionalDouble.empty());
        assertEquals("mixed 2.000", FineTune.message(step));
    }
}
