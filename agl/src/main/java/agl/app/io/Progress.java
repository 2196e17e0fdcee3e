package agl.app.io;

import java.io.Console;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.Locale;
import java.util.function.LongSupplier;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * Shows the progress of a task on standard error: on a terminal a bar with the time left, otherwise (a log file, a test run) a line now and
 * then. At the end, one line with the time it took. Under {@code --quiet} nothing, under {@code --verbose} a line for every step.
 */
public final class Progress implements AutoCloseable {
    private static final int LINES_PER_TASK = 10;
    private static final double MIN_SECONDS_BETWEEN_LINES = 2;
    private static final double MAX_SECONDS_BETWEEN_LINES = 30;

    private final boolean everyStep = Verbosity.current() == Verbosity.VERBOSE;
    private final String task;
    private final long total;
    private final PrintStream err;
    private final LongSupplier nanoClock;
    private final long started;
    private final ProgressBar bar;
    private long done;
    private long skipped;
    private long tokens;
    private double lastLine;
    private long lastTenth;

    private Progress(String task, long total, boolean terminal, PrintStream err, LongSupplier nanoClock) {
        this.task = task;
        this.total = total;
        this.err = err;
        this.nanoClock = nanoClock;
        this.started = nanoClock.getAsLong();
        this.bar = terminal ? new ProgressBarBuilder().setTaskName(task).setInitialMax(total).setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(200).clearDisplayOnFinish().build() : null;
    }

    /** @param total number of steps to come */
    public static Progress start(String task, long total) {
        Verbosity verbosity = Verbosity.current();
        Console console = System.console();
        boolean terminal = console != null && console.isTerminal() && verbosity == Verbosity.NORMAL;
        return new Progress(task, total, terminal, verbosity == Verbosity.QUIET ? new PrintStream(OutputStream.nullOutputStream())
                : System.err, System::nanoTime);
    }

    /** Says which part of the work comes next, on standard error; nothing under {@code --quiet}. */
    public static void say(String line) {
        if (Verbosity.current() != Verbosity.QUIET) {
            System.err.println(line);
        }
    }

    /** Without a terminal, for tests. */
    static Progress lines(String task, long total, PrintStream err, LongSupplier nanoClock) {
        return new Progress(task, total, false, err, nanoClock);
    }

    /**
     * Marks one step as done.
     *
     * @param newTokens tokens processed in this step, for the speed; 0 if tokens do not matter here
     * @param message   for example the loss terms; "" for none
     */
    public void step(long newTokens, String message) {
        done++;
        tokens += newTokens;
        if (bar != null) {
            bar.setExtraMessage(" " + withSpeed(message));
            bar.step();
        } else if (lineIsDue()) {
            lastLine = seconds();
            lastTenth = tenth();
            err.println(String.format(Locale.ROOT, "%s %d/%d  %s  %s left", task, done, total, withSpeed(message), clock(secondsLeft())));
        }
    }

    /** So many steps were done before: they count as done, not for the speed. */
    public void skip(int steps) {
        done += steps;
        skipped += steps;
        lastTenth = tenth();
        if (bar != null) {
            bar.stepTo(done);
        }
    }

    /** Marks one step as done, without tokens or message. */
    public void step() {
        step(0, "");
    }

    /** Seconds since the start. */
    public double seconds() {
        return (nanoClock.getAsLong() - started) * 1e-9;
    }

    /** Tokens per second so far. */
    public double tokensPerSecond() {
        return tokens / Math.max(seconds(), 1e-9);
    }

    @Override public void close() {
        if (bar != null) {
            bar.close();
        }
        err.println(String.format(Locale.ROOT, "%s: %d of %d%s in %.1f s%s", task, done, total,
                skipped == 0 ? "" : ", the last " + (done - skipped), seconds(),
                tokens > 0 ? String.format(Locale.ROOT, ", %,.0f tokens/s", tokensPerSecond()) : ""));
    }

    private String withSpeed(String message) {
        return tokens == 0 ? message : message + String.format(Locale.ROOT, "  %,.0f tokens/s", tokensPerSecond());
    }

    private boolean lineIsDue() {
        if (everyStep) {
            return true;
        }
        double since = seconds() - lastLine;
        return done < total && (since >= MAX_SECONDS_BETWEEN_LINES || since >= MIN_SECONDS_BETWEEN_LINES && tenth() > lastTenth);
    }

    private long tenth() {
        return LINES_PER_TASK * done / Math.max(1, total);
    }

    private double secondsLeft() {
        return seconds() / Math.max(1, done - skipped) * (total - done);
    }

    private static String clock(double seconds) {
        long s = Math.round(seconds);
        return s < 3600 ? String.format("%d:%02d", s / 60, s % 60) : String.format("%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
    }
}
