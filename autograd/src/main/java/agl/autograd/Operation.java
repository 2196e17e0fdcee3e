package agl.autograd;

/**
 * One differentiable operation, recorded on a {@link Tape} together with the values its derivative needs.
 *
 * <p>For y = f(x) and a loss L, {@link #backward} receives dL/dy and <em>adds</em> (dL/dy)·(∂f/∂x) to the gradient of each input that
 * requires one. It adds, never assigns: an input that is used twice receives two contributions.
 */
public interface Operation {

    /**
     * @param tape the tape this was recorded on; provides gradient buffers and kernels
     * @param out  the operation's result; {@code out.grad()} holds dL/dy
     */
    void backward(Tape tape, Tensor out);

    /**
     * Whether {@link #backward} reads the values of {@code t}, one of the inputs or the result. Values that no backward reads are not kept
     * after forward: kept values take most of a training step's memory.
     */
    default boolean reads(Tensor t) {
        return true;
    }
}
