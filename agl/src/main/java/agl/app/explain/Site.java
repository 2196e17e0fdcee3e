package agl.app.explain;

import agl.app.report.Assets;
import agl.app.report.Html;
import agl.app.report.Report;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The pages of {@code agl explain} and their files: everything a browser needs, nothing from the network. */
public final class Site {
    /** The topics in reading order. */
    public static final List<String> TOPICS = List.of("differentiation", "operations", "attention", "lora", "task-loss", "fisher",
            "decomposition",
            "L_A", "L_T", "E_RM", "E_geo", "careful", "move", "step", "methods", "driftcheck");
    private static final Pattern FONT = Pattern.compile("url\\((fonts/[^)]+\\.woff2)\\)");

    private final List<Topic> topics = TOPICS.stream().map(Topic::read).toList();
    private final Map<String, SourceRegion> sources = SourceRegion.all();
    private final Numbers numbers = new Numbers();

    /** The topics. */
    public List<Topic> topics() {
        return topics;
    }

    /** Writes the whole site into a folder. */
    public void write(Path folder) throws IOException {
        Path assets = Files.createDirectories(folder.resolve("assets"));
        Files.writeString(assets.resolve("page.css"), Assets.text(Report.class, "page.css") + Assets.text(Site.class, "explain.css"));
        for (String script : List.of("explain.js", "terms.js", "move.js")) {
            Files.writeString(assets.resolve(script), Assets.text(Site.class, script));
        }
        writeKatex(assets);
        for (int i = 0; i < topics.size(); i++) {
            Files.writeString(folder.resolve(topics.get(i).id() + ".html"), page(i));
        }
        Files.writeString(folder.resolve("index.html"), index());
    }

    /** KaTeX and the fonts its style sheet names, in the one format that every current browser reads. */
    private static void writeKatex(Path assets) throws IOException {
        Path fonts = Files.createDirectories(assets.resolve("fonts"));
        Files.write(assets.resolve("katex.min.js"), Assets.webjar("katex", "dist/katex.min.js"));
        Files.write(assets.resolve("katex-LICENSE.txt"), Assets.webjar("katex", "LICENSE"));
        String css = Assets.webjarText("katex", "dist/katex.min.css")
                .replaceAll(",url\\(fonts/[^)]+\\.(woff|ttf)\\) format\\(\"[a-z]+\"\\)", "");
        Matcher m = FONT.matcher(css);
        while (m.find()) {
            Files.write(fonts.resolve(m.group(1).substring("fonts/".length())), Assets.webjar("katex", "dist/" + m.group(1)));
        }
        Files.writeString(assets.resolve("katex.min.css"), css);
    }

    private String page(int i) {
        Topic t = topics.get(i);
        StringBuilder s = new StringBuilder();
        if (t.blocks().size() > 6) {
            s.append("<nav class=\"on-page\" aria-label=\"On this page\">");
            t.blocks().forEach(b -> s.append("<a href=\"#").append(b.id()).append("\">").append(Html.escape(b.title())).append("</a> "));
            s.append("</nav>\n");
        }
        for (Topic.Block b : t.blocks()) {
            s.append("<section class=\"block").append(b.asides().stream().anyMatch(a -> a.name().equals("sliders")) ? " wide" : "")
                    .append("\" id=\"").append(b.id()).append("\"><div class=\"say\"><h2>").append(Html.escape(b.title())).append("</h2>\n")
                    .append(b.text()).append("</div>\n<div class=\"show\">\n");
            b.asides().forEach(a -> s.append(aside(t, a)));
            s.append("</div></section>\n");
        }
        return html(t.title() + " · AGL line by line", t.id().equals("move"), """
                <header class="top"><a href="index.html">AGL line by line</a> <span>%d of %d</span></header>
                <h1>%s</h1>
                <div class="lead">%s</div>
                %s<nav class="steps" aria-label="Pages">%s%s</nav>
                """.formatted(i + 1, topics.size(), Html.escape(t.title()), t.lead(), s,
                i == 0 ? "<span></span>" : link("Before: ", topics.get(i - 1)),
                i + 1 == topics.size() ? "" : link("Next: ", topics.get(i + 1))));
    }

    private static String link(String which, Topic t) {
        return "<a href=\"" + t.id() + ".html\"><small>" + which + "</small>" + Html.escape(t.title()) + "</a>";
    }

    /** Renders what a line of a topic file asks for. */
    private String aside(Topic topic, Topic.Aside a) {
        return switch (a.kind()) {
            case "code" -> {
                SourceRegion region = sources.get(a.name());
                if (region == null) {
                    throw new IllegalStateException("topic " + topic.id() + " shows \"" + a.name() + "\", which no source file marks");
                }
                yield JavaHtml.of(region);
            }
            case "numbers" -> numbers.html(a.name());
            case "check" -> Checks.html(a.name());
            default -> throw new IllegalStateException("topic " + topic.id() + ": @" + a.kind() + " is not known");
        };
    }

    private String index() {
        StringBuilder s = new StringBuilder(
                "<h1>AGL line by line</h1>\n<p class=\"lead\">From each equation of AlignGuard-LoRA to the Java line that computes it, "
                + "with numbers, "
                        + "and to the check that its derivative is right.</p>\n<ol class=\"topics\">\n");
        for (Topic t : topics) {
            s.append("<li><a href=\"").append(t.id()).append(".html\">").append(Html.escape(t.title())).append("</a>").append(t.lead())
                    .append("</li>\n");
        }
        return html("AGL line by line", false, s + "</ol>\n" + Topic.html(Assets.text(Site.class, "topics/about.md")));
    }

    private static String html(String title, boolean moving, String body) {
        String scripts = moving ? "<script src=\"assets/terms.js\"></script>\n<script src=\"assets/move.js\"></script>\n" : "";
        return """
                <!doctype html>
                <html lang="en"><head><meta charset="utf-8">
                <meta name="viewport" content="width=device-width, initial-scale=1">
                <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'self' 'unsafe-inline'; \
                script-src 'self'; \
                font-src 'self'; img-src data:">
                <meta name="color-scheme" content="light dark">
                <link rel="icon" href="data:,">
                <title>%s</title>
                <link rel="stylesheet" href="assets/katex.min.css">
                <link rel="stylesheet" href="assets/page.css">
                </head>
                <body class="explain"><main>
                %s</main>
                <script src="assets/katex.min.js"></script>
                <script src="assets/explain.js"></script>
                %s</body></html>
                """.formatted(Html.escape(title), body, scripts);
    }
}
