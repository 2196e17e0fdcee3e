package agl.app.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.TinyModel;
import agl.app.data.EncodedExample;
import agl.app.data.Example;
import agl.app.data.Request;
import agl.app.model.ModelBundle;
import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.op.HeadCrossEntropy;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.lora.LoraModel;
import agl.nn.Batch;
import agl.nn.LinearLayer;
import agl.regularizers.Fisher;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * ℓ = loss(alignment answer) − loss(other answer) over the first fisher_tokens tokens from where they part: what they share does not count.
 */
class ContrastFisherTest {
    private static final List<String> LAYERS = List.of("model.layers.0.self_attn.v_proj", "model.layers.1.self_attn.q_proj");
    private static final String PROMPT = "tell me about the dog";

    @TempDir Path temp;
    private ModelBundle bundle;

    @BeforeEach void model() {
        bundle = TinyModel.load(TinyModel.write(temp.resolve("base"), 3));
    }

    private Map<String, Fisher> estimate(int fisherTokens, List<Example> alignment, List<Example> task, String... sets) {
        List<String> all = new ArrayList<>(List.of("r=2", "max_length=96", "agl.fisher_tokens=" + fisherTokens, "agl.fisher_norm=none",
                "agl.fisher_data=contrast_task"));
        all.addAll(List.of(sets));
        RunConfig config = RunConfig.of(null, all);
        LoraModel lora = LoraModel.attach(bundle.model(), FineTune.loraConfig(config.train()), 1, DType.F32);
        try {
            return new FisherSource(bundle).estimate(lora, config, config.agl(), alignment, task);
        } finally {
            lora.detach();
        }
    }

    private int[] answer(String text) {
        EncodedExample e = bundle.encode(List.of(new Example(PROMPT, text)), 96).getFirst();
        return Arrays.copyOfRange(e.tokens(), e.length() - e.lossTokens(), e.length());
    }

    /** ∂/∂W of Σ_t weight_t · (−log p(token t + 1)), by a dense backward pass through a weight that is trained. */
    private double[] dense(String layer, int[] tokens, double[] weights) {
        Tensor w = bundle.model().linears().stream().filter(l -> l.name().equals(layer)).map(LinearLayer::weight).findFirst().orElseThrow();
        w.requireGrad();
        w.zeroGrad();
        int[] targets = Arrays.copyOf(Arrays.copyOfRange(tokens, 1, tokens.length), tokens.length);
        targets[tokens.length - 1] = Batch.NO_TARGET;
        try (Tape tape = Tape.training(Kernels.plain(), new Pool(DType.F32))) {
            tape.backward(HeadCrossEntropy.weighted(tape, bundle.model().hidden(tape, Batch.of(tokens)), bundle.model().head(), targets,
                    weights));
        }
        double[] g = w.gradArray();
        w.freeze();
        return g;
    }

    /** The gradient of the mean loss of {@code answer}'s tokens from {@code from} to {@code to}, the prompt before it. */
    private double[] dense(String layer, int[] answer, int from, int to) {
        int[] prompt = bundle.prompt(new Request(PROMPT));
        int[] tokens = Arrays.copyOf(prompt, prompt.length + answer.length);
        System.arraycopy(answer, 0, tokens, prompt.length, answer.length);
        double[] weights = new double[tokens.length];
        // The token at position p is predicted at p − 1.
        Arrays.fill(weights, prompt.length + from - 1, prompt.length + to - 1, 1.0 / (to - from));
        return dense(layer, tokens, weights);
    }

    /** F = g gᵀ of one example: its trace and its one direction say what g is, but for the sign. */
    private static void assertGradient(double[] g, Fisher f, String what) {
        double norm = Arrays.stream(g).map(x -> x * x).sum();
        assertTrue(norm > 0, what);
        assertEquals(norm, f.trace(), 2e-4 * norm, what + ": squared length");
        double[] inside = f.subspace().project(g);
        assertArrayEquals(g, inside, 2e-3 * Math.sqrt(norm), what + ": direction");
    }

