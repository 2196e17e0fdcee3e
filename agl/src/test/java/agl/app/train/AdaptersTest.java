package agl.app.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.TinyModel;
import agl.autograd.Tensor;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.lora.LoraConfig;
import agl.lora.LoraModel;
import agl.lora.Peft;
import agl.nn.Models;
import agl.regularizers.LoraFactors;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Factors put in the place of an adapter's own: the same update, also for whoever reads the file, and the same scale. */
class AdaptersTest {
    @TempDir Path temp;
    private Path base;

    @BeforeEach void model() {
        base = TinyModel.write(temp.resolve("base"), 3);
    }

    private LoraModel adapter(LoraConfig config) {
        return LoraModel.attach(Models.load(base), config, 5, DType.F32);
    }

    /** New factors for every layer: ranks 3, 1, 3, 1 and so on, with a scale of their own. */
    private static List<LoraFactors> others(LoraModel lora) {
        List<LoraFactors> factors = new ArrayList<>();
        lora.layers().forEach((name, l) -> {
            int rank = factors.size() % 2 == 0 ? 3 : 1;
            int salt = factors.size();
            Tensor a = Tensor.fill(DType.F32, i -> 0.01 * ((i + salt) * 7 % 13) - 0.05, rank, l.a().dim(1));
            Tensor b = Tensor.fill(DType.F32, i -> 0.01 * ((i + salt) * 5 % 11) - 0.03, l.b().dim(0), rank);
            factors.add(new LoraFactors(name, a, b, 0.7));
        });
        return factors;
    }

    private static double[] update(LoraFactors f) {
        double[] a = f.a().toArray();
        double[] b = f.b().toArray();
        double[] w = new double[f.out() * f.in()];
        for (int i = 0; i < f.out(); i++) {
            for (int j = 0; j < f.in(); j++) {
                for (int k = 0; k < f.rank(); k++) {
                    w[i * f.in() + j] += f.scale() * b[i * f.rank() + k] * a[k * f.in() + j];
                }
            }
        }
        return w;
    }

    private static Map<String, double[]> updates(List<LoraFactors> factors) {
        Map<String, double[]> updates = new LinkedHashMap<>();
        factors.forEach(f -> updates.put(f.name(), update(f)));
        return updates;
    }

    @ParameterizedTest @CsvSource({"false,3", "true,4.242640687119285"})
    void theUpdateIsTheFactorsProduct(boolean rslora, double scale) {
        LoraModel old = adapter(LoraConfig.of(2, 6, 0.25, "q_proj,v_proj", rslora));
        List<LoraFactors> wanted = others(old);
        LoraModel replaced = Adapters.replace(old, wanted);
        Map<String, double[]> expected = updates(wanted);
        assertEquals(old.layers().keySet(), replaced.layers().keySet());
        assertUpdates(expected, replaced);
        assertEquals(3, replaced.config().r(), "the largest rank");
        assertEquals(0.25, replaced.config().loraDropout());
        assertEquals(rslora, replaced.config().useRslora());
        replaced.layers().forEach((name, l) -> {
            assertEquals(scale, l.scale(), 1e-12, "s = alpha/r or alpha/√r stays");
            assertEquals(scale, replaced.config().scale(name), 1e-12, "and is what the settings say");
        });
        assertTrue(replaced.parameters().stream().allMatch(Tensor::requiresGrad));
        Peft.save(replaced, temp.resolve("adapter"), base.toString());
        LoraModel read = Peft.load(Models.load(base), temp.resolve("adapter"), 1);
        assertUpdates(expected, read);
    }

    private static void assertUpdates(Map<String, double[]> expected, LoraModel lora) {
        Map<String, double[]> found = updates(Adapters.factors(lora));
        assertEquals(expected.keySet(), found.keySet());
        expected.forEach((name, w) -> assertArrayEquals(w, found.get(name), 1e-6, name));
    }

    /** What is trained beside A and B stays what it is. */
    @Test void copiesAreKept() {
        LoraConfig plain = LoraConfig.of(2, 6, 0, "q_proj");
        LoraModel old = adapter(new LoraConfig(2, 6, 0, plain.targets(), false, false, Map.of(), Map.of(), LoraConfig.Bias.NONE,
                List.of("lm_head"), LoraConfig.Init.DEFAULT, plain.others()));
        LoraModel replaced = Adapters.replace(old, others(old));
        assertEquals(List.of("lm_head.weight"), List.copyOf(replaced.copies().keySet()));
        assertSame(old.copies().get("lm_head.weight"), replaced.copies().get("lm_head.weight"));
    }

    @Test void whatCannotBeReplacedIsRefused() {
        LoraModel dora = adapter(LoraConfig.of(2, 6, 0, "q_proj").withDora());
        String message = assertThrows(AglException.class, () -> Adapters.replace(dora, others(dora))).getMessage();
        assertTrue(message.startsWith("a DoRA adapter cannot be replaced by factors"), message);
        LoraModel plain = adapter(LoraConfig.of(2, 6, 0, "q_proj"));
        assertEquals("the method left no adapter", assertThrows(AglException.class, () -> Adapters.replace(plain, List.of())).getMessage());
    }
}
