package agl.autograd.op;

import agl.autograd.GradCheck;
import agl.autograd.GradientCase;
import agl.autograd.GradientCase.Problem;
import agl.autograd.Tensor;
import agl.autograd.kernels.AttentionShape;
import agl.autograd.storage.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;

/** Inputs on which the gradient of every operation of this package is checked. */
public final class OperationCases implements GradientCase.Provider {

    @Override public List<GradientCase> cases() {
        List<GradientCase> cases = new ArrayList<>();
        cases.add(binary("Add", Add::of, 0));
        cases.add(binary("Sub", Sub::of, 0));
        cases.add(binary("Mul", Mul::of, 0));
        cases.add(binary("Div", Div::of, 0.5));
        cases.add(unary("Exp", Exp::of, 0));
        // Away from the kink or pole at 0 by construction.
        cases.add(unary("Log", (t, x) -> Log.of(t, Affine.of(t, 1, Square.of(t, x), 0.5)), 0));
        cases.add(unary("Sqrt", (t, x) -> Sqrt.of(t, Affine.of(t, 1, Square.of(t, x), 0.5)), 0));
        cases.add(unary("Abs", Abs::of, 0.01));
        cases.add(unary("Relu", Relu::of, 0.01));
        cases.add(unary("Square", Square::of, 0));
        cases.add(unary("Tanh", Tanh::of, 0));
        cases.add(unary("Sigmoid", Sigmoid::of, 0));
        cases.add(unary("Silu", Silu::of, 0));
        cases.add(unary("Gelu", Gelu::of, 0));
        cases.add(unary("Affine", (t, x) -> Affine.of(t, -1.5, x, 0.3), 0));
        cases.add(unary("Sum", Sum::of, 0));
        cases.add(unary("SumRows", SumRows::of, 0));
        cases.add(unary("Reshape", (t, x) -> Mul.of(t, Reshape.of(t, x, x.size()), Reshape.of(t, x, x.size())), 0));
        cases.add(unary("Transpose", (t, x) -> Transpose.of(t, x), 0));
        cases.add(unary("Softmax", Softmax::of, 0));
        cases.add(unary("LogSoftmax", LogSoftmax::of, 0));
        cases.add(unary("Dropout", (t, x) -> Dropout.of(t, x, 0.3, 7), 0));
        cases.add(unary("Recompute",
                (t, x) -> Recompute.of(t, x, (s, in) -> Mul.of(s, Square.of(s, in), Dropout.of(s, Tanh.of(s, in), 0.3, s.draw(() -> 7)))),
                0));
        cases.add(of("Columns", r -> {
            int from = r.nextInt(3), width = size(r);
            return problem((t, x) -> Columns.of(t, x[0], from, from + width), random(r, size(r), from + width + r.nextInt(3)));
        }));
        cases.add(of("Matmul", r -> {
            int m = size(r), n = size(r), k = size(r);
            return problem((t, in) -> Matmul.of(t, in[0], in[1]), random(r, m, k), random(r, k, n));
        }));
        cases.add(of("Linear", r -> {
            int tokens = size(r), in = size(r), out = size(r);
            boolean biased = r.nextBoolean();
            return problem((t, x) -> Linear.of(t, x[0], x[1], biased ? x[2] : null, null), random(r, tokens, in), random(r, out, in),
                    random(r, out));
        }));
        cases.add(of("Embedding", r -> {
            int rows = size(r);
            int[] ids = r.ints(size(r), 0, rows).toArray();
            return problem((t, in) -> Embedding.of(t, in[0], ids), random(r, rows, size(r)));
        }));
        cases.add(of("RmsNorm", r -> {
            int cols = size(r);
            return problem((t, in) -> RmsNorm.of(t, in[0], in[1], 1e-5), random(r, size(r), cols), random(r, cols));
        }));
        cases.add(of("LayerNorm", r -> {
            // At least two columns: with one, x − mean is 0 and the result is pure rounding error.
            int cols = 1 + size(r);
            return problem((t, in) -> LayerNorm.of(t, in[0], in[1], in[2], 1e-1), random(r, size(r), cols), random(r, cols),
                    random(r, cols));
        }));
        cases.add(of("SwiGlu", r -> {
            int rows = size(r), cols = size(r);
            return problem((t, in) -> SwiGlu.of(t, in[0], in[1]), random(r, rows, cols), random(r, rows, cols));
        }));
        cases.add(of("Rope", r -> {
            int tokens = size(r), heads = 1 + r.nextInt(2), half = 1 + r.nextInt(3);
            int[] positions = r.ints(tokens, 0, 9).toArray();
            Rope.Table table = Rope.Table.of(9, Rope.Table.frequencies(2 * half, 100), 1);
            return problem((t, in) -> Rope.of(t, in[0], positions, table), random(r, tokens, heads * 2 * half));
        }));
        cases.add(of("Attention", r -> attention(r)));
        cases.add(of("HeadCrossEntropy", r -> {
            int tokens = size(r), hidden = size(r), vocabulary = 1 + size(r);
            int[] targets = r.ints(tokens, -1, vocabulary).toArray();
            targets[0] = 0;
            double[] weights = r.doubles(tokens, 0.1, 1).toArray();
            // Chunks of at most one to three tokens.
            int chunk = vocabulary * (1 + r.nextInt(3));
            boolean mean = r.nextBoolean();
            return problem((t, in) -> mean ? HeadCrossEntropy.mean(t, in[0], in[1], targets)
                            : HeadCrossEntropy.of(t, in[0], in[1], new HeadCrossEntropy.Targets(targets, row -> weights[row]), null, chunk),
                    random(r, tokens, hidden), random(r, vocabulary, hidden));
        }));
        return cases;
    }