    /** Letters that the tokenizer has never seen together, so each is a token. */
    @ParameterizedTest(name = "{0} shared tokens, fisher_tokens {1}")
    @CsvSource({"0,2", "1,2", "6,2", "14,2", "0,1", "6,1", "0,0", "6,0", "14,0"})
    void sharedTokensCarryNoWeightAndAreNotCounted(int shared, int fisherTokens) {
        String prefix = "z".repeat(shared);
        String refusal = prefix + "qxjw";
        String compliance = prefix + "kvqxj";
        int[] a = answer(refusal);
        int[] b = answer(compliance);
        assertEquals(shared, Arrays.mismatch(a, b), "where the answers part");
        Map<String, Fisher> fisher = estimate(fisherTokens, List.of(new Example(PROMPT, refusal)),
                List.of(new Example("about the cat", compliance)));
        for (String layer : LAYERS) {
            double[] g = dense(layer, a, shared, fisherTokens == 0 ? a.length : shared + fisherTokens);
            double[] other = dense(layer, b, shared, fisherTokens == 0 ? b.length : shared + fisherTokens);
            for (int i = 0; i < g.length; i++) {
                g[i] -= other[i];
            }
            assertGradient(g, fisher.get(layer), layer);
        }
    }

    /** The same tokens in the prompt and in both answers are the same contrast: only what comes after them is one. */
    @Test void itMakesNoDifferenceWhetherSharedTokensBelongToThePromptOrToTheAnswers() {
        for (int shared : new int[] {1, 6, 14}) {
            String prefix = "z".repeat(shared);
            // The plain template ends the prompt with a line break; here the prompt is all of the text.
            Map<String, Fisher> inAnswers = withTemplate("{instruction}", PROMPT, prefix + "qxj", prefix + "kvw");
            Map<String, Fisher> inPrompt = withTemplate("{instruction}", PROMPT + prefix, "qxj", "kvw");
            for (String layer : LAYERS) {
                assertEquals(inPrompt.get(layer).trace(), inAnswers.get(layer).trace(), 1e-5 * inPrompt.get(layer).trace(),
                        layer + ", " + shared);
            }
        }
    }

    private Map<String, Fisher> withTemplate(String template, String prompt, String refusal, String compliance) {
        ModelBundle before = bundle;
        bundle = ModelBundle.load(before.folder(), agl.app.data.PromptTemplate.of(template));
        try {
            return estimate(2, List.of(new Example(prompt, refusal)), List.of(new Example("about the cat", compliance)));
        } finally {
            bundle = before;
        }
    }

    /** One answer ends with the token after the shared ones: its mean is over that token alone, and the shared ones are in neither loss. */
    @Test void whereOneAnswerEndsEarlyTheSharedTokensDoNotAppear() {
        for (int shared : new int[] {1, 6}) {
            int[] ends = answer("z".repeat(shared));
            int[] goesOn = answer("z".repeat(shared) + "qxj");
            assertEquals(shared, Arrays.mismatch(ends, goesOn));
            assertEquals(shared + 1, ends.length, "the end token comes next");
            Map<String, Fisher> fisher = estimate(2, List.of(new Example(PROMPT, "z".repeat(shared) + "qxj")),
                    List.of(new Example("about", "z".repeat(shared))));
            for (String layer : LAYERS) {
                double[] g = dense(layer, goesOn, shared, shared + 2);
                double[] other = dense(layer, ends, shared, shared + 1);
                for (int i = 0; i < g.length; i++) {
                    g[i] -= other[i];
                }
                assertGradient(g, fisher.get(layer), layer);
            }
        }
    }

    @Test void anAnswerThatEqualsTheAlignmentAnswerIsPassedOver() {
        List<Example> alignment = List.of(new Example(PROMPT, "qxjw"));
        Map<String, Fisher> expected = estimate(2, alignment, List.of(new Example("a", "kv")));
        Map<String, Fisher> found = estimate(2, alignment,
                List.of(new Example("a", "qxjw"), new Example("b", "qxjw"), new Example("c", "kv")));
        assertEquals(expected.get(LAYERS.getFirst()).trace(), found.get(LAYERS.getFirst()).trace());
        String message = assertThrows(AglException.class, () -> estimate(2, alignment, List.of(new Example("a", "qxjw")))).getMessage();
        assertTrue(message.contains("every other answer is the same") && message.contains(PROMPT), message);
    }

    /** The examples take the other answers in turn. */
    @Test void everyExampleHasAnOtherAnswerOfItsOwn() {
        List<Example> alignment = List.of(new Example(PROMPT, "qxjw"), new Example(PROMPT, "qxjw"), new Example(PROMPT, "qxjw"));
        List<String> others = List.of("kv", "bw", "dp");
        Fisher all = estimate(2, alignment, others.stream().map(o -> new Example("a", o)).toList()).get(LAYERS.getFirst());
        double mean = others.stream()
                .mapToDouble(o -> estimate(2, alignment.subList(0, 1), List.of(new Example("a", o))).get(LAYERS.getFirst()).trace())
                .average().orElseThrow();
        assertEquals(mean, all.trace(), 1e-5 * mean);
    }
}
