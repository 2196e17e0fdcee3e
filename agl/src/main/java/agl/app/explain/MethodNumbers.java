package agl.app.explain;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import agl.regularizers.AglSettings;
import agl.regularizers.Fisher;
import agl.regularizers.FisherEstimator;
import agl.regularizers.LoraFactors;
import agl.regularizers.TokenFactors;
import agl.regularizers.method.AlignmentMatrix;
import agl.regularizers.method.AsFt;
import agl.regularizers.method.DistanceToBase;
import agl.regularizers.method.EwcLora;
import agl.regularizers.method.HiddenToBase;
import agl.regularizers.method.KlToBase;
import agl.regularizers.method.LinearContrast;
import agl.regularizers.method.Lisa;
import agl.regularizers.method.LogitsToBase;
import agl.regularizers.method.Method;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/** The penalties of the related methods on the small problem. */
final class MethodNumbers {
    private MethodNumbers() {
    }

    static void into(Map<String, Supplier<String>> all) {
        all.put("KlToBase", () -> toBase(KlToBase::of));
        all.put("LogitsToBase", () -> toBase(LogitsToBase::of));
        all.put("HiddenToBase", () -> toBase((tape, h, base, w, rows) -> HiddenToBase.of(tape, h, base, rows)));
        all.put("EwcLora", MethodNumbers::ewc);
        all.put("AsFt", MethodNumbers::asFt);
        all.put("Lisa", MethodNumbers::lisa);
        all.put("LinearContrast", MethodNumbers::contrast);
    }

    private static String toBase(DistanceToBase.Distance distance) {
        Tensor w = OperationExamples.matrix(4, 2, 1, 0, 0, 1, 1, 2, -1, 0.5);
        Storage base = OperationExamples.matrix(2, 2, 1, 0.5, 0, 1).data();
        return Example
                .of("h", (t, x) -> distance.of(t, x[0], base, w, new int[] {0, 2}),
                        OperationExamples.matrix(3, 2, 0.8, 0.5, 9, 9, 0.5, 1))
                .html("Two compared positions of three, a vocabulary of four");
    }

    private static String asFt() {
        Tensor v = Tensor.fill(DType.F64, i -> Math.sin(1 + 3 * i), SmallProblem.OUT, SmallProblem.IN);
        AsFt method = new AsFt(1, Map.of("W", new AlignmentMatrix(v)));
        // ΔW = V itself: A = V, B = I.
        Tensor identity = Tensor.fill(DType.F64, i -> i % (SmallProblem.OUT + 1) == 0 ? 1 : 0, SmallProblem.OUT, SmallProblem.OUT);
        double left = value(method, new LoraFactors("W", v.to(DType.F64).requireGrad(), identity.requireGrad(), 1));
        double norm = java.util.Arrays.stream(v.toArray()).map(x -> x * x).sum();
        return penalty(Panel.of("λ = 1, V fixed numbers").value("‖(I − C) V‖² / ‖V‖²", left / norm), method, "AsFT");
    }

    private static String ewc() {
        SmallProblem problem = new SmallProblem();
        AglSettings s = SmallProblem.settings("{'metric':'diag_fisher'}");
        Fisher fisher = Fisher.of(Kernels.plain(), "W", problem.gradients(), s);
        return penalty(
                Panel.of("λ = 1").matrix("diag F (4, 5)", Tensor.of(fisher.diagonal(), SmallProblem.OUT, SmallProblem.IN).toArray(),
                        SmallProblem.OUT, SmallProblem.IN),
                new EwcLora(1, Map.of("W", fisher)), "EWC");
    }

    private static String lisa() {
        LoraFactors f = new SmallProblem().factors(2);
        Lisa lisa = new Lisa(1, 1, 1);
        try (Tape tape = Tape.plain()) {
            lisa.addGradients(tape, List.of(f), 0);
            double first = lisa.addGradients(tape, List.of(f), 1).get("penalty");
            f.b().data().set(0, f.b().get(0) + 0.3);
            f.b().zeroGrad();
            double penalty = lisa.addGradients(tape, List.of(f), 3).get("penalty");
            return Panel.of("ρ = 1; the weights of the last phase are the anchor").value("penalty where a phase begins", first)
                    .value("after another phase, B[0, 0] moved by 0.3 in between", penalty).html();
        }
    }

    private static String contrast() {
        List<double[]> gradients = IntStream.range(0, 2).mapToObj(i -> Tensor
                .fill(DType.F64, e -> Math.cos(i + 2 * e), SmallProblem.OUT, SmallProblem.IN).toArray()).toList();
        FisherEstimator.Gradients taken = new FisherEstimator.Gradients(new double[] {-0.5, 0.2},
                Map.of("W", TokenFactors.ofDense(SmallProblem.OUT, SmallProblem.IN, gradients)));
        Method method = new LinearContrast(1, new boolean[] {true, false}, 20, () -> taken);
        return penalty(Panel.of("a prompt to refuse with margin 0.5 and a harmless one with margin −0.2, linearised at these weights"),
                method, "contrast");
    }

    /** Checks the gradient that a penalty adds itself against differences of its value. */
    private static String penalty(Panel panel, Method method, String name) {
        LoraFactors f = new SmallProblem().factors(2);
        java.util.List<Panel.Comparison> comparisons = new java.util.ArrayList<>();
        double value = value(method, f);
        double[] gA = f.a().gradArray();
        double[] gB = f.b().gradArray();
        for (Tensor x : List.of(f.a(), f.b())) {
            for (int e = 0; e < x.size(); e++) {
                double at = x.get(e);
                x.data().set(e, at + 1e-6);
                double plus = value(method, f);
                x.data().set(e, at - 1e-6);
                double minus = value(method, f);
                x.data().set(e, at);
                comparisons.add(new Panel.Comparison("∂/∂" + (x == f.a() ? "A" : "B") + "[" + e / x.cols() + ", " + e % x.cols() + "]",
                        (x == f.a() ? gA : gB)[e], (plus - minus) / 2e-6));
            }
        }
        return panel.value(name + ", weighted", value).check("Every entry of A and B moved by ±1e−6:", comparisons, 4).html();
    }

    private static double value(Method method, LoraFactors f) {
        f.a().zeroGrad();
        f.b().zeroGrad();
        try (Tape tape = Tape.plain()) {
            return method.addGradients(tape, List.of(f), 0).get("penalty");
        }
    }
}
