package agl.app.explain;

import agl.app.report.Html;
import agl.autograd.GradCheck;
import agl.autograd.Pool;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.op.HeadCrossEntropy;
import agl.autograd.storage.DType;
import agl.nn.Batch;
import agl.nn.LinearLayer;
import agl.nn.Transformer;
import agl.regularizers.AglSettings;
import agl.regularizers.Fisher;
import agl.regularizers.GradientCollector;
import agl.regularizers.Subspace;
import agl.regularizers.SymmetricEigen;
import agl.regularizers.TokenFactors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** Gradients of single examples, the Gram matrix, eigenvectors and the three backends. */
final class FisherNumbers {
    private FisherNumbers() {
    }

    static void into(Map<String, Supplier<String>> all) {
        all.put("one example's gradient", FisherNumbers::gradient);
        all.put("Gram matrix and eigenvectors", FisherNumbers::eigen);
        all.put("normalised eigenvalues", FisherNumbers::normalised);
        all.put("a contrast of two answers", FisherNumbers::contrast);
        all.put("Kronecker factors", FisherNumbers::kronecker);
        all.put("three backends", FisherNumbers::backends);
    }

    /** g = ∂ℓ/∂W of q_proj in a transformer of one layer, from the hook, checked by moving entries of the frozen W itself. */
    private static String gradient() {
        Transformer model = TinyTransformer.make();
        Batch batch = TinyTransformer.batch().getFirst();
        LinearLayer layer = model.linears().getFirst();
        GradientCollector collector = new GradientCollector(DType.F64, List.of(layer.name()));
        collector.batch(batch.starts());
        layer.listen(collector.listener(layer.name()));
        try (Tape tape = Tape.plain()) {
            tape.backward(loss(tape, model, batch));
        } finally {
            layer.listen(null);
        }
        TokenFactors factors = collector.take(layer.name());
        double[] g = dense(factors, 0);
        List<Panel.Comparison> comparisons = new ArrayList<>();
        Tensor w = layer.weight();
        for (int e = 0; e < w.size(); e++) {
            comparisons.add(new Panel.Comparison("∂ℓ/∂W[" + e / w.cols() + ", " + e % w.cols() + "]", g[e],
                    GradCheck.quotient(w, e, () -> value(model, batch))));
        }
        return Panel.of("g of one sequence of " + batch.size() + " tokens, in a one-layer transformer")
                .matrix("g (" + factors.out() + ", " + factors.in() + "), times 100",
                        Arrays.stream(g).map(v -> 100 * v).toArray(), factors.out(), factors.in())
                .check("Each entry of the frozen W moved by ±1e−6, the whole model run again:", comparisons, 4).html();
    }

    private static Tensor loss(Tape tape, Transformer model, Batch batch) {
        return HeadCrossEntropy.of(tape, model.hidden(tape, batch), model.head(), batch.targets(), null, 1.0);
    }

    private static double value(Transformer model, Batch batch) {
        try (Tape tape = Tape.inference(Kernels.plain(), new Pool(DType.F64))) {
            return loss(tape, model, batch).item();
        }
    }

    /** g_i = Σ_t δ_t x_tᵀ as a dense matrix. */
    static double[] dense(TokenFactors g, int i) {
        double[] sum = new double[g.out() * g.in()];
        for (int t = 0; t < g.tokens(i); t++) {
            for (int e = 0; e < sum.length; e++) {
                sum[e] += g.deltaOf(i).get(t, e / g.in()) * g.xOf(i).get(t, e % g.in());
            }
        }
        return sum;
    }

    private static String eigen() {
        SmallProblem problem = new SmallProblem();
        TokenFactors g = problem.gradients();
        int n = g.examples();
        double[][] gram = g.gram(Kernels.plain());
        Fisher fisher = problem.fisher(SmallProblem.settings("{'fisher_norm':'none'}"));
        double[] u = fisher.subspace().basis().toArray();
        int d = SmallProblem.OUT * SmallProblem.IN;
        int m = fisher.eigenvalues().length;
        double[] overlaps = new double[m * m];
        List<List<Object>> rows = new ArrayList<>();
        for (int k = 0; k < m; k++) {
            for (int l = 0; l < m; l++) {
                for (int e = 0; e < d; e++) {
                    overlaps[k * m + l] += u[k * d + e] * u[l * d + e];
                }
            }
            double[] fu = new double[d];
            for (int i = 0; i < n; i++) {
                double[] gi = dense(g, i);
                double inner = 0;
                for (int e = 0; e < d; e++) {
                    inner += gi[e] * u[k * d + e] / n;
                }
                for (int e = 0; e < d; e++) {
                    fu[e] += inner * gi[e];
                }
            }
            double off = 0;
            for (int e = 0; e < d; e++) {
                off = Math.max(off, Math.abs(fu[e] - fisher.eigenvalues()[k] * u[k * d + e]));
            }
            rows.add(List.of("u" + (k + 1), fisher.eigenvalues()[k], Panel.exponent(off)));
        }
        return Panel.of("Six gradients of a (4, 5) matrix: F is (20, 20), K is (6, 6)")
                .matrix("K = GGᵀ/N", Arrays.stream(gram).flatMapToDouble(Arrays::stream).toArray(), n, n)
                .matrix("⟨u_k, u_l⟩", overlaps, m, m).text("F u = λ u, with F multiplied out here and nowhere else:")
                .table(List.of("eigenvector", "eigenvalue λ", "largest entry of F u − λ u"), rows).html();
    }

