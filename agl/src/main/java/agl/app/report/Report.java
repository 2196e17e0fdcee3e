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
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Builds {@code report.html}: one self-contained file, no network needed, for screen, phone, dark mode and paper. The answer comes first
 * ({@link #lead}, {@link #headline}), then the evidence, then settings and provenance.
 *
 * <p>Blocks appear in the order in which they are added. All text is escaped here; NaN becomes a dash or a gap. A series has one color
 * throughout the report, and a method has the same one in every report. A section or a fold to which nothing is added does not appear.
 */
public final class Report {
    private static final JsonMapper JSON = new JsonMapper();
    /** In the order in which they need each other. */
    private static final List<String> SCRIPTS = List.of("figure.js", "lines.js", "bars.js", "rates.js", "scatter.js", "heat.js", "page.js");
    private final String title;
    private final StringBuilder body = new StringBuilder();
    private final List<String> headlines = new ArrayList<>();
    private final Palette palette = new Palette();
    private final StringBuilder notes = new StringBuilder();
    private String lead = "";
    private String heading = "";
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

    /** How a curve is drawn: data as dots, joined or not; a fit as a line without dots; noise as faint dots. */
    public enum Mark { LINE, DOTS, FIT, NOISE }

    /**
     * One curve of a chart.
     *
     * @param name   in the legend and the table
     * @param series decides the color, for example the method
     * @param values {x values, y values}, or {x, y, low, high} for a band
     * @param depth  place in an order from 0 to 1, such as that of layers, which then decides the color; -1 for none
     */
    public record Curve(String name, String series, double[][] values, Mark mark, double depth) {
        public static Curve of(String name, double[][] values, Mark mark) {
            return new Curve(name, name, values, mark, -1);
        }

        /** The same under another name. */
        public Curve named(String other) {
            return new Curve(other, series, values, mark, depth);
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
     * @param xInterval {low, high}, or null
     * @param yInterval {low, high}, or null
     */
    public record Point(String label, double x, double y, double[] xInterval, double[] yInterval) {
        /** Without intervals. */
        public Point(String label, double x, double y) {
            this(label, x, y, null, null);
        }
    }

    /** @param outcome how the answer was judged */
    public record Answer(String model, String outcome, String text) { }

    /**
     * A prompt and every model's answer to it.
     *
     * @param label what kind of prompt it is: "unsafe, violence"
     */
    public record Sample(String prompt, String label, List<Answer> answers) { }

    private Report(String title) {
        this.title = title;
    }

    /** An empty report. */
    public static Report of(String title) {
        return new Report(title);
    }

    /** The answer, in a sentence or two, before anything else; called again, the next paragraph of it. */
    public Report lead(String answer) {
        lead += "<p class=\"lead\">" + Html.escape(answer) + "</p>\n";
        return this;
    }

    /** Says of which method a model is, whose color it then has; to be called before the model is named elsewhere. */
    public Report method(String model, String method) {
        palette.method(model, method);
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

    /** Starts a new part, which ends the part before. */
    public Report section(String title) {
        if (inSection) {
            body.append("</section>\n");
            inSection = false;
        }
        heading = title;
        return this;
    }

    /** Content that is folded until a reader opens it. */
    public Report folded(String title, Consumer<Report> content) {
        StringBuilder outer = new StringBuilder(body);
        body.setLength(0);
        boolean outside = inSection;
        inSection = true;
        content.accept(this);
        inSection = outside;
        String inner = body.toString();
        body.setLength(0);
        body.append(outer);
        return inner.isEmpty() ? this
                : add("<details class=\"fold\"><summary><h3>" + Html.escape(title) + "</h3></summary>\n" + inner + "</details>\n");
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
    public Report table(Caption caption, List<String> headers, List<? extends List<?>> rows) {
        return add(Table.of(caption, caption.title(), headers, rows, null));
    }

    /** A table whose first column names models or methods; each has its color beside it. */
    public Report models(Caption caption, List<String> headers, List<? extends List<?>> rows) {
        return add(Table.of(caption, caption.title(), headers, rows, palette));
    }

    /** A formula on a line of its own, whose type shrinks with the page instead of being cut. */
    public Report formula(String formula) {
        return add("<p class=\"formula\">" + Html.escape(formula) + "</p>\n");
    }

    public Report lines(Caption caption, String xLabel, String yLabel, List<Curve> curves) {
        return add(Chart.lines(caption, xLabel, yLabel, false, curves, palette));
    }

    /** As {@link #lines}, but initially with a logarithmic axis; readers can switch the axis of either. */
    public Report linesLog(Caption caption, String xLabel, String yLabel, List<Curve> curves) {
        return add(Chart.lines(caption, xLabel, yLabel, true, curves, palette));
    }

    /** For each label, one bar per series with its interval: shares by category, scores by method. */
    public Report bars(Caption caption, String valueLabel, List<String> labels, List<Series> series) {
        return add(Chart.bars(caption, valueLabel, labels, series, palette));
    }

    /**
     * Rates of every model in panels beside each other, all from 0 to 100 %.
     *
     * @param panels what is measured, one per value of each model
     * @param models the base first, with which the others are compared
     */
    public Report rates(Caption caption, List<String> panels, List<Series> models) {
        return add(Chart.rates(caption, panels, models, palette));
    }

    /** A scatter plot, with the Pareto front if both axes have a better direction. */
    public Report scatter(Caption caption, Axis x, Axis y, List<Point> points) {
        return add(Chart.scatter(caption, x, y, points, palette));
    }

    /** @param values one array per row */
    public Report heatMap(Caption caption, List<String> rows, List<String> columns, double[][] values) {
        return add(Chart.heatMap(caption, rows, columns, values));
    }

    /**
     * Prompts with every model's answer, for the reader to judge.
     *
     * @param open number of prompts shown at once; the others are folded
     */
    public Report samples(Caption caption, List<Sample> samples, int open) {
        return samples.isEmpty() ? this : add(Answers.of(caption, samples, open, palette));
    }

    /** All settings in force; nested objects are flattened with dots. */
    public Report settings(ObjectNode settings) {
        List<List<Object>> rows = new ArrayList<>();
        flatten("", settings, rows);
        return table(Caption.of("Settings"), List.of("setting", "value"), rows);
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
        return add("<details class=\"fold provenance\"><summary><h3>Provenance</h3></summary><pre tabindex=\"0\" aria-label=\"Provenance\">"
                + Html.escape(json) + "</pre></details>\n");
    }

    private Report add(String html) {
        if (!inSection && !heading.isEmpty()) {
            body.append("<section><h2>").append(Html.escape(heading)).append("</h2>\n");
            heading = "";
            inSection = true;
        }
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
                """.formatted(Html.escape(title), Assets.text(Report.class, "page.css")
                + Assets.text(Report.class, "report.css"), Html.escape(title))
                + top + body + (inSection ? "</section>\n" : "")
                + "</main>\n<script>/*\n" + Assets.webjarText("d3", "LICENSE") + "*/\n" + Assets.webjarText("d3", "dist/d3.min.js")
                + "</script>\n<script>\n(() => {\n'use strict';\n"
                + SCRIPTS.stream().map(name -> Assets.text(Report.class, name)).collect(Collectors.joining("\n"))
                + "})();\n</script></body></html>\n";
    }

    /** Writes the page atomically. */
    public void write(Path file) {
        OutputFile.writeText(file, toHtml());
    }
}
