package agl.app.io;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * What a command has to say about its data and settings. Each line goes to standard error at once, and into provenance.json, the report and
 * the JSON of the results, since most readers of results have not seen standard error.
 */
public final class Notes {
    private static final ScopedValue<List<String>> SAID = ScopedValue.newInstance();
    private static final ScopedValue<Boolean> SILENT = ScopedValue.newInstance();

    private Notes() {
    }

    /** Runs a command and keeps what it says, for {@link #said}. */
    public static <T> T kept(Supplier<T> command) {
        return ScopedValue.where(SAID, new CopyOnWriteArrayList<>()).call(command::get);
    }

    /**
     * Runs the part of a command that writes its notes into its results, without printing them. If it fails there are no results: then they
     * are printed before the failure.
     */
    public static <T> T silently(Supplier<T> command) {
        try {
            return ScopedValue.where(SILENT, true).call(command::get);
        } catch (RuntimeException | Error e) {
            said().forEach(Notes::print);
            throw e;
        }
    }

    private static void print(String line) {
        System.err.println("agl: " + line);
    }

    /** Says a line, without a final full stop or line break; the same line only once per command. */
    public static void say(String line) {
        List<String> said = SAID.orElse(new ArrayList<>());
        if (!said.contains(line)) {
            said.add(line);
            if (!SILENT.orElse(false)) {
                print(line);
            }
        }
    }

    /** What was said, then the notes about the results: all that a reader of the figures should know. */
    public static List<String> all(List<String> said, List<String> results) {
        return Stream.concat(said.stream(), results.stream()).toList();
    }

    /** What was said so far, in order; empty outside a command. */
    public static List<String> said() {
        return List.copyOf(SAID.orElse(Collections.emptyList()));
    }
}
