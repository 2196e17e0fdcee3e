package agl.app.explain;

import static agl.app.explain.SmallProblem.IN;
import static agl.app.explain.SmallProblem.OUT;

import agl.app.report.Html;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.op.HeadCrossEntropy;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import agl.regularizers.AglLoss;
import agl.regularizers.AglRegularizer;
import agl.regularizers.AglSettings;
import agl.regularizers.Decomposition;
import agl.regularizers.Fisher;
import agl.regularizers.LoraFactors;
import agl.regularizers.RiemannianOverlap;
import agl.regularizers.Term;
import agl.regularizers.TermValues;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;

/** The decomposition and the terms on the small problem. */
final class TermNumbers {
    private static final int R = 2;

    private TermNumbers() {
    }

    static void into(Map<String, Supplier<String>> all) {
        all.put("task loss by token", TermNumbers::taskLoss);
        all.put("decomposition", TermNumbers::decomposition);
        all.put("two branches", TermNumbers::branches);
        all.put("L_A", TermNumbers::alignment);
        all.put("L_T", () -> derivative(stability(), "L_T", "{}", AglLoss::lT));
        all.put("L_T, diag F", () -> derivative(Panel.of("The same with H = diag F"), "L_T", "{'H':'diag_fisher'}", AglLoss::lT));
        all.put("E_RM", () -> derivative(riemannian(), "E_RM", "{}", AglLoss::eRM));
        all.put("eta", TermNumbers::eta);
        all.put("E_geo", () -> derivative(geodesic(), "E_geo", "{'metric':'diag_fisher'}", AglLoss::eGeo));
        all.put("the loss", TermNumbers::total);
        all.put("composed and fused", TermNumbers::fused);
    }

    /** The derivative of one term with respect to every entry of A and B, appended to a panel. */
    private static String derivative(Panel panel, String term, String changes, Function<AglLoss, Tensor> pick) {
        SmallProblem problem = new SmallProblem();
        AglSettings s = SmallProblem.settings(changes);
        Example e = Example.of("A B",
                (tape, x) -> pick.apply(problem.loss(tape, new LoraFactors("W", x[0], x[1], SmallProblem.scale(R)), s)), problem.a(R),
                problem.b(R));
        Example.Computed c = e.compute();
        panel.value(term, c.y()[0]);
        return panel
                .check("Every entry of A and B moved by ±1e−6:",
                        c.comparisons().stream()
                                .map(x -> new Panel.Comparison(x.what().replace("∂L", "∂" + term), x.analytic(), x.numeric())).toList(),
                        4)
                .html();
    }

    private static String taskLoss() {
        double[][] logits = {{2, 0.5, -1}, {0, 1, 3}, {1, 1, 1}};
        int[] targets = {-1, 2, 0};
        List<List<Object>> rows = new ArrayList<>();
        Tensor h = Tensor.fill(DType.F64, i -> logits[i / 3][i % 3], 3, 3);
        // The identity as the head: the logits are h itself.
        Tensor head = Tensor.fill(DType.F64, i -> i / 3 == i % 3 ? 1 : 0, 3, 3);
        Storage loss = Storage.allocate(DType.F64, 3);
        double mean;
        try (Tape tape = Tape.plain()) {
            mean = HeadCrossEntropy.of(tape, h, head, targets, loss, 0.5).item();
        }
        for (int t = 0; t < 3; t++) {
            boolean counts = targets[t] >= 0;
            rows.add(List.of(Integer.toString(t), counts ? "answer" : "prompt", Arrays.toString(logits[t]),
                    counts ? Integer.toString(targets[t]) : "none", counts ? loss.get(t) : "not counted"));
        }
        return Panel.of("Three tokens, a vocabulary of three").table(List.of("token", "part of", "logits", "target", "loss, nats"), rows)
                .value("L_task, mean of two", mean).html();
    }

    private static AglLoss loss(Tape tape, String changes) {
        SmallProblem problem = new SmallProblem();
        return problem.loss(tape, problem.factors(R), SmallProblem.settings(changes));
    }

