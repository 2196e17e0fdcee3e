package agl.app;

import agl.app.train.StoppedException;
import agl.error.AglException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import picocli.CommandLine;

/**
 * What the user sees when a command fails. External causes (input, settings, memory): one line, exit code {@link #OUTSIDE}, stack trace
 * only with {@code --debug}. Anything else is a bug: stack trace, exit code {@link #BUG}.
 */
final class Failures {
    static final int BUG = 1;
    static final int OUTSIDE = 2;

    private Failures() {
    }

    /** Prints {@code failure} and returns the exit code. */
    static int report(Throwable failure, boolean debug, PrintWriter err) {
        return report(explain(failure), failure, debug, err);
    }

    /** @param explanation one line for the user; null if {@code failure} is a bug */
    static int report(String explanation, Throwable failure, boolean debug, PrintWriter err) {
        if (explanation == null) {
            err.println("agl: a bug in this program: " + AglException.oneLine(failure.toString()));
            failure.printStackTrace(err);
            err.flush();
            return BUG;
        }
        err.println("agl: " + AglException.oneLine(explanation));
        if (debug) {
            failure.printStackTrace(err);
        }
        err.flush();
        return failure instanceof StoppedException stopped ? stopped.exitCode() : OUTSIDE;
    }

    /** One line about an external cause; null if the failure is a bug. */
    static String explain(Throwable failure) {
        for (Throwable t = failure; t != null; t = t.getCause()) {
            String line = switch (t) {
                case AglException e -> e.getMessage();
                case OutOfMemoryError e -> tooLittleMemory(e);
                case InternalError e when String.valueOf(e.getMessage()).contains("unsafe memory access") ->
                        "a weights file was cut short or became unreadable while it was in use (it is read through a memory map)";
                case FileSystemException e -> fileProblem(e);
                case IOException e -> "input or output failed: " + (e.getMessage() == null ? e : e.getMessage());
                default -> null;
            };
            if (line != null) {
                return line;
            }
            if (!isWrapper(t)) {
                return null; // a bug whose cause is, say, a file error is still a bug
            }
        }
        return null;
    }

    private static boolean isWrapper(Throwable t) {
        return t instanceof UncheckedIOException || t instanceof ExecutionException || t instanceof CompletionException
                || t instanceof InvocationTargetException || t instanceof CommandLine.ExecutionException
                || t.getClass() == RuntimeException.class;
    }

    private static String tooLittleMemory(OutOfMemoryError e) {
        long heapMb = Runtime.getRuntime().maxMemory() >> 20;
        return "out of memory (" + e.getMessage() + ") with a heap of at most " + heapMb
                + " MB: give more, for example java -Xmx" + 2 * heapMb
                + "m -jar agl.jar ... (train --dry-run estimates the need), or train "
                + "with micro_batch_size=1, recompute=true, a smaller max_length, or a base stored as BF16";
    }

    private static String fileProblem(FileSystemException e) {
        String reason = e.getReason() == null ? "" : ": " + e.getReason();
        return switch (e) {
            case NoSuchFileException x -> "no such file or folder: " + x.getFile();
            case AccessDeniedException x -> "permission denied: " + x.getFile();
            case NotDirectoryException x -> "not a folder: " + x.getFile();
            case FileAlreadyExistsException x -> "exists already: " + x.getFile();
            case DirectoryNotEmptyException x -> "folder is not empty: " + x.getFile();
            default -> "cannot read or write " + e.getFile() + reason;
        };
    }
}
