package agl.app.explain;

import agl.autograd.GradCheck;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A function on small inputs: forward, backward, and a difference quotient for every entry of every input.
 *
 * @param names  of the inputs
 * @param inputs leaves in double; those that require a gradient are differentiated
 */
record Example(List<String> names, GradCheck.Function function, Tensor... inputs) {
    private static final double[] COTANGENT = {1, -0.5, 0.25, 2, -1, 0.5, -2, 1.5};

    static Example of(String names, GradCheck.Function function, Tensor... inputs) {
        for (Tensor x : inputs) {
            x.requireGrad();
        }
        return new Example(List.of(names.split(" ")), function, inputs);
    }

    /** The results. The loss is L = ⟨c, y⟩ for fixed c, or y itself if that is a scalar. */
    record Computed(double[] y, int[] shape, double[] cotangent, List<Panel.Comparison> comparisons) { }

    Computed compute() {
        double[] y;
        int[] shape;
        double[] c;
        Arrays.stream(inputs).forEach(Tensor::zeroGrad);
        try (Tape tape = Tape.plain()) {
            Tensor out = function.apply(tape, inputs);
            y = out.toArray();
            shape = out.shape();
            c = new double[y.length];
            Arrays.setAll(c, i -> y.length == 1 ? 1 : COTANGENT[i % COTANGENT.length]);
            tape.backward(out, c);
        }
        List<Panel.Comparison> comparisons = new ArrayList<>();
        for (int i = 0; i < inputs.length; i++) {
            Tensor x = inputs[i];
            if (!x.requiresGrad()) {
                continue;
            }
            double[] gradient = x.gradArray();
            for (int e = 0; e < x.size(); e++) {
                comparisons.add(
                        new Panel.Comparison("∂L/∂" + names.get(i) + index(x, e), gradient[e], GradCheck.quotient(x, e, () -> loss(c))));
            }
        }
        return new Computed(y, shape, c, comparisons);
    }

    private double loss(double[] c) {
        try (Tape tape = Tape.plain()) {
            double[] y = function.apply(tape, inputs).toArray();
            double sum = 0;
            for (int i = 0; i < y.length; i++) {
                sum += c[i] * y[i];
            }
            return sum;
        }
    }

    private static String index(Tensor x, int e) {
        return x.rank() == 0 ? "" : x.rank() == 1 ? "[" + e + "]" : "[" + e / x.cols() + ", " + e % x.cols() + "]";
    }

    /** Inputs, result, gradients and the comparison. */
    String html(String title) {
        Computed r = compute();
        Panel p = Panel.of(title);
        for (int i = 0; i < inputs.length; i++) {
            p.matrix(names.get(i) + shape(inputs[i].shape()), inputs[i].toArray(), inputs[i].shape());
        }
        p.matrix((r.y.length == 1 ? "y = L" : "y") + shape(r.shape), r.y, r.shape);
        if (r.y.length > 1) {
            p.matrix("∂L/∂y, given", r.cotangent, r.shape);
        }
        p.text("Backward:");
        for (int i = 0; i < inputs.length; i++) {
            if (inputs[i].requiresGrad()) {
                p.matrix("∂L/∂" + names.get(i), inputs[i].gradArray(), inputs[i].shape());
            }
        }
        return p.check("Each entry moved by ±1e−6:", r.comparisons, 4).html();
    }

    static String shape(int[] shape) {
        return shape.length == 0 ? "" : Arrays.stream(shape).mapToObj(Integer::toString).collect(Collectors.joining(", ", " (", ")"));
    }
}
