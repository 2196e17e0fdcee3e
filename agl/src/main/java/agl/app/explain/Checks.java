package agl.app.explain;

import agl.app.report.Html;
import agl.autograd.GradientCase;
import java.util.List;

/** The gradient check of one operation or term on random shapes: the same cases as {@code agl gradcheck} and the tests. */
final class Checks {
    private static final int SEEDS = 12;

    private Checks() {
    }

    /** @param className as returned by {@link CaseCheck#className} */
    static String html(String className) {
        List<CaseCheck> rows = GradientCase.all().stream().filter(c -> CaseCheck.className(c).equals(className))
                .map(c -> CaseCheck.of(c, SEEDS)).toList();
        if (rows.isEmpty()) {
            throw new IllegalStateException("no gradient case is named " + className);
        }
        long compared = rows.stream().mapToLong(CaseCheck::compared).sum();
        Panel p = Panel.of("Checked on random shapes");
        p.text(SEEDS + (rows.size() == 1 ? " random shapes" : " random shapes for each row") + ", " + compared
                + " derivatives against central differences; the worst, as agl gradcheck --op " + className + " prints it:");
        p.table(List.of("case", "backward", "difference quotient", "relative error", "seed", "shapes"), rows.stream().map(r -> List.of(
                r.operation().equals(className) ? "worst" : r.operation().substring(className.length()).replaceFirst("^, ", "").strip(),
                Panel.nine(r.analytic()), Panel.nine(r.numeric()), Panel.exponent(r.error()) + (r.passed() ? "" : " WRONG"), r.seed(),
                String.join(" ", r.shapes()))).toList());
        return "<details class=\"random\"><summary>Random shapes: worst of " + compared + " derivatives is off by "
                + Html.escape(Panel.exponent(rows.stream().mapToDouble(CaseCheck::error).max().orElse(0))) + "</summary>" + p.html()
                + "</details>\n";
    }
}
