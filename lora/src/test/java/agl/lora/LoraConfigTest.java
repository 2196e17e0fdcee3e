package agl.lora;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.autograd.Tensor;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.nn.LinearLayer;
import agl.nn.Transformer;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What the settings of an adapter mean, layer by layer, and how a fresh one starts. */
class LoraConfigTest {
    private static final String Q0 = "model.layers.0.self_attn.q_proj";
    private static final String Q1 = "model.layers.1.self_attn.q_proj";

    private static LoraConfig config(Targets targets, boolean rslora, Map<String, Integer> ranks, Map<String, Double> alphas,
            LoraConfig.Bias bias,
            LoraConfig.Init init, String... saved) {
        return new LoraConfig(4, 8, 0, targets, rslora, false, ranks, alphas, bias, List.of(saved), init,
                JsonNodeFactory.instance.objectNode());
    }

    private static LoraConfig with(LoraConfig.Init init) {
        return config(Targets.of("q_proj"), false, Map.of(), Map.of(), LoraConfig.Bias.NONE, init);
    }

    /** The first pattern that matches counts; a key matches the end of a name, from a dot on. */
    @Test void ranksAndScalesByPattern() {
        Map<String, Integer> ranks = new LinkedHashMap<>();
        ranks.put("layers.1.self_attn.q_proj", 16);
        ranks.put("q_proj", 2);
        ranks.put("roj", 64);
        LoraConfig c = config(Targets.of("q_proj"), false, ranks, Map.of("layers\\.0\\..*", 6.0), LoraConfig.Bias.NONE,
                LoraConfig.Init.DEFAULT);
        assertEquals(2, c.rank(Q0));
        assertEquals(16, c.rank(Q1));
        assertEquals(4, c.rank("model.layers.0.self_attn.v_proj"));
        assertEquals(6.0 / 2, c.scale(Q0));
        assertEquals(8.0 / 16, c.scale(Q1));
        LoraConfig stable = config(Targets.of("q_proj"), true, ranks, Map.of(), LoraConfig.Bias.NONE, LoraConfig.Init.DEFAULT);
        assertEquals(8 / Math.sqrt(16), stable.scale(Q1));
        assertEquals(8.0 / 3, stable.withRank(9, 8).scale(Q1));
        assertEquals(9, stable.withRank(9, 8).rank(Q1));
    }

    @Test void patternsAndRangesAreChecked() {
        for (int rank : new int[] {0, -1, (1 << 16) + 1}) {
            String message = assertThrows(AglException.class,
                    () -> config(Targets.of("q_proj"), false, Map.of("v_proj", rank), Map.of(), LoraConfig.Bias.NONE,
                            LoraConfig.Init.DEFAULT))
                    .getMessage();
            assertTrue(message.contains("rank_pattern v_proj") && message.contains("" + rank), message);
        }
        assertEquals(1 << 16, LoraConfig.of(1 << 16, 1, 0, "q_proj").r());
        assertEquals(0, LoraConfig.of(1, 1, 0, "q_proj").loraDropout());
        assertThrows(AglException.class,
                () -> config(Targets.of("q_proj"), false, Map.of(), Map.of("v_proj", Double.POSITIVE_INFINITY), LoraConfig.Bias.NONE,
                        LoraConfig.Init.DEFAULT));
        assertThrows(AglException.class,
                () -> config(Targets.of("q_proj"), false, Map.of("(", 1), Map.of(), LoraConfig.Bias.NONE, LoraConfig.Init.DEFAULT));
        assertThrows(AglException.class,
                () -> config(Targets.of("q_proj"), false, Map.of(), Map.of("(", 1.0), LoraConfig.Bias.NONE, LoraConfig.Init.DEFAULT));
    }

