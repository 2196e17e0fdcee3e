package agl.app.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.TinyModel;
import agl.app.data.EncodedExample;
import agl.app.data.Example;
import agl.app.model.ModelBundle;
import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.op.Linear;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.lora.LoraModel;
import agl.nn.Generator;
import agl.nn.LinearLayer;
import agl.regularizers.LoraFactors;
import agl.regularizers.method.Method;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SequencedMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The training loop, step by step, with values known by hand or measured in another way. */
class TrainerTest {
    /** Answers of very different lengths: where the weight of a micro-batch is not its number of targets, it shows. */
    private static final List<Example> UNEVEN = List.of(new Example("tell me", "the cat"),
            new Example("tell me a story", "the red fox sat on the mat and the dog sat on the cat"),
            new Example("about the dog", "story"), new Example("about", "the cat sat on the mat the cat sat on the mat the cat"));

    @TempDir Path temp;
    private ModelBundle bundle;
    private LoraModel lora;

    @BeforeEach void model() {
        bundle = TinyModel.load(TinyModel.write(temp.resolve("base"), 3));
        lora = LoraModel.attach(bundle.model(), FineTune.loraConfig(settings()), 1, DType.F32);
    }

    private static TrainSettings settings(String... sets) {
        List<String> all = new ArrayList<>(
                List.of("steps=1", "batch_size=4", "learning_rate=0.01", "r=2", "lora_dropout=0", "max_length=96", "eval_every=0"));
        all.addAll(List.of(sets));
        return RunConfig.of(null, all).train();
    }

    private List<StepMetrics> train(TrainSettings s, List<EncodedExample> task, List<EncodedExample> held, List<EncodedExample> alignment,
            Method method) {
        List<StepMetrics> history = new ArrayList<>();
        new Trainer(bundle.model(), lora.parameters(), s)
                .run(new Trainer.Job(task, held, alignment, method, List.of(), s.totalSteps(task.size())), (m, of) -> history.add(m));
        return history;
    }

    /** A step's loss is the mean over all answer tokens of the batch, whatever the passes it is computed in; so is its gradient. */
    @Test void microBatchesCountByTheirTargets() {
        List<TaskMeasure.Result> each = TaskMeasure.run(bundle, UNEVEN, 96, 0, String::equals);
        double mean = TaskMeasure.loss(each, new int[] {0, 1, 2, 3});
        double meanOfMeans = each.stream().mapToDouble(r -> r.loss() / r.tokens()).average().orElseThrow();
        assertTrue(Math.abs(mean - meanOfMeans) > 1e-3, "the examples tell the two apart");
        List<EncodedExample> encoded = bundle.encode(UNEVEN, 96);
        double norm = Double.NaN;
        for (int size : new int[] {0, 1, 2, 3, 4}) {
            model();
            StepMetrics step = train(settings("micro_batch_size=" + size), encoded, List.of(), List.of(), Method.lora()).getFirst();
            assertEquals(mean, step.loss(), 1e-5, "micro_batch_size " + size);
            norm = Double.isNaN(norm) ? step.gradNorm() : norm;
            assertEquals(norm, step.gradNorm(), 1e-5 * norm, "micro_batch_size " + size);
        }
        assertEquals(mean, new Trainer(bundle.model(), List.of(), settings("batch_size=3")).evaluate(encoded), 1e-2,
                "one step of AdamW further");
        lora.detach();
        assertEquals(mean, new Trainer(bundle.model(), List.of(), settings("batch_size=3")).evaluate(encoded), 1e-5);
        assertEquals(mean, new Trainer(bundle.model(), List.of(), settings("batch_size=1")).evaluate(encoded), 1e-5);
    }

    /** Ten steps, three of them warm-up: a third, two thirds, all of the peak; then half a cosine over seven. */
    @Test void theRateWarmsUpAndFalls() {
        List<StepMetrics> steps = train(settings("steps=10", "warmup_ratio=0.3", "lr_floor=0.1", "learning_rate=0.009"),
                bundle.encode(UNEVEN, 96), List.of(), List.of(), Method.lora());
        double[] expected = IntStream.range(0, 10)
                .mapToDouble(i -> i < 3 ? 0.003 * (i + 1) : 0.009 * (0.1 + 0.45 * (1 + Math.cos(Math.PI * (i - 3) / 7)))).toArray();
        for (int i = 0; i < 10; i++) {
            assertEquals(expected[i], steps.get(i).lr(), 1e-12, "step " + i);
        }
        // A share of the steps that is no whole number is rounded up.
        assertEquals(0.01 / 1,
                train(settings("steps=10", "warmup_ratio=0.03"), bundle.encode(UNEVEN, 96), List.of(), List.of(), Method.lora()).getFirst()
                        .lr(),
                1e-12);
        assertEquals(0.01 / 2,
                train(settings("steps=10", "warmup_ratio=0.11"), bundle.encode(UNEVEN, 96), List.of(), List.of(), Method.lora()).getFirst()
                        .lr(),
                1e-12);
    }

