package agl.nn;

import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.Storage;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * AdamW, Adam with decoupled weight decay (Loshchilov and Hutter 2019), with PyTorch's defaults and order of operations. Formula:
 * {@link Kernels#adamW}.
 */
public final class AdamW extends Optimizer {
    /** Settings. As usual, weight decay applies to matrices only, not to vectors (norms, biases). */
    public record Settings(double beta1, double beta2, double eps, double weightDecay, double maxGradNorm) {
        public static final Settings DEFAULT = new Settings(0.9, 0.999, 1e-8, 0, 1);
    }

    private final Settings settings;
    private final List<Storage> m;
    private final List<Storage> v;

    /** @param parameters tensors that do not require a gradient are skipped */
    public AdamW(Kernels kernels, Settings settings, Iterable<Tensor> parameters) {
        this(kernels, settings, parameters, p -> 1);
    }

    /**
     * @param parameters tensors that do not require a gradient are skipped
     * @param rate       learning rate of a tensor, as a multiple of the step's
     */
    public AdamW(Kernels kernels, Settings settings, Iterable<Tensor> parameters, ToDoubleFunction<Tensor> rate) {
        super(kernels, settings.maxGradNorm, parameters, rate);
        this.settings = settings;
        m = state();
        v = state();
    }

    @Override protected List<List<Storage>> moments() {
        return List.of(m, v);
    }

    @Override protected void update(int i, Tensor p, double lr, double scale) {
        double decay = p.rank() > 1 ? settings.weightDecay : 0;
        kernels.adamW(p.size(), p.data(), p.grad(), scale, m.get(i), v.get(i), lr, settings.beta1, settings.beta2, settings.eps, decay,
                steps());
    }
}
