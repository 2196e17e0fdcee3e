package agl.app.io;

import agl.autograd.kernels.Kernels;
import java.util.Locale;
import java.util.function.Supplier;

/** How much a command says on standard error while it works. */
public enum Verbosity {
    /** Errors, warnings and notes that are in no result. */
    QUIET,
    NORMAL,
    /** Also where it runs, every step and the time it took. */
    VERBOSE;

    private static final ScopedValue<Verbosity> CURRENT = ScopedValue.newInstance();

    /** That of the running command. */
    public static Verbosity current() {
        return CURRENT.orElse(NORMAL);
    }

    /** Runs a command that says this much. */
    public <T> T during(Supplier<T> command) {
        if (this != VERBOSE) {
            return ScopedValue.where(CURRENT, this).call(command::get);
        }
        System.err.printf(Locale.ROOT, "agl: version %s, Java %s, %s kernels, %d processors, heap of at most %d MB%n", BuildInfo.version(),
                Runtime.version(), Kernels.best().name(), Runtime.getRuntime().availableProcessors(),
                Runtime.getRuntime().maxMemory() >> 20);
        long start = System.nanoTime();
        try {
            return ScopedValue.where(CURRENT, this).call(command::get);
        } finally {
            System.err.printf(Locale.ROOT, "agl: took %.1f s%n", (System.nanoTime() - start) * 1e-9);
        }
    }
}
