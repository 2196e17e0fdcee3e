package agl.app.explain;

import agl.autograd.Tensor;
import agl.autograd.kernels.AttentionShape;
import agl.autograd.op.Abs;
import agl.autograd.op.Add;
import agl.autograd.op.Affine;
import agl.autograd.op.Attention;
import agl.autograd.op.Columns;
import agl.autograd.op.Div;
import agl.autograd.op.Dropout;
import agl.autograd.op.Embedding;
import agl.autograd.op.Exp;
import agl.autograd.op.Gelu;
import agl.autograd.op.HeadCrossEntropy;
import agl.autograd.op.LayerNorm;
import agl.autograd.op.Linear;
import agl.autograd.op.Log;
import agl.autograd.op.LogSoftmax;
import agl.autograd.op.Matmul;
import agl.autograd.op.Mul;
import agl.autograd.op.Recompute;
import agl.autograd.op.Relu;
import agl.autograd.op.Reshape;
import agl.autograd.op.RmsNorm;
import agl.autograd.op.Rope;
import agl.autograd.op.Sigmoid;
import agl.autograd.op.Silu;
import agl.autograd.op.Softmax;
import agl.autograd.op.Sqrt;
import agl.autograd.op.Square;
import agl.autograd.op.Sub;
import agl.autograd.op.Sum;
import agl.autograd.op.SumRows;
import agl.autograd.op.SwiGlu;
import agl.autograd.op.Tanh;
import agl.autograd.op.Transpose;
import agl.lora.DoraProduct;
import agl.lora.LoraProduct;
import agl.lora.LoraWeights;
import java.util.LinkedHashMap;
import java.util.Map;

/** One small example of each operation, with values that can be checked by hand. */
final class OperationExamples {
    private OperationExamples() {
    }

    /** The examples by operation class name. */
    static Map<String, Example> all() {
        Map<String, Example> e = new LinkedHashMap<>();
        elementwise(e);
        shapes(e);
        layers(e);
        return e;
    }

    private static void elementwise(Map<String, Example> e) {
        e.put("Add", Example.of("x z", (t, x) -> Add.of(t, x[0], x[1]), matrix(2, 3, 1, 2, 3, 4, 5, 6), vector(10, 20, 30)));
        e.put("Sub", Example.of("x z", (t, x) -> Sub.of(t, x[0], x[1]), matrix(2, 2, 1, 2, 3, 4), matrix(2, 1, 0.5, 2)));
        e.put("Mul", Example.of("x z", (t, x) -> Mul.of(t, x[0], x[1]), matrix(2, 2, 1, 2, 3, 4), vector(0.5, -2)));
        e.put("Div", Example.of("x z", (t, x) -> Div.of(t, x[0], x[1]), vector(1, 2, 3), vector(2, 4, -0.5)));
        e.put("Affine", Example.of("x", (t, x) -> Affine.of(t, -1.5, x[0], 0.25), vector(-1, 0, 2)));
        e.put("Exp", Example.of("x", (t, x) -> Exp.of(t, x[0]), vector(-1, 0, 1)));
        e.put("Log", Example.of("x", (t, x) -> Log.of(t, x[0]), vector(0.5, 1, 4)));
        e.put("Sqrt", Example.of("x", (t, x) -> Sqrt.of(t, x[0]), vector(0.25, 1, 9)));
        e.put("Abs", Example.of("x", (t, x) -> Abs.of(t, x[0]), vector(-2, 0.5, 3)));
        e.put("Square", Example.of("x", (t, x) -> Square.of(t, x[0]), vector(-2, 0, 3)));
        e.put("Relu", Example.of("x", (t, x) -> Relu.of(t, x[0]), vector(-2, 0.5, 3)));
        e.put("Tanh", Example.of("x", (t, x) -> Tanh.of(t, x[0]), vector(-2, 0, 1)));
        e.put("Sigmoid", Example.of("x", (t, x) -> Sigmoid.of(t, x[0]), vector(-2, 0, 1)));
        e.put("Silu", Example.of("x", (t, x) -> Silu.of(t, x[0]), vector(-2, 0, 1)));
        e.put("Gelu", Example.of("x", (t, x) -> Gelu.of(t, x[0]), vector(-2, 0, 1)));
        e.put("Dropout", Example.of("x", (t, x) -> Dropout.of(t, x[0], 0.5, 3), vector(1, 2, 3, 4, 5, 6)));
        e.put("Recompute",
                Example.of("x", (t, x) -> Recompute.of(t, x[0], (again, in) -> Mul.of(again, Square.of(again, in), Tanh.of(again, in))),
                        vector(-1, 0.5, 2)));
    }