    /** A module is saved whole when its name, or that of a module which holds it, ends so; then it is not adapted. */
    @Test void modulesToSave() {
        LoraConfig c = config(Targets.of("q_proj,down_proj"), false, Map.of(), Map.of(), LoraConfig.Bias.NONE, LoraConfig.Init.DEFAULT,
                "mlp", "lm_head");
        assertTrue(c.saves("lm_head"));
        assertTrue(c.saves("model.layers.0.mlp"));
        assertTrue(c.saves("model.layers.0.mlp.down_proj"));
        assertFalse(c.saves("model.layers.0.self_attn"));
        assertTrue(c.targets(Q0));
        assertFalse(c.targets("model.layers.0.mlp.down_proj"));
        assertFalse(c.targets("model.layers.0.self_attn.v_proj"));
    }

    private static Targets targets(List<Integer> layers, List<String> pattern, String... exclude) {
        return new Targets(List.of("q_proj", "c_fc"), null, List.of(exclude), false, layers, pattern);
    }

    @Test void targetsByNumberAndWithoutSome() {
        assertTrue(targets(List.of(), List.of()).matches(Q0));
        assertTrue(targets(List.of(1, 3), List.of()).matches(Q1));
        assertFalse(targets(List.of(1, 3), List.of()).matches(Q0));
        assertTrue(targets(List.of(2), List.of("h")).matches("transformer.h.2.mlp.c_fc"));
        assertFalse(targets(List.of(3), List.of("h")).matches("transformer.h.2.mlp.c_fc"));
        assertFalse(targets(List.of(2), List.of("blocks")).matches("transformer.h.2.mlp.c_fc"));
        assertFalse(targets(List.of(0), List.of()).matches("q_proj.x"));
        assertFalse(targets(List.of(), List.of(), "layers.0.self_attn.q_proj").matches(Q0));
        assertTrue(targets(List.of(), List.of(), "layers.0.self_attn.q_proj").matches(Q1));
        Targets byPattern = new Targets(List.of("q_proj"), null, List.of(".*\\.0\\..*"), true, List.of(), List.of());
        assertFalse(byPattern.matches(Q0));
        assertTrue(byPattern.matches(Q1));
        // A pattern matches the whole name.
        assertFalse(Targets.of("layers.(0|1).*").matches(Q0));
        assertTrue(Targets.of("model.layers.(0|1).*").matches(Q0));
        assertTrue(Targets.of("ALL-linear").matches("anything"));
        assertEquals("q_proj,v_proj", Targets.of(" q_proj, v_proj,").toString());
        assertEquals(".*q_proj", Targets.of(".*q_proj").toString());
    }

    /** The number counts after a list of layers: by PEFT's rules the list's name stands behind a dot, unless layers_pattern names it. */
    @Test void aNumberWithoutAListIsNone() {
        assertFalse(targets(List.of(0), List.of()).matches("model.q_proj"));
        assertFalse(targets(List.of(1), List.of()).matches("layers.1.q_proj"));
        assertTrue(targets(List.of(1), List.of("layers")).matches("layers.1.q_proj"));
    }

    @Test void targetsAreCheckedWhenTheyAreRead() {
        assertTrue(assertThrows(AglException.class, () -> Targets.of(",")).getMessage().contains("target_modules is empty"));
        assertTrue(assertThrows(AglException.class, () -> new Targets(List.of("q"), null, List.of("("), true, List.of(), List.of()))
                .getMessage().contains("exclude_modules"));
        assertTrue(assertThrows(AglException.class, () -> new Targets(List.of("q"), null, List.of(), false, List.of(), List.of("(")))
                .getMessage().contains("layers_pattern"));
        assertEquals(List.of("q_proj", "v_proj"), Targets.of("q_proj,,v_proj").names());
    }

    @Test void namesThatMatchNothingAreLeftOut() {
        Targets t = Targets.of("q_proj,x_proj");
        assertEquals(List.of("x_proj"), t.unmatched(List.of(Q0, Q1)));
        assertEquals(List.of("q_proj"), t.within(List.of(Q0)).names());
        assertEquals(t, t.within(List.of(Q0, "a.x_proj")));
        assertEquals(t, t.within(List.of("nothing")), "an empty list would target everything or nothing");
    }

