package agl.app.explain;

import agl.app.report.Assets;
import agl.app.report.Html;
import agl.app.report.Report;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The pages of {@code agl explain} and their files: everything a browser needs, nothing from the network. */
public final class Site {
    /** The topics in reading order. */
    public static final List<String> TOPICS = List.of("differentiation", "operations", "attention", "lora", "task-loss", "fisher",
            "decomposition",
            "L_A", "L_T", "E_RM", "E_geo", "careful", "move", "step", "methods", "driftcheck");
    /** On every page: formulas, symbols that light up, the line at the top, the question, the presenter mode. */
    private static final List<String> SCRIPTS = List.of("explain.js", "symbols.js", "contents.js", "ask.js", "present.js");
    private static final Pattern FONT = Pattern.compile("url\\((fonts/[^)]+\\.woff2)\\)");

    private final List<Topic> topics = TOPICS.stream().map(Topic::read).toList();

    /** The topics. */
    public List<Topic> topics() {
        return topics;
    }

    /** Writes the whole site into a folder. */
    public void write(Path folder) throws IOException {
        Path assets = Files.createDirectories(folder.resolve("assets"));
        Files.writeString(assets.resolve("page.css"), Assets.text(Report.class, "page.css")
                + Assets.text(Site.class, "explain.css") + Assets.text(Site.class, "play.css"));
        for (String script : SCRIPTS) {
            Files.writeString(assets.resolve(script), Assets.text(Site.class, script));
        }
        writeKatex(assets);
        TopicPage page = new TopicPage(topics, SourceRegion.all());
        for (int i = 0; i < topics.size(); i++) {
            for (String script : page.scripts(topics.get(i))) {
                Files.writeString(assets.resolve(script), Assets.text(Site.class, script));
            }
            Files.writeString(folder.resolve(topics.get(i).id() + ".html"),
                    html(topics.get(i).title() + " · AGL line by line", page.scripts(topics.get(i)), page.html(i)));
        }
        Files.writeString(folder.resolve("index.html"), html("AGL line by line", List.of(), LossMap.html(topics)));
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

    private static String html(String title, List<String> more, String body) {
        StringBuilder scripts = new StringBuilder();
        Stream.of(List.of("katex.min.js"), SCRIPTS, more).flatMap(List::stream)
                .forEach(name -> scripts.append("<script src=\"assets/").append(name).append("\"></script>\n"));
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
                <body class="explain">
                %s%s</body></html>
                """.formatted(Html.escape(title), body, scripts);
    }
}
