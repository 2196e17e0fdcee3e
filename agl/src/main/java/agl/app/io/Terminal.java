package agl.app.io;

import java.io.Console;
import java.util.Map;
import java.util.function.IntSupplier;

/** The width that printed tables may have. */
public final class Terminal {
    /** For output that nobody looks at on a terminal: tables keep their width, so that scripts find each row on one line. */
    public static final int UNLIMITED = Integer.MAX_VALUE;
    private static final int NARROWEST = 40;
    private static volatile IntSupplier measured = () -> UNLIMITED;

    private Terminal() {
    }

    /** Columns: those of COLUMNS, else the terminal's, else {@link #UNLIMITED}. */
    public static int width() {
        Console console = System.console();
        return width(System.getenv(), console != null && console.isTerminal(), measured);
    }

    /** Says how to ask a terminal for its columns. */
    public static void measureBy(IntSupplier columns) {
        measured = columns;
    }

    static int width(Map<String, String> environment, boolean terminal, IntSupplier ofTerminal) {
        String columns = environment.getOrDefault("COLUMNS", "").strip();
        if (columns.matches("[1-9]\\d{0,5}")) {
            return Math.max(NARROWEST, Integer.parseInt(columns));
        }
        return terminal ? Math.max(NARROWEST, ofTerminal.getAsInt()) : UNLIMITED;
    }
}
