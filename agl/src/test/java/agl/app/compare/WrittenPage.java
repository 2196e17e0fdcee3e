package agl.app.compare;

import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.report.Html;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;

/** The texts and numbers of a report's file. */
record WrittenPage(String html) {
    static WrittenPage read(Path file) throws IOException {
        return new WrittenPage(Files.readString(file));
    }

    private static String plain(String html) {
        return html.replaceAll("<[^>]*>", " ").replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;",
                "'").replace("&amp;", "&").replaceAll("\\s+", " ").strip();
    }

    private List<String> all(String pattern) {
        return Pattern.compile(pattern, Pattern.DOTALL).matcher(html).results().map(r -> plain(r.group(1))).toList();
    }

    String title() {
        return all("<h1>(.*?)</h1>").getFirst();
    }

    String lead() {
        return leads().getFirst();
    }

    /** The paragraphs of the answer. */
    List<String> leads() {
        return all("<p class=\"lead\">(.*?)</p>");
    }

    /** Label, value and detail of each, with a space between. */
    List<String> headlines() {
        return all("<div>(<dt>.*?)</div>");
    }

    List<String> sections() {
        return all("<h2>(.*?)</h2>");
    }

    List<String> warnings() {
        return all("<p class=\"warning\">(.*?)</p>");
    }

    List<String> texts() {
        return all("<p>(.*?)</p>");
    }

    /** Captions of the charts. */
    List<String> charts() {
        return all("<figcaption>(.*?)</figcaption>");
    }

    /** What stands above the answers side by side. */
    List<String> samples() {
        return all("<div class=\"samples\"><h3>.*?</h3>\n<p class=\"note\">(.*?)</p>");
    }

    /** Prompts with their labels before them. */
    List<String> prompts() {
        return all("<article>(<p class=\"label\">.*?</p><p class=\"prompt\">.*?</p>)");
    }

    /** The models whose answers stand beside each other in each article. */
    List<String> answering() {
        return all("<h4>(.*?) <span class=\"outcome\">");
    }

    /** Titles of what is folded. */
    List<String> folds() {
        return all("<summary><h3>(.*?)</h3></summary>");
    }

    private String after(String mark) {
        int at = html.indexOf(mark);
        assertTrue(at >= 0, () -> mark + " is not in the page; there are " + charts());
        return html.substring(at + mark.length());
    }

    /** The numbers of the chart with that caption. */
    JsonNode chart(String caption) throws IOException {
        String rest = after("<figcaption>" + Html.escape(caption) + "</figcaption>");
        String from = "<script type=\"application/json\">";
        return new ObjectMapper().readTree(rest.substring(rest.indexOf(from) + from.length(), rest.indexOf("</script>")));
    }

    /** Names of a chart's series. */
    List<String> names(String caption) throws IOException {
        return StreamSupport.stream(chart(caption).get("series").spliterator(), false).map(s -> s.get("name").asText()).toList();
    }

    /** {x, y} of a line's points. */
    double[][] line(String caption, String name) throws IOException {
        JsonNode series = StreamSupport.stream(chart(caption).get("series").spliterator(), false)
                .filter(s -> s.get("name").asText().equals(name)).findFirst().orElseThrow();
        return StreamSupport.stream(series.get("points").spliterator(), false).map(p -> new double[] {p.get(0).asDouble(),
                p.get(1).asDouble()}).toArray(double[][]::new);
    }

    /** The cells of the table with that caption, headers first. */
    List<List<String>> table(String caption) {
        String rest = after("<caption><div>" + Html.escape(caption));
        List<List<String>> rows = new ArrayList<>();
        for (MatchResult row : Pattern.compile("<tr>(.*?)</tr>", Pattern.DOTALL).matcher(rest.substring(0,
                rest.indexOf("</table>"))).results().toList()) {
            rows.add(Pattern.compile("<t[hd][^>]*>(.*?)</t[hd]>", Pattern.DOTALL).matcher(row.group(1)).results()
                    .map(c -> plain(c.group(1))).toList());
        }
        return rows;
    }
}
