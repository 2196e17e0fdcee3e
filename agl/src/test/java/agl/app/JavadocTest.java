package agl.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Every public type of every module says in a Javadoc comment what it is. */
class JavadocTest {
    private static final Pattern TYPE = Pattern
            .compile("\\s*public (?:(?:abstract|final|sealed|non-sealed|static) )*(?:class|interface|record|enum) (\\w+).*");

    @Test void everyPublicTypeHasAComment() throws IOException {
        List<String> without = new ArrayList<>();
        int types = 0;
        for (String module : List.of("autograd", "nn", "lora", "regularizers", "agl")) {
            try (Stream<Path> files = Files.walk(Path.of("..", module, "src", "main", "java"))) {
                for (Path file : files.filter(f -> f.toString().endsWith(".java")).sorted().toList()) {
                    List<String> lines = Files.readAllLines(file);
                    for (int i = 0; i < lines.size(); i++) {
                        if (TYPE.matcher(lines.get(i)).matches()) {
                            types++;
                            if (!commented(lines, i)) {
                                without.add(file + ":" + (i + 1));
                            }
                        }
                    }
                }
            }
        }
        assertEquals(List.of(), without);
        assertTrue(types > 150, types + " public types");
    }

    /** Whether the declaration, its annotations passed over, follows a comment's end. */
    private static boolean commented(List<String> lines, int at) {
        int i = at - 1;
        while (i >= 0 && !lines.get(i).isBlank() && !lines.get(i).strip().endsWith("*/") && !lines.get(i).strip().endsWith("}")
                && !lines.get(i).strip().endsWith(";")) {
            i--;
        }
        return i >= 0 && lines.get(i).strip().endsWith("*/");
    }

    @Test void theCheckSeesAMissingComment() {
        assertTrue(commented(List.of("/** Text. */", "@Command(name = \"x\",", "        footer = {\"\"})", "public final class A {"), 3));
        assertTrue(!commented(List.of("import x;", "", "public final class A {"), 2));
        assertTrue(!commented(List.of("    }", "    public record B(int x) { }"), 1));
    }
}
