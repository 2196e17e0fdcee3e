package agl.autograd;

/**
 * One differentiable operation, recorded on a {@link Tape} with what its derivative needs.
 *
 * <p>For y = f(x) and a loss L, {@link #backward} receives dL/dy and <em>adds</em> (dL/dy)·(∂f/∂x) to the gradient of each input that
 * requires one. Adding, never assigning: an input that is used twice collects both shares.
 */
public interface Operation {

    /**
     * @param tape the tape this was recorded on: gives gradient buffers and kernels
     * @param out  the operation's result; {@code out.grad()} holds dL/dy
     */
    void backward(Tape tape, Tensor out);

    /**
     * Whether {@link #backward} reads the numbers of {@code t}, one of the inputs or the result. Where none does, the numbers need not
     * be kept after forward, which is where most of a training step's memory goes.
     */
    default boolean reads(Tensor t) {
        return true;
    }
}
