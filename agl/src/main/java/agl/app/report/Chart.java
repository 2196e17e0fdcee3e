package agl.app.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * One figure: the data as JSON, which {@code charts.js} draws, and the same data as a table, for readers who cannot see the chart.
 */
final class Chart {
    /** Above this many points, each stretch of a line keeps only its minimum and maximum: no spike is lost and the page stays small. */
    static final int MAX_POINTS = 1200;
    private static final int MAX_TABLE_ROWS = 40;
    private static final JsonMapper JSON = new JsonMapper();

    private Chart() {
    }

    static String lines(String caption, String xLabel, String yLabel, boolean log, Map<String, double[][]> series, Palette palette) {
        List<Map<String, Object>> drawn = new ArrayList<>();
        TreeMap<Double, Object[]> byX = new TreeMap<>();
        List<String> headers = new ArrayList<>(List.of(xLabel));
        Palette.Chart colors = palette.chart(series.keySet());
        series.forEach((name, values) -> {
            check(name, values);
            int column = headers.size();
            headers.add(name);
            for (int i = 0; i < values[0].length; i++) {
                Object[] row = byX.computeIfAbsent(values[0][i], x -> new Object[series.size() + 1]);
                row[0] = values[0][i];
                row[column] = values[1][i];
            }
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("name", name);
            one.put("color", colors.of(name));
            one.put("points", thinned(values));
            drawn.add(one);
        });
        List<List<Object>> rows = new ArrayList<>();
        Table.thinned(new ArrayList<>(byX.values()), MAX_TABLE_ROWS).forEach(row -> rows.add(java.util.Arrays.asList(row)));
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("kind", "lines");
        data.put("x", xLabel);
        data.put("y", yLabel);
        data.put("log", log);
        data.put("series", drawn);
        String note = byX.size() > rows.size() ? rows.size() + " of " + byX.size() + " points, evenly spaced" : "";
        return figure(caption, data, headers, rows, note);
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

    static String bars(String caption, String valueLabel, List<String> labels, List<Report.Series> series, Palette palette) {
        Palette.Chart colors = palette.chart(series.stream().map(Report.Series::name).toList());
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
            one.put("color", colors.of(s.name()));
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

    static String scatter(String caption, Report.Axis x, Report.Axis y, List<Report.Point> points, Palette palette) {
        Palette.Chart colors = palette.chart(points.stream().map(Report.Point::series).distinct().toList());
        List<Report.Point> front = Pareto.front(points, x.better(), y.better());
        List<Object> drawn = new ArrayList<>();
        List<List<Object>> rows = new ArrayList<>();
        for (Report.Point p : points) {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("label", p.label());
            one.put("series", p.series());
            one.put("color", colors.of(p.series()));
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
        return figure(caption, data, headers, rows, front.isEmpty() ? "" : "dashed: the Pareto front, no point is better in both");
    }

    static String heatMap(String caption, List<String> rowNames, List<String> columnNames, double[][] values) {
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

    private static String figure(String caption, Map<String, Object> data, List<String> headers, List<List<Object>> rows, String note) {
        String c = Html.escape(caption);
        return "<figure class=\"chart\"><figcaption>" + c + "</figcaption>\n"
                + "<div class=\"plot\"></div>\n"
                + "<script type=\"application/json\">" + json(data) + "</script>\n"
                + (note.isEmpty() ? "" : "<p class=\"note\">" + Html.escape(note) + "</p>\n")
                + "<details><summary>Table</summary>" + Table.of(null, caption + ", as a table", headers, rows) + "</details></figure>\n";
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