    private static void shapes(Map<String, Example> e) {
        e.put("Sum", Example.of("x", (t, x) -> Sum.of(t, x[0]), matrix(2, 2, 1, 2, 3, 4)));
        e.put("SumRows", Example.of("x", (t, x) -> SumRows.of(t, x[0]), matrix(2, 3, 1, 2, 3, 4, 5, 6)));
        e.put("Reshape", Example.of("x", (t, x) -> Reshape.of(t, x[0], 3, 2), matrix(2, 3, 1, 2, 3, 4, 5, 6)));
        e.put("Transpose", Example.of("x", (t, x) -> Transpose.of(t, x[0]), matrix(2, 3, 1, 2, 3, 4, 5, 6)));
        e.put("Columns", Example.of("x", (t, x) -> Columns.of(t, x[0], 1, 3), matrix(2, 4, 1, 2, 3, 4, 5, 6, 7, 8)));
        e.put("Embedding",
                Example.of("W", (t, x) -> Embedding.of(t, x[0], new int[] {2, 0, 2}), matrix(3, 2, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)));
        e.put("Softmax", Example.of("x", (t, x) -> Softmax.of(t, x[0]), matrix(2, 3, 1, 2, 3, 0, 0, 5)));
        e.put("LogSoftmax", Example.of("x", (t, x) -> LogSoftmax.of(t, x[0]), matrix(2, 3, 1, 2, 3, 0, 0, 5)));
        e.put("Matmul",
                Example.of("A B", (t, x) -> Matmul.of(t, x[0], x[1]), matrix(2, 3, 1, 2, 3, 4, 5, 6), matrix(3, 2, 1, 0, 0, 1, 2, -1)));
    }

    private static void layers(Map<String, Example> e) {
        e.put("Linear", Example.of("X W b", (t, x) -> Linear.of(t, x[0], x[1], x[2], null), matrix(2, 2, 1, 2, -1, 0.5),
                matrix(3, 2, 1, 0, 0, 1, 2, -1), vector(0.1, 0.2, 0.3)));
        e.put("RmsNorm", Example.of("x w", (t, x) -> RmsNorm.of(t, x[0], x[1], 1e-5), matrix(2, 3, 1, 2, 3, -1, 0, 1), vector(1, 0.5, 2)));
        e.put("LayerNorm", Example.of("x w b", (t, x) -> LayerNorm.of(t, x[0], x[1], x[2], 1e-5), matrix(2, 3, 1, 2, 3, -1, 0, 4),
                vector(1, 0.5, 2), vector(0, 0.1, 0.2)));
        e.put("SwiGlu", Example.of("gate up", (t, x) -> SwiGlu.of(t, x[0], x[1]), vector(-1, 0, 2), vector(3, 2, 0.5)));
        Rope.Table table = Rope.Table.of(4, Rope.Table.frequencies(4, 100), 1);
        e.put("Rope",
                Example.of("x", (t, x) -> Rope.of(t, x[0], new int[] {0, 1, 3}, table), matrix(3, 4, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0)));
        AttentionShape shape = AttentionShape.causal(1, 1, 2, new int[] {0, 3});
        e.put("Attention", Example.of("Q K V", (t, x) -> Attention.of(t, shape, x[0], x[1], x[2]),
                matrix(3, 2, 1, 0, 0, 1, 1, 1), matrix(3, 2, 1, 0, 0, 2, -1, 1), matrix(3, 2, 1, 0, 0, 1, 5, 5)));
        e.put("HeadCrossEntropy", Example.of("H W", (t, x) -> HeadCrossEntropy.mean(t, x[0], x[1], new int[] {-1, 2, 0}),
                matrix(3, 2, 1, 0, 0, 1, 1, 1), matrix(4, 2, 1, 0, 0, 1, 1, 2, -1, 0.5)));
        Tensor w0 = matrix(2, 3, 1, 0, -1, 0.5, 2, 1);
        e.put("LoraProduct", Example.of("X A B", (t, x) -> LoraProduct.of(t, x[0], x[0], new LoraWeights(w0, null, x[1], x[2], 2), null),
                matrix(2, 3, 1, 2, 3, -1, 0, 1), matrix(1, 3, 0.5, -1, 0.25), matrix(2, 1, 0.2, -0.4)));
        double[] norms = {1.5, 2.5};
        e.put("DoraProduct", Example.of("X A B m", (t, x) -> DoraProduct.of(t, x[0], x[0], new LoraWeights(w0, null, x[1], x[2], 2),
                        new DoraProduct.Magnitudes(x[3], norms), null),
                matrix(2, 3, 1, 2, 3, -1, 0, 1), matrix(1, 3, 0.5, -1, 0.25), matrix(2, 1, 0.2, -0.4), vector(1.4, 2.3)));
    }

    static Tensor matrix(int rows, int cols, double... values) {
        return Tensor.of(values, rows, cols);
    }

    static Tensor vector(double... values) {
        return Tensor.of(values, values.length);
    }
}
