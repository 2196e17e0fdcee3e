package agl.course;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import agl.app.explain.Site;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import jdk.jshell.tool.JavaShellToolBuilder;
import org.junit.jupiter.api.Test;

/** The course's pages, commands and start script are there and work. */
class CourseTest {
    private static final Path COURSE = Path.of("..", "docs", "course");

    /** A lesson names pages that exist, and every exercise has an answer. */
    @Test void lessonsHavePagesAndAnswers() throws Exception {
        String table = Files.readString(COURSE.resolve("README.md"));
        int named = 0;
        for (int n = 1; n <= 6; n++) {
            String link = "(lesson-" + n + ".md)";
            String[] cells = table.lines().filter(l -> l.contains(link)).findFirst().orElseThrow().split("\\|");
            for (String page : cells[4].strip().split(", ")) {
                assertTrue(Site.TOPICS.contains(page), "lesson " + n + " names the page " + page);
                named++;
            }
            String lesson = Files.readString(COURSE.resolve("lesson-" + n + ".md"));
            long exercises = Pattern.compile("(?m)^\\d+\\. ").matcher(lesson).results().count();
            long answers = Arrays.stream(Class.forName("agl.course.Lesson" + n + "Test").getDeclaredMethods())
                    .filter(m -> m.getName().startsWith("exercise")).count();
            assertTrue(exercises >= 3);
            assertEquals(exercises, answers, "lesson " + n);
        }
        assertEquals(Site.TOPICS.size(), named, "every page belongs to a lesson");
    }

    @Test void jshellStartsWithTensorsAndGradients() throws Exception {
        String input = "Tensor x = leaf(1, 2, 3)\ngradients(v(x).squared().sum(), x)\nSystem.out.println(check((t, in) -> Tanh.of(t, "
                + "in[0]), x).passed())\n/exit\n";
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        String path = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        // jshell refuses a path that names a folder that is not there.
        path = Arrays.stream(path.split(File.pathSeparator)).filter(p -> Files.exists(Path.of(p)))
                .collect(Collectors.joining(File.pathSeparator));
        int code = JavaShellToolBuilder.builder().persistence(new java.util.HashMap<>())
                .in(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)), null)
                .out(new PrintStream(out, true, StandardCharsets.UTF_8)).interactiveTerminal(false)
                .start("--class-path", path, "--add-modules", "jdk.incubator.vector", COURSE.resolve("start.jsh").toString());
        String text = out.toString(StandardCharsets.UTF_8);
        assertEquals(0, code, text);
        assertTrue(text.contains("L = 14.0") && text.contains("[2.0, 4.0, 6.0]") && text.contains("true"), text);
    }
}
