package agl.app.explain;

import static agl.app.explain.OperationExamples.matrix;

import agl.app.data.PromptSet.Label;
import agl.app.data.PromptSet.Prompt;
import agl.app.drift.DriftChange;
import agl.app.drift.DriftCheck.Result;
import agl.app.drift.Outcome;
import agl.app.stats.Interval;
import agl.app.stats.StudentT;
import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.autograd.op.Add;
import agl.autograd.op.HeadCrossEntropy;
import agl.autograd.storage.DType;
import agl.autograd.storage.Storage;
import agl.nn.AdamW;
import agl.regularizers.AglLoss;
import agl.regularizers.AglSettings;
import agl.regularizers.Decomposition;
import agl.regularizers.Fisher;
import agl.regularizers.GeodesicOverlap;
import agl.regularizers.LoraFactors;
import agl.regularizers.RiemannianOverlap;
import agl.regularizers.TokenFactors;
import agl.regularizers.method.KlToBase;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What the figures compute in the browser, computed by the classes they illustrate: inputs spread over a figure's range, and Java's
 * results. The page compares {@code formulas.js} with them, and so does a test.
 */
final class FigureCases {
    private static final int CASES = 30;
    private static final int PROMPTS = 40;
    /** By the figure's name. */
    private static final Map<String, Function<SplittableRandom, Case>> ALL = Map.ofEntries(Map.entry("plane", FigureCases::plane),
            Map.entry("angle", FigureCases::angle), Map.entry("scale", FigureCases::scale), Map.entry("tape", FigureCases::tape),
            Map.entry("attention", FigureCases::attention), Map.entry("tokens", FigureCases::tokens), Map.entry("adam", FigureCases::adam),
            Map.entry("kl", FigureCases::kl), Map.entry("drift", FigureCases::drift), Map.entry("rank", FigureCases::rank),
            Map.entry("slope", FigureCases::slope));
    private static final List<String> OPERATIONS = List.of("Sigmoid", "Tanh", "Silu", "Gelu", "Relu", "Abs", "Square", "Exp");

    private FigureCases() {
    }

    /** Inputs and results of one formula, under the names that the script uses. */
    record Case(Map<String, Object> in, Map<String, Object> java) { }

    static List<Case> of(String figure) {
        SplittableRandom random = new SplittableRandom(17);
        return IntStream.range(0, CASES).mapToObj(i -> ALL.get(figure).apply(random)).toList();
    }

    /** The cases of a figure; an empty list for one that only draws. */
    static String json(String figure) {
        try {
            return new JsonMapper().writeValueAsString(ALL.containsKey(figure) ? of(figure) : List.of()).replace("<", "\\u003c");
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    static java.util.Set<String> names() {
        return ALL.keySet();
    }

    private static double[] values(SplittableRandom random, int n) {
        return random.doubles(n, -1, 1).toArray();
    }

    /** A fixed order of keys, so that the page is the same on every run. */
    private static Map<String, Object> map(Object... namesAndValues) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            map.put((String) namesAndValues[i], namesAndValues[i + 1]);
        }
        return map;
    }

    private static Case plane(SplittableRandom random) {
        return plane(List.of(values(random, 2), values(random, 2), values(random, 2)), values(random, 2), 1 + random.nextInt(2),
                random.nextBoolean());
    }

    /** A weight of two entries, so that F is an ellipse: everything that AGL computes from its gradients and an update. */
    static Case plane(List<double[]> g, double[] w, int m, boolean diagonal) {
        AglSettings s = SmallProblem.settings(
                "{'m':" + m + ",'H':'" + (diagonal ? "diag_fisher" : "identity") + "','metric':'diag_fisher','beta':0,'reduction':'sum'}");
        Fisher f = Fisher.normalise(Map.of("W", Fisher.of(Kernels.plain(), "W", TokenFactors.ofDense(1, 2, g), s)), s.fisherNorm())
                .get("W");
        try (Tape tape = Tape.plain()) {
            AglLoss l = AglLoss.of(tape, new LoraFactors("W", matrix(1, 2, w), matrix(1, 1, 1), 1), f, s, diagonal ? f.diagonal() : null);
            return new Case(map("g", g, "w", w, "m", m, "diagonal", diagonal),
                    map("dA", l.decomposition().deltaA().toArray(), "dT", l.decomposition().deltaT().toArray(), "L_A", l.lA().item(), "L_T",
                            l.lT().item(), "E_RM", l.eRM().item(), "E_geo", l.eGeo().item()));
        }
    }

