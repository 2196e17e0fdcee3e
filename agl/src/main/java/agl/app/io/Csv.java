package agl.app.io;

import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVPrinter;

/**
 * Every CSV file that this program writes: UTF-8, lines that end in CR LF on every system (RFC 4180), and no text that a spreadsheet would
 * run. What a model wrote may begin with {@code =}, {@code +}, {@code -}, {@code @}, a tab or a line break; such a text gets a leading
 * apostrophe, which spreadsheets take for "this is text". Numbers stay as they are.
 */
public final class Csv {
    private static final CSVFormat FORMAT = CSVFormat.DEFAULT.builder().setRecordSeparator("\r\n").get();
    /** Also behind spaces, which some spreadsheets drop, and the full-width forms, which some take for the narrow ones. */
    private static final Pattern FORMULA = Pattern.compile("[ \\u00a0\\u3000]*[=+\\-@\\t\\r\\n\uff1d\uff0b\uff0d\uff20].*", Pattern.DOTALL);
    private static final Pattern NUMBER = Pattern.compile("[+-]?(\\d+(\\.\\d*)?|\\.\\d+)([eE][+-]?\\d+)?");

    private Csv() {
    }

    /** Writes {@code file} with these column names and rows, whole or not at all. */
    public static void write(Path file, List<Object[]> rows, String... header) {
        AtomicFiles.writeText(file, text(rows, header));
    }

    static String text(List<Object[]> rows, String... header) {
        StringWriter text = new StringWriter();
        try (CSVPrinter printer = new CSVPrinter(text, FORMAT)) {
            printer.printRecord((Object[]) header);
            for (Object[] row : rows) {
                for (Object cell : row) {
                    printer.print(cell instanceof Number || cell == null ? cell : guarded(cell.toString()));
                }
                printer.println();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e); // a StringWriter has none
        }
        return text.toString();
    }

    private static String guarded(String cell) {
        return FORMULA.matcher(cell).matches() && !NUMBER.matcher(cell).matches() ? "'" + cell : cell;
    }
}
