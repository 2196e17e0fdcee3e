package agl.app.explain;

import static agl.app.explain.SmallProblem.IN;
import static agl.app.explain.SmallProblem.OUT;

import agl.autograd.Tape;
import agl.autograd.Tensor;
import agl.regularizers.AglLoss;
import agl.regularizers.AglSettings;
import agl.regularizers.Fisher;
import agl.regularizers.Term;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * The page with sliders: its controls, the problem as JSON for {@code terms.js}, and Java's results, against which the script checks
 * itself.
 */
final class Sliders {
    private static final int CASES = 40;
    private static final double MAX_SIZE = 1.5;

    private Sliders() {
    }

    /** One setting of all controls. */
    record Setting(int r, int m, double alpha, double beta, double kappa, double tau, double size, String subspace, String metric) {
        AglSettings agl() {
            return SmallProblem.settings(String.format(Locale.ROOT,
                    "{'m':%d,'alpha':%s,'beta':%s,'kappa':%s,'tau':%s,'metric':'%s','backend':'%s','alignment_rank':%d}",
                    m, alpha, beta, kappa, tau, metric, subspace.equals("diagonal") ? "diagonal" : "exact",
                    subspace.equals("branches") ? 1 : 0));
        }
    }

    /** Java's results for a setting, by the names used in the script. */
    static Map<String, Double> java(SmallProblem problem, Setting s) {
        try (Tape tape = Tape.plain()) {
            AglLoss l = problem.loss(tape, s.r, s.size, s.agl());
            Map<String, Double> v = new LinkedHashMap<>();
            for (Term t : Term.values()) {
                v.put(t.label(), t.of(l).item());
            }
            v.put("collision", s.alpha * l.eRM().item() + (1 - s.alpha) * l.eGeo().item());
            v.put("normW", norm(l.decomposition().deltaW()));
            v.put("normA", norm(l.decomposition().deltaA()));
            v.put("normT", norm(l.decomposition().deltaT()));
            return v;
        }
    }

    private static double norm(Tensor x) {
        return Math.sqrt(Arrays.stream(x.toArray()).map(v -> v * v).sum());
    }

    /** Settings spread over the controls' ranges. */
    static List<Setting> settings() {
        SplittableRandom random = new SplittableRandom(11);
        List<Setting> all = new ArrayList<>();
        for (int i = 0; i < CASES; i++) {
            String subspace = List.of("exact", "diagonal", "branches").get(i % 3);
            int r = (subspace.equals("branches") ? 2 : 1) + random.nextInt(subspace.equals("branches") ? 3 : 4);
            all.add(new Setting(r, 1 + random.nextInt(6), random.nextInt(21) / 20.0, random.nextInt(21) / 2.0,
                    Math.pow(10, random.nextInt(31) / 10.0),
                    random.nextInt(21) / 200.0, i == 0 ? 0 : random.nextInt(31) / 20.0, subspace,
                    i % 2 == 0 ? "euclidean" : "diag_fisher"));
        }
        return all;
    }

    /** Data for the script: the problem, and test cases with Java's results. */
    static Map<String, Object> data() {
        SmallProblem small = new SmallProblem();
        Map<String, Object> problem = new LinkedHashMap<>();
        problem.put("out", OUT);
        problem.put("in", IN);
        problem.put("rank", SmallProblem.MAX_RANK);
        problem.put("loraAlpha", SmallProblem.LORA_ALPHA);
        problem.put("epsilon", AglSettings.DEFAULT.epsilon());
        problem.put("A", small.a(SmallProblem.MAX_RANK).toArray());
        problem.put("B", small.b(SmallProblem.MAX_RANK).toArray());
        problem.put("exact", basis(small, "{'m':6}"));
        problem.put("diagonal", basis(small, "{'m':6,'backend':'diagonal'}"));
        problem.put("diagF", Tensor.of(small.fisher(SmallProblem.settings("{'metric':'diag_fisher'}")).diagonal(), OUT, IN).toArray());
        List<Map<String, Object>> cases = new ArrayList<>();
        for (Setting s : settings()) {
            cases.add(ordered("settings", s, "java", java(small, s)));
        }
        double longest = 0;
        for (int r = 1; r <= SmallProblem.MAX_RANK; r++) {
            try (Tape tape = Tape.plain()) {
                double[] w = small.loss(tape, r, MAX_SIZE, SmallProblem.settings("{}")).decomposition().deltaW().toArray();
                longest = Math.max(longest, Math.sqrt(Arrays.stream(w).map(v -> v * v).sum()));
            }
        }
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("problem", problem);
        data.put("cases", cases);
        data.put("longest", longest);
        return data;
    }

