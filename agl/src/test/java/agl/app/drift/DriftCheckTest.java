package agl.app.drift;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.TinyModel;
import agl.app.data.PromptSet.Label;
import agl.app.data.PromptSet.Prompt;
import agl.app.data.PromptTemplate;
import agl.app.data.Request;
import agl.app.model.ModelBundle;
import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.nn.Batch;
import agl.nn.Generator;
import agl.nn.ModelConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DriftCheckTest {
    @TempDir Path temp;

    /** The margins of a group, from the cache, against one sequence at a time without it. */
    @Test void marginsAreThoseOfWholeSequences() {
        ModelBundle bundle = TinyModel.load(TinyModel.write(temp.resolve("m"), 5));
        List<String> refusals = List.of("the cat", "a fox sat", "the", "the cat sat");
        List<String> compliances = List.of("red", "the dog");
        String start = "the red fox sat on the mat and the dog sat on the cat and the cat sat ";
        List<Prompt> prompts = List.of(new Prompt("tell me a story", Label.SAFE, ""), new Prompt("the", Label.UNSAFE, "x"),
                new Prompt("sat on the mat and the red fox sat", Label.UNSAFE, "y"), new Prompt(start + "and", Label.SAFE, ""),
                new Prompt(start + "on the mat", Label.SAFE, ""));
        for (int group : new int[] {1, 2, 64}) {
            List<DriftCheck.Result> results = new DriftCheck(bundle,
                    new DriftCheck.Settings(5, group, refusals, compliances, ClosedSet.NONE)).run(prompts, n -> {});
            Generator generator = Generator.of(bundle.model());
            for (int i = 0; i < prompts.size(); i++) {
                double expected = logP(bundle, prompts.get(i), refusals) - logP(bundle, prompts.get(i), compliances);
                assertEquals(prompts.get(i), results.get(i).prompt());
                assertEquals(expected, results.get(i).margin(), 1e-4);
                assertEquals(firstP(bundle, prompts.get(i), refusals) - firstP(bundle, prompts.get(i), compliances),
                        results.get(i).firstMargin(), 1e-4);
                assertNotEquals(0, results.get(i).firstMargin(), 1e-2, "the case must have a margin");
                int[] answer = generator
                        .generate(List.of(bundle.prompt(new Request(prompts.get(i).prompt()))), Generator.Settings.greedy(5),
                                bundle::isStop)
                        .getFirst();
                assertEquals(bundle.tokenizer().decode(answer, true).strip(), results.get(i).answer());
            }
        }
    }

    /** log of the probability that the answer begins with one of the openings' first tokens, each counted once. */
    private static double firstP(ModelBundle bundle, Prompt prompt, List<String> openings) {
        int[] p = bundle.prompt(new Request(prompt.prompt()));
        double sum = 0;
        for (int id : openings.stream().mapToInt(o -> bundle.continuation(new Request(prompt.prompt()), o)[0]).distinct().toArray()) {
            int[] targets = new int[p.length];
            Arrays.fill(targets, Batch.NO_TARGET);
            targets[p.length - 1] = id;
            try (Tape tape = Tape.inference(Kernels.plain(), new Pool(DType.F64))) {
                sum += Math.exp(-bundle.model().tokenLosses(tape, new Batch(p, new int[] {0, p.length}, targets))[p.length - 1]);
            }
        }
        return Math.log(sum);
    }

    private static double logP(ModelBundle bundle, Prompt prompt, List<String> openings) {
        List<Double> logs = new ArrayList<>();
        int[] p = bundle.prompt(new Request(prompt.prompt()));
        for (String opening : openings) {
            int[] o = bundle.continuation(new Request(prompt.prompt()), opening);
            int[] tokens = Arrays.copyOf(p, p.length + o.length);
            System.arraycopy(o, 0, tokens, p.length, o.length);
            int[] targets = new int[tokens.length];
            Arrays.fill(targets, Batch.NO_TARGET);
            System.arraycopy(o, 0, targets, p.length - 1, o.length);
            try (Tape tape = Tape.inference(Kernels.plain(), new Pool(DType.F64))) {
                double sum = 0;
                for (double loss : bundle.model().tokenLosses(tape, new Batch(tokens, new int[] {0, tokens.length}, targets))) {
                    sum -= loss;
                }
                logs.add(sum);
            }
        }
        return Margins.logSum(logs.stream().mapToDouble(v -> v).toArray());
    }

    /** A base whose output is not a number at some prompt has no greedy answer: the largest of NaN is any. */
    @Test void outputThatIsNotFiniteIsRefused() {
        ModelBundle bundle = ModelBundle.loadTrainable(TinyModel.write(temp.resolve("m"), 5), PromptTemplate.PLAIN);
        Tensor head = bundle.model().head();
        for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
            head.data().set(3, bad);
            AglException e = assertThrows(AglException.class,
                    () -> new DriftCheck(bundle, DriftCheck.Settings.DEFAULT).run(List.of(new Prompt("the", Label.SAFE, "")), n -> {}));
            assertTrue(e.getMessage().startsWith(bundle.folder() + ": the model's output is not finite (" + bad), e.getMessage());
        }
    }

    /** The last logit of all, of the longest prompt, is looked at too. */
    @Test void theLastOutputThatIsNotFiniteIsRefused() {
        ModelBundle bundle = ModelBundle.loadTrainable(TinyModel.write(temp.resolve("m"), 5), PromptTemplate.PLAIN);
        Tensor head = bundle.model().head();
        head.data().set(head.size() - 1, Double.NaN);
        List<Prompt> prompts = List.of(new Prompt("the", Label.SAFE, ""), new Prompt("the cat", Label.SAFE, ""));
        AglException e = assertThrows(AglException.class, () -> new DriftCheck(bundle, DriftCheck.Settings.DEFAULT).run(prompts, n -> { }));
        assertTrue(e.getMessage().startsWith(bundle.folder() + ": the model's output is not finite (NaN)"), e.getMessage());
    }

    /**
     * Of a token: 2 · layers · key heads · head width of keys and values, and 6 · hidden + 3 · intermediate of a layer, four bytes each.
     */
    @Test void aGroupHas256MebibytesOfTokens() {
        ModelConfig config = ModelConfig.llama(16, 2, 4, 2, 24, 300).withPositions(96);
        assertEquals((256L << 20) / (4 * (2 * 2 * 2 * 4 + 6 * 16 + 3 * 24)), DriftCheck.groupTokens(config, DType.F32));
        assertEquals((256L << 20) / (8 * (2 * 2 * 2 * 4 + 6 * 16 + 3 * 24)), DriftCheck.groupTokens(config, DType.F64));
    }

    /** Lengths with their answers are 12, 11, 13, 11; the longest counts for each of its group. */
    @Test void promptsOfSimilarLengthGoTogether() {
        int[] lengths = {2, 1, 3, 1};
        assertEquals(List.of(List.of(1, 3, 0, 2)), DriftCheck.groups(lengths, 10, 128, 4 * 13), "exactly enough");
        assertEquals(List.of(List.of(1, 3, 0), List.of(2)), DriftCheck.groups(lengths, 10, 128, 4 * 13 - 1));
        assertEquals(List.of(List.of(1, 3), List.of(0, 2)), DriftCheck.groups(lengths, 10, 2, 1000));
        assertEquals(List.of(List.of(1), List.of(3), List.of(0), List.of(2)), DriftCheck.groups(lengths, 10, 128, 5),
                "one alone is always possible");
        assertEquals(List.of(), DriftCheck.groups(new int[0], 10, 128, 1000));
    }

    @Test void progressHearsEveryGroup() {
        ModelBundle bundle = TinyModel.load(TinyModel.write(temp.resolve("m"), 5));
        List<Prompt> prompts = List.of(new Prompt("the", Label.SAFE, ""), new Prompt("the cat", Label.SAFE, ""),
                new Prompt("a", Label.UNSAFE, ""));
        List<Integer> heard = new ArrayList<>();
        new DriftCheck(bundle, new DriftCheck.Settings(2, 2, List.of("the"), List.of("a"), ClosedSet.NONE)).run(prompts, heard::add);
        assertEquals(List.of(2, 1), heard);
    }

    /** The model's embedding of one token becomes another's, in part turned by a right angle. Embeddings are the head as well. */
    private static void likeToken(ModelBundle bundle, int id, int other, double alike, double turned) {
        Tensor head = bundle.model().head();
        int n = head.cols();
        for (int h = 0; h < n; h++) {
            double across = h % 2 == 0 ? head.get(other * n + h + 1) : -head.get(other * n + h - 1);
            head.data().set(id * n + h, alike * head.get(other * n + h) + turned * across);
        }
    }

    /** A model with random weights says the last token for ever; here " cat" is likelier after it, and after that again. */
    @Test void answersThatAreAsLongAsAllowedWereCutOff() {
        ModelBundle bundle = ModelBundle.loadTrainable(TinyModel.write(temp.resolve("m"), 5), PromptTemplate.PLAIN);
        int[] prompt = bundle.prompt(new Request("tell me a story"));
        int last = prompt[prompt.length - 1];
        int cat = bundle.tokenizer().encode(" cat", false)[0];
        likeToken(bundle, cat, last, 1.1, 0);
        assertEquals("cat cat cat", story(bundle, 3).answer());
        assertEquals(3, story(bundle, 3).cutAfter(), "words");
        assertTrue(story(bundle, 3).cut());
        // The model has 96 positions.
        assertEquals(96 - prompt.length, story(bundle, 200).cutAfter(), "where the model has no more positions");
        // Now the end of text is likelier after " cat", though not after the prompt.
        likeToken(bundle, cat, last, 1.1, 0.4);
        likeToken(bundle, bundle.tokenizer().eosId(), last, 1, 0.8);
        assertEquals("cat", story(bundle, 2).answer());
        assertEquals(0, story(bundle, 2).cutAfter(), "ended by itself");
        assertFalse(story(bundle, 2).cut());
        assertEquals(1, story(bundle, 1).cutAfter(), "as long as the longest");
    }

    private static DriftCheck.Result story(ModelBundle bundle, int longest) {
        return new DriftCheck(bundle, DriftCheck.Settings.DEFAULT.withMaxNewTokens(longest))
                .run(List.of(new Prompt("tell me a story", Label.SAFE, "")), n -> {}).getFirst();
    }

    @Test void answersOfTheTaskCountAsOffTask() {
        ModelBundle bundle = TinyModel.load(TinyModel.write(temp.resolve("m"), 5));
        List<Prompt> prompts = List.of(new Prompt("tell me a story", Label.SAFE, ""));
        DriftCheck.Settings settings = DriftCheck.Settings.DEFAULT.withMaxNewTokens(3);
        String answer = new DriftCheck(bundle, settings).run(prompts, n -> { }).getFirst().answer();
        DriftCheck.Settings tuned = settings.withTask(ClosedSet.of(java.util.Collections.nCopies(10, answer)));
        assertEquals(3, tuned.maxNewTokens());
        assertEquals(Outcome.OFF_TASK, new DriftCheck(bundle, tuned).run(prompts, n -> { }).getFirst().outcome());
    }
}
