package agl.app.explain;

import agl.app.report.Assets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.commonmark.parser.Parser;
import org.commonmark.renderer.html.HtmlRenderer;

/**
 * One page of the site, from its file in {@code topics/}: Markdown with formulas between dollar signs. {@code #} is the page title, each
 * {@code ##} a block of text with the source beside it. Lines that begin with {@code @} are directives; two spaces continue one on the
 * next line. Below the title they say how the page opens, see {@link Opening}. In a block they name what is shown on the right:
 * {@code @code MARKER}, {@code @fused MARKER} (folded), {@code @numbers NAME}, {@code @check CLASS}.
 *
 * @param id     file name without its extension; also the name on the command line
 * @param lead   HTML
 */
public record Topic(String id, String title, String lead, Opening opening, List<Block> blocks) {
    private static final Pattern MATH = Pattern.compile("\\$\\$(.+?)\\$\\$|\\$([^$]+)\\$", Pattern.DOTALL);
    private static final Pattern KEPT = Pattern.compile("\uE000(\\d+)\uE001");
    private static final Parser PARSER = Parser.builder().build();
    private static final HtmlRenderer RENDERER = HtmlRenderer.builder().build();

    /**
     * Text and what is shown beside it.
     *
     * @param text HTML
     */
    public record Block(String title, String text, List<Directive> asides) {
        /** Anchor for links to this block. */
        public String id() {
            return title.toLowerCase(java.util.Locale.ROOT).replaceAll("[^a-z0-9]+", "-").replaceAll("^-|-$", "");
        }
    }

    /** A line {@code @kind name}. */
    public record Directive(String kind, String name) { }

    /** Text without its directives, and these. */
    private record Part(String text, List<Directive> directives) {
        static Part of(String markdown) {
            StringBuilder text = new StringBuilder();
            List<Directive> directives = new ArrayList<>();
            boolean open = false;
            for (String line : markdown.split("\n")) {
                if (line.startsWith("@")) {
                    String[] words = line.substring(1).split(" ", 2);
                    directives.add(new Directive(words[0], words[1].strip()));
                    open = true;
                } else if (open && line.startsWith("  ")) {
                    Directive d = directives.removeLast();
                    directives.add(new Directive(d.kind, d.name + " " + line.strip()));
                } else {
                    text.append(line).append('\n');
                    open = false;
                }
            }
            return new Part(html(text.toString()), directives);
        }
    }

    /** The topic in {@code topics/ID.md}. */
    public static Topic read(String id) {
        return parse(id, Assets.text(Topic.class, "topics/" + id + ".md"));
    }

    static Topic parse(String id, String markdown) {
        String[] parts = markdown.split("(?m)^## ");
        String head = parts[0].strip();
        if (!head.startsWith("# ")) {
            throw new IllegalStateException(id + ": the first line has to be a title");
        }
        String[] titleAndLead = head.substring(2).split("\n", 2);
        Part lead = Part.of(titleAndLead.length < 2 ? "" : titleAndLead[1]);
        List<Block> blocks = new ArrayList<>();
        for (int i = 1; i < parts.length; i++) {
            String[] titleAndRest = parts[i].split("\n", 2);
            Part rest = Part.of(titleAndRest[1]);
            blocks.add(new Block(titleAndRest[0].strip(), rest.text, rest.directives));
        }
        return new Topic(id, titleAndLead[0].strip(), lead.text, Opening.of(id, lead.directives), blocks);
    }

    /** Formulas are extracted before Markdown sees their underscores and backslashes, and put back as elements that the page renders. */
    static String html(String markdown) {
        List<String> formulas = new ArrayList<>();
        String without = MATH.matcher(markdown).replaceAll(m -> {
            boolean display = m.group(1) != null;
            formulas.add("<span class=\"tex" + (display ? " display" : "") + "\">"
                    + agl.app.report.Html.escape((display ? m.group(1) : m.group(2)).strip()) + "</span>");
            return "\uE000" + (formulas.size() - 1) + "\uE001";
        });
        return KEPT.matcher(RENDERER.render(PARSER.parse(without)))
                .replaceAll(m -> Matcher.quoteReplacement(formulas.get(Integer.parseInt(m.group(1)))));
    }

    /** A line of text without the paragraph around it. */
    static String inline(String markdown) {
        return html(markdown).strip().replaceAll("^<p>|</p>$", "");
    }
}
