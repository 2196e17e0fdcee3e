package agl.app.explain;

import agl.app.report.Html;
import agl.autograd.GradCheck;
import java.util.List;
import java.util.Locale;

/** Computed values as HTML: matrices, single values, and comparisons of derivatives with difference quotients. */
final class Panel {
    /** Smaller entries of a matrix are rounding errors. */
    private static final double ZERO = 1e-12;
    private final StringBuilder body = new StringBuilder();
    private final String title;
    private boolean inRow;

    /**
     * One comparison.
     *
     * @param what     the derivative, such as ∂L/∂x[0, 1]
     * @param analytic value from backward
     * @param numeric  value from the difference quotient
     */
    record Comparison(String what, double analytic, double numeric) {
        double error() {
            return GradCheck.error(analytic, numeric);
        }
    }

    private Panel(String title) {
        this.title = title;
    }

    static Panel of(String title) {
        return new Panel(title);
    }

    Panel text(String sentence) {
        return block("<p>" + Html.escape(sentence) + "</p>\n");
    }

    /** Adds a matrix beside the preceding matrices and values; the background of a cell shows its share of the largest entry. */
    Panel matrix(String name, double[] values, int... shape) {
        int cols = shape.length == 0 ? 1 : shape[shape.length - 1];
        double reach = java.util.Arrays.stream(values).map(Math::abs).filter(v -> v >= ZERO).max().orElse(1);
        StringBuilder s = new StringBuilder("<table class=\"matrix\"><caption>" + Html.escape(name) + "</caption>");
        for (int o = 0; o < values.length; o += cols) {
            s.append("<tr>");
            for (int j = 0; j < cols; j++) {
                double v = values[o + j];
                s.append(v < 0 ? "<td class=\"cold\" style=\"--share:" : "<td style=\"--share:")
                        .append(Math.round(100 * Math.abs(v) / reach)).append("%\">").append(shortNumber(v, reach)).append("</td>");
            }
            s.append("</tr>");
        }
        return row(s.append("</table>\n").toString());
    }

    Panel value(String name, double value) {
        return row("<p class=\"value\"><span>" + Html.escape(name) + "</span> " + Html.number(value) + "</p>\n");
    }

    Panel value(String name, String value) {
        return row("<p class=\"value\"><span>" + Html.escape(name) + "</span> " + Html.escape(value) + "</p>\n");
    }

    /** Any table. */
    Panel table(List<String> headers, List<? extends List<?>> rows) {
        StringBuilder s = new StringBuilder(
                "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"" + Html.escape(title) + "\"><table><thead><tr>");
        for (int c = 0; c < headers.size(); c++) {
            boolean numeric = c > 0 && !rows.isEmpty() && rows.getFirst().get(c) instanceof Number;
            s.append(numeric ? "<th scope=\"col\" class=\"n\">" : "<th scope=\"col\">").append(Html.escape(headers.get(c))).append("</th>");
        }
        s.append("</tr></thead><tbody>\n");
        for (List<?> row : rows) {
            s.append("<tr>");
            for (int c = 0; c < row.size(); c++) {
                Object cell = row.get(c);
                String text = cell instanceof Double d ? Html.number(d) : Html.escape(cell);
                s.append(c == 0 ? "<th scope=\"row\">" + text + "</th>"
                        : (cell instanceof Number ? "<td class=\"n\">" : "<td>") + text + "</td>");
            }
            s.append("</tr>\n");
        }
        return block(s.append("</tbody></table></div>\n").toString());
    }

    /** Adds the comparisons; if there are more than {@code limit}, those with the largest errors. */
    Panel check(String sentence, List<Comparison> all, int limit) {
        double worst = all.stream().mapToDouble(Comparison::error).max().orElse(0);
        List<Comparison> shown = all.size() <= limit ? all
                : all.stream().sorted((a, b) -> Double.compare(b.error(), a.error())).limit(limit).toList();
        block("<p class=\"checked\">" + Html.escape(sentence) + " " + all.size() + (all.size() == 1 ? " derivative" : " derivatives")
                + " compared, largest relative error "
                + exponent(worst) + (shown.size() < all.size() ? "; the " + limit + " with the largest error:" : ":") + "</p>\n");
        return table(List.of("derivative", "backward", "difference quotient", "relative error"),
                shown.stream().map(c -> List.of(c.what(), nine(c.analytic()), nine(c.numeric()), exponent(c.error()))).toList());
    }

    String html() {
        close();
        return "<div class=\"numbers\"><h3>" + Html.escape(title) + "</h3>\n" + body + "</div>\n";
    }

    private Panel row(String html) {
        if (!inRow) {
            body.append("<div class=\"matrices\">");
            inRow = true;
        }
        body.append(html);
        return this;
    }

    private Panel block(String html) {
        close();
        body.append(html);
        return this;
    }

    private void close() {
        if (inRow) {
            body.append("</div>\n");
            inRow = false;
        }
    }

    /** Rounding errors are shown as zero, entries far below the largest with the same number of decimals as their neighbors. */
    private static String shortNumber(double x, double reach) {
        double size = Math.abs(x);
        if (size < ZERO) {
            return "0";
        }
        int decimals = size >= 1e-2 ? 3 : 4;
        return size >= 1e4 || size < (reach >= 0.05 ? 5e-5 : 1e-2) ? Html.number(x)
                : Html.fixed(x, decimals).replaceFirst("(\\.\\d*?)0+$", "$1").replaceFirst("\\.$", "");
    }

    /** Nine digits: enough to see that two numbers agree, too few to show rounding differences. */
    static String nine(double x) {
        return x == 0 ? "0" : String.format(Locale.ROOT, Math.abs(x) >= 1e-3 && Math.abs(x) < 1e5 ? "%.9f" : "%.6e", x).replace('-', '−');
    }

    static String exponent(double x) {
        return x == 0 ? "0" : String.format(Locale.ROOT, "%.0e", x).replace('-', '−');
    }
}
