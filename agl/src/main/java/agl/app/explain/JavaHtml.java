package agl.app.explain;

import agl.app.report.Html;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Lines of Java as HTML: numbered, with syntax highlighting of comments, strings, numbers and keywords. */
final class JavaHtml {
    private static final Pattern TOKEN = Pattern
            .compile("(?<comment>//.*|/\\*.*|^\\s*\\*.*)|(?<string>\"(?:\\\\.|[^\"\\\\])*\"|'(?:\\\\.|[^'\\\\])+')"
                    + "|(?<keyword>\\b(?:abstract|boolean|break|case|catch|class|continue|default|do|double|else|enum|extends|false"
                    + "|final|finally|float|for|if"
                    + "|implements|instanceof|int|interface|long|new|null|private|protected|public|record|return|static|super|switch"
                    + "|this|throw|true|try|var"
                    + "|void|while|yield)\\b|@\\w+)|(?<number>\\b\\d[\\w.]*)");

    private JavaHtml() {
    }

    /** The name of the region's file. */
    static String file(SourceRegion region) {
        return region.file().substring(region.file().lastIndexOf('/') + 1);
    }

    /** A figure with the region's file name and lines. */
    static String of(SourceRegion region) {
        int last = region.firstLine() + region.lines().size() - 1;
        String file = file(region);
        StringBuilder s = new StringBuilder(
                "<figure class=\"code\"><figcaption><b>" + Html.escape(file) + "</b>, lines " + region.firstLine() + " to " + last
                        + " <span>" + Html.escape(region.file()) + "</span></figcaption>\n<pre tabindex=\"0\" aria-label=\""
                        + Html.escape(file) + ", "
                        + Html.escape(region.name()) + "\"><code>");
        for (int i = 0; i < region.lines().size(); i++) {
            String line = region.lines().get(i);
            s.append("<span class=\"line\" data-n=\"").append(region.firstLine() + i).append("\" style=\"--in:")
                    .append(line.length() - line.stripLeading().length()).append("\">").append(line(line)).append("\n</span>");
        }
        return s.append("</code></pre></figure>\n").toString();
    }

    static String line(String line) {
        Matcher m = TOKEN.matcher(line);
        StringBuilder s = new StringBuilder();
        int at = 0;
        while (m.find()) {
            String kind = m.group("comment") != null ? "c" : m.group("string") != null ? "s" : m.group("keyword") != null ? "k" : "n";
            s.append(Html.escape(line.substring(at, m.start()))).append("<i class=\"").append(kind).append("\">")
                    .append(Html.escape(m.group())).append("</i>");
            at = m.end();
        }
        return s.append(Html.escape(line.substring(at))).toString();
    }
}
