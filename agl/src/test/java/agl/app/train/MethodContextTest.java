package agl.app.train;

import static java.util.stream.Collectors.joining;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.TinyModel;
import agl.app.data.Batches;
import agl.app.data.Example;
import agl.app.model.ModelBundle;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.lora.LoraModel;
import agl.nn.Batch;
import agl.nn.Generator;
import agl.nn.ModelConfig;
import agl.nn.Models;
import agl.regularizers.method.Method;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What methods get of a run. */
class MethodContextTest {
    private static final List<Example> TASK = examples(4, "tell me a story ", "the red fox");
    private static final List<Example> ALIGNMENT = examples(6, "about the dog ", "the cat");

    @TempDir Path temp;
    private Path base;
    private ModelBundle bundle;
    private LoraModel lora;

    @BeforeEach void model() {
        base = TinyModel.write(temp.resolve("base"), 3);
        bundle = TinyModel.load(base);
        lora = LoraModel.attach(bundle.model(), FineTune.loraConfig(config("lora").train()), 1, DType.F32);
    }

    private static List<Example> examples(int count, String ask, String answer) {
        return IntStream.range(0, count).mapToObj(i -> new Example(ask + i, answer)).toList();
    }

    private static RunConfig config(String method, String... sets) {
        List<String> all = new ArrayList<>(List.of("steps=1", "batch_size=4", "r=2", "max_length=64", "lora_dropout=0"));
        all.addAll(List.of(sets));
        return RunConfig.of(null, all).resolved(MethodChoice.of(method));
    }

    private MethodContext context(RunConfig config, Path unaligned) {
        TrainData data = new TrainData(TASK, List.of(), ALIGNMENT, unaligned, null);
        return new MethodContext(bundle, lora, config, data, new FisherSource(bundle), null);
    }

    /** Batches are those of the settings whatever the micro-batch; their passes are of its size. */
    @ParameterizedTest @CsvSource({"0,4,4 | 2", "3,4,3 1 | 2", "1,4,1 1 1 1 | 1 1", "9,4,4 | 2", "0,6,6", "2,7,2 2 2"})
    void passesOfAlignmentExamples(int micro, int batch, String sizes) {
        List<List<Batch>> batches = context(config("kl", "micro_batch_size=" + micro, "batch_size=" + batch), null).alignmentBatches();
        assertEquals(sizes, sizes(batches));
    }

    /** Sequences of each pass, batch by batch. */
    private static String sizes(List<List<Batch>> batches) {
        return batches.stream().map(passes -> passes.stream().map(b -> String.valueOf(b.sequences())).collect(joining(" ")))
                .collect(joining(" | "));
    }

    /** Prompt and the first tokens of the answer, where the answer is longer. */
    @ParameterizedTest @CsvSource({"1,6", "2,12", "0,18", "5,18"}) void openingsOfAnswers(int tokens, int targets) {
        assertEquals(18, bundle.encode(ALIGNMENT, 64).stream().mapToInt(e -> e.lossTokens()).sum(), "three tokens each");
        List<Batch> openings = context(config("kl_first"), null).alignmentOpenings(tokens).stream().flatMap(List::stream).toList();
        assertEquals(targets, openings.stream().mapToInt(Batch::targetCount).sum());
        int cut = (18 - targets) / 6;
        assertEquals(bundle.encode(ALIGNMENT, 64).stream().mapToInt(e -> e.length() - cut).sum(),
                openings.stream().mapToInt(Batch::size).sum());
    }

    /** What the base says itself, in ids: with the adapter off, although it has moved; to the end of each answer or its last token. */
    @Test void ownAnswersAreTheBasesOwn() {
        RunConfig config = config("kl_own", "batch_size=4", "micro_batch_size=3", "max_length=40");
        List<int[]> prompts = FisherSource.chosen(config, ALIGNMENT).stream().map(e -> bundle.prompt(e.request())).toList();
        List<int[]> said = Generator.of(bundle.model()).generate(prompts, Generator.Settings.greedy(64), bundle::isStop);
        lora.layers().values().forEach(l -> IntStream.range(0, l.b().size()).forEach(i -> l.b().data().set(i, 3 * Math.sin(i))));
        assertFalse(Arrays.equals(said.getFirst(), Generator.of(bundle.model()).generate(prompts, Generator.Settings.greedy(64),
                bundle::isStop).getFirst()), "the adapter says something else");
        List<List<Batch>> batches = context(config, null).ownAnswers();
        assertEquals("3 1 | 2", sizes(batches));
        Batch all = Batch.concat(batches.stream().flatMap(List::stream).toList());
        for (int i = 0; i < prompts.size(); i++) {
            int[] prompt = prompts.get(i);
            int[] own = Arrays.copyOfRange(all.tokens(), all.starts()[i], all.starts()[i + 1]);
            int end = Math.min(40, prompt.length + said.get(i).length + (said.get(i).length < 64 ? 1 : 0));
            assertEquals(end, own.length);
            int[] expected = IntStream.concat(Arrays.stream(prompt), Arrays.stream(said.get(i))).toArray();
            int read = Math.min(end, expected.length);
            assertArrayEquals(Arrays.copyOf(expected, read), Arrays.copyOf(own, read));
            int from = all.starts()[i];
            for (int t = 0; t < own.length; t++) {
                assertEquals(t >= prompt.length - 1 && t + 1 < own.length, all.targets()[from + t] >= 0, i + " " + t);
            }
        }
    }

