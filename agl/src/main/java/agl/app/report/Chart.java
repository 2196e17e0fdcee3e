package agl.app.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * One figure: the data as JSON, which {@code figure.js} and its like draw, and the same data as a table, for readers who cannot see the
 * chart.
 */
final class Chart {
    /** Above this many points, each stretch of a line keeps only its minimum and maximum: no spike is lost and the page stays small. */
    static final int MAX_POINTS = 1200;
    private static final int MAX_TABLE_ROWS = 40;
    private static final JsonMapper JSON = new JsonMapper();

    private Chart() {
    }

    static String lines(Caption caption, String xLabel, String yLabel, boolean log, List<Report.Curve> curves, Palette palette) {
        List<Map<String, Object>> drawn = new ArrayList<>();
        TreeMap<Double, Object[]> byX = new TreeMap<>();
        List<String> headers = new ArrayList<>(List.of(xLabel));
        Map<String, Palette.Style> styles = palette.styles(curves.stream().map(Report.Curve::series).distinct().toList());
        for (Report.Curve curve : curves) {
            double[][] values = curve.values();
            check(curve.name(), values);
            if (measured(curve, curves)) {
                int column = headers.size();
                headers.add(curve.name());
                for (int i = 0; i < values[0].length; i++) {
                    Object[] row = byX.computeIfAbsent(values[0][i], x -> new Object[curves.size() + 1]);
                    row[0] = values[0][i];
                    row[column] = values[1][i];
                }
            }
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("name", curve.name());
            style(one, curve.series(), styles.get(curve.series()));
            if (curve.depth() >= 0) {
                one.put("color", "color-mix(in oklab, var(--heat) " + Math.round(25 + 75 * curve.depth()) + "%, var(--cold))");
            }
            one.put("mark", curve.mark().name().toLowerCase(Locale.ROOT));
            one.put("points", thinned(values));
            drawn.add(one);
        }
        List<List<Object>> rows = new ArrayList<>();
        Table.thinned(new ArrayList<>(byX.values()), MAX_TABLE_ROWS)
                .forEach(row -> rows.add(Arrays.asList(Arrays.copyOf(row, headers.size()))));
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("kind", "lines");
        data.put("x", xLabel);
        data.put("y", yLabel);
        data.put("log", log);
        data.put("series", drawn);
        String note = byX.size() > rows.size() ? rows.size() + " of " + byX.size() + " points, evenly spaced" : "";
        return figure(caption, data, headers, rows, note);
    }

    /** Whether the table has it: a fit is a function, not data, and noise would hide the curve among it. */
    private static boolean measured(Report.Curve curve, List<Report.Curve> all) {
        return switch (curve.mark()) {
            case FIT -> false;
            case NOISE -> all.stream().noneMatch(c -> c.series().equals(curve.series())
                    && (c.mark() == Report.Mark.LINE || c.mark() == Report.Mark.DOTS));
            case LINE, DOTS -> true;
        };
    }

    /** What a drawn thing is called, and how it looks. */
    private static void style(Map<String, Object> one, String series, Palette.Style style) {
        one.put("series", Palette.unmarked(series));
        one.put("color", style.css());
        one.put("shape", style.shape());
    }

    private static void check(String name, double[][] values) {
        if (values.length != 2 && values.length != 4) {
            throw new IllegalArgumentException(
                    "line '" + name + "': expected {x, y} or {x, y, low, high}, got " + values.length + " arrays");
        }
        for (double[] v : values) {
            if (v.length != values[0].length) {
                throw new IllegalArgumentException("line '" + name + "': " + values[0].length + " x values and an array of " + v.length);
            }
        }
    }

    private static List<Object> thinned(double[][] v) {
        int n = v[0].length;
        List<Object> points = new ArrayList<>();
        if (n <= MAX_POINTS) {
            for (int i = 0; i < n; i++) {
                points.add(point(v, i));
            }
            return points;
        }
        int stretches = MAX_POINTS / 2;
        for (int s = 0; s < stretches; s++) {
            int from = (int) ((long) s * n / stretches);
            int to = (int) ((long) (s + 1) * n / stretches);
            int low = from;
            int high = from;
            for (int i = from; i < to; i++) {
                low = v[1][i] < v[1][low] ? i : low;
                high = v[1][i] > v[1][high] ? i : high;
            }
            points.add(point(v, Math.min(low, high)));
            points.add(point(v, Math.max(low, high)));
        }
        return points;
    }

    private static List<Object> point(double[][] v, int i) {
        List<Object> point = new ArrayList<>();
        for (double[] column : v) {
            point.add(finite(column[i]));
        }
        return point;
    }

    static String bars(Caption caption, String valueLabel, List<String> labels, List<Report.Series> series, Palette palette) {
        Map<String, Palette.Style> styles = palette.styles(series.stream().map(Report.Series::name).toList());
        List<Map<String, Object>> drawn = new ArrayList<>();
        List<List<Object>> rows = new ArrayList<>();
        for (Report.Series s : series) {
            if (s.value().length != labels.size()) {
                throw new IllegalArgumentException(
                        "series '" + s.name() + "' has " + s.value().length + " values for " + labels.size() + " labels");
            }
            List<Object> points = new ArrayList<>();
            for (int i = 0; i < s.value().length; i++) {
                List<Object> point = new ArrayList<>();
                point.add(finite(s.value()[i]));
                point.add(s.low() == null ? null : finite(s.low()[i]));
                point.add(s.high() == null ? null : finite(s.high()[i]));
                points.add(point);
            }
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("name", s.name());
            style(one, s.name(), styles.get(s.name()));
            one.put("values", points);
            drawn.add(one);
        }
        for (int i = 0; i < labels.size(); i++) {
            for (Report.Series s : series) {
                List<Object> row = new ArrayList<>(List.of(labels.get(i), s.name(), s.value()[i]));
                row.add(s.low() == null ? null : s.low()[i]);
                row.add(s.high() == null ? null : s.high()[i]);
                rows.add(row);
            }
        }
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("kind", "bars");
        data.put("y", valueLabel);
        data.put("labels", labels);
        data.put("series", drawn);
        return figure(caption, data, List.of("", "", valueLabel, "low", "high"), rows, "");
    }

