package agl.app.explain;

import agl.app.report.Html;
import java.util.ArrayList;
import java.util.List;

/**
 * How a page opens: a figure to play with, a question to answer before the numbers appear, and the names that one quantity has in the
 * formula, in the code and in the numbers. In a topic file:
 *
 * <pre>
 * &#64;figure NAME MODE | caption
 * &#64;ask question
 * &#64;right choice | why
 * &#64;wrong choice | why not
 * &#64;symbol TeX | Java identifiers, separated by spaces | name in the numbers | meaning
 * </pre>
 *
 * @param figure   null if the page has none
 * @param question null if the page asks none
 */
public record Opening(Figure figure, Question question, List<Symbol> symbols) {
    /**
     * A figure drawn by the script {@code figure-NAME.js}.
     *
     * @param mode what of it to show, or empty
     */
    public record Figure(String name, String mode, String caption) { }

    /** A question with one right answer. */
    public record Question(String text, List<Choice> choices) { }

    /**
     * One answer offered.
     *
     * @param why shown once it is chosen
     */
    public record Choice(boolean right, String text, String why) { }

    /** One quantity under its names. */
    public record Symbol(String tex, String java, String name, String meaning) { }

    static Opening of(String topic, List<Topic.Directive> directives) {
        Figure figure = null;
        String ask = null;
        List<Choice> choices = new ArrayList<>();
        List<Symbol> symbols = new ArrayList<>();
        for (Topic.Directive d : directives) {
            // A field may be empty: the space between two bars belongs to both.
            String[] p = java.util.Arrays.stream(d.name().split(" \\|(?= )", -1)).map(String::strip).toArray(String[]::new);
            switch (d.kind()) {
                case "figure" -> {
                    String[] nameAndMode = p[0].split(" ", 2);
                    figure = new Figure(nameAndMode[0], nameAndMode.length < 2 ? "" : nameAndMode[1], p[1]);
                }
                case "ask" -> ask = d.name();
                case "right", "wrong" -> choices.add(new Choice(d.kind().equals("right"), p[0], p[1]));
                case "symbol" -> symbols.add(new Symbol(p[0], p[1], p[2], p[3]));
                default -> throw new IllegalStateException("topic " + topic + ": @" + d.kind() + " is not known below the title");
            }
        }
        if (choices.stream().filter(Choice::right).count() != (ask == null ? 0 : 1)) {
            throw new IllegalStateException("topic " + topic + ": a question has to have one right answer");
        }
        return new Opening(figure, ask == null ? null : new Question(ask, choices), symbols);
    }

    /** The figure's place; its script draws it. */
    String figureHtml() {
        return figure == null ? "" : "<figure class=\"play\" data-figure=\"" + figure.name + "\" data-mode=\"" + figure.mode + "\">"
                + "<figcaption>" + Topic.inline(figure.caption) + "</figcaption>\n<div class=\"stage\"></div>\n"
                + "<p class=\"note agreement\"></p>\n<script type=\"application/json\">" + FigureCases.json(figure.name)
                + "</script></figure>\n";
    }

    /** The question. Until it is answered a script keeps the page's numbers covered. */
    String questionHtml() {
        if (question == null) {
            return "";
        }
        StringBuilder s = new StringBuilder("<section class=\"ask\" id=\"predict\"><h2>First predict</h2>\n<p>"
                + Topic.inline(question.text) + "</p>\n<ol>");
        for (Choice c : question.choices) {
            s.append("<li><button type=\"button\"").append(c.right ? " data-right" : "").append(">").append(Topic.inline(c.text))
                    .append("</button><p class=\"why\">").append(Topic.inline(c.why)).append("</p></li>\n");
        }
        return s.append("</ol>\n<p class=\"verdict\" aria-live=\"polite\"></p></section>\n").toString();
    }

    /** The symbols as buttons: to point at one lights it in the formulas, the code and the numbers. */
    String symbolsHtml() {
        if (symbols.isEmpty()) {
            return "";
        }
        StringBuilder s = new StringBuilder("<div class=\"symbols\" role=\"group\" aria-label=\"Show a symbol everywhere\">");
        for (Symbol x : symbols) {
            s.append("<button type=\"button\" aria-pressed=\"false\" data-tex=\"").append(Html.escape(x.tex)).append("\" data-java=\"")
                    .append(Html.escape(x.java)).append("\" data-name=\"").append(Html.escape(x.name)).append("\"><span class=\"tex\">")
                    .append(Html.escape(x.tex.split(" ; ")[0])).append("</span>")
                    .append(x.java.isEmpty() ? "" : " <code>" + Html.escape(x.java.split(" ")[0]) + "</code>")
                    .append(" <small>").append(Html.escape(x.meaning)).append("</small></button>\n");
        }
        return s.append("</div>\n").toString();
    }
}
