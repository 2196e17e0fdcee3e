package agl.app.train;

import agl.autograd.Tensor;
import agl.autograd.kernels.Matrix;
import agl.autograd.storage.DType;
import agl.error.AglException;
import agl.lora.LoraConfig;
import agl.lora.LoraLinear;
import agl.lora.LoraModel;
import agl.regularizers.LoraFactors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Converts adapters to factors and factors to adapters. */
public final class Adapters {
    private Adapters() { }

    /** A, B and s of every adapted layer. */
    public static List<LoraFactors> factors(LoraModel lora) {
        List<LoraFactors> factors = new ArrayList<>();
        lora.layers().forEach((name, layer) -> factors.add(new LoraFactors(name, layer.a(), layer.b(), layer.scale())));
        return factors;
    }

    /**
     * The model with these factors in place of its own. A PEFT file has a single rank, here the largest; smaller factors are padded with
     * zeros, which does not change their product.
     */
    static LoraModel replace(LoraModel lora, List<LoraFactors> factors) {
        Map<String, LoraFactors> byName = new LinkedHashMap<>();
        factors.forEach(f -> byName.put(f.name(), f));
        int rank = factors.stream().mapToInt(LoraFactors::rank).max().orElseThrow(() -> new AglException("the method left no adapter"));
        LoraConfig old = lora.config();
        if (old.useDora()) {
            throw new AglException(
                    "a DoRA adapter cannot be replaced by factors: its magnitudes belong to the old ones; train without use_dora");
        }
        double scale = old.useRslora() ? old.loraAlpha() / Math.sqrt(old.r()) : old.loraAlpha() / old.r();
        LoraConfig config = old.withRank(rank, old.useRslora() ? scale * Math.sqrt(rank) : scale * rank);
        lora.detach();
        return LoraModel.attach(lora.model(), config, (layer, index) -> {
            LoraFactors f = byName.get(layer.name());
            Matrix fa = f.matrixA();
            Matrix fb = f.matrixB();
            Tensor a = Tensor.zeros(DType.F32, rank, f.in());
            Tensor b = Tensor.zeros(DType.F32, f.out(), rank);
            for (int k = 0; k < f.rank(); k++) {
                for (int j = 0; j < f.in(); j++) {
                    a.data().set(k * f.in() + j, fa.get(k, j));
                }
                for (int i = 0; i < f.out(); i++) {
                    b.data().set(i * rank + k, fb.get(i, k) * f.scale() / scale);
                }
            }
            return new LoraLinear(layer, new LoraLinear.Update(a.requireGrad(), b.requireGrad(), scale), config.loraDropout(), index);
        }, (name, own) -> lora.copies().get(name));
    }
}
