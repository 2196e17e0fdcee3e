package agl.app.report;

import java.util.List;

/** The same prompts with every model's answer, side by side. */
final class Answers {
    private Answers() {
    }

    /** @param open number of prompts shown at once; the rest is folded */
    static String of(Caption caption, List<Report.Sample> samples, int open, Palette palette) {
        StringBuilder s = new StringBuilder("<div class=\"samples\"><h3>" + Html.escape(caption.title()) + "</h3>\n" + caption.noteHtml());
        for (int i = 0; i < samples.size(); i++) {
            if (i == open) {
                s.append("<details><summary>").append(samples.size() - open).append(" more</summary>\n");
            }
            article(s, samples.get(i), palette);
        }
        return s.append(samples.size() > open ? "</details>\n" : "").append("</div>\n").toString();
    }

    private static void article(StringBuilder s, Report.Sample sample, Palette palette) {
        s.append("<article><p class=\"label\">").append(Html.escape(sample.label())).append("</p><p class=\"prompt\">")
                .append(Html.escape(sample.prompt())).append("</p><div class=\"answers\">");
        for (Report.Answer a : sample.answers()) {
            s.append("<div><h4>").append(Html.key(a.model(), palette.of(a.model()))).append(Html.escape(a.model()))
                    .append(" <span class=\"outcome\">").append(Html.escape(a.outcome())).append("</span></h4><p>")
                    .append(a.text().isBlank() ? "<i>(no text)</i>" : Html.escape(a.text())).append("</p></div>");
        }
        s.append("</div></article>\n");
    }
}
