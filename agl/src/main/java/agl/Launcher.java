package agl;

import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The jar's entry class. It is compiled for Java 8, so that it loads on whatever {@code java} the user has. It looks for a JDK 25 or later
 * with the Vector API module and starts itself again there with the right flags, handing over standard input and output and passing the
 * exit code through. Where there is none it says so in one line and exits with code 2. In a JVM that has the module and was started with
 * flags of the user's own, or only to show help, {@code agl.app.Main} is called directly.
 */
public final class Launcher {
    /** Tells the second start that it is the second, so that it never starts a third. */
    static final String RELAUNCHED = "agl.relaunched";
    /** Tells the second start which process it may not outlive. */
    static final String LAUNCHER = "agl.launcher";
    private static final String MAIN_CLASS = "agl.app.Main";
    /** Heap and stack sizes: the flags that every JVM version understands alike. */
    private static final List<String> MEMORY_FLAGS = Arrays.asList("-Xmx", "-Xms", "-Xmn", "-Xss");

    /**
     * A few large arrays live from step to step and little else does. The serial collector keeps them without gaps and with a small
     * nursery; the default one needs half as much memory again for the same training step. The other two flags are those the default
     * collector sets for itself: without them HotSpot runs out of registers in the matrix product's inner loop, which is then half as fast.
     */
    private static final List<String> COLLECTOR_FLAGS = Arrays.asList("-XX:+IgnoreUnrecognizedVMOptions", "-XX:+UseSerialGC", "-Xmn64m",
            "-XX:+UseCountedLoopSafepoints", "-XX:LoopStripMiningIter=1000");

    private Launcher() {
    }

    public static void main(String[] args) throws Exception {
        boolean newEnough = JdkFinder.majorVersion(System.getProperty("java.specification.version")) >= JdkFinder.MIN_VERSION;
        boolean ready = newEnough && vectorModulePresent();
        List<String> jvmArguments = ManagementFactory.getRuntimeMXBean().getInputArguments();
        if (newEnough && Boolean.getBoolean(RELAUNCHED) || ready && (isTuned(jvmArguments) || isBrief(args))) {
            callMain(args);
            return;
        }
        String home = System.getProperty("java.home");
        JdkFinder.Jdk jdk = ready ? JdkFinder.inspect(new File(home))
                : new JdkFinder(System.getenv(), System.getProperty("user.home"), home, "").find();
        if (jdk != null && !Boolean.getBoolean(RELAUNCHED)) {
            System.exit(relaunch(jdk, jvmArguments, args));
        } else if (newEnough) {
            callMain(args); // no vector module anywhere: the plain kernels do the work, and the program says so
        } else {
            System.err.println("agl: needs a JDK " + JdkFinder.MIN_VERSION + " or later, and this is Java "
                    + System.getProperty("java.version")
                    + "; install one (for example from https://adoptium.net) and, if it is not found by itself, "
                    + "set JAVA_HOME to its folder");
            System.exit(2);
        }
    }

    private static boolean vectorModulePresent() {
        try {
            Class.forName("jdk.incubator.vector.FloatVector", false, ClassLoader.getSystemClassLoader());
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    /** By name: the class files of the application are too new for this class to link. */
    private static void callMain(String[] args) throws Exception {
        try {
            Class.forName(MAIN_CLASS).getMethod("main", String[].class).invoke(null, (Object) args);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof Error) {
                throw (Error) e.getCause();
            }
            throw e.getCause() instanceof Exception ? (Exception) e.getCause() : e;
        }
    }

    private static int relaunch(JdkFinder.Jdk jdk, List<String> jvmArguments, String[] args) throws InterruptedException {
        List<String> command = command(jdk, jvmArguments, TornadoFlags.find(System.getenv(), System.getProperty("user.home"), args),
                System.getProperty("java.class.path"), args);
        final Process child;
        try {
            child = new ProcessBuilder(command).inheritIO().start();
        } catch (IOException e) {
            System.err.println("agl: cannot start " + command.get(0) + ": " + e.getMessage());
            return 2;
        }
        Runtime.getRuntime().addShutdownHook(new Thread("stop-child") {
            @Override public void run() {
                end(child);
            }
        });
        return child.waitFor();
    }

    /**
     * Ctrl-C reaches both processes, a plain kill only this one: either way the child ends first and its last output is seen. After a kill
     * that cannot be caught, kill -9, the child sees that this process is gone and ends by itself.
     */
    private static void end(Process child) {
        child.destroy();
        try {
            child.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The second start's command line. */
    static List<String> command(JdkFinder.Jdk jdk, List<String> jvmArguments, List<String> gpuFlags, String classPath, String[] args) {
        List<String> command = new ArrayList<String>();
        command.add(jdk.java().getPath());
        if (jdk.hasVectorModule) {
            command.add("--add-modules");
            command.add("jdk.incubator.vector");
        }
        command.add("--enable-native-access=ALL-UNNAMED");
        command.addAll(COLLECTOR_FLAGS);
        command.addAll(gpuFlags);
        for (String argument : jvmArguments) {
            if (isInherited(argument)) {
                command.add(argument);
            }
        }
        command.add("-D" + RELAUNCHED + "=true");
        command.add("-D" + LAUNCHER + "=" + processId());
        command.add("-cp");
        command.add(absolute(classPath));
        command.add(Launcher.class.getName());
        command.addAll(Arrays.asList(args));
        return command;
    }

    /** Properties, assertions, heap and stack go along; -XX flags and agents may not exist, or not work twice, in the other JVM. */
    private static boolean isInherited(String argument) {
        if (argument.startsWith("-D") || argument.startsWith("-ea") || argument.startsWith("-XX:MaxRAMPercentage=")
                || argument.startsWith("-XX:ActiveProcessorCount=") || argument.startsWith("-XX:MaxDirectMemorySize=")) {
            return true;
        }
        for (String flag : MEMORY_FLAGS) {
            if (argument.startsWith(flag)) {
                return true;
            }
        }
        return false;
    }

    /** Whether the user chose flags that a second start would lose: a collector, a debugger, an agent. */
    static boolean isTuned(List<String> jvmArguments) {
        for (String argument : jvmArguments) {
            boolean chosen = argument.startsWith("-XX:") || argument.startsWith("-agent") || argument.startsWith("-javaagent")
                    || argument.startsWith("-Xrun") || argument.startsWith("-Xint");
            if (chosen && !isInherited(argument)) {
                return true;
            }
        }
        return false;
    }

    /** Help and version need no memory, but should be there at once. */
    static boolean isBrief(String[] args) {
        return Arrays.asList(args).stream().anyMatch(a -> Arrays.asList("-h", "--help", "-V", "--version").contains(a));
    }

    /** The part before the @ on every JVM that is in use; Java 8 has no other way without native code. */
    private static String processId() {
        return ManagementFactory.getRuntimeMXBean().getName().split("@")[0];
    }

    private static String absolute(String classPath) {
        StringBuilder result = new StringBuilder();
        for (String entry : classPath.split(File.pathSeparator)) {
            result.append(result.length() == 0 ? "" : File.pathSeparator).append(new File(entry).getAbsolutePath());
        }
        return result.toString();
    }
}
