package agl.app.cli;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.autograd.kernels.Kernels;
import agl.error.AglException;
import agl.nn.checkpoint.Json;
import agl.regularizers.AglLoss;
import agl.regularizers.AglRegularizer;
import agl.regularizers.AglSettings;
import agl.regularizers.Fisher;
import agl.regularizers.LoraFactors;
import agl.regularizers.Term;
import agl.regularizers.TokenFactors;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code agl terms}: the method on the user's own small matrices, in double, with every intermediate value printed.
 *
 * <p>One adapted matrix: factors A (r, in) and B (out, r), the scale s, one gradient (out, in) per alignment example. Everything is
 * computed by the composed path, the readable one; the fused path, which training uses, runs as well, and the difference is reported.
 */
@Command(name = "terms", description = "Compute every term of the loss, and its gradient, on small numbers of your own.",
        footer = {"", "The input file, for matrices as lists of rows:",
            "  {\"A\": (r, in), \"B\": (out, r), \"scale\": s, \"gradients\": [(out, in), ...], \"m\": 2,",
            "   \"options\": {\"lambda_A\": 1, \"backend\": \"exact\", ...}}",
            "Options not given are those of the preset \"default\"; an unknown one is refused with the list of all.",
            "",
            "Example:",
            "  agl terms --input example.json --json"})
public final class TermsCommand implements Callable<Integer> {
    private static final Set<String> FIELDS = new TreeSet<>(List.of("A", "B", "scale", "gradients", "m", "options"));

    @Option(names = "--input", required = true, paramLabel = "FILE", description = "JSON file with the numbers.")
    private Path input;

    @Mixin private JsonOption json;

    @Spec
    private CommandSpec spec;

    /** Content of the input file. */
    private record Problem(double[][] a, double[][] b, double scale, List<double[][]> gradients, AglSettings settings) { }

    @Override public Integer call() throws JsonProcessingException {
        Map<String, Object> result = compute(read(Json.read(input), input.toString()));
        PrintWriter out = spec.commandLine().getOut();
        if (json.asked) {
            out.println(new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsString(result));
        } else {
            result.forEach((name, value) -> print(out, name, value));
        }
        out.flush();
        return 0;
    }

    private static Problem read(JsonNode root, String where) {
        if (!root.isObject()) {
            throw new AglException(where + ": the input has to be a JSON object with A, B, scale and gradients");
        }
        for (Map.Entry<String, JsonNode> field : root.properties()) {
            if (!FIELDS.contains(field.getKey())) {
                throw new AglException(
                        where + ": there is no field \"" + field.getKey() + "\"; the fields are " + String.join(", ", FIELDS));
            }
        }
        double[][] a = matrix(root.path("A"), where + ", A");
        double[][] b = matrix(root.path("B"), where + ", B");
        if (b[0].length != a.length) {
            throw new AglException(where + ": A has " + a.length + " rows and B has " + b[0].length + " columns; both are the rank r");
        }
        JsonNode list = root.path("gradients");
        if (!list.isArray() || list.isEmpty()) {
            throw new AglException(where + ", gradients: a list of (out, in) matrices is wanted, one per example");
        }
        List<double[][]> gradients = new ArrayList<>();
        for (int i = 0; i < list.size(); i++) {
            double[][] g = matrix(list.get(i), where + ", gradients[" + i + "]");
            if (g.length != b.length || g[0].length != a[0].length) {
                throw new AglException(where + ", gradients[" + i + "] is (" + g.length + ", " + g[0].length + "), but B·A is (" + b.length
                        + ", " + a[0].length + ")");
            }
            gradients.add(g);
        }
        JsonNode options = root.path("options");
        ObjectNode changes = options.isMissingNode() ? new ObjectMapper().createObjectNode()
                : options.isObject() ? options.deepCopy() : null;
        if (changes == null) {
            throw new AglException(where + ", options: a JSON object is wanted");
        }
        if (root.has("m")) {
            if (changes.has("m") && !changes.get("m").equals(root.get("m"))) {
                throw new AglException(where + ": m is " + root.get("m") + " and options.m is " + changes.get("m") + "; give one of them");
            }
            changes.set("m", root.get("m"));
        }
        AglSettings settings;
        try {
            settings = AglSettings.DEFAULT.with(changes);
        } catch (AglException e) {
            throw new AglException(where + ", options: " + e.getMessage(), e);
        }
        if (settings.h() == AglSettings.H.EMA_GRAD_SQ) {
            throw new AglException(
                    where + ", options: H = ema_grad_sq needs the gradients of a training run; choose identity or diag_fisher here");
        }
        double scale = number(root.path("scale"), where + ", scale");
        requireFinite(a, b, scale, where);
        return new Problem(a, b, scale, gradients, settings);
    }

    private static double[][] matrix(JsonNode node, String where) {
        if (!node.isArray() || node.isEmpty()) {
            throw new AglException(where + ": a matrix is wanted, as a list of rows" + (node.isMissingNode() ? "; it is missing" : ""));
        }
        double[][] rows = new double[node.size()][];
        for (int i = 0; i < rows.length; i++) {
            JsonNode row = node.get(i);
            if (!row.isArray() || row.isEmpty() || i > 0 && row.size() != rows[0].length) {
                throw new AglException(
                        where + ", row " + i + ": a list of " + (i == 0 ? "numbers" : rows[0].length + " numbers") + " is wanted");
            }
            rows[i] = new double[row.size()];
            for (int j = 0; j < rows[i].length; j++) {
                rows[i][j] = number(row.get(j), where + ", row " + i + ", column " + j);
            }
        }
        return rows;
    }

