package agl.autograd.op;

import agl.autograd.Operation;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.storage.Storage;
import java.util.Arrays;

/**
 * z = f(x, y) element by element, where a dimension of size 1 (or missing on the left) is repeated to fit the other operand.
 *
 * <p>Backward: dL/dx_i += dL/dz_i · ∂f/∂x, likewise for y. A repeated element is used many times, so its gradient is the sum over all its
 * uses.
 */
public abstract class Broadcast implements Operation {
    private Tensor x;
    private Tensor y;
    private int[] xIndex;
    private int[] yIndex;

    protected abstract double f(double x, double y);

    /** ∂f/∂x. */
    protected abstract double dx(double x, double y);

    /** ∂f/∂y. */
    protected abstract double dy(double x, double y);

    protected final Tensor apply(Tape tape, Tensor left, Tensor right) {
        this.x = left;
        this.y = right;
        int[] shape = commonShape(left.shape(), right.shape());
        Tensor z = tape.alloc(shape);
        xIndex = indices(left.shape(), shape);
        yIndex = indices(right.shape(), shape);
        Storage a = left.data();
        Storage b = right.data();
        Storage c = z.data();
        for (int i = 0; i < z.size(); i++) {
            c.set(i, f(a.get(at(xIndex, i)), b.get(at(yIndex, i))));
        }
        return tape.record(z, this, left, right);
    }

    // explain: Broadcast
    @Override public final void backward(Tape tape, Tensor z) {
        Storage a = x.data();
        Storage b = y.data();
        Storage gx = x.requiresGrad() ? tape.grad(x) : null;
        Storage gy = y.requiresGrad() ? tape.grad(y) : null;
        for (int i = 0; i < z.size(); i++) {
            int xi = at(xIndex, i);
            int yi = at(yIndex, i);
            double dz = z.grad().get(i);
            if (gx != null) {
                gx.add(xi, dz * dx(a.get(xi), b.get(yi)));
            }
            if (gy != null) {
                gy.add(yi, dz * dy(a.get(xi), b.get(yi)));
            }
        }
    }
    // explain: end

    private static int at(int[] index, int i) {
        return index == null ? i : index[i];
    }

    static int[] commonShape(int[] a, int[] b) {
        int rank = Math.max(a.length, b.length);
        int[] shape = new int[rank];
        for (int i = 1; i <= rank; i++) {
            int da = i <= a.length ? a[a.length - i] : 1;
            int db = i <= b.length ? b[b.length - i] : 1;
            if (da != db && da != 1 && db != 1) {
                throw new IllegalArgumentException("shapes " + Arrays.toString(a) + " and " + Arrays.toString(b) + " do not broadcast");
            }
            shape[rank - i] = da == 1 ? db : da;
        }
        return shape;
    }

    /**
     * For each element of the result, the index of the element it reads in an operand of shape {@code from}; null if the shapes are equal.
     */
    static int[] indices(int[] from, int[] to) {
        if (Arrays.equals(from, to)) {
            return null;
        }
        int n = Storage.elements(Arrays.stream(to).asLongStream().toArray());
        int[] index = new int[n];
        for (int i = 0; i < n; i++) {
            int rest = i;
            int stride = 1;
            for (int d = 1; d <= to.length; d++) {
                int coordinate = rest % to[to.length - d];
                rest /= to[to.length - d];
                if (d <= from.length) {
                    index[i] += from[from.length - d] == 1 ? 0 : coordinate * stride;
                    stride *= from[from.length - d];
                }
            }
        }
        return index;
    }
}
