package agl.nn;

import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import agl.error.NotFiniteException;
import agl.nn.checkpoint.RunState;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * The common part of all optimizers: holds the trained tensors, clips the global gradient norm, counts the steps. Subclasses define the
 * update.
 */
public abstract class Optimizer {
    protected final Kernels kernels;
    private final double maxGradNorm;
    private final List<Tensor> parameters = new ArrayList<>();
    private final double[] rates;
    private int step;

    /**
     * @param maxGradNorm norm to which the gradient is clipped; 0: no clipping
     * @param parameters  tensors that do not require a gradient are skipped
     * @param rate        learning rate of a tensor, as a multiple of the step's
     */
    protected Optimizer(Kernels kernels, double maxGradNorm, Iterable<Tensor> parameters, ToDoubleFunction<Tensor> rate) {
        this.kernels = kernels;
        this.maxGradNorm = maxGradNorm;
        for (Tensor p : parameters) {
            if (p.requiresGrad()) {
                p.resideWith(kernels);
                this.parameters.add(p);
            }
        }
        rates = this.parameters.stream().mapToDouble(rate).toArray();
    }

    /** The trained tensors, in the order of {@link #update}'s index. */
    protected final List<Tensor> parameters() {
        return parameters;
    }

    /** Zero-filled state of each trained tensor's size, in the same order: float, or double for double-precision tensors. */
    protected final List<Storage> state() {
        return parameters.stream().map(p -> kernels.allocate(p.dtype() == DType.F64 ? DType.F64 : DType.F32, p.size())).toList();
    }

    /** Global Euclidean norm of all gradients. */
    public final double gradNorm() {
        double sum = 0;
        for (Tensor p : parameters) {
            if (p.grad() != null) {
                sum += kernels.dot(p.size(), p.grad(), 0, p.grad(), 0);
            }
        }
        return Math.sqrt(sum);
    }

    /**
     * One step; afterwards the gradients are zero.
     *
     * @param lr    learning rate of this step; each tensor has its multiple of it
     * @param scale factor of the gradients, 1/accumulation steps
     * @return the gradient's norm after {@code scale}, before clipping
     */
    // explain: Clipping
    public final double step(double lr, double scale) {
        double norm = gradNorm() * scale;
        if (!Double.isFinite(norm)) {
            throw new NotFiniteException("the gradient is not finite at step " + (step + 1) + "; try a lower learning rate, or "
                    + "smaller weights of what is added to the loss");
        }
        double clip = maxGradNorm > 0 && norm > maxGradNorm ? maxGradNorm / (norm + 1e-6) : 1;
        step++;
        for (int i = 0; i < parameters.size(); i++) {
            Tensor p = parameters.get(i);
            if (p.grad() != null) {
                update(i, p, lr * rates[i], scale * clip);
                p.zeroGrad();
            }
        }
        return norm;
    }
    // explain: end

    /** Parameters, moments and the number of steps, to save them or put them back; the gradients are zero. */
    public final void state(RunState state) {
        step = state.count("optimizer.steps", step);
        for (int i = 0; i < parameters.size(); i++) {
            state.array("parameters." + i, parameters.get(i));
        }
        List<List<Storage>> all = moments();
        for (int k = 0; k < all.size(); k++) {
            for (int i = 0; i < parameters.size(); i++) {
                state.array("optimizer." + k + "." + i, all.get(k).get(i));
            }
        }
    }

    /** Every {@link #state()} that the update uses. */
    protected abstract List<List<Storage>> moments();

    /**
     * Updates one tensor from its gradient.
     *
     * @param i     its index in {@link #parameters()}
     * @param lr    its own learning rate
     * @param scale factor of the gradient, including clipping
     */
    protected abstract void update(int i, Tensor p, double lr, double scale);

    /** Steps taken; within {@link #update}, this one included. */
    public final int steps() {
        return step;
    }
}