    /** All terms depend on the squared update; if that is not finite, report it once. */
    private static void requireFinite(double[][] a, double[][] b, double scale, String where) {
        double squares = 0;
        for (double[] row : b) {
            for (int j = 0; j < a[0].length; j++) {
                double entry = 0;
                for (int k = 0; k < a.length; k++) {
                    entry += row[k] * a[k][j];
                }
                squares += scale * entry * scale * entry;
            }
        }
        if (!Double.isFinite(squares * squares)) {
            throw new AglException(where + ": the entries of scale·B·A are too large to be squared and multiplied in double");
        }
    }

    private static double number(JsonNode node, String where) {
        if (!node.isNumber() || !Double.isFinite(node.doubleValue())) {
            throw new AglException(where + ": a finite number is wanted, not " + (node.isMissingNode() ? "nothing" : node.toString()));
        }
        return node.doubleValue();
    }

    private static Map<String, Object> compute(Problem p) {
        int out = p.b.length;
        int in = p.a[0].length;
        AglSettings s = p.settings;
        TokenFactors gradients = TokenFactors.ofDense(out, in, p.gradients.stream().map(TermsCommand::flat).toList());
        Fisher fisher = Fisher.normalise(Map.of("W", Fisher.of(Kernels.plain(), "W", gradients, s)), s.fisherNorm()).get("W");
        Tensor a = Tensor.of(flat(p.a), p.a.length, in).requireGrad();
        Tensor b = Tensor.of(flat(p.b), out, p.a.length).requireGrad();
        LoraFactors factors = new LoraFactors("W", a, b, p.scale);
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("settings", s.toJson());
        result.put("fisher_trace", fisher.trace());
        result.put("fisher_scale", fisher.scale());
        result.put("spectrum", fisher.spectrum());
        result.put("eigenvalues", fisher.eigenvalues());
        Tensor basis = fisher.subspace().basis();
        List<double[][]> vectors = new ArrayList<>();
        for (int k = 0; k < fisher.eigenvalues().length; k++) {
            vectors.add(rows(basis.toArray(), k * out * in, out, in));
        }
        result.put("eigenvectors", vectors);
        if (fisher.diagonal() != null) {
            result.put("diag_fisher", rows(Tensor.of(fisher.diagonal(), out, in).toArray(), 0, out, in));
        }
        try (Tape tape = Tape.plain()) {
            AglLoss loss = AglLoss.of(tape, factors, fisher, s, s.h() == AglSettings.H.DIAG_FISHER ? fisher.diagonal() : null);
            tape.backward(loss.total());
            result.put("delta_W", rows(loss.decomposition().deltaW().toArray(), 0, out, in));
            result.put("coefficients", fisher.subspace().coefficients(tape, factors));
            result.put("delta_A", rows(loss.decomposition().deltaA().toArray(), 0, out, in));
            result.put("delta_T", rows(loss.decomposition().deltaT().toArray(), 0, out, in));
            result.put("eta", rows(loss.eta().toArray(), 0, out, in));
            result.put("inner_AT", loss.inner().item());
            result.put("norm_A", loss.normA().item());
            result.put("norm_T", loss.normT().item());
            for (Term t : Term.values()) {
                result.put(t.label(), t.of(loss).item());
            }
            for (Term t : Term.values()) {
                result.put("weighted_" + t.label(), t.weight(s) * t.of(loss).item());
            }
            result.put("total", loss.total().item());
            if (!s.twoBranch()) {
                result.put("grad_delta_W", rows(loss.decomposition().deltaW().gradArray(), 0, out, in));
            }
            double[] gradA = a.gradArray();
            double[] gradB = b.gradArray();
            result.put("grad_A", rows(gradA, 0, p.a.length, in));
            result.put("grad_B", rows(gradB, 0, out, p.a.length));
            a.zeroGrad();
            b.zeroGrad();
            AglRegularizer.of(s, Map.of("W", fisher)).addGradients(tape, List.of(factors), true);
            result.put("fused_largest_difference", Math.max(difference(gradA, a.gradArray()), difference(gradB, b.gradArray())));
        }
        result.put("warnings", AglRegularizer.warnings(s));
        return result;
    }

    private static double difference(double[] x, double[] y) {
        double largest = 0;
        for (int i = 0; i < x.length; i++) {
            largest = Math.max(largest, Math.abs(x[i] - y[i]));
        }
        return largest;
    }

    private static double[] flat(double[][] rows) {
        return java.util.Arrays.stream(rows).flatMapToDouble(java.util.Arrays::stream).toArray();
    }

    private static double[][] rows(double[] flat, int from, int rows, int cols) {
        double[][] m = new double[rows][];
        for (int i = 0; i < rows; i++) {
            m[i] = java.util.Arrays.copyOfRange(flat, from + i * cols, from + (i + 1) * cols);
        }
        return m;
    }

    private static void print(PrintWriter out, String name, Object value) {
        switch (value) {
            case double[][] m -> {
                out.println(name + " (" + m.length + ", " + (m.length == 0 ? 0 : m[0].length) + ")");
                for (double[] row : m) {
                    out.println(line(row));
                }
            }
            case double[] row -> out.println(name + line(row));
            case Double d -> out.println(String.format(Locale.ROOT, "%-24s % .10g", name, d));
            case List<?> list when !list.isEmpty() && list.getFirst() instanceof double[][] -> {
                for (int k = 0; k < list.size(); k++) {
                    print(out, name + "[" + k + "]", list.get(k));
                }
            }
            case List<?> list -> list.forEach(item -> out.println("warning: " + item));
            default -> out.println(name + " " + value);
        }
    }

    private static String line(double[] row) {
        StringBuilder s = new StringBuilder();
        for (double v : row) {
            s.append(String.format(Locale.ROOT, "  % .6e", v));
        }
        return s.toString();
    }
}