    /** Two or more rates of each model beside each other, each with its interval and the base's value as a line. */
    static String rates(Caption caption, List<String> panels, List<Report.Series> models, Palette palette) {
        Map<String, Palette.Style> styles = palette.styles(models.stream().map(Report.Series::name).toList());
        List<Object> drawn = new ArrayList<>();
        List<List<Object>> rows = new ArrayList<>();
        List<String> headers = new ArrayList<>(List.of("model"));
        panels.forEach(panel -> headers.addAll(List.of(panel, "low", "high")));
        for (Report.Series m : models) {
            if (m.value().length != panels.size()) {
                throw new IllegalArgumentException(
                        "model '" + m.name() + "' has " + m.value().length + " values for " + panels.size() + " panels");
            }
            List<Object> values = new ArrayList<>();
            List<Object> row = new ArrayList<>(List.of(m.name()));
            for (int i = 0; i < panels.size(); i++) {
                values.add(Arrays.asList(finite(m.value()[i]), finite(m.low()[i]), finite(m.high()[i])));
                row.addAll(List.of(m.value()[i], m.low()[i], m.high()[i]));
            }
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("name", m.name());
            style(one, m.name(), styles.get(m.name()));
            one.put("values", values);
            drawn.add(one);
            rows.add(row);
        }
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("kind", "rates");
        data.put("panels", panels);
        data.put("series", drawn);
        return figure(caption, data, headers, rows, "");
    }

    static String scatter(Caption caption, Report.Axis x, Report.Axis y, List<Report.Point> points, Palette palette) {
        Map<String, Palette.Style> styles = palette.styles(points.stream().map(Report.Point::label).distinct().toList());
        List<Report.Point> front = Pareto.front(points, x.better(), y.better());
        List<Object> drawn = new ArrayList<>();
        List<List<Object>> rows = new ArrayList<>();
        for (Report.Point p : points) {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("label", p.label());
            style(one, p.label(), styles.get(p.label()));
            one.put("x", finite(p.x()));
            one.put("y", finite(p.y()));
            one.put("xi", interval(p.xInterval()));
            one.put("yi", interval(p.yInterval()));
            drawn.add(one);
            List<Object> row = new ArrayList<>(List.of(p.label(), p.x(), p.y()));
            if (!front.isEmpty()) {
                row.add(front.contains(p) ? "yes" : "");
            }
            rows.add(row);
        }
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("kind", "scatter");
        data.put("x", x.titled());
        data.put("y", y.titled());
        data.put("points", drawn);
        data.put("front", front.stream().map(p -> List.of(p.x(), p.y())).toList());
        List<String> headers = new ArrayList<>(List.of("", x.titled(), y.titled()));
        if (!front.isEmpty()) {
            headers.add("on the front");
        }
        return figure(caption, data, headers, rows, "");
    }

    static String heatMap(Caption caption, List<String> rowNames, List<String> columnNames, double[][] values) {
        if (values.length != rowNames.size()) {
            throw new IllegalArgumentException(values.length + " rows of values for " + rowNames.size() + " names");
        }
        List<Object> drawn = new ArrayList<>();
        List<List<Object>> rows = new ArrayList<>();
        for (int r = 0; r < values.length; r++) {
            if (values[r].length != columnNames.size()) {
                throw new IllegalArgumentException(
                        "row " + r + " has " + values[r].length + " values for " + columnNames.size() + " names");
            }
            List<Object> cells = new ArrayList<>();
            List<Object> row = new ArrayList<>(List.of(rowNames.get(r)));
            for (double v : values[r]) {
                cells.add(finite(v));
                row.add(v);
            }
            drawn.add(cells);
            rows.add(row);
        }
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("kind", "heat");
        data.put("rows", rowNames);
        data.put("columns", columnNames);
        data.put("values", drawn);
        List<String> headers = new ArrayList<>(List.of(""));
        headers.addAll(columnNames);
        return figure(caption, data, headers, rows, "");
    }

    private static List<Object> interval(double[] interval) {
        return interval == null ? null : point(new double[][] {{interval[0]}, {interval[1]}}, 0);
    }

    /** NaN and infinity, which JSON cannot express, become a gap. Float precision is more than a chart shows. */
    private static Object finite(double x) {
        return Double.isFinite(x) ? Double.valueOf(Float.toString((float) x)) : null;
    }

    private static String figure(Caption caption, Map<String, Object> data, List<String> headers, List<List<Object>> rows, String note) {
        return "<figure class=\"chart\"><figcaption>" + Html.escape(caption.title()) + "</figcaption>\n" + caption.noteHtml()
                + "<div class=\"plot\"></div>\n"
                + "<script type=\"application/json\">" + json(data) + "</script>\n"
                + "<details><summary>Table</summary>"
                + (note.isEmpty() ? "" : "<p class=\"note\">" + Html.escape(note) + "</p>\n")
                + Table.of(null, caption.title() + ", as a table", headers, rows, null) + "</details></figure>\n";
    }

    /** JSON that cannot close the script element around it. */
    static String json(Object data) {
        try {
            return JSON.writeValueAsString(data).replace("<", "\\u003c");
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(e);
        }
    }
}
