package agl.app.explain;

import agl.app.report.Assets;
import agl.app.report.Html;
import java.util.List;
import java.util.Map;

/** The first page: the whole loss as a map. Its columns follow the data from the model to the step, every card is a page. */
final class LossMap {
    private record Column(String title, List<String> topics) { }

    private static final List<Column> COLUMNS = List.of(
            new Column("The model", List.of("differentiation", "operations", "attention", "lora")),
            new Column("What counts", List.of("task-loss", "fisher", "decomposition")),
            new Column("The terms", List.of("L_A", "L_T", "E_RM", "E_geo")),
            new Column("The use", List.of("step", "methods", "driftcheck")),
            new Column("To look deeper", List.of("careful", "move")));
    /** The quantity a page is about, as TeX. */
    private static final Map<String, String> SYMBOLS = Map.ofEntries(Map.entry("differentiation", "\\partial L/\\partial x"),
            Map.entry("operations", "\\bar x"), Map.entry("attention", "P_{ij}"), Map.entry("lora", "\\Delta W = s\\,BA"),
            Map.entry("task-loss", "L_\\text{task}"), Map.entry("fisher", "F,\\ u_k,\\ \\lambda_k"),
            Map.entry("decomposition", "\\Delta W_A + \\Delta W_T"), Map.entry("L_A", "L_A"), Map.entry("L_T", "L_T"),
            Map.entry("E_RM", "E_{RM}"), Map.entry("E_geo", "E_\\text{geo}"), Map.entry("step", "L \\to \\text{AdamW}"),
            Map.entry("methods", "\\operatorname{KL},\\ \\text{EWC}"), Map.entry("driftcheck", "R_\\text{unsafe}"),
            Map.entry("careful", "A \\ldots E"), Map.entry("move", "\\alpha, \\beta, \\kappa, \\tau, m"));
    /** The loss, a piece at a time: TeX, and the page the piece leads to. */
    private static final String[][] LOSS = {{"L =", "step"}, {"L_\\text{task}", "task-loss"}, {"+\\;\\lambda_A", ""}, {"L_A", "L_A"},
        {"+\\;\\lambda_T", ""}, {"L_T", "L_T"}, {"+\\;\\lambda_{NC}\\,\\bigl[\\alpha", ""}, {"E_{RM}", "E_RM"},
        {"+\\;(1-\\alpha)", ""}, {"E_\\text{geo}", "E_geo"}, {"\\bigr]", ""}};

    private LossMap() {
    }

    static String html(List<Topic> topics) {
        StringBuilder s = new StringBuilder(TopicPage.bar(topics, null)).append("""
                <main>
                <h1>AGL line by line</h1>
                <p class="lead">From each equation of AlignGuard-LoRA to the Java line that computes it, with numbers, and to the check \
                that its derivative is right. Every part of the loss is a link.</p>
                <p class="loss">""");
        for (String[] piece : LOSS) {
            String tex = "<span class=\"tex\">" + Html.escape(piece[0]) + "</span>";
            s.append(piece[1].isEmpty() ? "<span>" + tex + "</span>\n"
                    : "<a data-sym=\"" + piece[1] + "\" href=\"" + piece[1] + ".html\">" + tex + "</a>\n");
        }
        s.append("</p>\n<div class=\"map-of-loss\">");
        for (Column c : COLUMNS) {
            s.append("<section><h2>").append(Html.escape(c.title)).append("</h2>\n");
            c.topics.forEach(id -> s.append(card(topics, id)));
            s.append("</section>\n");
        }
        return s.append("</div>\n").append(Topic.html(Assets.text(Site.class, "topics/about.md"))).append("</main>\n").toString();
    }

    private static String card(List<Topic> topics, String id) {
        Topic t = topics.stream().filter(x -> x.id().equals(id)).findFirst().orElseThrow();
        return "<a class=\"card\" data-sym=\"" + id + "\" href=\"" + id + ".html\"><small>" + (topics.indexOf(t) + 1)
                + "</small><span class=\"tex\">" + Html.escape(SYMBOLS.get(id)) + "</span><b>" + Html.escape(t.title()) + "</b></a>\n";
    }
}
