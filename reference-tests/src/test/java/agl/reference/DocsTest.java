package agl.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The pages in Markdown: that their links lead somewhere, and that none grows beyond what one reads in a sitting. */
class DocsTest {
    private static final Path ROOT = Path.of("..");
    private static final int PAGE_WORDS = 1200;
    private static final int README_WORDS = 450;

    private static final Pattern LINK = Pattern.compile("\\]\\(([^()\\s]+(?:\\([^()]*\\)[^()\\s]*)?)\\)");
    private static final Pattern MENTION = Pattern.compile("\\bdocs/[\\w./-]+\\.(?:md|sh|py|json|jsh)\\b");

    @Test void everyLinkLeadsToAFileAndAHeading() throws IOException {
        List<String> broken = new ArrayList<>();
        int links = 0;
        for (Path page : pages()) {
            String text = withoutFences(Files.readString(page)).replaceAll("`[^`\n]*`", "");
            Matcher link = LINK.matcher(text);
            while (link.find()) {
                String target = link.group(1);
                if (!target.matches("[a-z]+:.*")) {
                    links++;
                    if (!leadsSomewhere(page, target)) {
                        broken.add(ROOT.relativize(page) + ": " + target);
                    }
                }
            }
        }
        assertEquals(List.of(), broken);
        assertTrue(links > 80, links + " links");
    }

    @Test void everyPageIsReachedFromTheReadme() throws IOException {
        Deque<Path> toRead = new ArrayDeque<>(List.of(ROOT.resolve("README.md")));
        Set<Path> reached = new HashSet<>(toRead);
        while (!toRead.isEmpty()) {
            Path page = toRead.pop();
            Matcher link = LINK.matcher(Files.readString(page));
            while (link.find()) {
                Path target = page.resolveSibling(link.group(1).replaceFirst("#.*", "")).normalize();
                if (target.toString().endsWith(".md") && Files.exists(target) && reached.add(target)) {
                    toRead.add(target);
                }
            }
        }
        assertEquals(List.of(), pages().stream().filter(page -> !reached.contains(page)).toList());
    }

    private static boolean leadsSomewhere(Path page, String target) throws IOException {
        int hash = target.indexOf('#');
        String file = hash < 0 ? target : target.substring(0, hash);
        Path path = file.isEmpty() ? page : page.resolveSibling(file).normalize();
        return Files.exists(path) && (hash < 0 || anchors(Files.readString(path)).contains(target.substring(hash + 1)));
    }

    @Test void aBrokenLinkIsFound() throws IOException {
        Path readme = ROOT.resolve("README.md");
        assertTrue(leadsSomewhere(readme, "docs/FIDELITY.md#equation-by-equation"));
        assertEquals(List.of(false, false, false), List.of(leadsSomewhere(readme, "docs/NO_SUCH PAGE.md"),
                leadsSomewhere(readme, "docs/FIDELITY.md#no-such-heading"), leadsSomewhere(readme, "FIDELITY.md")));
        assertEquals(Set.of("e_geos-00", "two-words", "two-words-1"),
                anchors("# E_geo's 0/0\n## Two words\n```\n# no\n```\n## `Two` words\n"));
    }

    /** Comments, scripts and messages name pages too. */
    @Test void pagesNamedInSourcesExist() throws IOException {
        List<String> missing = new ArrayList<>();
        int mentions = 0;
        for (String folder : List.of("autograd", "nn", "lora", "regularizers", "agl", "reference-tests", "tornado-kernels", "bench", "bin",
                "docs", ".ci")) {
            for (Path source : files(ROOT.resolve(folder), ".*\\.(?:java|py|sh|md)|.*/(?:bin|\\.ci)/[^/]*")) {
                Matcher mention = MENTION.matcher(Files.readString(source));
                while (mention.find()) {
                    mentions++;
                    if (!Files.exists(ROOT.resolve(mention.group()))) {
                        missing.add(ROOT.relativize(source) + ": " + mention.group());
                    }
                }
            }
        }
        assertEquals(List.of(), missing);
        assertTrue(mentions > 30, mentions + " mentions");
    }

    @Test void pagesAreShort() throws IOException {
        List<String> tooLong = new ArrayList<>();
        for (Path page : pages()) {
            int limit = page.endsWith(Path.of("..", "README.md")) ? README_WORDS : PAGE_WORDS;
            int words = words(Files.readString(page));
            if (words > limit) {
                tooLong.add(ROOT.relativize(page) + ": " + words + " words outside of tables, at most " + limit);
            }
        }
        assertEquals(List.of(), tooLong);
    }

    /** Words outside of tables and printed output; the address of a link is none. */
    private static int words(String markdown) {
        String text = withoutFences(markdown).replaceAll("(?m)^\\s*\\|.*$", "").replaceAll("\\]\\([^)]*\\)", "");
        return (int) Pattern.compile("\\S*[\\p{L}\\p{N}]\\S*").matcher(text).results().count();
    }

    @Test void tablesAndOutputAreNotCounted() {
        assertEquals(5, words("# One\n\n| a | b |\n|---|---|\n| c | d |\n\n```\nx y z\n```\n\nTwo [three four](five.md#six) – 5.\n"));
    }

    /** The names that GitHub gives to headings. */
    private static Set<String> anchors(String markdown) {
        Set<String> anchors = new HashSet<>();
        Map<String, Integer> seen = new HashMap<>();
        withoutFences(markdown).lines().filter(line -> line.matches("#{1,6} .*")).forEach(line -> {
            String name = line.replaceFirst("#+ +", "").replaceAll("\\]\\([^)]*\\)", "").strip().toLowerCase(Locale.ROOT)
                    .replaceAll("[^\\p{L}\\p{N}\\p{M} _-]", "").replace(' ', '-');
            int before = seen.merge(name, 1, Integer::sum) - 1;
            anchors.add(before == 0 ? name : name + "-" + before);
        });
        return anchors;
    }

    private static String withoutFences(String markdown) {
        return markdown.replaceAll("(?ms)^\\s*```.*?^\\s*```[^\\n]*$", "");
    }

    private static List<Path> pages() throws IOException {
        List<Path> pages = new ArrayList<>(List.of(ROOT.resolve("README.md"), ROOT.resolve("CONTRIBUTING.md")));
        pages.addAll(files(ROOT.resolve("docs"), ".*\\.md"));
        assertTrue(pages.size() > 15, pages.size() + " pages");
        return pages;
    }

    private static List<Path> files(Path folder, String pattern) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(p -> Files.isRegularFile(p) && p.toString().matches(pattern) && !p.toString().contains("target")).sorted()
                    .toList();
        }
    }
}
