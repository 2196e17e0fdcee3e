package agl.app.explain;

import agl.autograd.Tape;
import agl.regularizers.AglLoss;
import agl.regularizers.AglRegularizer;
import agl.regularizers.AglSettings;
import agl.regularizers.LoraFactors;
import agl.regularizers.TermValues;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** The five points a careful reader must know, computed by the code. */
final class CarefulNumbers {
    private CarefulNumbers() {
    }

    static void into(Map<String, Supplier<String>> all) {
        all.put("A, where the collision terms are zero", CarefulNumbers::zero);
        all.put("B, the signed overlap", CarefulNumbers::signed);
        all.put("C, eta", CarefulNumbers::eta);
        all.put("D, at the start", CarefulNumbers::start);
        all.put("E, mean and sum", CarefulNumbers::meanAndSum);
        all.put("what the program says", CarefulNumbers::warnings);
    }

    private static TermValues values(double size, String changes) {
        try (Tape tape = Tape.plain()) {
            return new SmallProblem().loss(tape, 2, size, SmallProblem.settings(changes)).values();
        }
    }

    private static String zero() {
        String[][] settings = {{"exact, euclidean (the default)", "{}"}, {"kfac, euclidean", "{'backend':'kfac'}"},
            {"diagonal, euclidean", "{'backend':'diagonal'}"},
            {"diagonal, diag F", "{'backend':'diagonal','metric':'diag_fisher'}"}, {"exact, diag F", "{'metric':'diag_fisher'}"},
            {"two branches, euclidean", "{'alignment_rank':1}"}};
        List<List<Object>> rows = new ArrayList<>();
        for (String[] s : settings) {
            TermValues v = values(1, s[1]);
            rows.add(List.of(s[0], v.eRM(), v.eGeo(), v.eGeo() < 1e-20 ? v.eRM() == 0 ? "neither acts" : "E_geo cannot act" : "both act"));
        }
        return Panel.of("The same update in six settings").table(List.of("subspace and metric", "E_RM", "E_geo", ""), rows)
                .text("A value like 1e−30 is what rounding leaves of a zero.").html();
    }

    /** Two branches whose first has the opposite sign of the other pages', so that the parts oppose each other in most entries. */
    private static String signed() {
        List<List<Object>> rows = new ArrayList<>();
        for (double size : new double[] {0.5, 1, 2, 4}) {
            rows.add(List.of("× " + agl.app.report.Html.number(size), opposed(size, "signed"), opposed(size, "absolute")));
        }
        return Panel.of("E_RM of two opposed branches, made larger").table(List.of("update", "signed", "absolute"), rows).html();
    }

    private static double opposed(double size, String overlap) {
        SmallProblem problem = new SmallProblem();
        LoraFactors f = problem.factors(2);
        for (int i = 0; i < f.b().size(); i++) {
            f.b().data().set(i, (i % 2 == 0 ? -size : size) * f.b().get(i));
        }
        try (Tape tape = Tape.plain()) {
            return problem.loss(tape, f, SmallProblem.settings("{'alignment_rank':1,'overlap':'" + overlap + "'}")).eRM().item();
        }
    }

    private static String eta() {
        double tau = 0.01;
        List<List<Object>> rows = new ArrayList<>();
        for (Map.Entry<String, Double> kappa : List.of(Map.entry("κ = 1", 1.0), Map.entry("κ = 1/τ", 1 / tau),
                Map.entry("κ = 10/τ", 10 / tau))) {
            try (Tape tape = Tape.plain()) {
                agl.autograd.Tensor eta = agl.regularizers.RiemannianOverlap.weight(tape, OperationExamples.vector(0, tau, 2 * tau), 4,
                        kappa.getValue(), tau);
                rows.add(List.of(kappa.getKey(), agl.app.report.Html.fixed(eta.get(0), 4), agl.app.report.Html.fixed(eta.get(1), 4),
                        agl.app.report.Html.fixed(eta.get(2), 4)));
            }
        }
        return Panel.of("η for β = 4, τ = 0.01").table(List.of("|ΔW| =", "0", "0.01", "0.02"), rows).html();
    }

    private static String start() {
        List<List<Object>> rows = new ArrayList<>();
        for (String[] s : new String[][] {{"default", "{}"}, {"diag F everywhere", "{'metric':'diag_fisher','H':'diag_fisher'}"},
            {"two branches", "{'alignment_rank':1}"}}) {
            SmallProblem problem = new SmallProblem();
            LoraFactors f = problem.factors(2);
            f.b().data().fill(0, f.b().size(), 0);
            try (Tape tape = Tape.plain()) {
                AglLoss l = problem.loss(tape, f, SmallProblem.settings(s[1]));
                tape.backward(l.total());
                TermValues v = l.values();
                rows.add(List.of(s[0], v.lA(), v.lT(), v.eRM(), v.eGeo(), largest(f.a().gradArray()), largest(f.b().gradArray())));
            }
        }
        return Panel.of("B = 0, so ΔW = 0")
                .table(List.of("settings", "L_A", "L_T", "E_RM", "E_geo", "largest |∂L/∂A|", "largest |∂L/∂B|"), rows).html();
    }

    private static double largest(double[] x) {
        // Math.max would not suffice: NaN must be reported.
        return Arrays.stream(x).map(Math::abs).reduce(0, (a, b) -> Double.isNaN(a) || Double.isNaN(b) ? Double.NaN : Math.max(a, b));
    }

    private static String meanAndSum() {
        double mean = values(1, "{}").eRM();
        double sum = values(1, "{'reduction':'sum'}").eRM();
        return Panel.of("The same (4, 5) update").value("E_RM, mean", mean).value("E_RM, sum", sum).value("sum / mean", sum / mean)
                .value("entries", 20).html();
    }

    private static String warnings() {
        Panel p = Panel.of("The readers' settings (--preset as-read); the default has λ_NC = 0 and nothing to be warned of");
        AglRegularizer.warnings(AglSettings.AS_READ).forEach(p::text);
        return p.html();
    }
}
