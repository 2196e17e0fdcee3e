package agl.app.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Power loss and full disks, see {@link DiskRuns}. Few points of a few commands; {@code -Dagl.disk.points=1000000} tries every one of all.
 */
class DiskTest {
    private static final int POINTS = Integer.getInteger("agl.disk.points", 0);
    private static final List<String> ALL = List.of("train", "agl", "align", "merge", "fisher", "drift", "compare");

    @TempDir Path temp;

    private void run(String what, List<String> few) throws Exception {
        List<String> commands = POINTS > 0 ? ALL : few;
        List<String> all = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djava.nio.file.spi.DefaultFileSystemProvider=" + DiskProvider.class.getName(),
                "-Dagl.disk.points=" + (POINTS > 0 ? POINTS : 6), "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
                "-Xmx512m", "-cp", System.getProperty("java.class.path"), DiskRuns.class.getName(), temp.toRealPath().toString(), what));
        all.addAll(commands);
        Path said = temp.resolve("said.txt");
        Process process = new ProcessBuilder(all).redirectErrorStream(true).redirectOutput(said.toFile()).start();
        try {
            assertTrue(process.waitFor(10, TimeUnit.HOURS));
            assertEquals(0, process.exitValue(), Files.readString(said));
            for (String command : commands) {
                assertTrue(Files.readString(said).contains(command + ": "), Files.readString(said));
            }
        } finally {
            process.destroyForcibly();
        }
    }

    @Test void aPowerLossLeavesNothingHalfWritten() throws Exception {
        run("power", List.of("train", "align", "merge", "fisher"));
    }

    @Test void aFullDiskCostsNothingThatWasSaved() throws Exception {
        run("full", List.of("train", "merge", "fisher"));
    }
}
