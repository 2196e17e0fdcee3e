package agl.autograd.op;

import agl.autograd.Tape;
import agl.autograd.Tensor;

/** A tensor together with its tape, so that formulas read from left to right: {@code x.minus(y).squared().sum()}. */
public record Var(Tape tape, Tensor tensor) {

    /** {@code x} on {@code tape}. */
    public static Var of(Tape tape, Tensor x) {
        return new Var(tape, x);
    }

    /** A constant or a leaf on this variable's tape. */
    public Var with(Tensor other) {
        return new Var(tape, other);
    }

    /** x + y, elementwise; broadcast as in {@link Add}. */
    public Var plus(Var y) {
        return with(Add.of(tape, tensor, y.tensor));
    }

    /** As {@link #plus(Var)}, with a tensor of the same tape or a leaf. */
    public Var plus(Tensor y) {
        return plus(with(y));
    }

    /** x − y. */
    public Var minus(Var y) {
        return with(Sub.of(tape, tensor, y.tensor));
    }

    /** As {@link #minus(Var)}, with a tensor of the same tape or a leaf. */
    public Var minus(Tensor y) {
        return minus(with(y));
    }

    /** x ∘ y, elementwise. */
    public Var times(Var y) {
        return with(Mul.of(tape, tensor, y.tensor));
    }

    /** As {@link #times(Var)}, with a tensor of the same tape or a leaf. */
    public Var times(Tensor y) {
        return times(with(y));
    }

    /** x / y, elementwise. */
    public Var over(Var y) {
        return with(Div.of(tape, tensor, y.tensor));
    }

    /** As {@link #over(Var)}, with a tensor of the same tape or a leaf. */
    public Var over(Tensor y) {
        return over(with(y));
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

    /** As {@link #matmul(Var)}, with a tensor of the same tape or a leaf. */
    public Var matmul(Tensor y) {
        return matmul(with(y));
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
