package agl.autograd;

import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.Matrix;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import java.util.Arrays;
import java.util.function.IntToDoubleFunction;

/**
 * An array of values with a shape, row-major and contiguous, and, if a loss depends on it, the gradient of that loss with respect to it.
 *
 * <p>A tensor made by the user is a <em>leaf</em>: it and its gradient live as long as the user keeps them. A tensor made by an operation
 * belongs to a {@link Tape}; its values return to the tape's pool when the tape closes.
 */
public final class Tensor {
    private final int[] shape;
    private final int size;
    final Lifetime life;
    Storage data;
    Storage grad;
    private boolean requiresGrad;
    /** The tensor that receives the gradient instead of {@link #grad}; usually null. */
    Elsewhere gradient;

    /** This leaf stands for {@code tensor} of an outer {@code tape}. */
    record Elsewhere(Tensor tensor, Tape tape) { }

    Tensor(Storage data, Lifetime life, int... shape) {
        this.shape = shape.clone();
        this.size = sizeOf(shape);
        if (data.length() < size) {
            throw new IllegalArgumentException("shape " + Arrays.toString(shape) + " needs " + size + " elements, got " + data.length());
        }
        this.data = data;
        this.life = life;
    }

    /** A leaf over existing storage. */
    public static Tensor of(Storage data, int... shape) {
        return new Tensor(data, new Lifetime(null, null), shape);
    }

    /** A leaf in double. */
    public static Tensor of(double[] values, int... shape) {
        return of(new Storage.F64(values, values.length), shape);
    }

    /** A leaf in float. */
    public static Tensor of(float[] values, int... shape) {
        return of(new Storage.F32(values, values.length), shape);
    }

    /** A zero leaf. */
    public static Tensor zeros(DType dtype, int... shape) {
        return of(Storage.allocate(dtype, sizeOf(shape)), shape);
    }

    /** A leaf whose element {@code i} (flat, row-major) is {@code f(i)}. */
    public static Tensor fill(DType dtype, IntToDoubleFunction f, int... shape) {
        Tensor t = zeros(dtype, shape);
        for (int i = 0; i < t.size; i++) {
            t.data.set(i, f.applyAsDouble(i));
        }
        return t;
    }

    /** Marks this leaf as trainable: its gradient is computed. Returns this. */
    public Tensor requireGrad() {
        requiresGrad = true;
        return this;
    }

    /** Freezes this leaf again. Returns this. */
    public Tensor freeze() {
        requiresGrad = false;
        grad = null;
        return this;
    }

    public boolean requiresGrad() {
        return requiresGrad;
    }

    /** Moves this leaf's values permanently into the memory where the kernels work; see {@link Kernels#resident}. */
    public void resideWith(Kernels kernels) {
        data = kernels.resident(data);
    }

    /** Dimensions; a scalar has none. */
    public int[] shape() {
        return shape.clone();
    }

    public int rank() {
        return shape.length;
    }

    /** Size of dimension {@code i}; negative counts from the end. */
    public int dim(int i) {
        return shape[i < 0 ? shape.length + i : i];
    }

    /** Number of elements. */
    public int size() {
        return size;
    }

    /** Number of rows when all but the last dimension are flattened. */
    public int rows() {
        return shape.length == 0 ? 1 : size / Math.max(1, shape[shape.length - 1]);
    }

    /** Size of the last dimension; 1 for a scalar. */
    public int cols() {
        return shape.length == 0 ? 1 : shape[shape.length - 1];
    }

    public Storage data() {
        if (life.isReleased()) {
            throw new IllegalStateException(
                    "this tensor's values were returned to the tape's pool; retain it to read it after backward");
        }
        return data;
    }

    public DType dtype() {
        return data.dtype();
    }

    /** The values as a matrix, (rows, cols): all dimensions but the last flattened. */
    public Matrix matrix() {
        return Matrix.of(data(), rows(), cols());
    }

    /** The gradient as a matrix of the same shape as {@link #matrix}. */
    public Matrix gradMatrix() {
        return Matrix.of(grad, rows(), cols());
    }

    /** The gradient's values in the same shape, or null if none has been computed yet. */
    public Storage grad() {
        return grad;
    }

    /** Element {@code i}, flat. */
    public double get(int i) {
        return data().get(i);
    }

    /** The only element. */
    public double item() {
        if (size != 1) {
            throw new IllegalArgumentException("item() needs one element, this tensor has shape " + Arrays.toString(shape));
        }
        return data().get(0);
    }

    /** Sets the gradient to zero, if there is one. */
    public void zeroGrad() {
        if (grad != null) {
            grad.fill(0, size, 0);
        }
    }

    /** A copy of the values in double. */
    public double[] toArray() {
        return copy(data(), size);
    }

    /** A copy of the gradient in double; zeros when none was computed. */
    public double[] gradArray() {
        return grad == null ? new double[size] : copy(grad, size);
    }

    private static double[] copy(Storage s, int n) {
        double[] a = new double[n];
        for (int i = 0; i < n; i++) {
            a[i] = s.get(i);
        }
        return a;
    }

    /** A new leaf with the same values in another element type. */
    public Tensor to(DType dtype) {
        Storage from = data();
        return fill(dtype, from::get, shape);
    }

    public boolean sameShape(Tensor other) {
        return Arrays.equals(shape, other.shape);
    }

    static int sizeOf(int[] shape) {
        if (Arrays.stream(shape).anyMatch(d -> d < 0)) {
            throw new IllegalArgumentException("negative dimension in " + Arrays.toString(shape));
        }
        return Storage.elements(Arrays.stream(shape).asLongStream().toArray());
    }

    @Override public String toString() {
        StringBuilder s = new StringBuilder("Tensor").append(Arrays.toString(shape)).append(' ').append(dtype());
        if (!life.isReleased()) {
            s.append(" [");
            for (int i = 0; i < Math.min(size, 8); i++) {
                s.append(i == 0 ? "" : ", ").append(String.format(java.util.Locale.ROOT, "%.5g", data.get(i)));
            }
            s.append(size > 8 ? ", …]" : "]");
        }
        return s.toString();
    }
}
