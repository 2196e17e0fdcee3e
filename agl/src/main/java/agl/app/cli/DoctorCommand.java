package agl.app.cli;

import agl.app.io.BuildInfo;
import agl.autograd.kernels.DeviceKernels;
import agl.autograd.kernels.Kernels;
import agl.autograd.kernels.Providers;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code agl doctor}: what this machine offers, and how to get what is missing. */
@Command(name = "doctor", description = "Look at this machine: JDK, Vector API, cores, memory, GPU; and what to do about what is missing.")
public final class DoctorCommand implements Callable<Integer> {
    /** {@code NOTE} is something that only some users need. */
    public enum State {
        @JsonProperty("ok") OK,
        @JsonProperty("note") NOTE,
        @JsonProperty("missing") MISSING
    }

    /**
     * One line of output.
     *
     * @param advice what to do; empty if nothing
     */
    public record Finding(String item, State state, String found, String advice) {
    }

    @Mixin private JsonOption json;

    @Spec
    private CommandSpec spec;

    @Override public Integer call() throws JsonProcessingException {
        List<Finding> findings = examine(System.getenv(), Path.of(System.getProperty("user.home")));
        PrintWriter out = spec.commandLine().getOut();
        if (json.asked) {
            Map<String, Object> answer = new LinkedHashMap<>();
            answer.put("version", BuildInfo.version());
            answer.put("findings", findings);
            out.println(new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsString(answer));
        } else {
            out.println("agl " + BuildInfo.version());
            for (Finding f : findings) {
                out.printf("  %-8s %-14s %s%n", f.state().name().toLowerCase(), f.item(), f.found());
                if (!f.advice().isEmpty()) {
                    out.printf("  %-8s %-14s -> %s%n", "", "", f.advice());
                }
            }
        }
        out.flush();
        return 0;
    }

    public static List<Finding> examine(Map<String, String> environment, Path home) {
        List<Finding> findings = new ArrayList<>();
        findings.add(new Finding("JDK", State.OK,
                Runtime.version() + ", " + System.getProperty("java.vendor") + ", " + System.getProperty("java.home"), ""));
        findings.add(vectorModule());
        findings.add(kernels());
        int cores = Runtime.getRuntime().availableProcessors();
        findings.add(new Finding("cores", State.OK, Integer.toString(cores), ""));
        findings.add(heap());
        findings.add(gpu(environment, home));
        findings.addAll(devices(environment));
        return findings;
    }

    private static Finding vectorModule() {
        if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
            return new Finding("Vector API", State.MISSING,
                    "module jdk.incubator.vector is not loaded: the plain kernels do the work, many times slower",
                    "start with: java --add-modules jdk.incubator.vector -jar agl.jar");
        }
        int bits = VectorWidth.floatBits();
        return bits >= 128
                ? new Finding("Vector API", State.OK, bits + " bits wide, " + bits / Float.SIZE + " floats at a time", "")
                : new Finding("Vector API", State.MISSING, "loaded, but only " + bits + " bits wide",
                        "this processor or JVM offers no SIMD to Java; check for -Xint or -XX:UseAVX=0 among the JVM flags");
    }

    /** A separate class, so that nothing links the incubator module before it is known to be present. */
    private static final class VectorWidth {
        static int floatBits() {
            return jdk.incubator.vector.FloatVector.SPECIES_PREFERRED.vectorBitSize();
        }
    }

    private static Finding kernels() {
        String name = Kernels.best().name();
        String why = Providers.message();
        return new Finding("kernels", why.isEmpty() ? State.OK : State.NOTE, why.isEmpty() ? name : name + " (" + why + ")", "");
    }

    private static Finding heap() {
        long heapMb = Runtime.getRuntime().maxMemory() >> 20;
        String found = "at most " + heapMb + " MB";
        if (ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean os) {
            found += " of the machine's " + (os.getTotalMemorySize() >> 20) + " MB";
        }
        return heapMb >= 1000
                ? new Finding("heap", State.OK, found, "")
                : new Finding("heap", State.NOTE, found, "enough for small models only; give more with java -Xmx4g -jar agl.jar");
    }

    /** TornadoVM is our only way to the GPU; looked for where its installer and SDKMAN put it. */
    private static Finding gpu(Map<String, String> environment, Path home) {
        String named = environment.getOrDefault("TORNADOVM_HOME", environment.getOrDefault("TORNADO_SDK", ""));
        if (!named.isEmpty()) {
            return Files.isDirectory(Path.of(named))
                    ? new Finding("GPU", State.OK, "TornadoVM at " + named, "")
                    : new Finding("GPU", State.MISSING, "TORNADOVM_HOME names " + named + ", which is not a folder",
                            "correct it, or unset it to work on the CPU");
        }
        Path sdkman = home.resolve(".sdkman/candidates/tornadovm/current");
        if (Files.isDirectory(sdkman)) {
            return new Finding("GPU", State.NOTE, "TornadoVM at " + sdkman + ", but TORNADOVM_HOME is not set",
                    "set TORNADOVM_HOME=" + sdkman);
        }
        return new Finding("GPU", State.NOTE, "no TornadoVM; the CPU does the work",
                "only for a GPU: install TornadoVM (sdk install tornadovm) and set TORNADOVM_HOME");
    }

    /** Devices for the GPU kernels; empty without TornadoVM. */
    private static List<Finding> devices(Map<String, String> environment) {
        DeviceKernels kernels = ServiceLoader.load(DeviceKernels.class).findFirst().orElse(null);
        if (kernels == null) {
            return environment.containsKey("TORNADOVM_HOME")
                    ? List.of(new Finding("GPU kernels", State.NOTE, "not in this build", "build again with TORNADOVM_HOME set"))
                    : List.of();
        }
        if (kernels.devices().isEmpty()) {
            return List.of(new Finding("GPU kernels", State.NOTE, kernels.problem(),
                    "install a driver for the device, or TornadoVM if there is none (sdk install tornadovm)"));
        }
        return kernels.devices().stream()
                .map(d -> new Finding("gpu:" + d.index(), State.OK, d.name() + (d.gpu() ? "" : ", no GPU: for trying out only"), ""))
                .toList();
    }
}