    /** AdamW's first step moves each entry of B by its rate, which is LoRA+'s multiple of the step's; A has no gradient while B is 0. */
    @Test void loraPlusMovesBFurther() {
        List<double[]> moved = new ArrayList<>();
        for (String ratio : List.of("1", "8")) {
            model();
            double[] a = lora.layers().values().iterator().next().a().toArray();
            train(settings("steps=1", "loraplus_lr_ratio=" + ratio), bundle.encode(UNEVEN, 96), List.of(), List.of(), Method.lora());
            moved.add(lora.layers().values().iterator().next().b().toArray());
            assertArrayEquals(a, lora.layers().values().iterator().next().a().toArray());
        }
        for (int i = 0; i < moved.getFirst().length; i++) {
            assertEquals(8 * moved.getFirst()[i], moved.getLast()[i], 1e-6 * Math.abs(moved.getLast()[i]));
        }
        assertTrue(Math.abs(moved.getFirst()[0]) > 1e-4, "it moved");
    }

    private Tensor[] trained() {
        return lora.parameters().toArray(Tensor[]::new);
    }

    private List<int[]> answers() {
        return new Generator(bundle.model(), Kernels.best(), new Pool(DType.F32)).generate(List.of(new int[] {3, 5, 7}),
                Generator.Settings.greedy(6), id -> false);
    }

    /** The training loss has noise, and the same for any micro-batch; evaluation and generation after it have none. */
    @Test void noiseIsInTheTrainingLossAlone() {
        List<EncodedExample> encoded = bundle.encode(UNEVEN, 96);
        double without = new Trainer(bundle.model(), List.of(), settings()).evaluate(encoded);
        assertEquals(without, new Trainer(bundle.model(), List.of(), settings("neftune_noise_alpha=50")).evaluate(encoded));
        StepMetrics whole = train(settings("neftune_noise_alpha=50"), encoded, List.of(), List.of(), Method.lora()).getFirst();
        assertTrue(Math.abs(whole.loss() - without) > 1e-3, "noise of that size shows: " + whole.loss() + ", " + without);
        Tensor[] after = trained();
        double evaluated = new Trainer(bundle.model(), List.of(), settings("neftune_noise_alpha=50")).evaluate(encoded);
        List<int[]> answers = answers();
        model();
        for (int t = 0; t < after.length; t++) {
            for (int i = 0; i < after[t].size(); i++) {
                trained()[t].data().set(i, after[t].get(i));
            }
        }
        assertEquals(new Trainer(bundle.model(), List.of(), settings()).evaluate(encoded), evaluated);
        assertArrayEquals(answers().getFirst(), answers.getFirst());
        for (int size : new int[] {1, 3}) {
            model();
            StepMetrics parts = train(settings("neftune_noise_alpha=50", "micro_batch_size=" + size), encoded, List.of(), List.of(),
                    Method.lora()).getFirst();
            assertEquals(whole.loss(), parts.loss(), 1e-5, "micro_batch_size " + size);
            assertEquals(whole.gradNorm(), parts.gradNorm(), 1e-5 * whole.gradNorm(), "micro_batch_size " + size);
        }
    }

    /** Each step has its own noise, and each seed. */
    @Test void noiseIsDrawnAnewForEachStepAndSeed() {
        List<EncodedExample> one = bundle.encode(UNEVEN.subList(0, 1), 96);
        List<Double> losses = new ArrayList<>();
        for (int seed : new int[] {1, 2}) {
            model();
            // With so small a rate the weights stay what they are.
            train(settings("steps=2", "batch_size=1", "learning_rate=1e-12", "neftune_noise_alpha=50", "seed=" + seed), one, List.of(),
                    List.of(), Method.lora()).forEach(m -> losses.add(m.loss()));
        }
        assertEquals(4, losses.stream().map(x -> Math.round(1e4 * x)).distinct().count(), losses.toString());
    }

    /** Each kind of data is gone through in its own order, every example once an epoch, whatever the other kind does between. */
    @Test void eachKindOfDataGoesOnWhereItLeftOff() {
        List<EncodedExample> task = bundle.encode(UNEVEN, 96);
        List<Example> aligned = IntStream.range(1, 4).mapToObj(i -> new Example("x".repeat(7 * i), "dog")).toList();
        Method alternating = new Method() {
            @Override public String name() {
                return "alternating";
            }

            @Override public Source source(int step) {
                return step % 3 == 1 ? Source.TASK : Source.ALIGNMENT;
            }
        };
        List<StepMetrics> steps = train(settings("steps=12", "batch_size=1"), task, List.of(), bundle.encode(aligned, 96), alternating);
        List<Integer> seen = steps.stream().filter(StepMetrics::onTask).map(StepMetrics::tokens).sorted().toList();
        assertEquals(task.stream().map(EncodedExample::length).sorted().toList(), seen);
        List<Integer> phases = steps.stream().filter(m -> !m.onTask()).map(StepMetrics::tokens).toList();
        List<Integer> all = bundle.encode(aligned, 96).stream().map(EncodedExample::length).sorted().toList();
        assertEquals(8, phases.size());
        assertEquals(all, phases.subList(0, 3).stream().sorted().toList());
        assertEquals(all, phases.subList(3, 6).stream().sorted().toList());
    }