    private static String decomposition() {
        SmallProblem problem = new SmallProblem();
        try (Tape tape = Tape.plain()) {
            AglLoss l = loss(tape, "{}");
            Decomposition d = l.decomposition();
            double[] again = problem.fisher(SmallProblem.settings("{}")).subspace().project(d.deltaA().toArray());
            double sum = 0;
            double twice = 0;
            for (int e = 0; e < OUT * IN; e++) {
                sum = Math.max(sum, Math.abs(d.deltaA().get(e) + d.deltaT().get(e) - d.deltaW().get(e)));
                twice = Math.max(twice, Math.abs(again[e] - d.deltaA().get(e)));
            }
            return Panel.of("ΔW = s·B·A of rank 2, m = 3").matrix("ΔW (4, 5)", d.deltaW().toArray(), OUT, IN)
                    .matrix("ΔW_A", d.deltaA().toArray(), OUT, IN)
                    .matrix("ΔW_T", d.deltaT().toArray(), OUT, IN).value("largest |ΔW_A + ΔW_T − ΔW|", sum)
                    .value("largest |P_A ΔW_A − ΔW_A|", twice)
                    .value("⟨ΔW_A, ΔW_T⟩", l.inner().item()).value("‖ΔW_A‖²", l.normA().item()).value("‖ΔW_T‖²", l.normT().item())
                    .value("share of ‖ΔW‖² in the subspace", l.normA().item() / (l.normA().item() + l.normT().item())).html();
        }
    }

    private static String branches() {
        try (Tape tape = Tape.plain()) {
            AglLoss l = loss(tape, "{'alignment_rank':1}");
            return Panel.of("The same A and B, the first rank as the alignment branch")
                    .matrix("ΔW_A = s·b₁a₁", l.decomposition().deltaA().toArray(), OUT, IN)
                    .matrix("ΔW_T = s·b₂a₂", l.decomposition().deltaT().toArray(), OUT, IN).value("⟨ΔW_A, ΔW_T⟩", l.inner().item())
                    .value("E_geo", l.eGeo().item()).html();
        }
    }

    private static String alignment() {
        SmallProblem problem = new SmallProblem();
        Fisher fisher = problem.fisher(SmallProblem.settings("{}"));
        double[] c = fisher.subspace().coefficients(Tape.plain(), problem.factors(R));
        List<List<Object>> rows = new ArrayList<>();
        for (int k = 0; k < c.length; k++) {
            rows.add(List.of("u" + (k + 1), fisher.eigenvalues()[k], c[k], fisher.eigenvalues()[k] * c[k] * c[k]));
        }
        return derivative(Panel.of("One summand for each kept eigenvector")
                .table(List.of("direction", "λ (shares of tr F)", "c = ⟨u, ΔW⟩", "λ c²"), rows), "L_A", "{}", AglLoss::lA);
    }

    private static Panel stability() {
        try (Tape tape = Tape.plain()) {
            AglLoss l = loss(tape, "{}");
            return Panel.of("H = I: the squared length of ΔW_T").matrix("ΔW_T", l.decomposition().deltaT().toArray(), OUT, IN);
        }
    }

    private static Panel riemannian() {
        try (Tape tape = Tape.plain()) {
            AglLoss l = loss(tape, "{}");
            double[] overlap = new double[OUT * IN];
            for (int e = 0; e < overlap.length; e++) {
                overlap[e] = 1000 * l.eta().get(e) * Math.abs(l.decomposition().deltaA().get(e) * l.decomposition().deltaT().get(e));
            }
            return Panel.of("Entry by entry, then the mean").matrix("ΔW_A", l.decomposition().deltaA().toArray(), OUT, IN)
                    .matrix("ΔW_T", l.decomposition().deltaT().toArray(), OUT, IN).matrix("η", l.eta().toArray(), OUT, IN)
                    .matrix("1000 · η |ΔW_A| |ΔW_T|", overlap, OUT, IN);
        }
    }

