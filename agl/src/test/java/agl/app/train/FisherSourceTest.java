package agl.app.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.StandardError;
import agl.app.TinyModel;
import agl.app.data.Example;
import agl.app.model.ModelBundle;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.lora.LoraModel;
import agl.regularizers.Fisher;
import agl.regularizers.FisherEstimator;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where estimates come from: which examples, the frozen base, the cache, and the margins beside them. */
class FisherSourceTest {
    private static final List<Example> ALIGNMENT = IntStream.range(0, 6).mapToObj(i -> new Example("about the dog " + i, "qxjw")).toList();
    private static final List<Example> TASK = List.of(new Example("tell me", "the cat"));

    @TempDir Path temp;
    private Path base;
    private ModelBundle bundle;
    private LoraModel lora;

    @BeforeEach void model() {
        base = TinyModel.write(temp.resolve("base"), 3);
        bundle = TinyModel.load(base);
        lora = LoraModel.attach(bundle.model(), FineTune.loraConfig(config().train()), 1, DType.F32);
    }

    private static RunConfig config(String... sets) {
        List<String> all = new ArrayList<>(List.of("r=2", "max_length=64", "fisher_examples=3", "target_modules=v_proj",
                "agl.fisher_norm=none"));
        all.addAll(List.of(sets));
        return RunConfig.of(null, all);
    }

    private Map<String, Fisher> estimate(FisherSource source, RunConfig config) {
        return source.estimate(lora, config, config.agl(), ALIGNMENT, TASK);
    }

    private static double[] traces(Map<String, Fisher> fisher) {
        return fisher.values().stream().mapToDouble(Fisher::trace).toArray();
    }

    @Test void theExamplesAreDrawnByTheSeed() {
        List<Example> first = FisherSource.chosen(config("seed=1"), ALIGNMENT);
        assertEquals(3, first.size());
        assertEquals(3, new HashSet<>(first).size());
        assertEquals(first, FisherSource.chosen(config("seed=1"), ALIGNMENT));
        assertNotEquals(ALIGNMENT.subList(0, 3), FisherSource.chosen(config("seed=1", "fisher_examples=3"), ALIGNMENT));
        assertNotEquals(first, FisherSource.chosen(config("seed=2"), ALIGNMENT));
        assertEquals(new HashSet<>(ALIGNMENT), new HashSet<>(FisherSource.chosen(config("fisher_examples=7"), ALIGNMENT)), "all there are");
    }

    /** The adapter has moved: the estimate does not see it, the model has it again afterwards; the current weights are others. */
    @Test void theEstimateIsOfTheFrozenBase() {
        RunConfig config = config("agl.fisher_data=alignment");
        double[] expected = traces(estimate(new FisherSource(bundle), config));
        lora.layers().values().forEach(l -> IntStream.range(0, l.b().size()).forEach(i -> l.b().data().set(i, 3 * Math.sin(i))));
        double loss = loss("the cat");
        assertArrayEquals(expected, traces(estimate(new FisherSource(bundle), config)));
        assertEquals(loss, loss("the cat"), "the adapter is on again");
        Map<String, Fisher> current = new FisherSource(bundle).current(lora, config, config.agl(), ALIGNMENT, TASK);
        assertTrue(Math.abs(traces(current)[0] - expected[0]) > 1e-3 * expected[0], "at the current weights it is another one");
        assertEquals(loss, loss("the cat"));
    }

    /** Mean loss of an answer's tokens to the first alignment prompt chosen. */
    private double loss(String answer) {
        Example e = FisherSource.chosen(config(), ALIGNMENT).getFirst();
        return new Trainer(bundle.model(), List.of(), config().train())
                .evaluate(bundle.encode(List.of(new Example(e.instruction(), answer)), 64));
    }

    @Test void theDataAreThoseOfTheSetting() {
        RunConfig task = config("agl.fisher_data=task");
        FisherSource source = new FisherSource(bundle);
        double[] ofTask = traces(source.estimate(lora, task, task.agl(), List.of(), TASK));
        RunConfig alignment = config("agl.fisher_data=alignment");
        assertArrayEquals(ofTask, traces(source.estimate(lora, alignment, alignment.agl(), TASK, List.of())));
        assertThrows(AglException.class, () -> source.estimate(lora, alignment, alignment.agl(), List.of(), TASK));
    }

    @Test void theMarginIsTheDifferenceOfTheMeanLosses() {
        RunConfig config = config("agl.fisher_tokens=0", "agl.fisher_data=contrast_task");
        double[] margins = new FisherSource(bundle).margins(config, config.agl(), ALIGNMENT, TASK);
        assertEquals(3, margins.length);
        assertEquals(loss("the cat") - loss("qxjw"), margins[0], 1e-5);
        assertTrue(Math.abs(margins[0]) > 1e-3, "a margin that counts");
        RunConfig plain = config("agl.fisher_data=alignment");
        assertEquals(0, new FisherSource(bundle).margins(plain, plain.agl(), ALIGNMENT, TASK).length);
        RunConfig openings = config("agl.fisher_data=contrast");
        assertEquals(3, new FisherSource(bundle).margins(openings, openings.agl(), ALIGNMENT, List.of()).length);
    }

    /** ℓ is the alignment answer's loss without the other one's: the margin the other way round. */
    @Test void gradientsComeWithTheLosses() {
        RunConfig config = config("agl.fisher_tokens=0", "agl.fisher_data=contrast_task");
        FisherSource source = new FisherSource(bundle);
        Example e = FisherSource.chosen(config, ALIGNMENT).getFirst();
        FisherEstimator.Gradients found = source.gradients(lora, config.agl(),
                List.of(source.contrast(config, 0, e, List.of("the cat"), 0)));
        assertArrayEquals(new double[] {loss("qxjw") - loss("the cat")}, found.losses(), 1e-5);
        assertEquals(lora.layers().keySet(), found.byMatrix().keySet());
    }

    private boolean makesOne(FisherSource source, RunConfig config) {
        return StandardError.during(() -> estimate(source, config)).contains("Fisher: 3 of 3");
    }

    /** Other runs find it in the folder; another base, or other examples, do not. */
    @Test void theFolderIsShared() {
        Path folder = temp.resolve("cache");
        RunConfig config = config();
        FisherSource first = new FisherSource(bundle, folder);
        assertTrue(makesOne(first, config));
        double[] made = traces(estimate(first, config));
        FisherSource second = new FisherSource(bundle, folder);
        assertEquals(false, makesOne(second, config));
        assertArrayEquals(made, traces(estimate(second, config)));
        assertTrue(makesOne(second, config("seed=5")), "other examples");
        bundle = TinyModel.load(TinyModel.write(temp.resolve("other"), 4));
        lora = LoraModel.attach(bundle.model(), FineTune.loraConfig(config.train()), 1, DType.F32);
        assertTrue(makesOne(new FisherSource(bundle, folder), config), "another base");
    }

    /** What was at hand took some time to make, and no more than went by. */
    @Test void whatAnEstimateAtHandSaves() {
        FisherSource source = new FisherSource(bundle);
        long start = System.nanoTime();
        estimate(source, config());
        double most = (System.nanoTime() - start) * 1e-9;
        assertEquals(0, source.secondsSaved());
        assertTrue(traces(estimate(source, config())).length > 0, "the estimate itself");
        double once = source.secondsSaved();
        assertTrue(once > 0 && once <= most, once + " of " + most);
        estimate(source, config());
        assertEquals(2 * once, source.secondsSaved(), 1e-12);
    }
}
