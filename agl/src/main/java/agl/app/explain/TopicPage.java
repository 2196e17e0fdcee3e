package agl.app.explain;

import agl.app.report.Html;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The HTML of a topic: its figure, its question, then the blocks with formula, code, numbers and check. */
final class TopicPage {
    private final List<Topic> topics;
    private final Map<String, SourceRegion> sources;
    private final Numbers numbers = new Numbers();

    TopicPage(List<Topic> topics, Map<String, SourceRegion> sources) {
        this.topics = topics;
        this.sources = sources;
    }

    /** The scripts of this page alone. */
    List<String> scripts(Topic t) {
        List<String> scripts = new ArrayList<>();
        if (t.opening().figure() != null) {
            scripts.addAll(List.of("formulas.js", "play.js", "figure-" + t.opening().figure().name() + ".js"));
        }
        if (t.id().equals("move")) {
            scripts.addAll(List.of("terms.js", "move.js"));
        }
        return scripts;
    }

    String html(int i) {
        Topic t = topics.get(i);
        StringBuilder s = new StringBuilder();
        for (Topic.Block b : t.blocks()) {
            s.append("<section class=\"block").append(b.asides().stream().anyMatch(a -> a.name().equals("sliders")) ? " wide" : "")
                    .append("\" id=\"").append(b.id()).append("\"><div class=\"say\"><h2>").append(Html.escape(b.title())).append("</h2>\n")
                    .append(b.text()).append(s.indexOf("class=\"symbols\"") < 0 ? t.opening().symbolsHtml() : "")
                    .append("</div>\n<div class=\"show\">\n");
            b.asides().forEach(a -> s.append(aside(t, a)));
            s.append("</div></section>\n");
        }
        return """
                %s<main>
                <section class="opening" id="top"><h1>%s</h1>
                <div class="lead">%s</div>
                %s</section>
                %s%s<nav class="steps" aria-label="Pages">%s%s</nav>
                </main>
                """.formatted(bar(topics, t), Html.escape(t.title()), t.lead(), t.opening().figureHtml(), t.opening().questionHtml(), s,
                i == 0 ? "<span></span>" : link("Before: ", "prev", topics.get(i - 1)),
                i + 1 == topics.size() ? "" : link("Next: ", "next", topics.get(i + 1)));
    }

    /** The line that stays at the top: all pages, the parts of this one, the presenter mode. */
    static String bar(List<Topic> topics, Topic here) {
        StringBuilder s = new StringBuilder("<header class=\"bar\"><a href=\"index.html\">AGL<span> line by line</span></a>\n"
                + "<details class=\"contents\"><summary>Contents</summary><ol>");
        for (Topic t : topics) {
            s.append("<li><a href=\"").append(t.id()).append(".html\"").append(t == here ? " aria-current=\"page\"" : "").append(">")
                    .append(Html.escape(t.title())).append("</a></li>");
        }
        s.append("</ol></details>\n<nav aria-label=\"On this page\">");
        if (here != null) {
            if (here.opening().question() != null) {
                s.append("<a href=\"#predict\">Predict</a>");
            }
            here.blocks().forEach(b -> s.append("<a href=\"#").append(b.id()).append("\">").append(Html.escape(b.title())).append("</a>"));
        }
        return s.append("</nav>\n<button type=\"button\" id=\"present\" hidden>Present</button></header>\n").toString();
    }

    private static String link(String which, String rel, Topic t) {
        return "<a rel=\"" + rel + "\" href=\"" + t.id() + ".html\"><small>" + which + "</small>" + Html.escape(t.title()) + "</a>";
    }

    /** Renders what a line of a topic file asks for. */
    private String aside(Topic topic, Topic.Directive a) {
        return switch (a.kind()) {
            case "code" -> JavaHtml.of(source(topic, a));
            case "fused" -> "<details class=\"fused\"><summary>As training computes it: "
                    + Html.escape(JavaHtml.file(source(topic, a))) + "</summary>" + JavaHtml.of(source(topic, a)) + "</details>\n";
            case "numbers" -> numbers.html(a.name());
            case "check" -> Checks.html(a.name());
            default -> throw new IllegalStateException("topic " + topic.id() + ": @" + a.kind() + " is not known");
        };
    }

    private SourceRegion source(Topic topic, Topic.Directive a) {
        SourceRegion region = sources.get(a.name());
        if (region == null) {
            throw new IllegalStateException("topic " + topic.id() + " shows \"" + a.name() + "\", which no source file marks");
        }
        return region;
    }
}