    private static String eta() {
        AglSettings s = AglSettings.DEFAULT;
        List<List<Object>> rows = new ArrayList<>();
        for (double kappa : new double[] {s.kappa(), 10, 100, 1000}) {
            List<Object> row = new ArrayList<>(List.of("κ = " + Html.number(kappa)));
            try (Tape tape = Tape.plain()) {
                for (double eta : RiemannianOverlap
                        .weight(tape, OperationExamples.vector(0, 0.005, 0.01, 0.02, 0.1), s.beta(), kappa, s.tau()).toArray()) {
                    row.add(eta);
                }
            }
            rows.add(row);
        }
        return Panel.of("η for β = " + Html.number(s.beta()) + ", τ = " + Html.number(s.tau()) + " (the default), whose κ is the first")
                .table(List.of("|ΔW| =", "0", "0.005", "0.01", "0.02", "0.1"), rows).html();
    }

    private static Panel geodesic() {
        try (Tape tape = Tape.plain()) {
            AglLoss l = loss(tape, "{'metric':'diag_fisher'}");
            AglLoss euclidean = loss(tape, "{}");
            return Panel.of("In the metric M = diag F").value("⟨ΔW_A, ΔW_T⟩_M", l.inner().item()).value("‖ΔW_A‖²_M", l.normA().item())
                    .value("‖ΔW_T‖²_M", l.normT().item())
                    .value("cosine", l.inner().item() / Math.sqrt(l.normA().item() * l.normT().item()))
                    .value("E_geo with M = I, for comparison", euclidean.eGeo().item());
        }
    }

    private static String total() {
        SmallProblem problem = new SmallProblem();
        AglSettings s = SmallProblem.settings("{}");
        try (Tape tape = Tape.plain()) {
            TermValues v = problem.loss(tape, problem.factors(R), s).values();
            List<List<Object>> rows = Arrays.stream(Term.values())
                    .map(t -> List.<Object>of(t.label(), v.get(t), t.weight(s), t.weight(s) * v.get(t))).toList();
            return derivative(
                    Panel.of("Default weights, with λ_NC = 0.1 instead of 0").table(List.of("term", "raw", "weight", "weighted"), rows),
                    "L", "{}", AglLoss::total);
        }
    }

    /** The gradients of both paths, at settings with which every term acts. */
    private static String fused() {
        SmallProblem problem = new SmallProblem();
        AglSettings s = SmallProblem
                .settings("{'lambda_A':2,'lambda_T':0.5,'lambda_NC':3,'metric':'diag_fisher','reduction':'sum','kappa':20}");
        AglRegularizer regularizer = AglRegularizer.of(s, Map.of("W", problem.fisher(s)));
        LoraFactors composed = problem.factors(R);
        LoraFactors fused = problem.factors(R);
        try (Tape tape = Tape.plain()) {
            TermValues one = regularizer.addGradientsComposed(tape, List.of(composed));
            TermValues two = regularizer.addGradients(tape, List.of(fused), true);
            double largest = 0;
            for (int i = 0; i < composed.a().size(); i++) {
                largest = Math.max(largest, Math.abs(composed.a().gradArray()[i] - fused.a().gradArray()[i]));
            }
            for (int i = 0; i < composed.b().size(); i++) {
                largest = Math.max(largest, Math.abs(composed.b().gradArray()[i] - fused.b().gradArray()[i]));
            }
            return Panel.of("Every term switched on").table(List.of("path", "L_A", "L_T", "E_RM", "E_geo", "weighted sum"), List.of(
                    List.of("composed, by the tape", one.lA(), one.lT(), one.eRM(), one.eGeo(), one.weighted()),
                    List.of("fused, by hand", two.lA(), two.lT(), two.eRM(), two.eGeo(), two.weighted())))
                    .value("largest difference between the gradients of A and B", largest).html();
        }
    }
}
