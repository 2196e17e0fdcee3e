package agl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.DataInputStream;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The search for a JDK over folders made here, and the second start's command line. */
class LauncherTest {
    @TempDir
    Path root;

    private final Map<String, String> environment = new HashMap<>();

    private Path fakeJdk(String place, String version, String modules) throws IOException {
        Path home = Files.createDirectories(root.resolve(place));
        Files.createDirectories(home.resolve("bin"));
        Path java = Files.writeString(home.resolve("bin/java"), "");
        assertTrue(java.toFile().setExecutable(true));
        Files.writeString(home.resolve("release"), "JAVA_VERSION=\"" + version + "\"\n"
                + (modules == null ? "" : "MODULES=\"" + modules + "\"\n"));
        return home;
    }

    private File found(String runningHome) {
        JdkFinder.Jdk jdk = new JdkFinder(environment, root.resolve("home/me").toString(), runningHome, root.toString()).find();
        return jdk == null ? null : jdk.home;
    }

    @ParameterizedTest
    @CsvSource({"1.8.0_392,8", "1.8,8", "17,17", "17.0.15,17", "25,25", "25.0.3,25", "26-ea,26", "'',0", "none,0"})
    void readsVersions(String version, int major) {
        assertEquals(major, JdkFinder.majorVersion(version));
    }

    @Test
    void findsNothingWhereNothingWillDo() throws IOException {
        fakeJdk("usr/lib/jvm/java-17", "17.0.15", "java.base jdk.incubator.vector");
        Files.createDirectories(root.resolve("opt/something"));
        assertNull(found(root.resolve("usr/lib/jvm/java-17").toString()));
    }

    @Test void findsTheUsualPlaces() throws IOException {
        for (String place : List.of("usr/lib/jvm/jdk-25", "opt/jdk-25", "home/me/.sdkman/candidates/java/25.0.1-tem",
                "home/me/.jdks/temurin-25",
                "Library/Java/JavaVirtualMachines/temurin-25.jdk/Contents/Home")) {
            Path home = fakeJdk(place, "25.0.1", "java.base jdk.incubator.vector");
            assertEquals(home.toFile(), found(null), place);
            Files.delete(home.resolve("release"));
        }
        assertNull(found(null));
    }

    @Test
    void aNamedJdkComesFirstAndTheOldestOfTheOthers() throws IOException {
        fakeJdk("opt/jdk-27", "27", "java.base jdk.incubator.vector");
        Path jdk25 = fakeJdk("opt/jdk-25", "25", "java.base jdk.incubator.vector");
        fakeJdk("opt/jdk-26", "26", "java.base jdk.incubator.vector");
        assertEquals(jdk25.toFile(), found(null));
        Path running = fakeJdk("elsewhere/26", "26.0.1", "java.base jdk.incubator.vector");
        assertEquals(running.toFile(), found(running.toString()));
        Path javaHome = fakeJdk("elsewhere/27", "27", "java.base jdk.incubator.vector");
        environment.put("JAVA_HOME", javaHome.toString());
        assertEquals(javaHome.toFile(), found(running.toString()));
        Path aglHome = fakeJdk("elsewhere/28", "28", "java.base jdk.incubator.vector");
        environment.put("AGL_JAVA_HOME", aglHome.toString());
        assertEquals(aglHome.toFile(), found(running.toString()));
        environment.put("AGL_JAVA_HOME", root.resolve("nowhere").toString());
        assertEquals(javaHome.toFile(), found(running.toString()));
    }

    @Test
    void prefersTheVectorModuleAndTakesAJdkWithoutItForWantOfBetter() throws IOException {
        Path slim = fakeJdk("elsewhere/slim", "25", "java.base java.logging");
        environment.put("JAVA_HOME", slim.toString());
        assertEquals(slim.toFile(), found(null));
        Path whole = fakeJdk("opt/jdk-26", "26", null);
        assertEquals(whole.toFile(), found(null));
    }

    @Test
    void ignoresAFolderWithoutAJavaToStart() throws IOException {
        Path home = fakeJdk("opt/jdk-25", "25", null);
        Files.delete(home.resolve("bin/java"));
        assertNull(found(null));
    }