    /** A pattern that would take longer than anyone waits ends in a message; one of ordinary length does not. */
    @Test void patternsHaveALimit() {
        // Java remembers where (a+)+b failed, but not with a back reference in it.
        String slow = "(a+)+\\1b";
        String message = assertThrows(AglException.class, () -> Targets.of(slow).matches("a".repeat(40))).getMessage();
        assertTrue(message.contains("takes too long"), message);
        assertTrue(assertThrows(AglException.class, () -> Targets.of("a*".repeat(501))).getMessage().contains("1002 characters"));
        assertTrue(Targets.of("a*".repeat(500)).matches("aa"));
    }

    private static LinearLayer layer(Transformer model) {
        return model.linears().getFirst();
    }

    /** A: uniform in ±1/√in has the variance 1/(3·in); normal with deviation 1/r; RANDOM draws B as well, uniform in ±1/√r. */
    @Test void startsAreDistributedAsTheSettingSays() {
        LinearLayer wide = layer(agl.nn.Models.random(agl.nn.ModelConfig.llama(64, 1, 4, 2, 8, 11).withPositions(16), 1, DType.F32));
        LoraLinear uniform = LoraLinear.initial(wide, with(LoraConfig.Init.DEFAULT), DType.F64, 5);
        assertEquals(1 / Math.sqrt(3 * 64), deviation(uniform.a()), 0.006);
        assertEquals(0, deviation(uniform.b()));
        assertEquals(2, uniform.scale());
        assertNull(uniform.magnitude());
        LoraLinear gaussian = LoraLinear.initial(wide, with(LoraConfig.Init.GAUSSIAN), DType.F64, 5);
        assertEquals(1.0 / 4, deviation(gaussian.a()), 0.03);
        assertTrue(Arrays.stream(gaussian.a().toArray()).anyMatch(x -> Math.abs(x) > 0.5), "no normal numbers");
        assertEquals(0, deviation(gaussian.b()));
        LoraLinear random = LoraLinear.initial(wide, with(LoraConfig.Init.RANDOM), DType.F64, 5);
        assertEquals(1 / Math.sqrt(3 * 4), deviation(random.b()), 0.03);
        assertTrue(Arrays.stream(random.b().toArray()).allMatch(x -> Math.abs(x) <= 0.5));
        assertArrayEquals(uniform.a().toArray(), random.a().toArray());
        assertFalse(
                Arrays.equals(uniform.a().toArray(), LoraLinear.initial(wide, with(LoraConfig.Init.DEFAULT), DType.F64, 6).a().toArray()));
        assertTrue(uniform.a().requiresGrad() && uniform.b().requiresGrad());
    }

    private static double deviation(Tensor t) {
        return Math.sqrt(Arrays.stream(t.toArray()).map(x -> x * x).average().orElseThrow());
    }

    /** A run with the same seed starts from the same adapter, in this version and the next; layers differ from one another. */
    @Test void everyLayerHasASeedOfItsOwn() {
        assertEquals(5 + 3 * 7919, LoraModel.layerSeed(5, 3));
        LoraModel lora = LoraModel.attach(Tiny.llama(), LoraConfig.of(2, 4, 0, "q_proj"), 5, DType.F64);
        List<double[]> starts = lora.layers().values().stream().map(l -> l.a().toArray()).toList();
        assertFalse(Arrays.equals(starts.get(0), starts.get(1)));
        assertArrayEquals(LoraLinear.initial(lora.layers().get(Q1).base(), lora.config(), DType.F64, 5 + 7919).a().toArray(),
                starts.get(1));
    }

    /** A (2, 12), B (12, 2) and 12 magnitudes in each of two layers. */
    @Test void magnitudesAreTrainedToo() {
        LoraModel lora = LoraModel.attach(Tiny.llama(), LoraConfig.of(2, 4, 0, "q_proj").withDora(), 1, DType.F64);
        assertEquals(2 * (2 * 12 + 12 * 2 + 12), lora.size());
    }

