package agl.lora;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.GradCheck;
import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.op.Linear;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.nn.LinearLayer;
import agl.nn.Transformer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class LoraModelTest {

    /** A model and where its adapter goes. */
    static Stream<Arguments> adapted() {
        return Stream.of(Arguments.of(Tiny.llama(), LoraConfig.of(3, 6, 0, "q_proj", "v_proj")),
                Arguments.of(Tiny.llama(), LoraConfig.of(2, 4, 0, "all-linear", true)),
                Arguments.of(Tiny.gpt2(), LoraConfig.of(2, 4, 0, "c_attn", "c_proj")));
    }

    @ParameterizedTest @MethodSource("adapted") void aFreshAdapterChangesNothing(Transformer model, LoraConfig config) {
        double[] before = Tiny.logits(model);
        LoraModel lora = LoraModel.attach(model, config, 1, DType.F64);
        assertArrayEquals(before, Tiny.logits(model), 0);
        lora.layers().values().forEach(layer -> {
            assertEquals(0, Arrays.stream(layer.b().toArray()).map(Math::abs).sum());
            double bound = 1 / Math.sqrt(layer.in());
            assertTrue(Arrays.stream(layer.a().toArray()).allMatch(x -> Math.abs(x) <= bound));
            assertTrue(Arrays.stream(layer.a().toArray()).anyMatch(x -> Math.abs(x) > bound / 2));
        });
        assertTrue(model.parameters().values().stream().noneMatch(Tensor::requiresGrad));
        lora.detach();
        assertFalse(model.linears().stream().anyMatch(l -> l instanceof LoraLinear));
    }

    @ParameterizedTest @MethodSource("adapted") void mergedIsUnmergedAndBackAgain(Transformer model, LoraConfig config) {
        double[] base = Tiny.logits(model);
        LoraModel lora = LoraModel.attach(model, config, 1, DType.F64);
        Tiny.randomise(lora.parameters(), 2, 0.3);
        double[] adapted = Tiny.logits(model);
        assertTrue(Tiny.largestDifference(base, adapted) > 0.1, "the adapter does something");
        lora.merge();
        assertArrayEquals(adapted, Tiny.logits(model), 1e-10);
        lora.unmerge();
        assertArrayEquals(adapted, Tiny.logits(model), 0);
        lora.enable(false);
        assertArrayEquals(base, Tiny.logits(model), 0);
        lora.enable(true);
        assertArrayEquals(adapted, Tiny.logits(model), 0);
        lora.detach();
        assertArrayEquals(base, Tiny.logits(model), 0);
    }

    /** Every A and B of the whole model at once, in random directions. */
    @ParameterizedTest @MethodSource("adapted") void gradientOfTheWholeModel(Transformer model, LoraConfig config) {
        LoraModel lora = LoraModel.attach(model, config, 1, DType.F64);
        Tiny.randomise(lora.parameters(), 2, 0.3);
        GradCheck.Result result = GradCheck.directional((tape, x) -> model.loss(tape, Tiny.BATCH), 4, 5,
                lora.parameters().toArray(Tensor[]::new));
        assertTrue(result.passed(), result.toString());
        assertEquals(5, result.compared());
    }

    /** At the start B = 0, so nothing can be learned about A yet: its gradient is zero, that of B is not. */
    @Test void theFirstGradientIsThatOfB() {
        Transformer model = Tiny.llama();
        LoraModel lora = LoraModel.attach(model, LoraConfig.of(3, 6, 0, "q_proj", "v_proj"), 1, DType.F64);
        try (Tape tape = Tape.plain()) {
            tape.backward(model.loss(tape, Tiny.BATCH));
        }
        lora.layers().values().forEach(layer -> {
            assertTrue(Arrays.stream(layer.a().gradArray()).allMatch(g -> g == 0));
            assertTrue(Arrays.stream(layer.b().gradArray()).anyMatch(g -> g != 0));
        });
    }

    @Test void dropoutActsInTrainingOnlyAndFollowsTheSeed() {
        Transformer model = Tiny.llama();
        LoraModel lora = LoraModel.attach(model, LoraConfig.of(3, 6, 0.5, "q_proj"), 1, DType.F64);
        Tiny.randomise(lora.parameters(), 2, 0.3);
        assertArrayEquals(Tiny.logits(model), Tiny.logits(model), 0);
        double[] losses = new double[2];
        for (int i = 0; i < 2; i++) {
            try (Tape tape = Tape.plain()) {
                losses[i] = model.loss(tape, Tiny.BATCH).item();
            }
        }
        assertTrue(losses[0] != losses[1], "each pass has a mask of its own");
        Transformer again = Tiny.llama();
        Tiny.randomise(LoraModel.attach(again, LoraConfig.of(3, 6, 0.5, "q_proj"), 1, DType.F64).parameters(), 2, 0.3);
        try (Tape tape = Tape.plain()) {
            assertEquals(losses[0], again.loss(tape, Tiny.BATCH).item());
        }
    }

    @Test void scalesByHand() {
        assertEquals(2, LoraConfig.of(8, 16, 0, "q_proj").scale("q_proj"));
        assertEquals(16 / Math.sqrt(8), LoraConfig.of(8, 16, 0, "q_proj", true).scale("q_proj"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"q_proj,v_proj", "self_attn.q_proj,self_attn.v_proj", ".*\\.(q|v)_proj",
        "model.layers.0.self_attn.q_proj"}) void targetsBySuffixOrPattern(String targets) {
        LoraModel lora = LoraModel.attach(Tiny.llama(), LoraConfig.of(2, 4, 0, targets, false), 1, DType.F64);
        Map<String, Long> suffixes = new TreeMap<>();
        lora.layers().keySet().forEach(name -> suffixes.merge(name.substring(name.lastIndexOf('.') + 1), 1L, Long::sum));
        assertEquals(targets.contains("layers.0") ? Map.of("q_proj", 1L) : Map.of("q_proj", 2L, "v_proj", 2L), suffixes);
    }

    @Test void aSuffixIsAWholeName() {
        assertFalse(LoraConfig.of(2, 4, 0, "proj").targets("model.layers.0.self_attn.q_proj"));
    }

    @ParameterizedTest @ValueSource(strings = {"proj", "x_proj", "(", "", ","}) void refusesTargetsThatMatchNothing(String targets) {
        assertThrows(AglException.class, () -> LoraModel.attach(Tiny.llama(), LoraConfig.of(2, 4, 0, targets, false), 1, DType.F64));
    }

    @Test void refusesTwoAdaptersAtOnce() {
        Transformer model = Tiny.llama();
        LoraModel.attach(model, LoraConfig.of(2, 4, 0, "q_proj"), 1, DType.F64);
        assertThrows(AglException.class, () -> LoraModel.attach(model, LoraConfig.of(2, 4, 0, "q_proj"), 1, DType.F64));
    }

    @Test void refusesSettingsOutOfRange() {
        for (List<Double> bad : List.of(List.of(0.0, 4.0, 0.0), List.of(2.0, Double.NaN, 0.0), List.of(2.0, 4.0, 1.0),
                List.of(2.0, 4.0, -0.1))) {
            assertThrows(AglException.class, () -> LoraConfig.of(bad.get(0).intValue(), bad.get(1), bad.get(2), "q_proj"));
        }
    }

    @ParameterizedTest @MethodSource("adapted") void recomputingGivesTheSameGradient(Transformer model, LoraConfig config) {
        LoraModel lora = LoraModel.attach(model, LoraConfig.of(config.r(), config.loraAlpha(), 0.3, "all-linear", false), 1, DType.F64);
        Tiny.randomise(lora.parameters(), 2, 0.3);
        double[][] kept = gradients(lora, new Pool(DType.F64));
        lora.detach();
        LoraModel again = LoraModel.attach(model, lora.config(), 1, DType.F64);
        Tiny.randomise(again.parameters(), 2, 0.3);
        model.recompute(true);
        double[][] recomputed = gradients(again, new Pool(DType.F64));
        for (int i = 0; i < kept.length; i++) {
            assertArrayEquals(kept[i], recomputed[i], "parameter " + i);
        }
    }

    /** Of two passes, whose dropout masks differ. */
    private static double[][] gradients(LoraModel lora, Pool pool) {
        for (int pass = 0; pass < 2; pass++) {
            try (Tape tape = Tape.training(agl.autograd.kernels.Kernels.plain(), pool)) {
                tape.backward(lora.model().loss(tape, Tiny.BATCH));
            }
        }
        return lora.parameters().stream().map(Tensor::gradArray).toArray(double[][]::new);
    }

    /** With W0 = 0 and A = B = s = 1 the layer is the dropout itself: x/(1 − p) with probability 1 − p, else 0. */
    @Test void dropoutHasTheProbabilityThatTheSettingsName() {
        Tensor w = Tensor.zeros(DType.F64, 1, 1);
        LinearLayer zero = new LinearLayer() {
            @Override public Tensor forward(Tape tape, Tensor x) {
                throw new UnsupportedOperationException();
            }

            @Override public String name() {
                return "zero";
            }

            @Override public Tensor weight() {
                return w;
            }

            @Override public Tensor bias() {
                return null;
            }

            @Override public void listen(Linear.GradientListener listener) { }
        };
        int n = 10_000;
        double p = 0.3;
        Tensor one = Tensor.fill(DType.F64, i -> 1, 1, 1).requireGrad();
        LoraLinear layer = new LoraLinear(zero, new LoraLinear.Update(one, Tensor.fill(DType.F64, i -> 1, 1, 1).requireGrad(), 1), p, 1);
        try (Tape tape = Tape.training(Kernels.plain(), new Pool(DType.F64))) {
            double[] y = layer.forward(tape, Tensor.fill(DType.F64, i -> 1, n, 1)).toArray();
            long dropped = Arrays.stream(y).filter(v -> v == 0).count();
            assertEquals(n * p, dropped, 5 * Math.sqrt(n * p * (1 - p)));
            assertTrue(Arrays.stream(y).filter(v -> v != 0).allMatch(v -> Math.abs(v - 1 / (1 - p)) < 1e-12));
        }
    }
}
