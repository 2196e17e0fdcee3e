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
 * {@code ##} a block of text with the source beside it. Lines that begin with {@code @} name what is shown on the right:
 * {@code @code MARKER}, {@code @numbers NAME}, {@code @check CLASS}.
 *
 * @param id     file name without its extension; also the name on the command line
 * @param lead   HTML
 */
public record Topic(String id, String title, String lead, List<Block> blocks) {
    private static final Pattern MATH = Pattern.compile("\\$\\$(.+?)\\$\\$|\\$([^$]+)\\$", Pattern.DOTALL);
    private static final Pattern KEPT = Pattern.compile("\uE000(\\d+)\uE001");
    private static final Parser PARSER = Parser.builder().build();
    private static final HtmlRenderer RENDERER = HtmlRenderer.builder().build();

    /**
     * Text and what is shown beside it.
     *
     * @param text HTML
     */
    public record Block(String title, String text, List<Aside> asides) {
        /** Anchor for links to this block. */
        public String id() {
            return title.toLowerCase(java.util.Locale.ROOT).replaceAll("[^a-z0-9]+", "-").replaceAll("^-|-$", "");
        }
    }

    /** A line {@code @kind name}. */
    public record Aside(String kind, String name) { }

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
        List<Block> blocks = new ArrayList<>();
        for (int i = 1; i < parts.length; i++) {
            blocks.add(block(parts[i]));
        }
        return new Topic(id, titleAndLead[0].strip(), titleAndLead.length < 2 ? "" : html(titleAndLead[1]), blocks);
    }

    private static Block block(String part) {
        String[] titleAndRest = part.split("\n", 2);
        List<Aside> asides = new ArrayList<>();
        StringBuilder text = new StringBuilder();
        for (String line : titleAndRest[1].split("\n")) {
            if (line.startsWith("@")) {
                String[] words = line.substring(1).split(" ", 2);
                asides.add(new Aside(words[0], words[1].strip()));
            } else {
                text.append(line).append('\n');
            }
        }
        return new Block(titleAndRest[0].strip(), html(text.toString()), asides);
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
}
