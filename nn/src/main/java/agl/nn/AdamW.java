package agl.nn;

import agl.autograd.AglException;
import agl.autograd.DType;
import agl.autograd.Storage;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import java.util.ArrayList;
import java.util.List;

/**
 * AdamW, Adam with decoupled weight decay (Loshchilov and Hutter 2019), with PyTorch's defaults and order of operations, and clipping of
 * the gradient's global norm. The formula is at {@link Kernels#adamW}.
 */
public final class AdamW {
    /** Settings. Matrices decay, vectors (norms, biases) do not, as is usual. */
    public record Settings(double beta1, double beta2, double eps, double weightDecay, double maxGradNorm) {
        public static final Settings DEFAULT = new Settings(0.9, 0.999, 1e-8, 0, 1);
    }

    private record State(Tensor parameter, Storage m, Storage v) { }

    private final Kernels kernels;
    private final Settings settings;
    private final List<State> states = new ArrayList<>();
    private int step;

    /** @param parameters those that do not require a gradient are left alone */
    public AdamW(Kernels kernels, Settings settings, Iterable<Tensor> parameters) {
        this.kernels = kernels;
        this.settings = settings;
        for (Tensor p : parameters) {
            if (p.requiresGrad()) {
                p.resideWith(kernels);
                DType type = p.dtype() == DType.F64 ? DType.F64 : DType.F32;
                states.add(new State(p, kernels.allocate(type, p.size()), kernels.allocate(type, p.size())));
            }
        }
    }

    /** Euclidean norm of all gradients together. */
    public double gradNorm() {
        double sum = 0;
        for (State s : states) {
            if (s.parameter.grad() != null) {
                sum += kernels.dot(s.parameter.size(), s.parameter.grad(), 0, s.parameter.grad(), 0);
            }
        }
        return Math.sqrt(sum);
    }

    /**
     * One step; afterwards the gradients are zero.
     *
     * @param lr    learning rate of this step
     * @param scale factor of the gradients, 1/accumulation steps
     * @return the gradient's norm after {@code scale}, before clipping
     */
    // explain: Clipping
    public double step(double lr, double scale) {
        double norm = gradNorm() * scale;
        if (!Double.isFinite(norm)) {
            throw new AglException("the gradient is not finite at step " + (step + 1) + "; try a lower learning rate");
        }
        double clip = settings.maxGradNorm > 0 && norm > settings.maxGradNorm ? settings.maxGradNorm / (norm + 1e-6) : 1;
        step++;
        for (State s : states) {
            Tensor p = s.parameter;
            if (p.grad() == null) {
                continue;
            }
            double decay = p.rank() > 1 ? settings.weightDecay : 0;
            kernels.adamW(p.size(), p.data(), p.grad(), scale * clip, s.m, s.v, lr, settings.beta1, settings.beta2, settings.eps, decay, step);
            p.zeroGrad();
        }
        return norm;
    }
    // explain: end

    /** Steps taken. */
    public int steps() {
        return step;
    }
}