    private static Map<String, Object> basis(SmallProblem small, String changes) {
        Fisher f = small.fisher(SmallProblem.settings(changes));
        double[] u = f.subspace().basis().toArray();
        List<double[]> vectors = new ArrayList<>();
        for (int k = 0; k < f.eigenvalues().length; k++) {
            vectors.add(Arrays.copyOfRange(u, k * OUT * IN, (k + 1) * OUT * IN));
        }
        return ordered("u", vectors, "lambda", f.eigenvalues());
    }

    /** Fixed key order, so that the page is byte-identical on every run. */
    private static Map<String, Object> ordered(String first, Object a, String second, Object b) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put(first, a);
        map.put(second, b);
        return map;
    }

    static String json() {
        try {
            return new JsonMapper().writeValueAsString(data());
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    static String html() {
        StringBuilder s = new StringBuilder("<div class=\"mover\"><form id=\"sliders\"><fieldset><legend>Method</legend>\n");
        s.append(slider("r", "r, rank of the update", new Range(1, SmallProblem.MAX_RANK, 1, 2), false))
                .append(slider("m", "m, eigenvectors kept", new Range(1, SmallProblem.EXAMPLES, 1, 3), false))
                .append(slider("alpha", "α, share of E_RM", new Range(0, 1, 0.05, 0.5), false))
                .append(slider("beta", "β, extra weight of large entries", new Range(0, 10, 0.5, 4), false))
                .append(slider("kappa", "κ, steepness of η", new Range(0, 3, 0.1, 0), true))
                .append(slider("tau", "τ, entry size at half height", new Range(0, 0.1, 0.005, 0.01), false))
                .append("</fieldset>\n<fieldset><legend>Setting</legend>\n")
                .append(slider("size", "size of the update, × B", new Range(0, MAX_SIZE, 0.05, 1), false))
                .append("<p><label for=\"subspace\">subspace</label><select id=\"subspace\" name=\"subspace\"><option value=\"exact\" "
                        + "selected>exact projection</option>"
                        + "<option value=\"diagonal\">diagonal mask</option><option value=\"branches\">two "
                        + "branches</option></select></p>\n")
                .append("<p><label for=\"metric\">metric M of E_geo</label><select id=\"metric\" name=\"metric\"><option "
                        + "value=\"euclidean\" selected>identity</option>"
                        + "<option value=\"diag_fisher\">diag F</option></select></p>\n<p><button type=\"reset\">As at "
                        + "first</button></p></fieldset></form>\n");
        s.append(
                "<div><div class=\"pictures\"><figure><figcaption>ΔW = ΔW_A + ΔW_T as arrows, <span "
                + "id=\"angle\"></span></figcaption><svg id=\"arrows\" viewBox=\"0 0 320 212\" role=\"img\"></svg></figure>\n")
                .append("<figure><figcaption>η over |ΔW|, a dot for each entry</figcaption><svg id=\"eta\" viewBox=\"0 0 320 212\" "
                        + "role=\"img\"></svg></figure></div>\n")
                .append("<dl class=\"terms\" aria-live=\"polite\">");
        for (String[] v : new String[][] {{"L_A", "L_A"}, {"L_T", "L_T, H = I"}, {"E_RM", "E_RM, mean"}, {"E_geo", "E_geo"},
            {"collision", "α E_RM + (1 − α) E_geo"}, {"share", "ΔW_A's share of ‖ΔW‖²"}}) {
            s.append("<div><dt>").append(v[1]).append("</dt><dd id=\"value-").append(v[0]).append("\"></dd></div>");
        }
        s.append("</dl>\n<p id=\"note\" class=\"warning\"></p>\n<div class=\"maps\">");
        for (String[] map : new String[][] {{"deltaW", "ΔW"}, {"deltaA", "ΔW_A"}, {"deltaT", "ΔW_T"},
            {"overlap", "100 · η |ΔW_A| |ΔW_T|"}}) {
            s.append("<table id=\"").append(map[0]).append("\" class=\"map\"><caption>").append(map[1]).append("</caption><tbody>")
                    .append(("<tr>" + "<td></td>".repeat(IN) + "</tr>").repeat(OUT)).append("</tbody></table>\n");
        }
        return s.append("</div>\n<p id=\"agreement\" class=\"note\"></p></div></div>\n<script type=\"application/json\" id=\"problem\">")
                .append(json().replace("<", "\\u003c")).append("</script>\n").toString();
    }

    /** @param value the initial value */
    private record Range(double min, double max, double step, double value) { }

    private static String slider(String name, String label, Range range, boolean power) {
        return String.format(Locale.ROOT,
                "<p><label for=\"s-%s\">%s</label><input type=\"range\" id=\"s-%s\" name=\"%s\" min=\"%s\" max=\"%s\" step=\"%s\" "
                + "value=\"%s\"%s><output for=\"s-%s\"></output></p>%n",
                name, label, name, name, range.min, range.max, range.step, range.value, power ? " data-power" : "", name);
    }
}
