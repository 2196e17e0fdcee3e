package agl.app.report;

import java.util.ArrayList;
import java.util.List;

/** An HTML table; numeric columns are right-aligned. */
final class Table {
    private Table() {
    }

    /**
     * @param caption above the table; null if the figure already has the caption
     * @param name    what a screen reader calls the scrolling region
     * @param palette gives the names in the first column their colors; null if they are not those of models
     */
    static String of(Caption caption, String name, List<String> headers, List<? extends List<?>> rows, Palette palette) {
        for (List<?> row : rows) {
            if (row.size() != headers.size()) {
                throw new IllegalArgumentException("a row of " + row.size() + " cells under " + headers.size() + " headers: " + row);
            }
        }
        boolean[] numeric = new boolean[headers.size()];
        for (int c = 0; c < numeric.length; c++) {
            numeric[c] = isNumeric(rows, c);
        }
        StringBuilder s = new StringBuilder(
                "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"" + Html.escape(name) + "\"><table>");
        if (caption != null) {
            s.append("<caption><div>").append(Html.escape(caption.title())).append(caption.noteHtml()).append("</div></caption>");
        }
        s.append("<thead><tr>");
        for (int c = 0; c < numeric.length; c++) {
            s.append(numeric[c] ? "<th scope=\"col\" class=\"n\">" : "<th scope=\"col\">").append(Html.escape(headers.get(c)))
                    .append("</th>");
        }
        s.append("</tr></thead><tbody>\n");
        String[][] texts = texts(rows, numeric.length);
        for (int r = 0; r < rows.size(); r++) {
            s.append("<tr>");
            for (int c = 0; c < numeric.length; c++) {
                String text = Html.escape(texts[r][c]);
                if (c == 0) {
                    s.append(numeric[0] ? "<th scope=\"row\" class=\"n\">" : "<th scope=\"row\">")
                            .append(palette == null ? "" : Html.key(texts[r][0], palette.of(texts[r][0]))).append(text).append("</th>");
                } else {
                    s.append(numeric[c] ? "<td class=\"n\">" : "<td>").append(text).append("</td>");
                }
            }
            s.append("</tr>\n");
        }
        return s.append("</tbody></table></div>\n").toString();
    }

    /** Text of the cells: null becomes a dash; fractions in a column get the same number of decimals. */
    private static String[][] texts(List<? extends List<?>> rows, int columns) {
        String[][] texts = new String[rows.size()][columns];
        for (int c = 0; c < columns; c++) {
            double[] fractions = new double[rows.size()];
            for (int r = 0; r < fractions.length; r++) {
                fractions[r] = rows.get(r).get(c) instanceof Number n ? n.doubleValue() : Double.NaN;
            }
            String[] aligned = Html.column(fractions);
            for (int r = 0; r < fractions.length; r++) {
                Object value = rows.get(r).get(c);
                texts[r][c] = value == null ? "–" : value instanceof Number ? aligned[r] : value.toString();
            }
        }
        return texts;
    }

    /** Whether the column holds only numbers, or strings that begin with one (0.91 [0.88, 0.94]). */
    private static boolean isNumeric(List<? extends List<?>> rows, int column) {
        boolean any = false;
        for (List<?> row : rows) {
            Object value = row.get(column);
            if (value == null || value.equals("–") || value.equals("")) {
                continue;
            }
            any = true;
            if (!(value instanceof Number) && !value.toString().matches("[-−+]?(\\d|∞).*|NaN")) {
                return false;
            }
        }
        return any;
    }

    /** At most {@code limit} evenly spaced rows, including the first and the last. */
    static <T> List<T> thinned(List<T> rows, int limit) {
        if (rows.size() <= limit) {
            return rows;
        }
        List<T> kept = new ArrayList<>();
        for (int i = 0; i < limit; i++) {
            kept.add(rows.get((int) Math.round(i * (rows.size() - 1.0) / (limit - 1))));
        }
        return kept;
    }
}