    /** Which of the base's tensors the adapter trains in copies of its own. */
    @Test void biasesAndSavedModulesAreCopied() {
        Transformer model = Tiny.gpt2();
        LoraModel none = LoraModel.attach(model,
                config(Targets.of("c_fc"), false, Map.of(), Map.of(), LoraConfig.Bias.NONE, LoraConfig.Init.DEFAULT), 1, DType.F64);
        assertTrue(none.copies().isEmpty());
        none.detach();
        LoraModel own = LoraModel.attach(model,
                config(Targets.of("c_fc"), false, Map.of(), Map.of(), LoraConfig.Bias.LORA_ONLY, LoraConfig.Init.DEFAULT), 1, DType.F64);
        assertEquals(List.of("transformer.h.0.mlp.c_fc.bias", "transformer.h.1.mlp.c_fc.bias"), List.copyOf(own.copies().keySet()));
        assertEquals(2 * (4 * 12 + 17 * 4) + 2 * 17, own.size());
        own.detach();
        LoraModel all = LoraModel.attach(model,
                config(Targets.of("c_fc"), false, Map.of(), Map.of(), LoraConfig.Bias.ALL, LoraConfig.Init.DEFAULT), 1, DType.F64);
        assertEquals(2 * 6 + 1, all.copies().size(), "four maps and two norms a layer, and the last norm");
        all.detach();
        LoraModel head = LoraModel.attach(model,
                config(Targets.of("c_fc"), false, Map.of(), Map.of(), LoraConfig.Bias.NONE, LoraConfig.Init.DEFAULT, "lm_head"), 1,
                DType.F64);
        assertEquals(List.of(Transformer.HEAD), List.copyOf(head.copies().keySet()));
        double[] before = Tiny.logits(model);
        Tiny.randomise(head.copies().values(), 3, 1);
        double[] after = Tiny.logits(model);
        assertTrue(Tiny.largestDifference(before, after) > 0.1);
        head.enable(false);
        assertArrayEquals(before, Tiny.logits(model), 0);
        head.enable(true);
        assertArrayEquals(after, Tiny.logits(model), 0);
        head.detach();
        assertArrayEquals(before, Tiny.logits(model), 0);
        String message = assertThrows(AglException.class,
                () -> LoraModel.attach(model, config(Targets.of("c_fc"), false, Map.of(), Map.of(), LoraConfig.Bias.NONE,
                        LoraConfig.Init.DEFAULT, "score"), 1, DType.F64))
                .getMessage();
        assertTrue(message.contains("modules_to_save score"), message);
        message = assertThrows(AglException.class,
                () -> LoraModel.attach(model, config(Targets.of("c_fc"), false, Map.of(), Map.of(), LoraConfig.Bias.NONE,
                        LoraConfig.Init.DEFAULT, "lm_head", "score"), 1, DType.F64))
                .getMessage();
        assertTrue(message.contains("modules_to_save score"), "one that is found does not stand for the other: " + message);
    }

    @Test void mergedOnlyWhileTheWorkLasts() {
        Transformer model = Tiny.llama();
        LoraModel lora = LoraModel.attach(model, LoraConfig.of(2, 4, 0, "q_proj"), 1, DType.F64);
        Tiny.randomise(lora.parameters(), 2, 0.3);
        LoraLinear layer = lora.layers().values().iterator().next();
        double[] before = Tiny.logits(model);
        double[] frozen = layer.mergedWeight().toArray();
        double[] during = lora.whileMerged(() -> {
            // What the factors become now is not seen by the merged matrix.
            Tiny.randomise(lora.parameters(), 7, 0.3);
            return Tiny.logits(model);
        });
        assertArrayEquals(before, during, 1e-10);
        assertFalse(Arrays.equals(frozen, layer.mergedWeight().toArray()));
        assertTrue(Tiny.largestDifference(before, Tiny.logits(model)) > 1e-3);
        assertThrows(IllegalStateException.class, () -> lora.whileMerged(() -> {
            throw new IllegalStateException();
        }));
        Tiny.randomise(lora.parameters(), 2, 0.3);
        assertArrayEquals(before, Tiny.logits(model), 1e-12, "unmerged after a failure");
    }
}
