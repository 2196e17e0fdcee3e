package agl.lora;

import agl.autograd.Tensor;
import agl.nn.Transformer;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/**
 * LoRA+ (Hayou et al. 2024, arXiv:2402.12354): B is trained with a higher learning rate than A. As in PEFT's
 * {@code create_loraplus_optimizer}, vectors (DoRA's magnitudes, biases) have B's rate and other matrices that are trained have A's.
 */
public final class LoraPlus {
    private LoraPlus() { }

    /**
     * The rate of each trained tensor as a multiple of A's.
     *
     * @param model with the adapter; without one all rates are 1
     * @param ratio of B's rate to A's
     */
    public static ToDoubleFunction<Tensor> rates(Transformer model, double ratio) {
        Set<Tensor> b = Collections.newSetFromMap(new IdentityHashMap<>());
        model.linears().forEach(layer -> {
            if (layer instanceof LoraLinear lora) {
                b.add(lora.b());
            }
        });
        return p -> !b.isEmpty() && (b.contains(p) || p.rank() == 1) ? ratio : 1;
    }
}