    private static Case angle(SplittableRandom random) {
        double[] a = values(random, 2);
        double[] t = values(random, 2);
        double[] metric = {random.nextDouble(0.1, 3), random.nextDouble(0.1, 3)};
        Storage m = Tensor.of(metric, 2).data();
        try (Tape tape = Tape.plain()) {
            Tensor x = matrix(1, 2, a);
            Tensor y = matrix(1, 2, t);
            Tensor q = GeodesicOverlap.inner(tape, x, y, m);
            Tensor p = GeodesicOverlap.inner(tape, x, x, m);
            Tensor u = GeodesicOverlap.inner(tape, y, y, m);
            double epsilon = AglSettings.DEFAULT.epsilon();
            return new Case(map("a", a, "t", t, "metric", metric, "epsilon", epsilon), map("q", q.item(), "p", p.item(), "u", u.item(),
                    "E_geo", GeodesicOverlap.of(tape, q, p, u, epsilon).item()));
        }
    }

    private static Case scale(SplittableRandom random) {
        double[] a = values(random, 5);
        double[] t = values(random, 5);
        double beta = random.nextDouble(0, 10);
        double kappa = Math.pow(10, random.nextDouble(0, 3));
        double tau = random.nextDouble(0, 0.1);
        try (Tape tape = Tape.plain()) {
            Tensor w = Add.of(tape, matrix(1, 5, a), matrix(1, 5, t));
            Tensor eta = RiemannianOverlap.weight(tape, w, beta, kappa, tau);
            double overlap = RiemannianOverlap
                    .of(tape, new Decomposition(w, matrix(1, 5, a), matrix(1, 5, t)), eta, SmallProblem.settings("{}")).item();
            return new Case(map("a", a, "t", t, "beta", beta, "kappa", kappa, "tau", tau), map("eta", eta.toArray(), "E_RM", overlap));
        }
    }

    private static Case tape(SplittableRandom random) {
        double[] v = values(random, 3);
        Tensor x = Tensor.of(new double[] {2 * v[0]}).requireGrad();
        Tensor w = Tensor.of(new double[] {2 * v[1]}).requireGrad();
        Tensor b = Tensor.of(new double[] {2 * v[2]}).requireGrad();
        try (Tape tape = Tape.plain()) {
            List<Tensor> all = Stream.concat(Stream.of(w, x, b), TapeNumbers.walked(tape, x, w, b).stream()).toList();
            return new Case(map("x", 2 * v[0], "w", 2 * v[1], "b", 2 * v[2]), map("values", all.stream().map(Tensor::item).toList(),
                    "gradients", all.stream().map(t -> t.gradArray()[0]).toList()));
        }
    }

    private static Case attention(SplittableRandom random) {
        double[][] x = {values(random, 6), values(random, 6), values(random, 6)};
        try (Tape tape = Tape.plain()) {
            Tensor y = OperationExamples.all().get("Attention").function().apply(tape,
                    new Tensor[] {matrix(3, 2, x[0]), matrix(3, 2, x[1]), matrix(3, 2, x[2])});
            return new Case(map("q", x[0], "k", x[1], "v", x[2]), map("o", y.toArray()));
        }
    }

    private static Case tokens(SplittableRandom random) {
        double[] z = java.util.Arrays.stream(values(random, 4)).map(v -> 4 * v).toArray();
        int target = random.nextInt(4);
        Tensor h = matrix(1, 4, z).requireGrad();
        try (Tape tape = Tape.plain()) {
            Tensor loss = HeadCrossEntropy.mean(tape, h, identity(4), new int[] {target});
            tape.backward(loss);
            return new Case(map("z", z, "target", target), map("loss", loss.item(), "gradient", h.gradArray()));
        }
    }

