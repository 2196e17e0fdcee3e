package agl;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** The JVM flags that TornadoVM needs, read from its own argument file, for commands that may use a device. */
final class TornadoFlags {
    private TornadoFlags() {
    }

    /** Empty if no device is requested or TornadoVM is found neither in TORNADOVM_HOME nor in SDKMAN's folder. */
    static List<String> find(Map<String, String> environment, String userHome, String[] args) {
        String named = environment.get("TORNADOVM_HOME");
        File home = named == null || named.trim().isEmpty() ? new File(userHome, ".sdkman/candidates/tornadovm/current")
                : new File(named.trim());
        File ready = new File(home, "tornado-argfile");
        File file = ready.isFile() ? ready : new File(home, "tornado-argfile.template");
        if (!asksForDevice(args) || !file.isFile()) {
            return new ArrayList<String>();
        }
        List<String> flags = new ArrayList<String>();
        try {
            for (String line : Files.readAllLines(file.toPath(), StandardCharsets.UTF_8)) {
                String flag = line.trim().replace("${TORNADOVM_HOME}", home.getPath());
                // We choose the collector ourselves; selecting two is an error.
                if (!flag.isEmpty() && !flag.startsWith("#") && !flag.equals("-XX:+UseParallelGC")) {
                    flags.addAll(Arrays.asList(flag.split("\\s+", 2)));
                }
            }
        } catch (IOException e) {
            System.err.println("agl: cannot read " + file + ": " + e.getMessage());
            return new ArrayList<String>();
        }
        // A kernel that cannot be compiled is an error; the compiler must not rewrite floating-point arithmetic.
        flags.add("-Dtornado.recover.bailout=False");
        flags.add("-Dtornado.opencl.compiler.flags=-cl-mad-enable -w");
        return flags;
    }

    private static boolean asksForDevice(String[] args) {
        for (int i = 0; i < args.length; i++) {
            boolean here = args[i].startsWith("--device=") && !args[i].equals("--device=cpu");
            boolean next = args[i].equals("--device") && i + 1 < args.length && !args[i + 1].equals("cpu");
            if (here || next || i == 0 && args[i].equals("doctor")) {
                return true;
            }
        }
        return false;
    }
}
