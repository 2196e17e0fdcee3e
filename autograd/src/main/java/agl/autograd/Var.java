package agl.autograd;

import agl.autograd.op.Abs;
import agl.autograd.op.Add;
import agl.autograd.op.Affine;
import agl.autograd.op.Div;
import agl.autograd.op.Matmul;
import agl.autograd.op.Mul;
import agl.autograd.op.Reshape;
import agl.autograd.op.Sigmoid;
import agl.autograd.op.Square;
import agl.autograd.op.Sub;
import agl.autograd.op.Sum;
import agl.autograd.op.Transpose;

/** A tensor together with its tape, so that formulas read from left to right: {@code x.minus(y).squared().sum()}. */
public record Var(Tape tape, Tensor tensor) {

    /** A constant or a leaf on this variable's tape. */
    public Var with(Tensor other) {
        return new Var(tape, other);
    }

    /** x + y, elementwise; broadcast as in {@link Add}. */
    public Var plus(Var y) {
        return with(Add.of(tape, tensor, y.tensor));
    }

    /** x − y. */
    public Var minus(Var y) {
        return with(Sub.of(tape, tensor, y.tensor));
    }

    /** x ∘ y, elementwise. */
    public Var times(Var y) {
        return with(Mul.of(tape, tensor, y.tensor));
    }

    /** x / y, elementwise. */
    public Var over(Var y) {
        return with(Div.of(tape, tensor, y.tensor));
    }

    /** x + b. */
    public Var plus(double b) {
        return with(Affine.of(tape, 1, tensor, b));
    }

    /** x − b. */
    public Var minus(double b) {
        return plus(-b);
    }

    /** a·x. */
    public Var times(double a) {
        return with(Affine.scale(tape, a, tensor));
    }

    /** The matrix product X·Y. */
    public Var matmul(Var y) {
        return with(Matmul.of(tape, tensor, y.tensor));
    }

    /** Xᵀ. */
    public Var transposed() {
        return with(Transpose.of(tape, tensor));
    }

    /** The same elements in another shape. */
    public Var reshaped(int... shape) {
        return with(Reshape.of(tape, tensor, shape));
    }

    /** |x|. */
    public Var abs() {
        return with(Abs.of(tape, tensor));
    }

    /** x², elementwise. */
    public Var squared() {
        return with(Square.of(tape, tensor));
    }

    /** σ(x). */
    public Var sigmoid() {
        return with(Sigmoid.of(tape, tensor));
    }

    /** Σ x, a scalar. */
    public Var sum() {
        return with(Sum.of(tape, tensor));
    }

    /** The mean of all elements, a scalar. */
    public Var mean() {
        return with(Sum.mean(tape, tensor));
    }
}