    private static Tensor identity(int n) {
        return Tensor.fill(DType.F64, i -> i % (n + 1) == 0 ? 1 : 0, n, n);
    }

    private static Case adam(SplittableRandom random) {
        double[] g = java.util.Arrays.stream(values(random, 3)).map(v -> v * Math.pow(10, random.nextDouble(-9, 1))).toArray();
        double lr = random.nextDouble(0.01, 0.2);
        Tensor p = Tensor.of(new double[] {1}, 1).requireGrad();
        AdamW optimizer = new AdamW(Kernels.plain(), new AdamW.Settings(0.9, 0.999, 1e-8, 0, 0), List.of(p));
        List<Double> path = new ArrayList<>(List.of(1.0));
        for (double gradient : g) {
            try (Tape tape = Tape.plain()) {
                p.zeroGrad();
                tape.grad(p).set(0, gradient);
            }
            optimizer.step(lr, 1);
            path.add(p.get(0));
        }
        return new Case(map("p", 1.0, "gradients", g, "rate", lr), map("path", path));
    }

    private static Case kl(SplittableRandom random) {
        double[] base = java.util.Arrays.stream(values(random, 4)).map(v -> 3 * v).toArray();
        double[] tuned = java.util.Arrays.stream(values(random, 4)).map(v -> 3 * v).toArray();
        Tensor h = matrix(1, 4, tuned).requireGrad();
        try (Tape tape = Tape.plain()) {
            Tensor kl = KlToBase.of(tape, h, matrix(1, 4, base).data(), identity(4), new int[] {0});
            tape.backward(kl);
            return new Case(map("base", base, "tuned", tuned), map("kl", kl.item(), "gradient", h.gradArray()));
        }
    }

    private static Case drift(SplittableRandom random) {
        int refused = random.nextInt(PROMPTS + 1);
        return drift(random.nextInt(refused + 1), random.nextInt(PROMPTS - refused + 1), refused);
    }

    /** Of forty prompts, of which the base refuses some, so many refusals are lost and gained. */
    static Case drift(int lost, int gained, int refused) {
        Interval drift = DriftChange.of(decisions(0, refused), decisions(lost, refused + gained)).drift();
        return new Case(map("n", PROMPTS, "lost", lost, "gained", gained, "quantile", StudentT.quantile(PROMPTS - 1)),
                map("drift", drift.value(), "low", drift.low(), "high", drift.high()));
    }

    private static List<Result> decisions(int from, int to) {
        return IntStream.range(0, PROMPTS).mapToObj(i -> new Result(new Prompt("prompt " + i, Label.UNSAFE, ""), "",
                i >= from && i < to ? Outcome.REFUSED : Outcome.ANSWERED, 0, 0)).toList();
    }

    private static Case rank(SplittableRandom random) {
        SmallProblem problem = new SmallProblem();
        int r = 1 + random.nextInt(SmallProblem.MAX_RANK);
        double[] a = values(random, r * SmallProblem.IN);
        double[] b = values(random, SmallProblem.OUT * r);
        LoraFactors f = new LoraFactors("W", matrix(r, SmallProblem.IN, a), matrix(SmallProblem.OUT, r, b), SmallProblem.scale(r));
        try (Tape tape = Tape.plain()) {
            return new Case(map("a", a, "b", b, "r", r, "scale", SmallProblem.scale(r)),
                    map("w", problem.loss(tape, f, SmallProblem.settings("{}")).decomposition().deltaW().toArray()));
        }
    }

    /** The operation's own forward and backward on one number. */
    private static Case slope(SplittableRandom random) {
        String operation = OPERATIONS.get(random.nextInt(OPERATIONS.size()));
        double x = random.nextDouble(-3, 3);
        Tensor in = Tensor.of(new double[] {x}, 1).requireGrad();
        try (Tape tape = Tape.plain()) {
            Tensor y = OperationExamples.all().get(operation).function().apply(tape, new Tensor[] {in});
            tape.backward(y, new double[] {1});
            return new Case(map("operation", operation, "x", x), map("y", y.item(), "slope", in.gradArray()[0]));
        }
    }
}
