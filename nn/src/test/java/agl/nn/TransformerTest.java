package agl.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.GradCheck;
import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.op.HeadCrossEntropy;
import agl.autograd.storage.DType;
import agl.error.AglException;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class TransformerTest {
    private static final int VOCABULARY = 31;

    /** One small model per thing that changes the computation: plain, sliding window, biases, norms of queries and keys, GPT-2. */
    static Stream<Transformer> models() {
        return Stream.of("llama", "mistral", "qwen2", "qwen3", "gemma3_text", "gpt2").map(family -> small(family, DType.F64));
    }

    static Transformer small(String family, DType dtype) {
        ObjectNode json = family.equals(
                "gpt2") ? JsonNodeFactory.instance.objectNode().put("model_type", "gpt2").put("n_embd", 12).put("n_layer", 3)
                        .put("n_head", 3).put("n_inner", 17).put("vocab_size", VOCABULARY).put("n_positions", 40) : llama(family);
        Transformer model = Models.random(ModelConfig.parse(json, "test"), 5, dtype);
        // Larger than usual, so that every layer matters.
        model.parameters().values().forEach(t -> {
            for (int i = 0; i < t.size(); i++) {
                t.data().set(i, 12 * t.get(i) - (t.rank() == 1 && t.get(i) == 1 ? 11 : 0) + 0.01 * (i % 5));
            }
        });
        return model;
    }

    private static ObjectNode llama(String family) {
        ObjectNode json = ModelConfig.llama(12, 3, 6, 2, 17, VOCABULARY).withPositions(40).json().deepCopy();
        json.put("model_type", family).put("head_dim", 4).put("tie_word_embeddings", family.equals("llama"));
        if (family.equals("mistral")) {
            json.put("sliding_window", 3);
        }
        if (family.equals("gemma3_text")) {
            json.put("hidden_act", "gelu_pytorch_tanh").put("sliding_window", 3).put("sliding_window_pattern", 2)
                    .put("query_pre_attn_scalar", 7).put("rope_theta", 1e6);
        }
        return json;
    }

    private static Tape inference() {
        return Tape.inference(Kernels.plain(), new Pool(DType.F64));
    }

    private static double[] logits(Transformer model, Batch batch) {
        int[] rows = new int[batch.size()];
        Arrays.setAll(rows, i -> i);
        try (Tape tape = inference()) {
            return model.logits(tape, model.hidden(tape, batch), rows).toArray();
        }
    }

    private static int[] tokens(int n, int seed) {
        return new java.util.SplittableRandom(seed).ints(n, 0, VOCABULARY).toArray();
    }

    private static Batch next(int[]... sequences) {
        int[] starts = new int[sequences.length + 1];
        for (int s = 0; s < sequences.length; s++) {
            starts[s + 1] = starts[s] + sequences[s].length;
        }
        int[] all = Stream.of(sequences).flatMapToInt(Arrays::stream).toArray();
        int[] targets = new int[all.length];
        for (int s = 0; s < sequences.length; s++) {
            for (int t = starts[s]; t < starts[s + 1]; t++) {
                targets[t] = t + 1 < starts[s + 1] ? all[t + 1] : Batch.NO_TARGET;
            }
        }
        return new Batch(all, starts, targets);
    }

    @ParameterizedTest @MethodSource("models") void aCacheChangesNothingTokenByToken(Transformer model) {
        int[] a = tokens(13, 1);
        int[] b = tokens(9, 2);
        double[] wholeA = logits(model, Batch.of(a));
        double[] wholeB = logits(model, Batch.of(b));
        KvCache cache = new KvCache(model.config(), DType.F64, 2, 20);
        // Prompts of 5 and 1 tokens at once, then both token by token.
        feed(model, cache, Arrays.copyOf(a, 5), Arrays.copyOf(b, 1), wholeA, wholeB, 4, 0);
        for (int i = 0; i < 8; i++) {
            feed(model, cache, new int[] {a[5 + i]}, new int[] {b[1 + i]}, wholeA, wholeB, 5 + i, 1 + i);
        }
        assertEquals(13, cache.length(0));
        assertEquals(9, cache.length(1));
    }

    private static void feed(Transformer model, KvCache cache, int[] a, int[] b, double[] wholeA, double[] wholeB, int lastA, int lastB) {
        try (Tape tape = inference()) {
            Batch batch = next(a, b);
            double[] got = model.logits(tape, model.hidden(tape, batch, cache), a.length - 1, batch.size() - 1).toArray();
            assertArrayEquals(row(wholeA, lastA), row(got, 0), 1e-9);
            assertArrayEquals(row(wholeB, lastB), row(got, 1), 1e-9);
        }
    }

    private static double[] row(double[] logits, int row) {
        return Arrays.copyOfRange(logits, row * VOCABULARY, (row + 1) * VOCABULARY);
    }

    @ParameterizedTest @MethodSource("models") void aCacheGoesOnWithSomeOfItsSequences(Transformer model) {
        int[] b = tokens(6, 2);
        double[] whole = logits(model, Batch.of(b));
        KvCache cache = new KvCache(model.config(), DType.F64, 3, 8);
        try (Tape tape = inference()) {
            model.hidden(tape, next(tokens(3, 1), Arrays.copyOf(b, 5), tokens(2, 7)), cache);
            double[] got = model.logits(tape, model.hidden(tape, Batch.of(b[5]), cache.select(new int[] {1})), 0).toArray();
            assertArrayEquals(row(whole, 5), got, 1e-9);
        }
    }

    /**
     * A row that two sequences share has the output that it has in each, and the gradient of the sum of their losses: here of the first
     * layer's weights, past windows, rotations and learned positions.
     */
    @ParameterizedTest @MethodSource("models") void aSharedBeginningChangesNothing(Transformer model) {
        int[] a = tokens(13, 1);
        int[] b = Arrays.copyOf(a, 9);
        System.arraycopy(tokens(3, 2), 0, b, 6, 3);
        List<Batch> sequences = Stream.of(a, b, tokens(5, 3), tokens(4, 4)).map(t -> {
            int[] targets = new int[t.length];
            Arrays.fill(targets, Batch.NO_TARGET);
            Arrays.fill(targets, t.length - 2, t.length, 7);
            return new Batch(t, new int[] {0, t.length}, targets);
        }).toList();
        SharedBatch shared = SharedBatch.of(sequences, 2);
        assertArrayEquals(new int[] {0, 6, 0, 0}, shared.prefix());
        Batch whole = Batch.concat(sequences);
        try (Tape tape = inference()) {
            double[] apart = model.hidden(tape, whole).toArray();
            double[] together = model.hidden(tape, shared).toArray();
            int[] keys = shared.keyRows();
            double[] spread = new double[apart.length];
            for (int t = 0; t < keys.length; t++) {
                System.arraycopy(together, keys[t] * 12, spread, t * 12, 12);
            }
            assertArrayEquals(apart, spread, 1e-12);
        }
        double[] expected = firstGradient(model, whole, tape -> model.hidden(tape, whole));
        double[] found = firstGradient(model, shared.rows(), tape -> model.hidden(tape, shared));
        assertArrayEquals(expected, found, 1e-11 * Arrays.stream(expected).map(Math::abs).max().orElseThrow());
    }

    private static double[] firstGradient(Transformer model, Batch batch, Function<Tape, Tensor> hidden) {
        Tensor w = model.linears().getFirst().weight();
        w.requireGrad();
        w.zeroGrad();
        try (Tape tape = Tape.plain()) {
            tape.backward(HeadCrossEntropy.of(tape, hidden.apply(tape), model.head(), batch.targets(), null, 1));
        }
        return w.gradArray();
    }

    @ParameterizedTest @MethodSource("models") void sequencesOfABatchDoNotSeeEachOther(Transformer model) {
        int[][] sequences = {tokens(7, 1), tokens(1, 2), tokens(11, 3)};
        double[] together = logits(model, next(sequences));
        double[] apart = Stream.of(sequences).flatMapToDouble(s -> Arrays.stream(logits(model, Batch.of(s)))).toArray();
        assertArrayEquals(apart, together, 1e-9);
    }

    /** Batch gradient = gradients of the sequences alone, weighted by their share of the targets. */
    @ParameterizedTest @MethodSource("models") void gradientsAddUpOverSequences(Transformer model) {
        int[][] sequences = {tokens(7, 1), tokens(4, 3)};
        Tensor weight = model.linears().getFirst().weight();
        double[] first = gradient(model, weight, next(sequences[0]));
        double[] second = gradient(model, weight, next(sequences[1]));
        double[] together = gradient(model, weight, next(sequences));
        double[] sum = new double[first.length];
        Arrays.setAll(sum, i -> (6 * first[i] + 3 * second[i]) / 9);
        assertArrayEquals(sum, together, 1e-10);
    }

    private static double[] gradient(Transformer model, Tensor weight, Batch batch) {
        model.parameters().values().forEach(Tensor::zeroGrad);
        try (Tape tape = Tape.plain()) {
            tape.backward(model.loss(tape, batch));
        }
        return weight.gradArray();
    }

    /** The whole model, every weight at once, in random directions. */
    @ParameterizedTest @MethodSource("models") void gradientOfTheWholeModel(Transformer model) {
        Batch batch = next(tokens(5, 1), tokens(3, 4));
        GradCheck.Result result = GradCheck.directional((tape, x) -> model.loss(tape, batch), 3, 5,
                model.parameters().values().toArray(Tensor[]::new));
        assertTrue(result.passed(), result.toString());
        assertEquals(5, result.compared());
    }

    @Test void tokenLossesAddUpToTheLoss() {
        Transformer model = small("qwen3", DType.F64);
        Batch batch = next(tokens(5, 1), tokens(3, 4));
        try (Tape tape = inference()) {
            double[] each = model.tokenLosses(tape, batch);
            assertEquals(0, each[4]);
            assertEquals(0, each[7]);
            assertEquals(model.loss(tape, batch).item() * 6, Arrays.stream(each).sum(), 1e-9);
        }
    }

    /** The attention of position t reaches back window − 1 tokens, and through the layers three times that. */
    @Test void theWindowIsCounted() {
        Transformer model = small("mistral", DType.F64);
        int[] a = tokens(12, 1);
        int[] b = a.clone();
        b[2] = (b[2] + 1) % VOCABULARY;
        double[] x = logits(model, Batch.of(a));
        double[] y = logits(model, Batch.of(b));
        for (int t = 0; t < a.length; t++) {
            boolean reached = t >= 2 && t <= 2 + 3 * 2;
            assertEquals(!reached, Arrays.equals(row(x, t), row(y, t)), "position " + t);
        }
    }

    @Test void refusesWhatItCannotCompute() {
        Transformer model = small("llama", DType.F64);
        try (Tape tape = inference()) {
            String tooLong = assertThrows(AglException.class, () -> model.hidden(tape, Batch.of(tokens(41, 1)))).getMessage();
            assertTrue(tooLong.contains("41") && tooLong.contains("40"), tooLong);
            String outside = assertThrows(AglException.class, () -> model.hidden(tape, Batch.of(1, VOCABULARY))).getMessage();
            assertTrue(outside.contains("31") && outside.contains("position 1"), outside);
            KvCache cache = new KvCache(model.config(), DType.F64, 1, 4);
            model.hidden(tape, Batch.of(1, 2, 3), cache);
            assertThrows(AglException.class, () -> model.hidden(tape, Batch.of(1, 2), cache));
        }
    }
}
