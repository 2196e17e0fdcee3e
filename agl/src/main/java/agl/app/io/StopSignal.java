package agl.app.io;

import java.util.concurrent.atomic.AtomicReference;
import sun.misc.Signal;

/**
 * SIGINT (Ctrl-C) and SIGTERM while a run trains: the run ends after the step in progress, with a checkpoint. A second one of the same
 * kind ends the process at once, as does the first one elsewhere.
 */
public final class StopSignal implements AutoCloseable {
    /** A signal to all processes of a job comes once more from the launcher, as SIGTERM: that is not the user's second one. */
    private static final long SAME_NANOS = 3_000_000_000L;
    private static final AtomicReference<StopSignal> ACTIVE = new AtomicReference<>();
    private static boolean installed;

    private volatile int code;
    private volatile long first;

    private StopSignal() { }

    /** From now on, until this is closed, a signal only asks to stop. */
    public static synchronized StopSignal listen() {
        if (!installed) {
            installed = true;
            for (String name : new String[] {"INT", "TERM"}) {
                try {
                    Signal.handle(new Signal(name), s -> received(s.getNumber()));
                } catch (IllegalArgumentException e) {
                    // Started with -Xrs, or not a signal here: it ends the process at once, as it always did.
                    System.getLogger(StopSignal.class.getName()).log(System.Logger.Level.DEBUG, "no handler for " + name, e);
                }
            }
        }
        StopSignal signal = new StopSignal();
        ACTIVE.set(signal);
        return signal;
    }

    private static void received(int number) {
        StopSignal active = ACTIVE.get();
        if (active == null) {
            // Not from the signal's own thread: exit hooks may wait for other signals.
            new Thread(() -> System.exit(128 + number), "signal").start();
        } else {
            active.ask(number);
        }
    }

    /** Visible to tests, which cannot send themselves a signal. */
    void ask(int number) {
        long now = System.nanoTime();
        if (code == 0) {
            first = now;
            code = 128 + number;
            System.err.println("agl: stopping after this step; once more to stop at once");
        } else if (code == 128 + number && now - first > SAME_NANOS) {
            Runtime.getRuntime().halt(code);
        }
    }

    /** The exit code if a signal came, 128 + its number; else 0. */
    public int code() {
        return code;
    }

    @Override public void close() {
        ACTIVE.compareAndSet(this, null);
    }
}
