package agl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** bin/agl and bin/agl-jshell, on a project and a JDK made here: what they start, and with what. */
class ScriptsTest {
    @TempDir Path temp;
    private Path project;
    private Path jdk;

    @BeforeEach void project() throws IOException {
        Assumptions.assumeTrue(Files.isExecutable(Path.of("/usr/bin/env")) && Files.exists(Path.of("/bin/bash")));
        project = Files.createDirectories(temp.resolve("a project"));
        Files.createDirectories(project.resolve("bin"));
        for (String name : List.of("agl", "agl-jshell", "find-java.sh")) {
            Files.copy(Path.of("..", "bin", name), project.resolve("bin").resolve(name));
        }
        Files.createDirectories(project.resolve("target"));
        Files.writeString(project.resolve("target/agl.jar"), "");
        jdk = Files.createDirectories(temp.resolve("a jdk/bin")).getParent();
        script("java",
                "if [ \"$1\" = -cp ]; then echo \"$JAVA_SAYS\"; [ -n \"$JAVA_SAYS\" ]; else for a; do echo \"[$a]\"; done; exit 7; fi");
        script("jshell", "for a; do echo \"[$a]\"; done");
    }

    private void script(String name, String text) throws IOException {
        Path file = Files.writeString(jdk.resolve("bin").resolve(name), "#!/bin/bash\n" + text + "\n");
        assertTrue(file.toFile().setExecutable(true));
    }

    private record Outcome(int code, List<String> lines) { }

    private Outcome run(Path script, Map<String, String> environment, String... args) throws Exception {
        List<String> command = new ArrayList<>(List.of("/bin/bash", script.toString()));
        command.addAll(List.of(args));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true).directory(temp.toFile());
        builder.environment().keySet().removeAll(List.of("JAVA_HOME", "AGL_JAVA_FLAGS", "JSHELL"));
        builder.environment().put("AGL_JAVA_HOME", jdk.toString());
        builder.environment().putAll(environment);
        Process p = builder.start();
        String out = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Outcome(p.waitFor(), out.lines().toList());
    }

    @Test void aglStartsTheJarWithItsArgumentsAndEndsAsItDoes() throws Exception {
        Outcome outcome = run(project.resolve("bin/agl"), Map.of(), "train", "--task", "my file.csv", "");
        assertEquals(List.of("[-jar]", "[" + project.resolve("target/agl.jar") + "]", "[train]", "[--task]", "[my file.csv]", "[]"),
                outcome.lines);
        assertEquals(7, outcome.code);
        assertEquals("[-Xmx6g]", run(project.resolve("bin/agl"), Map.of("AGL_JAVA_FLAGS", "-Xmx6g -Da=b")).lines.getFirst());
    }

    @Test void aLinkToItWorksFromAnywhere() throws Exception {
        Path link = Files.createSymbolicLink(temp.resolve("agl"), project.resolve("bin/agl"));
        assertEquals("[" + project.resolve("target/agl.jar") + "]", run(link, Map.of()).lines.get(1));
    }

    @Test void withoutTheJarItSaysHowToBuildIt() throws Exception {
        Files.delete(project.resolve("target/agl.jar"));
        for (String name : List.of("agl", "agl-jshell")) {
            Outcome outcome = run(project.resolve("bin").resolve(name), Map.of());
            assertEquals(2, outcome.code);
            assertEquals(1, outcome.lines.size());
            assertTrue(outcome.lines.getFirst().contains("mvn -q package -DskipTests"), outcome.lines.toString());
        }
    }

    @Test void jshellIsThatOfTheJdkThatTheLauncherTakes() throws Exception {
        Outcome outcome = run(project.resolve("bin/agl-jshell"), Map.of("JAVA_SAYS", jdk.toString()), "--feedback", "concise");
        assertEquals(0, outcome.code);
        assertEquals(List.of("[--class-path]", "[" + project.resolve("target/agl.jar") + "]"), outcome.lines.subList(0, 2));
        assertEquals(List.of("[" + project.resolve("docs/course/start.jsh") + "]", "[--feedback]", "[concise]"),
                outcome.lines.subList(outcome.lines.size() - 3, outcome.lines.size()));
        assertEquals(2, run(project.resolve("bin/agl-jshell"), Map.of("JAVA_SAYS", "")).code);
    }
}
