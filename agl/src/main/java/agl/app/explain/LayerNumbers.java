package agl.app.explain;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.storage.DType;
import agl.lora.LoraConfig;
import agl.lora.LoraLinear;
import agl.nn.LinearLayer;
import java.util.Map;
import java.util.function.Supplier;

/** Attention weights, LoRA's initial state and the merged weight. */
final class LayerNumbers {
    private LayerNumbers() {
    }

    static void into(Map<String, Supplier<String>> all) {
        all.put("attention weights", LayerNumbers::attentionWeights);
        all.put("LoRA at its start", LayerNumbers::start);
        all.put("merged and unmerged", LayerNumbers::merged);
    }

    /** The rows of P for Q and K of the Attention example, each over its unmasked keys. */
    private static String attentionWeights() {
        Example e = OperationExamples.all().get("Attention");
        Tensor q = e.inputs()[0];
        Tensor k = e.inputs()[1];
        double[] p = new double[9];
        for (int i = 0; i < 3; i++) {
            double sum = 0;
            for (int j = 0; j <= i; j++) {
                p[i * 3 + j] = Math.exp((q.get(2 * i) * k.get(2 * j) + q.get(2 * i + 1) * k.get(2 * j + 1)) / Math.sqrt(2));
                sum += p[i * 3 + j];
            }
            for (int j = 0; j <= i; j++) {
                p[i * 3 + j] /= sum;
            }
        }
        double largest = 0;
        double[] y = e.compute().y();
        for (int i = 0; i < 3; i++) {
            for (int c = 0; c < 2; c++) {
                double out = 0;
                for (int j = 0; j < 3; j++) {
                    out += p[i * 3 + j] * e.inputs()[2].get(2 * j + c);
                }
                largest = Math.max(largest, Math.abs(out - y[2 * i + c]));
            }
        }
        return Panel.of("P = softmax of the scores, never held by the code").matrix("Q (3, 2)", q.toArray(), 3, 2)
                .matrix("K (3, 2)", k.toArray(), 3, 2)
                .matrix("P (3, 3), zero above the diagonal", p, 3, 3)
                .value("largest difference of P·V from the operation's result", largest).html();
    }

    /** q_proj of the tiny transformer, (8, 8). */
    private static LinearLayer base() {
        return TinyTransformer.make().linears().getFirst();
    }

    private static String start() {
        LoraLinear layer = LoraLinear.initial(base(), LoraConfig.of(2, 4, 0, "q_proj"), DType.F64, 1);
        Tensor x = input();
        try (Tape tape = Tape.plain()) {
            Tensor y = layer.forward(tape, x);
            Tensor frozen = layer.base().forward(tape, x);
            double difference = difference(y.toArray(), frozen.toArray());
            tape.backward(y, new double[] {1, -0.5, 0.25, 2, -1, 0.5, -2, 1.5});
            return Panel.of("A fresh adapter of rank 2 on an (8, 8) matrix").matrix("A (2, 8)", layer.a().toArray(), 2, 8)
                    .matrix("Bᵀ (2, 8)", transposed(layer.b().toArray(), 8, 2), 2, 8)
                    .value("s", layer.scale()).value("largest difference from the frozen layer", difference).text("Its first gradient:")
                    .matrix("∂L/∂A, zero because B is", layer.a().gradArray(), 2, 8)
                    .matrix("(∂L/∂B)ᵀ", transposed(layer.b().gradArray(), 8, 2), 2, 8).html();
        }
    }

    private static String merged() {
        Tensor a = Tensor.fill(DType.F64, i -> 0.1 * (i - 3), 1, 8);
        Tensor b = Tensor.fill(DType.F64, i -> 0.05 * (4 - i), 8, 1);
        LoraLinear layer = new LoraLinear(base(), new LoraLinear.Update(a, b, 2), 0, 0);
        double[] apart = run(layer, input());
        layer.merge();
        double[] together = run(layer, input());
        return Panel.of("One layer, apart and merged, s = 2").matrix("y, W₀ and the update apart", apart, 1, 8)
                .matrix("y, one merged matrix", together, 1, 8)
                .value("largest difference", difference(apart, together)).html();
    }

    private static Tensor input() {
        return Tensor.of(new double[] {1, -1, 0.5, 2, 0, -0.5, 1.5, 1}, 1, 8);
    }

    private static double[] run(LoraLinear layer, Tensor x) {
        try (Tape tape = Tape.plain()) {
            return layer.forward(tape, x).toArray();
        }
    }

    private static double difference(double[] x, double[] y) {
        double largest = 0;
        for (int i = 0; i < x.length; i++) {
            largest = Math.max(largest, Math.abs(x[i] - y[i]));
        }
        return largest;
    }

    private static double[] transposed(double[] x, int rows, int cols) {
        double[] t = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            t[i % cols * rows + i / cols] = x[i];
        }
        return t;
    }
}
