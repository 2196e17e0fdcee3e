package agl.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** NOTICE names what the jar holds, in the versions that it holds: no more, no less. */
class NoticeTest {
    @Test
    void everyPartOfTheJarIsNamed() throws IOException {
        InputStream list = NoticeTest.class.getResourceAsStream("/agl/dependencies.txt");
        Assumptions.assumeTrue(list != null, "the list of dependencies is made by Maven");
        Set<String> shaded;
        try (list) {
            shaded = Pattern.compile("([\\w.-]+):jar:([\\w.-]+):(compile|runtime)")
                    .matcher(new String(list.readAllBytes(), StandardCharsets.UTF_8)).results()
                    .map(m -> m.group(1) + " " + m.group(2)).collect(Collectors.toCollection(TreeSet::new));
        }
        assertTrue(shaded.size() > 10, shaded.toString());
        String notice = Files.readString(Path.of("../NOTICE"));
        Set<String> named = Pattern.compile("^  ([a-z0-9-]+ \\d[\\w.]*)(,.*)?$", Pattern.MULTILINE).matcher(notice).results()
                .map((MatchResult m) -> m.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(shaded, named);
        assertTrue(notice.startsWith("AGL for Java\n"), "the project itself");
    }
}
