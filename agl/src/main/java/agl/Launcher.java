package agl;

import java.io.File;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The jar's entry class. Compiled for Java 8, so that it loads on whatever {@code java} the user has. It finds a JDK 25 or later with the
 * Vector API module and restarts itself there with the right flags; standard input, output, errors and the exit code are passed through,
 * except one line: the JVM's warning that the module is an incubator's, which says nothing to the user ({@link WarningFilter}). If there
 * is no such JDK, it says so in one line and exits with code 2. If the JVM already has the module and was started with the user's own
 * flags, or only help is wanted, it calls {@code agl.app.Main} directly.
 */
public final class Launcher {
    /** Marks the relaunched process, so that it never relaunches again. */
    static final String RELAUNCHED = "agl.relaunched";
    /** Id of the launcher process, which the relaunched process must not outlive. */
    static final String LAUNCHER = "agl.launcher";
    private static final String MAIN_CLASS = "agl.app.Main";
    /** After the child's end its last output arrives at once, unless a process that it started keeps the stream open. */
    private static final long LAST_WORDS_MILLIS = 5000;
    /** Heap and stack sizes: flags with the same meaning in every JVM version. */
    private static final List<String> MEMORY_FLAGS = Arrays.asList("-Xmx", "-Xms", "-Xmn", "-Xss");

    /**
     * A few large arrays survive from step to step, and little else. The serial collector keeps them compact and needs only a small
     * nursery; the default collector needs half as much memory again for the same training step. The default collector sets the last two
     * flags itself: without them HotSpot runs out of registers in the inner loop of the matrix product, which halves its speed.
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
            callMain(args); // no vector module anywhere: falls back to the plain kernels, and the program says so
        } else {
            System.err.println(JdkFinder.none());
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

    /** By reflection: the application's class files are too new for this class to link against. */
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
            ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
            child = (jdk.hasVectorModule ? builder.redirectError(ProcessBuilder.Redirect.PIPE) : builder).start();
        } catch (IOException e) {
            System.err.println("agl: cannot start " + command.get(0) + ": " + e.getMessage());
            return 2;
        }
        // Its JVM warns of the module; this one has warned already if the user named the module.
        final Thread relay = jdk.hasVectorModule ? WarningFilter.relay(child.getErrorStream(), new FileOutputStream(FileDescriptor.err))
                : null;
        Runtime.getRuntime().addShutdownHook(new Thread("stop-child") {
            @Override public void run() {
                end(child, relay);
            }
        });
        int code = child.waitFor();
        if (relay != null) {
            relay.join(LAST_WORDS_MILLIS);
        }
        return code;
    }

    /**
     * Ctrl-C reaches both processes, a plain kill only this one; either way the child ends first, so that its last output is not lost.
     * After kill -9, which cannot be caught, the child notices that this process is gone and ends itself.
     */
    private static void end(Process child, Thread relay) {
        terminate(child);
        try {
            child.waitFor();
            if (relay != null) {
                relay.join(LAST_WORDS_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Asks the child to end. {@code Process.destroy} does so too, but closes the pipe through which the child's last output comes; the
     * handle, which Java 8 does not have, leaves it open.
     */
    private static void terminate(Process child) {
        try {
            Object handle = Process.class.getMethod("toHandle").invoke(child);
            Class.forName("java.lang.ProcessHandle").getMethod("destroy").invoke(handle);
        } catch (ReflectiveOperationException e) {
            child.destroy();
        }
    }

    /** The command line of the relaunched process. */
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

    /**
     * Properties, assertions, heap and stack sizes are passed on; -XX flags and agents may not exist in the other JVM, or not work twice.
     */
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

    /** Whether the user chose flags that a relaunch would lose: a collector, a debugger, an agent. */
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

    /** Help and version need no heap settings, but should appear at once. */
    static boolean isBrief(String[] args) {
        return args.length > 0 && Arrays.asList("help", "settings").contains(args[0])
                || Arrays.asList(args).stream().anyMatch(a -> Arrays.asList("-h", "--help", "-V", "--version").contains(a));
    }

    /** The part before the @ on every JVM in use; Java 8 offers nothing better without native code. */
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
