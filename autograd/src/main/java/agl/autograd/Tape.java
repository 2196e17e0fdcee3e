package agl.autograd;

import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.Matrix;
import agl.autograd.kernels.Product;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * The record of one forward pass. Operations append themselves in the order in which they run; {@link #backward} walks the record in
 * reverse, and each operation adds its contribution to the gradients of its inputs (reverse-mode differentiation).
 *
 * <p>During backward a result's values and gradient return to the pool as soon as the operation that produced it has been differentiated:
 * by then everything that used it has been, too. To read a tensor after backward, {@link #retain} it.
 *
 * <p>Not thread-safe: one tape, one thread. The kernels may use several threads inside one operation.
 */
public final class Tape implements AutoCloseable {
    private record Node(Operation operation, Tensor out) { }

    private final Kernels kernels;
    private final Pool pool;
    private final boolean recording;
    private final List<Node> nodes = new ArrayList<>();
    private final List<Tensor> owned = new ArrayList<>();
    private final Workspace kept;
    private final List<Long> drawn = new ArrayList<>();
    private long[] repeated;
    private LongSupplier own;

    private Tape(Kernels kernels, Pool pool, boolean recording) {
        this.kernels = kernels;
        this.pool = pool;
        this.recording = recording;
        this.kept = new Workspace(kernels, pool);
    }

    /** A tape for training, which records operations. The pool also determines the compute type. */
    public static Tape training(Kernels kernels, Pool pool) {
        return new Tape(kernels, pool, true);
    }

    /**
     * The same with draws of its own: a pass beside the task's that leaves the sequences its layers draw from where they are, so that
     * dropout's masks of the task are the same with and without it.
     */
    public static Tape training(Kernels kernels, Pool pool, LongSupplier draws) {
        Tape tape = training(kernels, pool);
        tape.own = draws;
        return tape;
    }

    /** A tape for inference: it runs the same operations and records nothing. */
    public static Tape inference(Kernels kernels, Pool pool) {
        return new Tape(kernels, pool, false);
    }

    /** A training tape in double with the plain loops, for gradient checks and examples. */
    public static Tape plain() {
        return training(Kernels.plain(), new Pool(DType.F64));
    }

    public Kernels kernels() {
        return kernels;
    }

    public Pool pool() {
        return pool;
    }

    public DType dtype() {
        return pool.dtype();
    }

    public boolean recording() {
        return recording;
    }

    /** A result tensor with undefined content, owned by this tape. */
    public Tensor alloc(int... shape) {
        Tensor t = new Tensor(pool.take(Tensor.sizeOf(shape)), new Lifetime(this, null), shape);
        owned.add(t);
        return t;
    }

    /** A view of {@code base} with another shape. */
    public Tensor view(Tensor base, int... shape) {
        Tensor t = new Tensor(base.data(), new Lifetime(this, base.life), shape);
        owned.add(t);
        return t;
    }

    /** Scratch memory that lives until the tape closes; its content is undefined. */
    public Storage scratch(int length) {
        return kept.scratch(length);
    }

    /**
     * Records {@code op} as the operation that produced {@code out} if any input requires a gradient.
     *
     * @return out
     */
    // explain: Record
    public Tensor record(Tensor out, Operation op, Tensor... inputs) {
        boolean needed = false;
        for (Tensor in : inputs) {
            needed |= in != null && in.requiresGrad();
        }
        return record(out, op, needed, inputs);
    }

    /** As {@link #record(Tensor, Operation, Tensor...)}, but the caller decides (a layer whose gradient is observed). */
    public Tensor record(Tensor out, Operation op, boolean needed, Tensor... inputs) {
        if (recording && needed) {
            out.requireGrad();
            nodes.add(new Node(op, out));
            if (op.reads(out)) {
                out.life.addUses(1);
            }
            for (Tensor in : inputs) {
                if (in != null && op.reads(in)) {
                    in.life.addUses(1);
                }
            }
        }
        return out;
    }
    // explain: end

    /** Keeps this tensor's values and gradient until the tape closes. Returns the tensor. */
    public Tensor retain(Tensor t) {
        t.life.retain();
        return t;
    }

    /** The gradient buffer of {@code x}, zeroed if it is new. For operations that add element by element. */
    public Storage grad(Tensor x) {
        if (x.gradient != null) {
            return x.gradient.tape().grad(x.gradient.tensor());
        }
        if (x.grad == null) {
            x.grad = newGrad(x);
            kernels.clear(x.size(), x.grad);
        }
        return x.grad;
    }

    /**
     * The gradient buffer of {@code x} for a matrix product that can overwrite it: call {@link #beta} first, which says whether to add to
     * the buffer (1) or overwrite it (0). Saves clearing and reading a new buffer.
     */
    public Storage gradToWrite(Tensor x) {
        if (x.gradient != null) {
            return x.gradient.tape().gradToWrite(x.gradient.tensor());
        }
        if (x.grad == null) {
            x.grad = newGrad(x);
        }
        return x.grad;
    }

    /** 1 when {@code x} has a gradient to add to, else 0. */
    public double beta(Tensor x) {
        return (x.gradient != null ? x.gradient.tensor() : x).grad == null ? 0 : 1;
    }

    /** dL/dX += alpha·A·B if X requires a gradient. */
    public void addGrad(Tensor x, double alpha, Matrix a, Matrix b) {
        if (x.requiresGrad()) {
            double beta = beta(x);
            kernels.product(alpha, a, b, beta, Matrix.of(gradToWrite(x), x.rows(), x.cols()));
        }
    }

    /**
     * dL/dX += alpha·A·B if X requires a gradient. B is read only in that case: the values of a frozen layer's input may have been
     * released.
     */
    public void addGrad(Tensor x, double alpha, Matrix a, Tensor b) {
        if (x.requiresGrad()) {
            addGrad(x, alpha, a, b.matrix());
        }
    }

    /** dL/dX += first + second if X requires a gradient. */
    public void addGrad(Tensor x, Product first, Product second) {
        if (x.requiresGrad()) {
            double beta = beta(x);
            kernels.product(first, second, beta, Matrix.of(gradToWrite(x), x.rows(), x.cols()));
        }
    }

    /** A new matrix alpha·A·B, which lives until the tape closes. */
    public Matrix product(double alpha, Matrix a, Matrix b) {
        return kept.product(alpha, a, b);
    }

    /** A workspace for the intermediate results of one computation. */
    public Workspace workspace() {
        return new Workspace(kernels, pool);
    }

    /** Adds the gradient of {@code from} to that of {@code to}, a tensor with the same number of elements. */
    public void addGrad(Tensor from, Tensor to) {
        if (beta(to) == 0) {
            kernels.scale(from.size(), 1, from.grad, 0, gradToWrite(to), 0);
        } else {
            kernels.axpy(from.size(), 1, from.grad, 0, grad(to), 0);
        }
    }

    /**
     * Like {@link #addGrad(Tensor, Tensor)}, but if {@code to} has no gradient yet, moves {@code from}'s gradient buffer instead of copying
     * it. {@code from}'s gradient must not be used afterwards.
     */
    public void passGrad(Tensor from, Tensor to) {
        if (beta(to) == 0 && to.life.tape == this && from.life.tape == this && !from.life.isRetained()) {
            to.grad = from.grad;
            from.grad = null;
        } else {
            addGrad(from, to);
        }
    }

    private Storage newGrad(Tensor x) {
        return x.life.tape == this ? pool.take(x.size()) : kernels.allocate(x.dtype() == DType.F64 ? DType.F64 : DType.F32, x.size());
    }

    /** Differentiates a scalar loss: afterwards every leaf that requires a gradient has dL/dx added to it. */
    public void backward(Tensor loss) {
        if (loss.size() != 1) {
            throw new IllegalArgumentException("backward() without a cotangent needs a scalar loss");
        }
        backward(loss, new double[] {1});
    }

    /** Differentiates ⟨cotangent, out⟩. */
    // explain: Walk back
    public void backward(Tensor out, double[] cotangent) {
        backward(out, new Storage.F64(cotangent, cotangent.length));
    }

    /** Differentiates ⟨cotangent, out⟩; the cotangent has the size of {@code out}. */
    public void backward(Tensor out, Storage cotangent) {
        if (!out.requiresGrad()) {
            throw new IllegalStateException("this tensor depends on nothing that requires a gradient");
        }
        kernels.axpy(out.size(), 1, cotangent, 0, grad(out), 0);
        retain(out);
        for (int i = nodes.size() - 1; i >= 0; i--) {
            Node node = nodes.get(i);
            // A branch that does not lead to the loss has no gradient: skip it.
            if (node.out.grad != null) {
                node.operation.backward(this, node.out);
            }
            if (!node.out.life.isRetained()) {
                release(node.out);
            }
        }
        nodes.clear();
    }
    // explain: end

    private void release(Tensor t) {
        if (t.grad != null) {
            pool.give(t.grad);
            t.grad = null;
        }
        if (t.life.release()) {
            pool.give(t.data);
        }
    }

    /**
     * A random number that an operation draws during forward, such as the seed of a mask. A run that repeats another ({@link #inner}) gets
     * that run's draws again.
     */
    public long draw(LongSupplier next) {
        long value = repeated != null ? repeated[drawn.size()] : (own != null ? own : next).getAsLong();
        drawn.add(value);
        return value;
    }

    /** The draws so far. */
    public long[] draws() {
        return drawn.stream().mapToLong(Long::longValue).toArray();
    }

    /** A training tape with the same kernels and pool. Its draws repeat {@code draws}; if that is null, they are new. */
    public Tape inner(long[] draws) {
        Tape tape = training(kernels, pool);
        tape.repeated = draws;
        tape.own = own;
        return tape;
    }

    /**
     * {@code x}, a tensor of the tape {@code outer}, as a leaf on this one: same values; its gradient is added to that on {@code outer}.
     */
    public Tensor input(Tensor x, Tape outer) {
        Tensor leaf = Tensor.of(x.data(), x.shape());
        if (x.requiresGrad()) {
            leaf.requireGrad();
            leaf.gradient = new Tensor.Elsewhere(x, outer);
        }
        return leaf;
    }

    /** A mark for {@link #releaseSince}. */
    public int mark() {
        return owned.size();
    }

    /**
     * Returns to the pool the values of all tensors made since the mark, except {@code result} and those that recorded operations read in
     * backward: forward no longer needs them. On an inference tape this limits memory to that of one layer.
     */
    public void releaseSince(int mark, Tensor result) {
        result.life.addUses(1);
        for (int i = owned.size() - 1; i >= mark; i--) {
            Tensor t = owned.get(i);
            if (t.life.isOver()) {
                release(t);
                if (!recording) {
                    owned.remove(i);
                }
            }
        }
        result.life.addUses(-1);
    }

    /** Number of recorded operations. */
    public int length() {
        return nodes.size();
    }

    /** Returns everything to the pool; tensors of this tape can no longer be read. */
    @Override public void close() {
        for (Tensor t : owned) {
            release(t);
        }
        owned.clear();
        nodes.clear();
        kept.close();
    }
}