    private static String normalised() {
        TokenFactors g = new SmallProblem().gradients();
        // A second matrix that the loss hardly depends on: its gradients are a quarter as long.
        TokenFactors weak = new TokenFactors(g.out(), g.in(),
                Tensor.fill(DType.F64, e -> g.delta().get(e) / 4, g.delta().length()).data(), g.x(), g.starts());
        List<List<Object>> rows = new ArrayList<>();
        for (String norm : List.of("none", "trace", "mean_trace", "max")) {
            AglSettings s = SmallProblem.settings("{'fisher_norm':'" + norm + "'}");
            Map<String, Fisher> both = new LinkedHashMap<>();
            both.put("V", Fisher.of(Kernels.plain(), "V", g, s));
            both.put("Q", Fisher.of(Kernels.plain(), "Q", weak, s));
            both = Fisher.normalise(both, s.fisherNorm());
            Fisher v = both.get("V");
            Fisher q = both.get("Q");
            rows.add(List.of(norm, v.scale(), v.eigenvalues()[0], v.eigenvalues()[2], q.scale(), q.eigenvalues()[0], q.eigenvalues()[2]));
        }
        double[] spectrum = SymmetricEigen.of(g.gram(Kernels.plain())).values();
        return Panel.of("Two matrices V and Q, Q's gradients a quarter as long; m = 3")
                .matrix("all eigenvalues of V", spectrum, 1, spectrum.length)
                .table(List.of("fisher_norm", "divisor of V", "λ₁", "λ₃", "divisor of Q", "λ₁", "λ₃"), rows).html();
    }

    /** (∂ℓ/∂z)² averaged over the answers, by backward passes through the loss of two logits. */
    private static String contrast() {
        List<List<Object>> rows = new ArrayList<>();
        for (double p : new double[] {0.5, 0.1, 0.01, 0.001}) {
            double refusal = slope(p, 0);
            double compliance = slope(p, 1);
            rows.add(List.of(Html.number(p), refusal * refusal, (1 - p) * refusal * refusal + p * compliance * compliance,
                    Math.pow(refusal - compliance, 2)));
        }
        return Panel.of("What F holds of z, the logit of complying minus that of refusing")
                .table(List.of("probability p of complying", "refusals as they are: p²", "sampled answers: p(1 − p)", "contrast"), rows)
                .html();
    }

    /** ∂ℓ/∂z of −log p(answer) for the logits (0, z) of refusing and complying. */
    private static double slope(double p, int answer) {
        Tensor one = Tensor.of(new double[] {1}, 1, 1);
        Tensor z = Tensor.of(new double[] {0, Math.log(p / (1 - p))}, 2, 1).requireGrad();
        try (Tape tape = Tape.plain()) {
            tape.backward(HeadCrossEntropy.mean(tape, one, z, new int[] {answer}));
        }
        return z.gradArray()[1];
    }

    /** F is a Kronecker product here: gradients √(N α_a μ_b) e_a e_bᵀ, one for each pair. */
    private static String kronecker() {
        double[] alpha = {2, 1};
        double[] mu = {3, 1, 0.5};
        List<double[]> gradients = new ArrayList<>();
        double[] diagonal = new double[6];
        double[] out = new double[2];
        double[] in = new double[3];
        for (int e = 0; e < 6; e++) {
            double[] g = new double[6];
            g[e] = Math.sqrt(6 * alpha[e / 3] * mu[e % 3]);
            gradients.add(g);
            diagonal[e] = g[e] * g[e] / 6;
            out[e / 3] += g[e] * g[e] / 6;
            in[e % 3] += g[e] * g[e] / 6;
        }
        AglSettings s = SmallProblem.settings("{'backend':'kfac','m':6,'fisher_norm':'none'}");
        Fisher fisher = Fisher.of(Kernels.plain(), "W", TokenFactors.ofDense(2, 3, gradients), s);
        double off = 0;
        double without = 0;
        for (int e = 0; e < 6; e++) {
            double product = out[e / 3] * in[e % 3];
            off = Math.max(off, Math.abs(diagonal[e] - product / fisher.trace()));
            without = Math.max(without, Math.abs(diagonal[e] - product));
        }
        double refitted = 0;
        double[] falling = Arrays.stream(diagonal).sorted().toArray();
        for (int k = 0; k < 6; k++) {
            refitted = Math.max(refitted, Math.abs(falling[5 - k] - fisher.eigenvalues()[k]));
        }
        return Panel.of("A (2, 3) matrix whose F is a Kronecker product").matrix("diagonal of C_out", out, 1, 2)
                .matrix("diagonal of C_in", in, 1, 3)
                .matrix("diagonal of F", diagonal, 2, 3).value("tr F", fisher.trace()).value("tr C_out", Arrays.stream(out).sum())
                .value("tr C_in", Arrays.stream(in).sum())
                .value("largest |F − C_out ⊗ C_in / tr F|", off).value("largest |F − C_out ⊗ C_in|", without)
                .value("largest difference of a re-fitted eigenvalue", refitted).html();
    }

    private static String backends() {
        SmallProblem problem = new SmallProblem();
        List<List<Object>> rows = new ArrayList<>();
        for (String backend : List.of("exact", "kfac", "diagonal")) {
            Fisher f = problem.fisher(SmallProblem.settings("{'backend':'" + backend + "'}"));
            Subspace s = f.subspace();
            double[] c = s.coefficients(Tape.plain(), problem.factors(2));
            double inside = Arrays.stream(c).map(v -> v * v).sum();
            rows.add(List.of(backend, Arrays.stream(f.eigenvalues()).sum(), f.eigenvalues()[0], inside));
        }
        return Panel.of("The same six gradients, m = 3")
                .table(List.of("backend", "share of tr F in the subspace", "λ₁ / tr F", "‖ΔW_A‖²"), rows).html();
    }
}
