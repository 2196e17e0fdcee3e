package agl.app.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the operating system says about this process. */
public final class ResidentMemory {
    private ResidentMemory() { }

    /**
     * Most memory that was resident at once, in MB (2^20 bytes), all of it: heap, mapped weights, the JVM itself; NaN where it is not known
     * (outside Linux).
     */
    public static double peakMb() {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
                if (line.startsWith("VmHWM:")) {
                    return Long.parseLong(line.replaceAll("\\D", "")) / 1024.0;
                }
            }
        } catch (IOException e) {
            return Double.NaN;
        }
        return Double.NaN;
    }
}