    @Test void heldOutDataIsMeasuredOnTheWayAndNotInTheEnd() {
        List<StepMetrics> steps = train(settings("steps=6", "eval_every=2"), bundle.encode(UNEVEN, 96), bundle.encode(UNEVEN, 96),
                List.of(), Method.lora());
        assertEquals(List.of(2, 4), steps.stream().filter(m -> m.evalLoss().isPresent()).map(StepMetrics::step).toList());
    }

    @ParameterizedTest @CsvSource({"0,1,4,10,3", "0,2,4,10,6", "0,0.5,4,10,2", "0,0.01,4,10,1", "7,2,4,10,7", "0,1,4,8,2", "0,1,16,1,1"})
    void stepsOfEpochs(int steps, double epochs, int batch, int examples, int expected) {
        assertEquals(expected, settings("steps=" + steps, "epochs=" + epochs, "batch_size=" + batch).totalSteps(examples));
    }

    @ParameterizedTest
    @CsvSource({"epochs=0,epochs", "epochs=1e6,epochs", "steps=-1,steps", "batch_size=0,batch_size", "micro_batch_size=-1,micro_batch_size",
        "learning_rate=0,learning_rate",
        "learning_rate=1000,learning_rate", "warmup_ratio=1.1,warmup_ratio", "warmup_ratio=-0.1,warmup_ratio", "lr_floor=1.1,lr_floor",
        "lr_floor=-0.1,lr_floor", "weight_decay=-1,weight_decay",
        "weight_decay=1000,weight_decay", "max_grad_norm=-1,max_grad_norm", "max_length=1,max_length", "eval_every=-1,eval_every",
        "max_steps=0,max_steps"}) void whatNoRunCanHaveIsRefusedByName(String set, String name) {
        assertTrue(assertThrows(AglException.class, () -> settings(set)).getMessage().contains(name));
    }

    @ParameterizedTest
    @CsvSource({"warmup_ratio=0", "warmup_ratio=1", "lr_floor=0", "lr_floor=1", "max_length=2", "weight_decay=0", "eval_every=0",
        "micro_batch_size=0", "max_grad_norm=0", "batch_size=1"}) void theBordersAreAllowed(String set) {
        settings(set);
    }

    @Test void withoutEvalEveryNothingIsMeasuredOnTheWay() {
        List<EncodedExample> encoded = bundle.encode(UNEVEN, 96);
        for (TrainSettings s : List.of(settings("steps=3", "eval_every=0"), settings("steps=3", "eval_every=3"))) {
            assertTrue(train(s, encoded, encoded, List.of(), Method.lora()).stream().allMatch(m -> m.evalLoss().isEmpty()));
        }
    }

    private static EncodedExample withoutTargets(int... tokens) {
        return new EncodedExample(tokens, new boolean[tokens.length], true);
    }

    /** A part of a batch without any answer has no gradient and takes no weight; a batch of such parts has nothing to say. */
    @Test void examplesWithoutTargets() {
        EncodedExample none = withoutTargets(5, 6, 7);
        EncodedExample some = bundle.encode(UNEVEN, 96).getFirst();
        double alone = train(settings("batch_size=1"), List.of(some), List.of(), List.of(), Method.lora()).getFirst().loss();
        for (int size : new int[] {1, 2}) {
            model();
            TrainSettings s = settings("batch_size=2", "micro_batch_size=" + size);
            StepMetrics step = train(s, List.of(none, some), List.of(), List.of(), Method.lora()).getFirst();
            assertEquals(alone, step.loss(), 1e-6, "micro_batch_size " + size);
            assertEquals(3 + some.length(), step.tokens());
        }
        String message = assertThrows(AglException.class,
                () -> train(settings(), List.of(none, none), List.of(), List.of(), Method.lora())).getMessage();
        assertEquals("none of the 2 examples of a batch has an answer within max_length 96: there is nothing to train on", message);
        Trainer measuring = new Trainer(bundle.model(), List.of(), settings("batch_size=1"));
        assertEquals(measuring.evaluate(List.of(some)), measuring.evaluate(List.of(none, some, none)), 1e-6);
        assertEquals(Double.NaN, measuring.evaluate(List.of(none)));
        assertEquals(Double.NaN, measuring.evaluate(List.of()));
    }

