package agl.app;

/**
 * Ends this JVM when the launcher that started it is gone. A signal that can be caught reaches this process through the launcher; after
 * {@code kill -9}, a {@code timeout -s KILL} or a scheduler's kill nobody would tell it, and it would go on training and write over
 * what a later run wrote.
 */
final class LauncherWatch {
    /** Set by the launcher: its own process id. */
    static final String LAUNCHER = "agl.launcher";
    private static final long MILLIS = 100;
    private static final int KILLED = 137;

    private LauncherWatch() {
    }

    static void start() {
        Long launcher = Long.getLong(LAUNCHER);
        if (launcher != null) {
            Thread.ofPlatform().daemon().name("launcher-watch").start(() -> watch(launcher));
        }
    }

    private static void watch(long launcher) {
        try {
            while (isParent(launcher)) {
                Thread.sleep(MILLIS);
            }
            // Not exit: nothing is to be finished or written any more. What is half-written lies under a temporary name.
            Runtime.getRuntime().halt(KILLED);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** A process whose parent has ended is given another one at once, even while the dead parent waits to be collected. */
    private static boolean isParent(long launcher) {
        return ProcessHandle.current().parent().map(parent -> parent.pid() == launcher && parent.isAlive()).orElse(false);
    }
}