    /** The examples of the step that the trainer takes, in passes of a micro-batch. */
    @Test void openingsOfTheStepsOwnExamples() {
        RunConfig config = config("first_tokens", "batch_size=3", "micro_batch_size=2", "seed=5");
        Batches task = new Batches(bundle.encode(TASK, 64), 3, 5);
        for (int step = 0; step < 4; step++) {
            List<Batch> passes = context(config, null).taskOpenings(2).of(step);
            int[] expected = Batches.collate(task.examplesOf(step).stream().map(e -> e.answerPart(0, 2)).toList()).tokens();
            assertArrayEquals(expected, Batch.concat(passes).tokens(), "step " + step);
            assertEquals(step % 2 == 0 ? 2 : 1, passes.size());
        }
    }

    @ParameterizedTest @CsvSource({"1,1", "5,5", "6,6", "96,6"})
    void asManyAlignmentExamplesAsAskedFor(int wanted, int expected) {
        List<List<Batch>> batches = context(config("kl", "fisher_examples=" + wanted), null).alignmentBatches();
        assertEquals(expected, batches.stream().flatMap(List::stream).mapToInt(Batch::sequences).sum());
    }

    /** An estimate leaves the layers without listeners: the running mean has to be set on them again, or it hears no more gradients. */
    @ParameterizedTest @CsvSource({"false", "true"})
    void theRunningMeanHearsAfterAnEstimateToo(boolean refresh) {
        // L_T is zero without an update and without a mean.
        lora.layers().values().forEach(l -> IntStream.range(0, l.b().size()).forEach(i -> l.b().data().set(i, 0.1 + i % 7 * 0.01)));
        RunConfig config = config("agl", "fisher_examples=3", "agl.H=ema_grad_sq", "agl.lambda_T=1");
        MethodContext context = context(config, null);
        Method method = context.make();
        if (refresh) {
            assertEquals(lora.layers().keySet(), context.current(config.agl()).keySet());
        }
        List<StepMetrics> history = new ArrayList<>();
        Trainer.Job job = new Trainer.Job(bundle.encode(TASK, 64), List.of(), List.of(), method, Adapters.factors(lora), 1);
        new Trainer(bundle.model(), lora.parameters(), config.train()).run(job, (m, of) -> history.add(m));
        assertTrue(history.getFirst().terms().get("L_T") > 0, history.toString());
    }

    @Test void anotherModelIsNotTheOneBeforeAlignment() {
        Path unaligned = TinyModel.write(temp.resolve("unaligned"), 4);
        assertEquals(lora.layers().keySet(), context(config("asft"), unaligned).alignmentMatrices().keySet());
        Path shallow = temp.resolve("shallow");
        ModelConfig one = ModelConfig.llama(16, 1, 4, 2, 24, bundle.model().config().vocabulary()).withPositions(96);
        Models.save(Models.random(one, 4, DType.F32), shallow, base, DType.F32);
        String message = assertThrows(AglException.class, () -> context(config("asft"), shallow).alignmentMatrices()).getMessage();
        assertEquals(shallow + ": has no layer model.layers.1.self_attn.q_proj, so it is not the checkpoint from which the base was "
                + "aligned", message);
    }

    /** Plain LoRA is what is trained where the method only says how long. */
    @Test void everyMethodIsMade() {
        List<Example> alignment = new ArrayList<>(ALIGNMENT);
        alignment.addAll(examples(3, "how to ", "I cannot help with that."));
        TrainData data = new TrainData(TASK, List.of(), alignment, TinyModel.write(temp.resolve("unaligned"), 4), null);
        for (MethodKind kind : MethodKind.values()) {
            MethodChoice choice = new MethodChoice(kind, kind == MethodKind.OPLORA ? 2 : Double.NaN);
            RunConfig config = config("lora", "fisher_examples=2").resolved(choice);
            Method method = new MethodContext(bundle, lora, config, data, new FisherSource(bundle), null).make();
            assertEquals(kind == MethodKind.EARLYSTOP ? "lora" : kind.title(), method.name());
        }
    }

    /** v_proj is (8, 16): with eight directions gone nothing of it is left to train. */
    @Test void oploraLeavesADirection() {
        RunConfig base = config("oplora");
        assertEquals("oplora", context(base.resolved(new MethodChoice(MethodKind.OPLORA, 7)), null).make().name());
        String message = assertThrows(AglException.class,
                () -> context(base.resolved(new MethodChoice(MethodKind.OPLORA, 8)), null).make()).getMessage();
        assertEquals("method oplora: k must be below the smaller side of every adapted matrix, here 8, got 8", message);
    }

    @Test void weightsAreTheFrozenOnesOfTheAdaptedLayers() {
        var weights = context(config("oplora"), null).weights();
        assertEquals(lora.layers().keySet(), weights.keySet());
        lora.layers().forEach((name, l) -> assertEquals(l.base().weight(), weights.get(name), name));
    }
}