    /** Notes what it is asked for, in order. */
    private static Method noting(List<String> asked, double term) {
        return new Method() {
            @Override public String name() {
                return "noting";
            }

            @Override public SequencedMap<String, Double> addGradients(Tape tape, List<LoraFactors> factors, int step) {
                asked.add("add " + step);
                return Method.logged("T", step == 1 ? term : 1, 0);
            }

            @Override public void transformGradients(Tape tape, List<LoraFactors> factors, int step) {
                asked.add("transform " + step);
            }

            @Override public void afterStep(Tape tape, List<LoraFactors> factors, int step) {
                asked.add("after " + step);
            }
        };
    }

    @Test void theMethodHearsOfEveryPartOfAStep() {
        List<String> asked = new ArrayList<>();
        train(settings("steps=2"), bundle.encode(UNEVEN, 96), List.of(), List.of(), noting(asked, 1));
        assertEquals(List.of("add 0", "transform 0", "after 0", "add 1", "transform 1", "after 1"), asked);
    }

    @ParameterizedTest @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY})
    void aTermThatIsNoNumberStopsTheRunByName(double term) {
        List<EncodedExample> encoded = bundle.encode(UNEVEN, 96);
        String message = assertThrows(AglException.class,
                () -> train(settings("steps=3"), encoded, List.of(), List.of(), noting(new ArrayList<>(), term))).getMessage();
        assertEquals("the term T is " + term + " at step 2; try a smaller weight for it", message);
    }

    @Test void aLossThatIsNoNumberStopsTheRunAtItsStep() {
        Method breaking = new Method() {
            @Override public String name() {
                return "breaking";
            }

            @Override public void afterStep(Tape tape, List<LoraFactors> factors, int step) {
                if (step == 1) {
                    lora.parameters().getLast().data().set(0, Double.NaN);
                }
            }
        };
        String message = assertThrows(AglException.class,
                () -> train(settings("steps=5"), bundle.encode(UNEVEN, 96), List.of(), List.of(), breaking)).getMessage();
        assertEquals("the task loss is NaN at step 3; try a lower learning rate than 0.01", message);
    }

    /** On the task alone, as many steps as the settings say. */
    @Test void withoutAMethodThereIsTheTaskLossAlone() {
        List<StepMetrics> history = new ArrayList<>();
        List<EncodedExample> encoded = bundle.encode(UNEVEN, 96);
        TrainSettings s = settings("steps=0", "epochs=3", "batch_size=2", "eval_every=4");
        new Trainer(bundle.model(), lora.parameters(), s).run(encoded, encoded, (m, of) -> {
            assertEquals(6, of);
            history.add(m);
        });
        assertEquals(6, history.size());
        assertTrue(history.stream().allMatch(m -> m.terms().isEmpty() && m.onTask() && m.evalLoss().isPresent() == (m.step() == 4)));
        assertTrue(history.getLast().loss() < history.getFirst().loss());
    }

    /** With recompute every layer runs forward twice for a pass backward, without it once. */
    @ParameterizedTest @CsvSource({"false,1", "true,2"}) void recomputeRunsLayersAgain(boolean recompute, int times) {
        int[] calls = {0};
        bundle.model().replaceLinears(layer -> !layer.name().equals("model.layers.0.mlp.up_proj") ? layer : new LinearLayer() {
            @Override public Tensor forward(Tape tape, Tensor x) {
                calls[0]++;
                return layer.forward(tape, x);
            }

            @Override public String name() {
                return layer.name();
            }

            @Override public Tensor weight() {
                return layer.weight();
            }

            @Override public Tensor bias() {
                return layer.bias();
            }

            @Override public void listen(Linear.GradientListener listener) {
                layer.listen(listener);
            }
        });
        train(settings("recompute=" + recompute, "micro_batch_size=2"), bundle.encode(UNEVEN, 96), List.of(), List.of(), Method.lora());
        assertEquals(2 * times, calls[0], "two passes of two examples");
    }

    /** The running mean of squared gradients sees the task's gradients: with it L_T is not zero once the update is not. */
    @Test void theRunningMeanHearsOfTheGradients() {
        lora.detach();
        RunConfig config = RunConfig.of(null, List.of("steps=3", "batch_size=4", "learning_rate=0.02", "r=2", "max_length=96",
                "fisher_examples=2", "agl.H=ema_grad_sq", "agl.lambda_T=1"));
        FineTune.Result result = new FineTune(bundle, config).run("agl", UNEVEN, List.of(), UNEVEN.subList(1, 3), null, null);
        assertTrue(result.lastStep().terms().get("L_T") > 0, result.lastStep().toString());
    }
}
