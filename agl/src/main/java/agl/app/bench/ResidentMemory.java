package agl.app.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** This process's memory as reported by the operating system. */
public final class ResidentMemory {
    private ResidentMemory() { }

    /**
     * Peak resident memory in MB (2^20 bytes), including heap, mapped weights and the JVM itself; NaN if unknown (outside Linux).
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
