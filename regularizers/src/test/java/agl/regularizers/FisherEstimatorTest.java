package agl.regularizers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.Matrix;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.lora.LoraConfig;
import agl.lora.LoraModel;
import agl.nn.Batch;
import agl.nn.Transformer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class FisherEstimatorTest {
    private static final List<String> NAMES = List.of("model.layers.0.self_attn.q_proj", "model.layers.0.self_attn.v_proj",
            "model.layers.1.mlp.down_proj");

    private static Batch sequence(SplittableRandom r) {
        int n = 4 + r.nextInt(5);
        int[] tokens = r.ints(n, 0, 29).toArray();
        int[] targets = new int[n];
        for (int t = 0; t < n; t++) {
            targets[t] = t >= n / 2 && t + 1 < n ? tokens[t + 1] : Batch.NO_TARGET;
        }
        return new Batch(tokens, new int[] {0, n}, targets);
    }

    /** The gradient of the mean loss with respect to a matrix that is trained. */
    private static double[] gradient(Transformer model, String name, Batch batch) {
        Tensor w = model.parameters().get(name + ".weight");
        w.zeroGrad();
        try (Tape tape = Tape.plain()) {
            tape.backward(model.loss(tape, batch));
        }
        return w.gradArray();
    }

    @Test void gradientsOfTheFrozenModelAreThoseOfATrainedOne() throws Exception {
        SplittableRandom r = new SplittableRandom(8);
        Transformer trained = TinyModel.llama();
        Transformer frozen = TinyModel.llama();
        frozen.parameters().values().forEach(Tensor::freeze);
        for (boolean contrast : new boolean[] {false, true}) {
            List<FisherEstimator.Example> examples = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                examples.add(new FisherEstimator.Example(sequence(r), contrast ? sequence(r) : null));
            }
            AglSettings s = Samples.settings("{'fisher_norm':'none','metric':'diag_fisher'}");
            // A budget of nothing: each matrix in a sweep of its own.
            for (long budget : new long[] {0, 1L << 30}) {
                Map<String, Fisher> fisher = new FisherEstimator(Kernels.plain(), frozen, s, DType.F64).memoryBudget(budget)
                        .estimate(NAMES, examples, (done, total, what) -> assertTrue(done <= total));
                for (String name : NAMES) {
                    List<double[]> gradients = new ArrayList<>();
                    for (FisherEstimator.Example e : examples) {
                        double[] g = gradient(trained, name, e.answer());
                        double[] against = contrast ? gradient(trained, name, e.contrast()) : new double[g.length];
                        for (int k = 0; k < g.length; k++) {
                            g[k] -= against[k];
                        }
                        gradients.add(g);
                    }
                    Fisher f = fisher.get(name);
                    Fisher expected = Samples.fisher(TokenFactors.ofDense(f.out(), f.in(), gradients), s);
                    assertArrayEquals(expected.eigenvalues(), f.eigenvalues(), 1e-9 * expected.trace(), name);
                    double[] x = Samples.gaussian(r, DType.F64, 1, f.out(), f.in()).toArray();
                    assertArrayEquals(expected.subspace().project(x), f.subspace().project(x), 1e-7, name);
                    assertEquals(expected.diagonal().get(7), f.diagonal().get(7), 1e-10);
                }
            }
        }
    }

    /**
     * The two sequences of a pair have a prompt of five tokens in common: four of its rows are one, as the fifth predicts two tokens. The
     * gradients are those of both sequences by themselves, in float by the fast kernels too.
     */
    @Test void aSharedPromptChangesNoGradient() throws Exception {
        SplittableRandom r = new SplittableRandom(12);
        Transformer trained = TinyModel.llama();
        List<FisherEstimator.Example> examples = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            int[] prompt = r.ints(5, 0, 29).toArray();
            examples.add(new FisherEstimator.Example(after(prompt, 3, 4, 5), after(prompt, 8 + i, 9)));
        }
        for (boolean fast : new boolean[] {false, true}) {
            Transformer frozen = TinyModel.llama();
            frozen.parameters().values().forEach(Tensor::freeze);
            FisherEstimator estimator = new FisherEstimator(fast ? Kernels.best() : Kernels.plain(), fast ? single(frozen) : frozen,
                    AglSettings.DEFAULT, fast ? DType.F32 : DType.F64);
            FisherEstimator.Gradients found = estimator.gradients(NAMES, examples, (done, total, what) -> { });
            for (String name : NAMES) {
                TokenFactors g = found.byMatrix().get(name);
                assertEquals(3 * (8 + 3), g.totalTokens());
                double[][] dense = Samples.dense(g);
                for (int i = 0; i < 3; i++) {
                    double[] expected = gradient(trained, name, examples.get(i).answer());
                    double[] against = gradient(trained, name, examples.get(i).contrast());
                    for (int e = 0; e < expected.length; e++) {
                        expected[e] -= against[e];
                    }
                    double largest = java.util.Arrays.stream(expected).map(Math::abs).max().orElseThrow();
                    assertArrayEquals(expected, dense[i], (fast ? 1e-4 : 1e-11) * largest, name);
                }
            }
            for (int i = 0; i < 3; i++) {
                try (Tape tape = Tape.plain()) {
                    double loss = trained.loss(tape, examples.get(i).answer()).item()
                            - trained.loss(tape, examples.get(i).contrast()).item();
                    assertEquals(loss, found.losses()[i], fast ? 1e-4 : 1e-11);
                }
            }
        }
    }

    private static Batch after(int[] prompt, int... answer) {
        int[] tokens = java.util.stream.IntStream.concat(java.util.Arrays.stream(prompt), java.util.Arrays.stream(answer)).toArray();
        int[] targets = new int[tokens.length];
        for (int t = 0; t < tokens.length; t++) {
            targets[t] = t >= prompt.length - 1 && t + 1 < tokens.length ? tokens[t + 1] : Batch.NO_TARGET;
        }
        return new Batch(tokens, new int[] {0, tokens.length}, targets);
    }

    /** The same model in float. */
    private static Transformer single(Transformer model) {
        return Transformer.of(model.config(), (name, shape) -> {
            Tensor from = model.parameters().get(name);
            return Tensor.fill(DType.F32, from::get, shape);
        });
    }

    /** An answer that ends where the two part has no target token left: the other one's loss is all there is. */
    @Test void aSideWithoutTargetsCountsAsZero() throws Exception {
        SplittableRandom r = new SplittableRandom(10);
        Transformer trained = TinyModel.llama();
        Transformer frozen = TinyModel.llama();
        frozen.parameters().values().forEach(Tensor::freeze);
        Batch answer = sequence(r);
        Batch nothing = Batch.of(answer.tokens());
        String name = NAMES.getFirst();
        double[] g = gradient(trained, name, answer);
        FisherEstimator estimator = new FisherEstimator(Kernels.plain(), frozen, Samples.settings("{'fisher_norm':'none'}"), DType.F64);
        for (FisherEstimator.Example e : List.of(new FisherEstimator.Example(answer, nothing),
                new FisherEstimator.Example(nothing, answer))) {
            Fisher f = estimator.estimate(List.of(name), List.of(e), (a, b, c) -> {}).get(name);
            assertEquals(Samples.dot(g, g), f.trace(), 1e-9 * f.trace());
            assertArrayEquals(g, f.subspace().project(g), 1e-9);
        }
        assertThrows(AglException.class,
                () -> estimator.estimate(List.of(name), List.of(new FisherEstimator.Example(nothing, nothing)), (a, b, c) -> {}));
    }

    /** With an adapter attached, the gradient is still that of the whole matrix, at the adapted weights. */
    @Test void anAttachedAdapterDoesNotHideTheFrozenWeight() throws Exception {
        SplittableRandom r = new SplittableRandom(9);
        Batch batch = sequence(r);
        Transformer plain = TinyModel.llama();
        plain.parameters().values().forEach(Tensor::freeze);
        AglSettings s = Samples.settings("{'fisher_norm':'none'}");
        String name = NAMES.getFirst();
        Fisher before = new FisherEstimator(Kernels.plain(), plain, s, DType.F64)
                .estimate(List.of(name), List.of(new FisherEstimator.Example(batch)), (a, b, c) -> { }).get(name);
        LoraModel lora = LoraModel.attach(plain, LoraConfig.of(2, 4, 0, "q_proj", "v_proj"), 1, DType.F64);
        Fisher at = new FisherEstimator(Kernels.plain(), plain, s, DType.F64)
                .estimate(List.of(name), List.of(new FisherEstimator.Example(batch)), (a, b, c) -> { }).get(name);
        assertEquals(before.trace(), at.trace(), 1e-12 * before.trace(), "B = 0 changes nothing");
        Tensor b = lora.layers().get(name).b();
        for (int i = 0; i < b.size(); i++) {
            b.data().set(i, r.nextGaussian());
        }
        Fisher moved = new FisherEstimator(Kernels.plain(), plain, s, DType.F64)
                .estimate(List.of(name), List.of(new FisherEstimator.Example(batch)), (x, y, z) -> { }).get(name);
        Tensor merged = lora.layers().get(name).mergedWeight();
        Transformer full = TinyModel.llama();
        Tensor w = full.parameters().get(name + ".weight");
        for (int i = 0; i < w.size(); i++) {
            w.data().set(i, merged.get(i));
        }
        double[] g = gradient(full, name, batch);
        assertEquals(Samples.dot(g, g), moved.trace(), 1e-9 * moved.trace());
    }

    /** 12 sequences of 50 tokens: 11 of them reach the 512 of one pass. */
    private static List<FisherEstimator.Example> twelve() {
        SplittableRandom r = new SplittableRandom(4);
        List<FisherEstimator.Example> examples = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            int[] tokens = r.ints(50, 0, 29).toArray();
            int[] targets = tokens.clone();
            java.util.Arrays.fill(targets, 0, 40, Batch.NO_TARGET);
            examples.add(new FisherEstimator.Example(new Batch(tokens, new int[] {0, 50}, targets)));
        }
        return examples;
    }

    private static List<String> progress(long budget) throws Exception {
        List<String> seen = new ArrayList<>();
        new FisherEstimator(Kernels.plain(), TinyModel.llama(), AglSettings.DEFAULT, DType.F64).memoryBudget(budget)
                .estimate(NAMES.subList(0, 2), twelve(), (done, total, what) -> seen.add(done + "/" + total + " " + what));
        return seen;
    }

    /** 600 tokens of q (12, 12) and v (6, 12) in double: 600·24·8 + 600·18·8 bytes hold both at once, one byte less does not. */
    @Test void aSweepGathersWhatFitsIntoTheBudget() throws Exception {
        String q = NAMES.get(0);
        String v = NAMES.get(1);
        int both = 600 * 24 * 8 + 600 * 18 * 8;
        assertEquals(List.of("11/12 gradients", "12/12 gradients", "12/12 " + q, "12/12 " + v), progress(both));
        assertEquals(List.of("11/24 gradients", "12/24 gradients", "12/24 " + q, "23/24 gradients", "24/24 gradients", "24/24 " + v),
                progress(both - 1));
    }

    /** Examples that go through in two passes are those that go through alone: tr F is the mean of their squared gradients. */
    @Test void manyTokensAreManyPasses() throws Exception {
        FisherEstimator estimator = new FisherEstimator(Kernels.plain(), TinyModel.llama(), Samples.settings("{'fisher_norm':'none'}"),
                DType.F64);
        double mean = 0;
        for (FisherEstimator.Example e : twelve()) {
            mean += estimator.estimate(NAMES, List.of(e), (a, b, c) -> { }).get(NAMES.getFirst()).trace() / 12;
        }
        assertEquals(mean, estimator.estimate(NAMES, twelve(), (a, b, c) -> { }).get(NAMES.getFirst()).trace(), 1e-9 * mean);
    }

    /** A training pass after the estimate, of another length, is not taken for one of its batches. */
    @Test void noOneListensAfterwards() throws Exception {
        Transformer model = TinyModel.llama();
        FisherEstimator estimator = new FisherEstimator(Kernels.plain(), model, AglSettings.DEFAULT, DType.F64);
        estimator.estimate(NAMES, twelve(), (a, b, c) -> { });
        Batch other = new Batch(new int[] {3, 7, 11}, new int[] {0, 3}, new int[] {7, 11, -1});
        gradient(model, NAMES.getFirst(), other);
    }

    @Test void examplesThatDoNotFitTogetherAreNamed() throws Exception {
        FisherEstimator estimator = new FisherEstimator(Kernels.plain(), TinyModel.llama(), AglSettings.DEFAULT, DType.F64);
        Batch good = sequence(new SplittableRandom(1));
        Batch two = new Batch(new int[] {3, 7, 11, 2}, new int[] {0, 2, 4}, new int[] {7, -1, 2, -1});
        for (FisherEstimator.Example bad : List.of(new FisherEstimator.Example(good), new FisherEstimator.Example(good, two),
                new FisherEstimator.Example(two, good), new FisherEstimator.Example(Batch.of(1, 2), Batch.of(1, 2)))) {
            String message = assertThrows(AglException.class, () -> estimator.estimate(NAMES,
                    List.of(new FisherEstimator.Example(good, good), bad), (a, b, c) -> { })).getMessage();
            assertTrue(message.startsWith("example 1 for the Fisher information has no answer tokens"), message);
        }
    }

    @Test void aCollectorIsToldOfWholeExamples() {
        GradientCollector collector = new GradientCollector(DType.F64, List.of("w"));
        assertEquals("2 sequences, 1 weights, 1 sequences in an example",
                assertThrows(IllegalArgumentException.class, () -> collector.batch(new int[] {0, 2, 5}, new double[] {1}, 1)).getMessage());
        assertThrows(IllegalArgumentException.class, () -> collector.batch(new int[] {0, 2, 5, 6}, new double[] {1, 1, 1}, 2));
        assertNull(collector.listener("v"), "not observed");
        assertEquals(java.util.Set.of("w"), collector.names());
        collector.batch(new int[] {0, 2});
        Tensor x = Tensor.fill(DType.F64, i -> i, 3, 2);
        assertEquals("the batch announced 2 rows, the layer has 3",
                assertThrows(IllegalStateException.class, () -> collector.listener("w").accept(x, x.data())).getMessage());
        for (String nothing : List.of("w", "v")) {
            assertEquals("no gradient was collected for " + nothing,
                    assertThrows(IllegalStateException.class, () -> collector.take(nothing)).getMessage());
        }
    }

    /** Three sequences of 2, 1 and 1 rows: the weights are those of the losses, so δ has them and x has not. */
    @Test void eachExampleHasItsRowsAndItsWeights() {
        Tensor x = Tensor.of(new double[] {1, 2, 3, 4, 5, 6, 7, 8}, 4, 2);
        Tensor delta = Tensor.of(new double[] {1, 2, 3, 4}, 4, 1);
        GradientCollector pairs = new GradientCollector(DType.F64, List.of("w"));
        pairs.batch(new int[] {0, 2, 3}, new double[] {0.5, -1}, 2);
        pairs.listener("w").accept(Tensor.of(new double[] {1, 2, 3, 4, 5, 6}, 3, 2), Tensor.of(new double[] {1, 2, 3}, 3, 1).data());
        TokenFactors pair = pairs.take("w");
        assertEquals(List.of(1, 2, 1), List.of(pair.out(), pair.in(), pair.examples()));
        assertEquals(List.of(List.of(0.5, 1.0, -3.0)), values(pair, pair::deltaOf));
        assertEquals(List.of(List.of(1.0, 2.0, 3.0, 4.0, 5.0, 6.0)), values(pair, pair::xOf));
        // In float: another element type than what is heard.
        GradientCollector single = new GradientCollector(DType.F32, List.of("w"));
        single.batch(new int[] {0, 2, 3, 4});
        single.listener("w").accept(x, delta.data());
        TokenFactors alone = single.take("w");
        assertEquals(DType.F32, alone.dtype());
        assertEquals(List.of(List.of(1.0, 2.0), List.of(3.0), List.of(4.0)), values(alone, alone::deltaOf));
        assertEquals(List.of(List.of(1.0, 2.0, 3.0, 4.0), List.of(5.0, 6.0), List.of(7.0, 8.0)), values(alone, alone::xOf));
    }

    private static List<List<Double>> values(TokenFactors g, java.util.function.IntFunction<Matrix> of) {
        return java.util.stream.IntStream.range(0, g.examples()).mapToObj(of)
                .map(m -> java.util.stream.IntStream.range(0, m.size()).mapToObj(e -> m.get(e / m.cols(), e % m.cols())).toList()).toList();
    }

    /** The losses of the examples, and how far the passes are: 11 of the 12, then all. */
    @Test void gradientsComeWithTheirLosses() throws Exception {
        Transformer model = TinyModel.llama();
        List<String> seen = new ArrayList<>();
        FisherEstimator.Gradients found = new FisherEstimator(Kernels.plain(), model, AglSettings.DEFAULT, DType.F64)
                .gradients(NAMES.subList(0, 1), twelve(), (done, total, what) -> seen.add(done + "/" + total + " " + what));
        assertEquals(List.of("11/12 gradients", "12/12 gradients"), seen);
        for (int i = 0; i < 12; i++) {
            try (Tape tape = Tape.plain()) {
                assertEquals(model.loss(tape, twelve().get(i).answer()).item(), found.losses()[i], 1e-12);
            }
        }
        assertEquals(12, found.byMatrix().get(NAMES.getFirst()).examples());
    }

    /** Layers that read the same input share a copy within a batch; in the next batch the tensor may be the same and its numbers others. */
    @Test void eachBatchHasInputsOfItsOwn() {
        GradientCollector collector = new GradientCollector(DType.F64, List.of("w", "v"));
        Tensor x = Tensor.of(new double[] {1}, 1, 1);
        for (int batch = 0; batch < 2; batch++) {
            x.data().set(0, 1 + batch);
            collector.batch(new int[] {0, 1});
            collector.listener("w").accept(x, Tensor.of(new double[] {1}, 1, 1).data());
            collector.listener("v").accept(x, Tensor.of(new double[] {1}, 1, 1).data());
        }
        TokenFactors w = collector.take("w");
        assertEquals(List.of(1.0, 2.0), List.of(w.x().get(0), w.x().get(1)));
        assertSame(w.x(), collector.take("v").x());
    }

    @Test void badInputIsNamed() throws Exception {
        Transformer m = TinyModel.llama();
        FisherEstimator estimator = new FisherEstimator(Kernels.plain(), m, AglSettings.DEFAULT, DType.F64);
        Batch batch = sequence(new SplittableRandom(1));
        assertThrows(AglException.class, () -> estimator.estimate(NAMES, List.of(), (a, b, c) -> { }));
        AglException unknown = assertThrows(AglException.class, () -> estimator.estimate(List.of("x_proj"),
                List.of(new FisherEstimator.Example(batch)), (a, b, c) -> { }));
        assertTrue(unknown.getMessage().contains("x_proj"));
        assertThrows(AglException.class,
                () -> estimator.estimate(NAMES, List.of(new FisherEstimator.Example(Batch.of(1, 2))), (a, b, c) -> {}));
        m.parameters().get(NAMES.getFirst() + ".weight").data().set(0, Double.NaN);
        assertThrows(AglException.class, () -> estimator.estimate(NAMES, List.of(new FisherEstimator.Example(batch)), (a, b, c) -> { }));
        try (Tape tape = Tape.training(Kernels.plain(), new Pool(DType.F64))) {
            assertThrows(AglException.class, () -> AglRegularizer.of(AglSettings.DEFAULT, Map.of()).measure(tape,
                    List.of(new LoraFactors("w", Tensor.zeros(DType.F64, 1, 2), Tensor.zeros(DType.F64, 2, 1), 1))));
        }
    }
}
