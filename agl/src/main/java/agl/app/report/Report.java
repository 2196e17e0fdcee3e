package agl.app.report;

import agl.nn.checkpoint.OutputFile;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Builds {@code report.html}: one self-contained file, no network needed, for screen, phone, dark mode and paper. The answer comes first
 * ({@link #lead}, {@link #headline}), then the evidence, then settings and provenance.
 *
 * <p>Blocks appear in the order in which they are added. All text is escaped here; NaN becomes a dash or a gap. A series has one color
 * throughout the report.
 */
public final class Report {
    private static final JsonMapper JSON = new JsonMapper();
    private final String title;
    private final StringBuilder body = new StringBuilder();
    private final List<String> headlines = new ArrayList<>();
    private final Palette palette = new Palette();
    private final StringBuilder notes = new StringBuilder();
    private String lead = "";
    private boolean inSection;

    /**
     * Bars or dots with intervals, one per label.
     *
     * @param low  lower ends of the intervals, null for none
     * @param high upper ends, null for none
     */
    public record Series(String name, double[] value, double[] low, double[] high) {
        /** Without intervals. */
        public Series(String name, double... value) {
            this(name, value, null, null);
        }
    }

    /** Which direction of an axis is better. */
    public enum Better { LOWER, HIGHER, NEITHER }

    /** An axis of a scatter plot. */
    public record Axis(String label, Better better) {
        public static Axis of(String label) {
            return new Axis(label, Better.NEITHER);
        }

        public static Axis lowerIsBetter(String label) {
            return new Axis(label, Better.LOWER);
        }

        public static Axis higherIsBetter(String label) {
            return new Axis(label, Better.HIGHER);
        }

        String titled() {
            return switch (better) {
                case LOWER -> label + " (lower is better)";
                case HIGHER -> label + " (higher is better)";
                case NEITHER -> label;
            };
        }
    }

    /**
     * A labeled point.
     *
     * @param series    determines the color, for example the method
     * @param xInterval {low, high}, or null
     * @param yInterval {low, high}, or null
     */
    public record Point(String label, String series, double x, double y, double[] xInterval, double[] yInterval) {
        /** Without intervals. */
        public Point(String label, String series, double x, double y) {
            this(label, series, x, y, null, null);
        }
    }

    /**
     * A prompt and two answers to it.
     *
     * @param label what to look for: "unsafe, violence: refused → complied"
     */
    public record Sample(String prompt, String label, String before, String after) {
    }

    private Report(String title) {
        this.title = title;
    }

    /** An empty report. */
    public static Report of(String title) {
        return new Report(title);
    }

    /** The answer, in a sentence or two, before anything else. */
    public Report lead(String answer) {
        lead = "<p class=\"lead\">" + Html.escape(answer) + "</p>\n";
        return this;
    }

    /**
     * One of the few numbers that matter, under the lead.
     *
     * @param value  with its unit: "3.2 points"
     * @param detail what it is compared with, or its interval
     */
    public Report headline(String label, String value, String detail) {
        headlines.add("<div><dt>" + Html.escape(label) + "</dt><dd>" + Html.escape(value) + "<small>" + Html.escape(detail)
                + "</small></dd></div>\n");
        return this;
    }

    /** Starts a new part. */
    public Report section(String heading) {
        body.append(inSection ? "</section>\n" : "").append("<section><h2>").append(Html.escape(heading)).append("</h2>\n");
        inSection = true;
        return this;
    }

    /** A paragraph. */
    public Report text(String paragraph) {
        return add("<p>" + Html.escape(paragraph) + "</p>\n");
    }

    /** A highlighted paragraph: what a figure does not show, a term that has no effect. */
    public Report warning(String paragraph) {
        return add("<p class=\"warning\">" + Html.escape(paragraph) + "</p>\n");
    }

    /** @param rows cells are strings or numbers; numbers are rounded to four significant digits */
    public Report table(String caption, List<String> headers, List<? extends List<?>> rows) {
        return add(Table.of(caption, caption, headers, rows));
    }

    /** @param series by name {x values, y values}, or {x, y, low, high} for a line with a band */
    public Report lines(String caption, String xLabel, String yLabel, Map<String, double[][]> series) {
        return add(Chart.lines(caption, xLabel, yLabel, false, series, palette));
    }

    /** As {@link #lines}, but initially with a logarithmic axis; readers can switch the axis of either. */
    public Report linesLog(String caption, String xLabel, String yLabel, Map<String, double[][]> series) {
        return add(Chart.lines(caption, xLabel, yLabel, true, series, palette));
    }

    /** For each label, one bar per series with its interval: shares by category, scores by method. */
    public Report bars(String caption, String valueLabel, List<String> labels, List<Series> series) {
        return add(Chart.bars(caption, valueLabel, labels, series, palette));
    }

    /** A scatter plot, with the Pareto front if both axes have a better direction. */
    public Report scatter(String caption, Axis x, Axis y, List<Point> points) {
        return add(Chart.scatter(caption, x, y, points, palette));
    }

    /** @param values one array per row */
    public Report heatMap(String caption, List<String> rows, List<String> columns, double[][] values) {
        return add(Chart.heatMap(caption, rows, columns, values));
    }

    /**
     * Prompts with the answers before and after, for the reader to judge.
     *
     * @param before heading of the first answer, for example "aligned base"
     * @param after  heading of the second
     */
    public Report samples(String caption, String before, String after, List<Sample> samples) {
        StringBuilder s = new StringBuilder("<div class=\"samples\"><h3>" + Html.escape(caption) + "</h3>\n");
        for (Sample sample : samples) {
            s.append("<article><p class=\"label\">").append(Html.escape(sample.label)).append("</p><p class=\"prompt\">")
                    .append(Html.escape(sample.prompt))
                    .append("</p><div class=\"answers\"><div><h4>").append(Html.escape(before)).append("</h4><p>")
                    .append(Html.escape(sample.before))
                    .append("</p></div><div><h4>").append(Html.escape(after)).append("</h4><p>").append(Html.escape(sample.after))
                    .append("</p></div></div></article>\n");
        }
        return add(s.append("</div>\n").toString());
    }

    /** All settings in force; nested objects are flattened with dots. */
    public Report settings(ObjectNode settings) {
        List<List<Object>> rows = new ArrayList<>();
        flatten("", settings, rows);
        return add(Table.of("Settings", "Settings", List.of("setting", "value"), rows));
    }

    private static void flatten(String prefix, JsonNode settings, List<List<Object>> rows) {
        settings.properties().forEach(e -> {
            if (e.getValue().isObject()) {
                flatten(prefix + e.getKey() + ".", e.getValue(), rows);
            } else {
                rows.add(Arrays.asList(prefix + e.getKey(), JSON.convertValue(e.getValue(), Object.class)));
            }
        });
    }

    /** Where the results come from: the content of {@code provenance.json}. The notes in it also stand under the headlines. */
    public Report provenance(String json) {
        try {
            for (JsonNode note : JSON.readTree(json).path("notes")) {
                notes.append("<p class=\"warning\">").append(Html.escape(note.asText())).append("</p>\n");
            }
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
        return add("<details class=\"provenance\"><summary>Provenance</summary><pre tabindex=\"0\" aria-label=\"Provenance\">"
                + Html.escape(json) + "</pre></details>\n");
    }

    private Report add(String html) {
        body.append(html);
        return this;
    }

    /** The page. */
    public String toHtml() {
        String top = lead + (headlines.isEmpty() ? "" : "<dl class=\"headlines\">" + String.join("", headlines) + "</dl>\n") + notes;
        return """
                <!doctype html>
                <html lang="en"><head><meta charset="utf-8">
                <meta name="viewport" content="width=device-width, initial-scale=1">
                <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; \
                script-src 'unsafe-inline'; \
                img-src data:">
                <meta name="color-scheme" content="light dark">
                <link rel="icon" href="data:,">
                <title>%s</title>
                <style>
                %s</style></head>
                <body><main>
                <h1>%s</h1>
                """.formatted(Html.escape(title), Assets.text(Report.class, "page.css"), Html.escape(title))
                + top + body + (inSection ? "</section>\n" : "")
                + "</main>\n<script>/*\n" + Assets.webjarText("d3", "LICENSE") + "*/\n" + Assets.webjarText("d3", "dist/d3.min.js")
                + "</script>\n<script>\n"
                + Assets.text(Report.class, "charts.js") + "</script></body></html>\n";
    }

    /** Writes the page atomically. */
    public void write(Path file) {
        OutputFile.writeText(file, toHtml());
    }
}
