package agl.app;

/**
 * Ends this JVM when the launcher that started it is gone. The launcher forwards signals that can be caught; without this watch, after
 * {@code kill -9}, {@code timeout -s KILL} or a scheduler's kill this process would go on training and overwrite the output of a later run.
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
            // halt, not exit: nothing may be finished or written any more. Half-written files still have temporary names.
            Runtime.getRuntime().halt(KILLED);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** An orphaned process is reparented at once, even while its dead parent is still a zombie. */
    private static boolean isParent(long launcher) {
        return ProcessHandle.current().parent().map(parent -> parent.pid() == launcher && parent.isAlive()).orElse(false);
    }
}
