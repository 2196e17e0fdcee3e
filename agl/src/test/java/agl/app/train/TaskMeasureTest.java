package agl.app.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.TinyModel;
import agl.app.data.EncodedExample;
import agl.app.data.Example;
import agl.app.data.PromptTemplate;
import agl.app.data.Request;
import agl.app.model.ModelBundle;
import agl.autograd.Pool;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.nn.Generator;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each example's loss and answer, against the same example by itself. */
class TaskMeasureTest {
    private static final TrainSettings SETTINGS = TrainSettings.DEFAULT;
    /** More than go through together, of different lengths. */
    private static final List<Example> EXAMPLES = IntStream.range(0, 35)
            .mapToObj(i -> new Example("tell me " + i, "the cat sat on the mat and the dog".substring(0, 3 + i % 20))).toList();

    @TempDir Path temp;
    private ModelBundle bundle;

    @BeforeEach void model() {
        // Its head is its embedding, so it goes on with what a prompt ends with: with this template prompts end in different ways.
        bundle = ModelBundle.load(TinyModel.write(temp.resolve("base"), 3), PromptTemplate.of("{instruction}"));
    }

    @Test void lossesAreSumsOverAnswers() {
        List<TaskMeasure.Result> results = TaskMeasure.run(bundle, EXAMPLES, 64, 0, (answer, wanted) -> true);
        assertEquals(35, results.size());
        Trainer one = new Trainer(bundle.model(), List.of(), SETTINGS);
        for (int i = 0; i < 35; i++) {
            List<EncodedExample> encoded = bundle.encode(List.of(EXAMPLES.get(i)), 64);
            int tokens = encoded.getFirst().lossTokens();
            assertEquals(tokens, results.get(i).tokens());
            assertEquals(tokens * one.evaluate(encoded), results.get(i).loss(), 1e-4, "example " + i);
            assertEquals(null, results.get(i).answer(), "the model was not asked");
            assertEquals(false, results.get(i).correct());
        }
    }

    /** None left over after whole groups, and none at all. */
    @Test void asManyResultsAsExamples() {
        for (int count : new int[] {0, 1, 32, 33}) {
            assertEquals(count, TaskMeasure.run(bundle, EXAMPLES.subList(0, count), 64, 1, String::equals).size());
        }
    }

    @Test void answersAreThoseToTheExamplesOwnPrompts() {
        List<String> asked = new ArrayList<>();
        List<TaskMeasure.Result> results = TaskMeasure.run(bundle, EXAMPLES, 64, 5, (answer, wanted) -> {
            asked.add(answer + "|" + wanted);
            return asked.size() % 2 == 0;
        });
        Generator generator = new Generator(bundle.model(), Kernels.best(), new Pool(DType.F32));
        for (int i = 0; i < 35; i++) {
            Example e = EXAMPLES.get(i);
            List<int[]> prompt = List.of(bundle.prompt(new Request(e.instruction())));
            int[] ids = generator.generate(prompt, Generator.Settings.greedy(5), bundle::isStop).getFirst();
            assertEquals(bundle.tokenizer().decode(ids, true).strip(), results.get(i).answer(), "example " + i);
            assertEquals(results.get(i).answer() + "|" + e.response(), asked.get(i));
        }
        assertTrue(results.stream().map(TaskMeasure.Result::answer).distinct().count() > 1, "the model does not say the same everywhere");
        assertArrayEquals(IntStream.range(0, 35).mapToDouble(i -> i % 2).toArray(), TaskMeasure.correct(results));
    }

    /** A longer answer is longer: how many tokens are asked for reaches the model. */
    @Test void answersAreAsLongAsAskedFor() {
        List<Example> one = EXAMPLES.subList(0, 1);
        String shorter = TaskMeasure.run(bundle, one, 64, 1, String::equals).getFirst().answer();
        String longer = TaskMeasure.run(bundle, one, 64, 9, String::equals).getFirst().answer();
        assertNotEquals(shorter, longer);
    }

    @Test void theMeanIsOverTokens() {
        List<TaskMeasure.Result> results = List.of(new TaskMeasure.Result(6, 2, null, false), new TaskMeasure.Result(1, 3, null, false),
                new TaskMeasure.Result(5, 5, null, false), new TaskMeasure.Result(0, 0, null, false));
        assertEquals(1.4, TaskMeasure.loss(results, new int[] {0, 1}), 1e-15);
        assertEquals(17 / 9.0, TaskMeasure.loss(results, new int[] {0, 0, 2}), 1e-15, "a sample may take one twice");
        assertEquals(3, TaskMeasure.loss(results, new int[] {0}));
        assertEquals(0, TaskMeasure.loss(results, new int[] {3}), "no token, no loss");
    }
}
