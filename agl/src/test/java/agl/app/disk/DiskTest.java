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
 * Power loss and full disks, see {@link DiskRuns}. Few points of each command; {@code -Dagl.disk.points=1000000} tries every one.
 */
class DiskTest {
    @TempDir Path temp;

    private void run(String what, int points, String... commands) throws Exception {
        List<String> all = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djava.nio.file.spi.DefaultFileSystemProvider=" + DiskProvider.class.getName(),
                "-Dagl.disk.points=" + Integer.getInteger("agl.disk.points", points), "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
                "-Xmx512m", "-cp", System.getProperty("java.class.path"), DiskRuns.class.getName(), temp.toRealPath().toString(), what));
        all.addAll(List.of(commands));
        Path said = temp.resolve("said.txt");
        Process process = new ProcessBuilder(all).redirectErrorStream(true).redirectOutput(said.toFile()).start();
        try {
            assertTrue(process.waitFor(1, TimeUnit.HOURS));
            assertEquals(0, process.exitValue(), Files.readString(said));
            for (String command : commands) {
                assertTrue(Files.readString(said).contains(command + ": "), Files.readString(said));
            }
        } finally {
            process.destroyForcibly();
        }
    }

    @Test void aPowerLossLeavesNothingHalfWritten() throws Exception {
        run("power", 6, "train", "align", "merge", "fisher");
    }

    @Test void aFullDiskCostsNothingThatWasSaved() throws Exception {
        run("full", 6, "train", "merge", "fisher");
    }
}