    @Test
    void secondStartKeepsMemoryAndPropertiesOnly() throws IOException {
        JdkFinder.Jdk jdk = JdkFinder.inspect(fakeJdk("opt/jdk-25", "25", null).toFile());
        List<String> command = Launcher.command(jdk, List.of("-Xmx6g", "-Dx=y", "-XX:+UseConcMarkSweepGC", "-javaagent:a.jar", "-ea",
                "--add-modules=jdk.incubator.vector"), List.of(), "agl.jar", new String[] {"train", "--seed", "1"});
        assertEquals(root.resolve("opt/jdk-25/bin/java").toString(), command.get(0));
        assertTrue(command.containsAll(List.of("-Xmx6g", "-Dx=y", "-ea")));
        assertFalse(command.contains("-XX:+UseConcMarkSweepGC"));
        assertFalse(command.contains("-javaagent:a.jar"));
        assertEquals(1, command.stream().filter(a -> a.contains("add-modules")).count());
        assertEquals(List.of("-cp", new File("agl.jar").getAbsolutePath(), "agl.Launcher", "train", "--seed", "1"),
                command.subList(command.indexOf("-cp"), command.size()));
    }

    @Test
    void tornadoVmComesAlongWhereADeviceIsAskedFor() throws IOException {
        Path sdk = Files.createDirectories(root.resolve("home/me/.sdkman/candidates/tornadovm/current"));
        Files.writeString(sdk.resolve("tornado-argfile.template"),
                "# comment\n\n-XX:+UseParallelGC\n--enable-preview\n--module-path .:${TORNADOVM_HOME}/jars\n");
        String home = root.resolve("home/me").toString();
        assertEquals(List.of(), TornadoFlags.find(environment, home, new String[] {"train", "--device", "cpu"}));
        assertEquals(List.of(), TornadoFlags.find(environment, home, new String[] {"train"}));
        List<String> flags = TornadoFlags.find(environment, home, new String[] {"train", "--device", "gpu:1"});
        assertEquals(List.of("--enable-preview", "--module-path", ".:" + sdk + "/jars"), flags.subList(0, 3));
        assertTrue(flags.contains("-Dtornado.recover.bailout=False"));
        assertEquals(flags, TornadoFlags.find(environment, home, new String[] {"train", "--device=auto"}));
        assertEquals(flags, TornadoFlags.find(environment, home, new String[] {"doctor"}));
        // What TORNADOVM_HOME names comes first, and a file that is ready before its template.
        Path named = Files.createDirectories(root.resolve("sdk"));
        Files.writeString(named.resolve("tornado-argfile"), "-server\n");
        environment.put("TORNADOVM_HOME", named.toString());
        assertEquals("-server", TornadoFlags.find(environment, home, new String[] {"doctor"}).get(0));
        environment.put("TORNADOVM_HOME", root.resolve("none").toString());
        assertEquals(List.of(), TornadoFlags.find(environment, home, new String[] {"doctor"}));
    }

    @Test
    void theCollectorIsChosenUnlessTheUserDid() throws IOException {
        JdkFinder.Jdk jdk = JdkFinder.inspect(fakeJdk("opt/jdk-25", "25", null).toFile());
        List<String> command = Launcher.command(jdk, List.of("-Xmn300m"), List.of(), "agl.jar", new String[0]);
        assertTrue(command.contains("-XX:+UseSerialGC"));
        assertTrue(command.indexOf("-Xmn300m") > command.indexOf("-Xmn64m"), "the last one counts");
        assertFalse(Launcher.isTuned(List.of("--add-modules=jdk.incubator.vector", "-Xmx6g", "-Dx=y", "-ea", "-XX:MaxRAMPercentage=50")));
        for (String own : List.of("-XX:+UseG1GC", "-javaagent:a.jar", "-agentlib:jdwp=transport=dt_socket", "-Xint")) {
            assertTrue(Launcher.isTuned(List.of("-Xmx6g", own)), own);
        }
        assertTrue(Launcher.isBrief(new String[] {"train", "--help"}));
        assertFalse(Launcher.isBrief(new String[] {"train", "--task", "help"}));
    }

    /** The point of the class: any Java from 8 on loads it. */
    @Test
    void theLauncherIsJava8() throws IOException {
        for (String name : List.of("Launcher", "JdkFinder", "JdkFinder$Jdk", "Launcher$1", "WarningFilter", "WarningFilter$1")) {
            try (DataInputStream in = new DataInputStream(Launcher.class.getResourceAsStream(name + ".class"))) {
                assertEquals(0xCAFEBABE, in.readInt());
                in.readUnsignedShort();
                assertEquals(52, in.readUnsignedShort(), name);
            }
        }
    }
}