    private static Problem attention(SplittableRandom r) {
        int kvHeads = 1 + r.nextInt(2), heads = kvHeads * (1 + r.nextInt(2)), d = 1 + r.nextInt(4);
        int first = 1 + r.nextInt(4), second = r.nextInt(4), extra = r.nextInt(3);
        int[] q = {0, first, first + second};
        int gap = r.nextInt(2);
        int[] kStart = {0, first + extra + gap};
        int[] kEnd = {first + extra, first + extra + gap + second};
        AttentionShape shape = new AttentionShape(heads, kvHeads, d, 1 / Math.sqrt(d), r.nextInt(4), q, kStart, kEnd);
        return problem((t, in) -> Attention.of(t, shape, in[0], in[1], in[2]), random(r, shape.queryRows(), heads * d),
                random(r, shape.keyRows(), kvHeads * d), random(r, shape.keyRows(), kvHeads * d));
    }

    private interface Unary {
        Tensor of(agl.autograd.Tape tape, Tensor x);
    }

    private interface Binary {
        Tensor of(agl.autograd.Tape tape, Tensor x, Tensor y);
    }

    private static GradientCase unary(String name, Unary op, double away) {
        return of(name, r -> problem((t, in) -> op.of(t, in[0]), random(r, away, size(r), size(r))));
    }

    private static GradientCase binary(String name, Binary op, double away) {
        return of(name, r -> {
            int rows = size(r), cols = size(r);
            // Half of the cases broadcast: a row, a column or a single element against the matrix.
            Tensor y = switch (r.nextInt(6)) {
                case 0 -> random(r, away, cols);
                case 1 -> random(r, away, rows, 1);
                case 2 -> random(r, away);
                default -> random(r, away, rows, cols);
            };
            return problem((t, in) -> op.of(t, in[0], in[1]), random(r, rows, cols), y);
        });
    }

    private static GradientCase of(String name, Function<SplittableRandom, Problem> problem) {
        return new GradientCase(name, problem);
    }

    private static Problem problem(GradCheck.Function f, Tensor... inputs) {
        for (Tensor x : inputs) {
            x.requireGrad();
        }
        return new Problem(f, inputs);
    }

    private static int size(SplittableRandom r) {
        return 1 + r.nextInt(5);
    }

    private static Tensor random(SplittableRandom r, int... shape) {
        return random(r, 0, shape);
    }

    /** Normally distributed values, moved away from 0 by {@code away}. */
    private static Tensor random(SplittableRandom r, double away, int... shape) {
        return Tensor.fill(DType.F64, i -> {
            double x = r.nextGaussian();
            return x + Math.copySign(away, x);
        }, shape);
    }
}
